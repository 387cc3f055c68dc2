//! Bucket-style CORS as a [tower] layer: an ordered rule list, exactly as an object store's bucket has it.
//!
//! Requests in, one decision each:
//!
//! 1. The table in force is loaded once; a swap does not touch requests in flight.
//! 2. A preflight (`OPTIONS` with `Origin` and `Access-Control-Request-Method`) is answered here, accepted or refused.
//!    The inner service is not called.
//! 3. Everything else goes to the inner service, always. On the way back its own CORS headers are removed, and those
//!    of the matching rule are written.
//!
//! # axum
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use oss_cors_tower::OssCorsLayer;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let app = Router::new().route("/", get(async || "hello")).layer(OssCorsLayer::from_file("cors.xml")?);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).await?;
//!     Ok(())
//! }
//! ```
//!
//! `Router::layer` wraps the routes that are there already, fallback included. Routes added later are not covered, and
//! a preflight for a path that no route knows still gets its answer. `layer.layer(router)` is a service around a whole
//! router, for `axum::serve(listener, ServiceExt::<Request>::into_make_service(service))`.
//!
//! # hyper
//!
//! ```no_run
//! use oss_cors_tower::OssCorsLayer;
//! use http_body_util::Full;
//! use hyper::{Request, Response, body::{Bytes, Incoming}, server::conn::http1};
//! use hyper_util::{rt::TokioIo, service::TowerToHyperService};
//! use tower::{Layer, service_fn};
//!
//! async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
//!     Ok(Response::new(Full::from("hello")))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let service = OssCorsLayer::from_file("cors.xml")?.layer(service_fn(hello));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     loop {
//!         let (stream, _) = listener.accept().await?;
//!         let service = TowerToHyperService::new(service.clone());
//!         tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
//!     }
//! }
//! ```
//!
//! The repository's `examples/` show both with timeouts and a graceful shutdown.
//!
//! # Bodies
//!
//! The response's body keeps its type, which must be `From<Bytes>`: axum's, reqwest's and `Full` are. For hyper's
//! `Incoming`, boxed bodies and tonic's say [`OssCorsLayer::wrap_body`].
//!
//! # Where to put it
//!
//! Outermost of all that may answer on its own: authentication (preflights carry no credentials), rate limits, panic
//! handlers. An answer that is made outside of this layer has no CORS headers, and a page cannot read it.
//!
//! # Features
//!
//! | Feature | What it adds |
//! |---|---|
//! | `file` (default) | `from_file`, `watch_file`, `watch_folder`: `oss_cors_source`; reads XML and JSON, logs reloads through `tracing` |
//! | `etcd` | rules in etcd: `oss_cors_source::etcd`; building it needs `protoc` |
//! | `json`, `yaml`, `toml` | rules in that format, beside XML |
//! | `advice` | lints and explanations: `oss_cors_advice`; the lints of watched rules in the log |
//! | `serde` | rules, and explanations, for serde |
//! | `tracing`, `metrics` | events about refusals and reloads; counters by outcome |
//!
//! [tower]: https://docs.rs/tower

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod future;
mod layer;
mod request;
mod service;
mod write;

pub use body::{Bodies, ResponseBody, SameBody, WrappedBody};
pub use future::ResponseFuture;
pub use layer::OssCorsLayer;
#[cfg(feature = "advice")]
pub use oss_cors_advice;
pub use oss_cors_core;
pub use oss_cors_core::{ConfigErrors, CorsConfiguration, CorsRule, Outcome, Profile, RuleFile, RuleTable};
pub use oss_cors_live;
pub use oss_cors_live::{BucketNaming, Buckets, CorsHandle, Policy, RefusalBody, Shadow};
#[cfg(feature = "file")]
pub use oss_cors_source;
#[cfg(feature = "file")]
pub use oss_cors_source::{FileWatch, FolderWatch, LoadError, LoadErrorKind, LoadErrors, WatchEvent};
pub use service::OssCors;

/// Compiles the code of the README and of the pages.
#[cfg(doctest)]
mod pages {
    macro_rules! page {
        ($name:ident, $path:literal) => {
            #[doc = include_str!(concat!("../../", $path))]
            struct $name;
        };
    }

    page!(Readme, "README.md");
    page!(Buckets, "docs/buckets.md");
    page!(HotReload, "docs/hot-reload.md");
    page!(Migration, "docs/migration.md");
    page!(Rules, "docs/rules.md");
    page!(Servers, "docs/servers.md");
    page!(Troubleshooting, "docs/troubleshooting.md");
}
