//! Both adapters over real sockets, in HTTP/1 and HTTP/2: inside of an axum router, around a plain hyper service, and
//! around an actix app, a scope and a resource.
//!
//! An answer is compared whole: a CORS or `Vary` header that is not named must be absent.

mod actix;
mod application;
mod both;
mod rules;
pub(crate) mod servers;
mod statuses;
mod tower;
