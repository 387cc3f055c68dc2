//! gRPC with tonic: its routes inside of an axum router, its own server, and gRPC-web for browsers.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, pending, ready};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::http::{HeaderMap, Request, Response};
use oss_cors_tower::OssCorsLayer;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_web::GrpcWebLayer;
use tower::Service;

/// What the code that tonic generates is: a named service that answers with an empty message and a status.
#[derive(Clone)]
struct Greeter;

impl NamedService for Greeter {
    const NAME: &'static str = "hello.Greeter";
}

impl Service<Request<Body>> for Greeter {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let mut response = Response::new(Body::default());
        let headers: &mut HeaderMap = response.headers_mut();
        headers.insert("content-type", "application/grpc".parse().expect("a value"));
        headers.insert("grpc-status", "0".parse().expect("a value"));
        ready(Ok(response))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let cors = OssCorsLayer::from_file(std::env::args().nth(1).ok_or("which rule file?")?)?;

    // Routes are an axum router, whose body is axum's.
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("routes {}", listener.local_addr()?);
    let routes = Routes::new(Greeter).prepare().into_axum_router().layer(cors.clone());
    tokio::spawn(async { axum::serve(listener, routes).await });

    // tonic's own body cannot be made from bytes. The layer is outside of gRPC-web, which knows no preflights.
    let address = free_address().await?;
    println!("grpc_web {address}");
    let server =
        Server::builder().accept_http1(true).layer(cors.wrap_body()).layer(GrpcWebLayer::new()).add_service(Greeter);
    tokio::spawn(server.serve(address));

    println!("ready");
    pending().await
}

/// tonic binds the address itself.
async fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0").await?.local_addr()
}
