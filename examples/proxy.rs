//! A proxy with hyper. What the upstream says of CORS does not get through; the rules here answer.
//!
//! The upstream's body is passed on as it comes. It cannot be made from bytes, so the layer wraps it: `wrap_body`.

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/page.rs"]
mod page;
#[path = "support/serve/mod.rs"]
mod serve;

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use http::{HeaderValue, Request, Response, Uri};
use http_body::Body;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use oss_cors_tower::{CorsConfiguration, CorsRule, OssCorsLayer, Profile};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, service_fn};

type BoxError = Box<dyn Error + Send + Sync>;

/// One connection for each request, to keep the page short; a client with a pool belongs here.
async fn forward<B>(mut request: Request<B>, upstream: SocketAddr) -> Result<Response<Incoming>, BoxError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>()?;
    request.headers_mut().insert(header::HOST, HeaderValue::try_from(upstream.to_string())?);
    let stream = TokioIo::new(TcpStream::connect(upstream).await?);
    let (mut sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// Stands in for the server behind the proxy, which opens itself to everybody.
async fn upstream() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let open = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    let app = Router::new().route("/", get(async move || (open, "from behind")));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rules = CorsConfiguration::from(CorsRule::new(["https://app.example.com"], ["GET", "HEAD"]));
    let cors = OssCorsLayer::from_configuration(&rules, Profile::Oss)?.wrap_body();
    let upstream = upstream().await?;
    let proxy = service_fn(move |request| forward(request, upstream));
    Ok(serve::serve(page::listen().await?, cors.layer(proxy), serve::Bounds::default()).await?)
}
