//! The axum reference server: `cargo run --example axum`, or with `-- --listen ADDR --rules FILE`.

#[path = "support/mod.rs"]
mod support;

use std::error::Error;
use std::process::ExitCode;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use clap::Parser;
use cors_tower::OssCorsLayer;
use tokio::net::TcpListener;

use support::objects::{Ask, Objects};
use support::{args::Args, rules, serve};

/// The application, apart from sockets and arguments.
pub fn app(cors: OssCorsLayer) -> Router {
    Router::new()
        .fallback(object)
        .layer(DefaultBodyLimit::max(support::MAX_BODY))
        .with_state(Objects::default())
        // Last, so outermost: what the layers above answer gets its CORS headers too.
        .layer(cors)
}

async fn object(State(objects): State<Objects>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let reply = objects.reply(Ask {
        method: method.as_str(),
        path: uri.path(),
        content_type: text(header::CONTENT_TYPE),
        if_none_match: text(header::IF_NONE_MATCH),
        body,
    });
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    // Only a header value that is none could fail: a Content-Type that came in as one.
    response.body(Body::from(reply.body)).unwrap_or_default()
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let file = rules::load(args)?;
    let app = app(OssCorsLayer::new(file.table()));
    let listener = TcpListener::bind(args.listen).await?;
    rules::announce(listener.local_addr()?, &file);
    Ok(serve::serve(listener, app).await?)
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
