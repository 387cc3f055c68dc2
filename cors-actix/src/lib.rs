//! Bucket-style CORS as a middleware for [actix-web]: an ordered rule list, exactly as an object store's bucket has it.
//!
//! A preflight is answered here, accepted or refused; the inner service is not called. Everything else goes to the
//! inner service, always; on the way back its own CORS headers are removed, and those of the matching rule are written,
//! on errors too.
//!
//! Build [`OssCors`] once, outside of the worker closure, so that all workers share its rules:
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use oss_cors_actix::OssCors;
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let cors = OssCors::from_file("cors.xml")?;
//!     let app = move || App::new().route("/", web::get().to(async || "hello")).wrap(cors.clone());
//!     HttpServer::new(app).bind("127.0.0.1:3000")?.run().await?;
//!     Ok(())
//! }
//! ```
//!
//! It wraps an `App`, a scope or a resource. The `wrap` that is written last is the outermost: write this one last, so
//! that what other middleware answers is decorated too.
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
//! [actix-web]: https://docs.rs/actix-web

#![cfg_attr(docsrs, feature(doc_cfg))]

mod baked;
mod error;
mod future;
mod middleware;
mod request;
mod transform;
mod write;

pub use error::DecoratedError;
pub use future::ResponseFuture;
pub use middleware::OssCorsMiddleware;
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
pub use transform::OssCors;
