//! The hyper reference server: `cargo run --example hyper`, or with `-- --listen ADDR --rules FILE`; `-- --help`
//! tells the rest.

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/mod.rs"]
mod support;

use std::convert::Infallible;
use std::error::Error;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Parser;
use http::{Request, Response, header};
use http_body::Body;
use http_body_util::Full;
use oss_cors_tower::{OssCors, OssCorsLayer};
use tokio::net::TcpListener;
use tower::util::BoxCloneSyncService;
use tower::{Layer, service_fn};

use support::objects::{Ask, Objects, Reply};
use support::rules::{self, Rules};
use support::{admin, args::Args, serve};

type ObjectService<B> = BoxCloneSyncService<Request<B>, Response<Full<Bytes>>, Infallible>;

/// The application, apart from sockets and arguments.
pub fn app<B>(cors: &OssCorsLayer) -> OssCors<ObjectService<B>>
where
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let objects = Objects::default();
    let object = service_fn(move |request| object(objects.clone(), request));
    cors.layer(BoxCloneSyncService::new(object))
}

async fn object<B>(objects: Objects, request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let reply = match serve::read(body, support::MAX_BODY).await {
        Ok(body) => objects.reply(Ask {
            method: head.method.as_str(),
            path: head.uri.path(),
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
    Ok(response.body(Full::new(reply.body)).unwrap_or_default())
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if args.check {
        return rules::check(args);
    }
    let Rules { handle, start, reload } = Rules::load(args)?;
    let app = app(&OssCorsLayer::from_handle(handle.clone()));
    let listener = TcpListener::from_std(serve::bind(args.listen)?)?;
    let admin = admin::listen(args.admin, move || handle.status(), None).await?;
    rules::reload_on_hangup(vec![reload])?;
    rules::announce(listener.local_addr()?, Some(&start));
    tokio::try_join!(serve::serve(listener, app, args.bounds()), admin)?;
    Ok(())
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
