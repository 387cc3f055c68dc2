//! The actix-web reference server: `cargo run --example actix`, or with `-- --listen ADDR --rules FILE`; `-- --help`
//! tells the rest.

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/mod.rs"]
mod support;

use std::error::Error;
use std::process::ExitCode;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{self, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use clap::Parser;
use futures_util::TryStreamExt;
use http_body::Frame;
use http_body_util::StreamBody;
use oss_cors_actix::OssCors;

use support::objects::{Ask, Objects, Reply};
use support::rules::{self, Rules};
use support::serve::{self, Pace, Paced, say};
use support::{admin, args::Args};

/// The application, apart from sockets and arguments.
pub fn app(
    cors: OssCors,
    objects: Objects,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(Data::new(objects))
        .default_service(web::to(object))
        // Last, so outermost: what the middleware above answers gets its CORS headers too.
        .wrap(cors)
}

async fn object(objects: Data<Objects>, request: HttpRequest, body: Payload) -> HttpResponse {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let pace = request.app_data::<Pace>().copied().unwrap_or_default();
    let body = Paced::new(StreamBody::new(body.map_ok(Frame::data)), pace);
    let reply = match serve::read(body, support::MAX_BODY).await {
        Ok(body) => objects.reply(Ask {
            method: request.method().as_str(),
            path: request.path(),
            content_type: text(header::CONTENT_TYPE),
            if_none_match: text(header::IF_NONE_MATCH),
            body,
        }),
        Err(error) => Reply::no_body(error),
    };
    let status = actix_web::http::StatusCode::from_u16(reply.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    for header in reply.headers {
        response.insert_header(header);
    }
    response.body(reply.body)
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if args.check {
        return rules::check(args);
    }
    let Rules { handle, start, reload } = Rules::load(args)?;
    // Built once: all workers share the rules and the objects.
    let (cors, objects) = (OssCors::from_handle(handle.clone()), Objects::default());
    let listener = serve::bind(args.listen)?;
    let admin = admin::listen(args.admin, move || handle.status(), None).await?;
    rules::reload_on_hangup(vec![reload])?;
    rules::announce(listener.local_addr()?, Some(&start));
    let bounds = args.bounds();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(bounds.connections);
    let server = HttpServer::new(move || app(cors.clone(), objects.clone()).app_data(bounds.pace))
        .workers(workers)
        // Of each worker.
        .max_connections(bounds.connections / workers)
        .client_request_timeout(serve::HEADER_READ_TIMEOUT)
        .shutdown_timeout(serve::SHUTDOWN_TIMEOUT.as_secs())
        .listen(listener)?
        .run();
    tokio::try_join!(server, admin)?;
    say("stopping");
    Ok(())
}

#[actix_web::main]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
