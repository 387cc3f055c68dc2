//! The axum reference server: `cargo run --example axum`, or with `-- --listen ADDR --rules FILE`, and with
//! `--features etcd` for `-- --etcd ENDPOINT --etcd-key KEY`; `-- --help` tells the rest.

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/mod.rs"]
mod support;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use clap::Parser;
use oss_cors_tower::OssCorsLayer;
use oss_cors_tower::oss_cors_core::CorsConfiguration;
use oss_cors_tower::oss_cors_live::Status;
use tokio::net::TcpListener;

use support::objects::{Ask, Objects, Reply};
use support::rules::{self, Reload, Rules};
use support::serve::{self, say};
use support::{admin, args::Args, etcd, etcd::EtcdArgs, shadow};

/// The application, apart from sockets and arguments.
pub fn app(cors: OssCorsLayer) -> Router {
    Router::new()
        .fallback(object)
        .with_state(Objects::default())
        // Last, so outermost: what the layers above answer gets its CORS headers too.
        .layer(cors)
}

async fn object(State(objects): State<Objects>, method: Method, uri: Uri, headers: HeaderMap, body: Body) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let reply = match serve::read(body, support::MAX_BODY).await {
        Ok(body) => objects.reply(Ask {
            method: method.as_str(),
            path: uri.path(),
            content_type: text(header::CONTENT_TYPE),
            if_none_match: text(header::IF_NONE_MATCH),
            body,
        }),
        Err(error) => Reply::no_body(error),
    };
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    // Only a header value that is none could fail: a Content-Type that came in as one.
    response.body(Body::from(reply.body)).unwrap_or_default()
}

/// The axum reference server: a small object tree in memory, with bucket-style CORS rules in front.
#[derive(Debug, Parser)]
struct AxumArgs {
    #[command(flatten)]
    common: Args,

    /// Judge the rules of this file beside the live ones: what they would change is counted, shown at the end and to
    /// --admin, and changes no answer.
    #[arg(long, value_name = "FILE")]
    shadow: Option<PathBuf>,

    #[command(flatten)]
    etcd: EtcdArgs,
}

async fn run(args: &AxumArgs) -> Result<(), Box<dyn Error>> {
    if args.common.check {
        return rules::check(&args.common);
    }
    let Live { mut cors, status, start, mut reloads } = live(args).await?;
    let mut shadow = None;
    if let Some(path) = &args.shadow {
        let (trial, reload) = shadow::start(path, !args.common.no_watch)?;
        cors = cors.shadow(trial.clone());
        reloads.push(reload);
        shadow = Some(trial);
    }
    let listener = TcpListener::from_std(serve::bind(args.common.listen)?)?;
    let admin = admin::listen(args.common.admin, status, shadow.clone()).await?;
    rules::reload_on_hangup(reloads)?;
    rules::announce(listener.local_addr()?, start.as_ref());
    tokio::try_join!(serve::serve(listener, app(cors), args.common.bounds()), admin)?;
    if let Some(shadow) = shadow {
        say(format_args!("shadow: {}", shadow.report()));
    }
    Ok(())
}

struct Live {
    cors: OssCorsLayer,
    status: Box<dyn Fn() -> Status + Send + Sync>,
    start: Option<CorsConfiguration>,
    reloads: Vec<Reload>,
}

async fn live(args: &AxumArgs) -> Result<Live, Box<dyn Error>> {
    if !args.etcd.etcd.is_empty() {
        let (cors, status) = etcd::start(&args.etcd).await?;
        let reload: Reload = Box::new(|| say("no rules to reload: etcd tells of every change by itself"));
        return Ok(Live { cors, status, start: None, reloads: vec![reload] });
    }
    let Rules { handle, start, reload } = Rules::load(&args.common)?;
    let cors = OssCorsLayer::from_handle(handle.clone());
    Ok(Live { cors, status: Box::new(move || handle.status()), start: Some(start), reloads: vec![reload] })
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&AxumArgs::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
