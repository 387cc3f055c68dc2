//! The server that `benches/load/run` drives: one small route, with no layer, with ours or with the peer's.
//!
//! It prints where it listens and the origin to ask with, and goes on until it is stopped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

#[path = "../../examples/support/serve/mod.rs"]
mod serve;
#[path = "../support/mod.rs"]
mod support;

use std::error::Error;
use std::process::ExitCode;

use axum::Router;
use axum::routing::get;
use clap::{Parser, ValueEnum};
use tokio::net::TcpListener;

use serve::{Bounds, serve};
use support::rules::{Setup, exact};
use support::tower;

#[derive(Debug, Parser)]
struct Args {
    /// What stands in front of the application.
    #[arg(long, value_enum)]
    cors: Option<Cors>,

    /// How many origins are allowed, over at most 20 rules.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    origins: u32,

    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Cors {
    None,
    Ours,
    Peer,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(cors) = args.cors else {
        println!("nothing to measure by itself; `benches/load/run` starts this server");
        return ExitCode::SUCCESS;
    };
    match run(cors, args.origins as usize) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// On one thread: threads that wait for each other would add what is no request's.
#[tokio::main(flavor = "current_thread")]
async fn run(cors: Cors, origins: usize) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/photos/b.txt {}", listener.local_addr()?, exact(origins));
    Ok(serve(listener, app(cors, &Setup::exact(origins)), Bounds::default()).await?)
}

fn app(cors: Cors, setup: &Setup) -> Router {
    let app = Router::new().route("/photos/b.txt", get(async || "b\n"));
    match cors {
        Cors::None => app,
        Cors::Ours => app.layer(tower::ours(setup)),
        Cors::Peer => app.layer(tower::peer(setup)),
    }
}
