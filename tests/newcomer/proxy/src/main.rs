//! A proxy with hyper, whose bodies are `Incoming`: passed on as they are, so that one call says that they are wrapped.

use std::convert::Infallible;
use std::error::Error;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use oss_cors_tower::OssCorsLayer;
use tokio::net::TcpListener;
use tower::Layer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("which rule file?")?;
    let upstream = TcpListener::bind("127.0.0.1:0").await?;
    let target = upstream.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = upstream.accept().await {
            let hello = async |_: Request<Incoming>| {
                let mut response = Response::new(Full::<Bytes>::from("hello"));
                // What an upstream says of CORS does not get through.
                response.headers_mut().insert("access-control-allow-origin", "*".parse().expect("a value"));
                Ok::<_, Infallible>(response)
            };
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(hello)));
        }
    });

    let client = Client::builder(TokioExecutor::new()).build_http::<Incoming>();
    let forward = tower::service_fn(move |mut request: Request<Incoming>| {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = Uri::builder().scheme("http").authority(target.to_string()).path_and_query(path).build();
        let client = client.clone();
        async move {
            *request.uri_mut() = uri?;
            Ok::<_, Box<dyn Error + Send + Sync>>(client.request(request).await?)
        }
    });
    let service = OssCorsLayer::from_file(file)?.wrap_body().layer(forward);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("proxy {}\nready", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
