//! The bucket server: a small object store with the API of OSS and S3, whose buckets carry CORS rules as OSS's do.
//! `cargo run -p bucket-server`, or with `-- --listen ADDR --data DIR --access-key ID:SECRET`.
//!
//! ```text
//! finish          Server, x-oss-request-id, the body of an error
//!   gate          which bucket and object; the signature
//!     cors        ours: answers preflights, writes headers on what comes from inside
//!       api       may they, and then the operation itself
//! ```
//!
//! The server itself writes no CORS header. A wrong signature is refused outside of the CORS layer, so no page reads
//! the answer; an anonymous request that a bucket's access control list refuses is an error like others, and pages
//! read it.
//!
//! It is a stand-in for tests: one account, no regions, no versions.

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "../support/serve/mod.rs"]
mod serve;

mod acl;
mod api;
mod args;
mod body;
mod call;
mod chunked;
mod dates;
mod digest;
mod error;
mod finish;
mod form;
mod gate;
mod query;
mod server;
mod signature;
mod store;
mod target;
mod xml;
mod xml_body;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use axum::{Router, middleware};
use clap::Parser;
use oss_cors_tower::OssCorsLayer;
use oss_cors_tower::oss_cors_live::{BucketNaming, Buckets, RefusalBody};
use tokio::net::TcpListener;

use args::Args;
use body::Budget;
use server::Server;
use signature::Keys;
use store::Store;
use target::Naming;

async fn app(args: &Args) -> Result<Router, store::OpenError> {
    let buckets = Buckets::new().with_source("the bucket API");
    let limits = args.limits.clone();
    let store = Store::open(args.data.as_deref(), buckets.clone(), limits.clone()).await?;
    let (keys, naming) = (Keys::new(&args.access_key), Naming::new(&args.domain));
    let names = naming.clone();
    let cors = OssCorsLayer::per_bucket(buckets, BucketNaming::from_fn(move |host, path| names.bucket(host, path)))
        .answer_every_options(true)
        // Written by `finish`, as every other error, and with the same request id.
        .refusal_body(RefusalBody::Empty)
        .report_outcome(true);
    let budget = Budget::new(limits.max_total_bytes, limits.body_total);
    let server = Arc::new(Server { store, keys, naming, limits, budget });
    Ok(Router::new()
        .fallback(api::answer)
        .with_state(Arc::clone(&server))
        .layer(cors)
        .layer(middleware::from_fn_with_state(server, gate::gate))
        .layer(middleware::from_fn(finish::finish)))
}

async fn run(args: &Args) -> Result<(), Box<dyn Error + Send + Sync>> {
    if args.access_key.is_empty() {
        if !args.listen.ip().is_loopback() {
            return Err(format!(
                "without access keys everyone may do everything, so {} is not listened on; give \
                 --access-key ID:SECRET, or listen on 127.0.0.1",
                args.listen
            )
            .into());
        }
        println!("no access keys: every signature is accepted, and none is verified");
        println!("anonymous requests may do what a bucket's ACL allows; sign in any way for everything else\n");
    }
    let app = app(args).await?;
    let listener = TcpListener::bind(args.listen).await?;
    let address = listener.local_addr()?;
    println!("try:");
    println!("  curl -X PUT -H 'Authorization: OSS key:any' -H 'x-oss-acl: public-read' http://{address}/photos");
    println!("  curl -X PUT -H 'Authorization: OSS key:any' --data-binary @cors.xml 'http://{address}/photos?cors'");
    println!("\nlistening on http://{address}");
    Ok(serve::serve(listener, app, args.limits.bounds()).await?)
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
