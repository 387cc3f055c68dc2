//! The actix-web reference server: `cargo run --example actix`, or with `-- --listen ADDR --rules FILE`; `-- --help`
//! tells the rest.

#[path = "support/mod.rs"]
mod support;

use std::error::Error;
use std::net::TcpListener;
use std::process::ExitCode;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use clap::Parser;
use oss_cors_actix::OssCors;

use support::objects::{Ask, Objects};
use support::rules::{self, Rules};
use support::{admin, args::Args, serve};

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
        .app_data(PayloadConfig::new(support::MAX_BODY))
        .default_service(web::to(object))
        // Last, so outermost: what the middleware above answers gets its CORS headers too.
        .wrap(cors)
}

async fn object(objects: Data<Objects>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let reply = objects.reply(Ask {
        method: request.method().as_str(),
        path: request.path(),
        content_type: text(header::CONTENT_TYPE),
        if_none_match: text(header::IF_NONE_MATCH),
        body,
    });
    let status = actix_web::http::StatusCode::from_u16(reply.status).unwrap_or_default();
    let mut response = HttpResponse::build(status);
    for header in reply.headers {
        response.insert_header(header);
    }
    response.body(reply.body)
}

async fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    let Rules { handle, start, reload } = Rules::load(args)?;
    // Built once: all workers share the rules and the objects.
    let (cors, objects) = (OssCors::from_handle(handle.clone()), Objects::default());
    let listener = TcpListener::bind(args.listen)?;
    let admin = admin::listen(args.admin, move || handle.status(), None).await?;
    rules::reload_on_hangup(vec![reload])?;
    rules::announce(listener.local_addr()?, Some(&start));
    let server = HttpServer::new(move || app(cors.clone(), objects.clone()))
        .client_request_timeout(serve::HEADER_READ_TIMEOUT)
        .shutdown_timeout(serve::SHUTDOWN_TIMEOUT.as_secs())
        .listen(listener)?
        .run();
    tokio::try_join!(server, admin)?;
    println!("stopping");
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
