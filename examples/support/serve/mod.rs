//! Serves a tower service over HTTP/1 and HTTP/2 to clients that may mean harm, and ends gracefully.
//!
//! | What a client can hold on to | How it ends |
//! |---|---|
//! | a connection | there are so many and no more; the next waits to be accepted ([`Bounds`]) |
//! | a head that never ends | [`HEADER_READ_TIMEOUT`] |
//! | a body that never ends | [`Pace`]: a limit for each silence, and one for the whole |
//! | an answer that it does not take, a connection on which it asks nothing | [`IDLE_TIMEOUT`] |
//!
//! `axum::serve` has none of them: a client that sends a byte a minute keeps its connection for ever.

#![allow(dead_code, unused_imports, reason = "no single server uses all of it")]

mod connection;
mod console;
mod pace;
mod server;
mod stop;

pub use connection::{HEADER_READ_TIMEOUT, IDLE_TIMEOUT};
pub use console::{say, warn};
pub use pace::{BodyError, Pace, Paced, read, seconds};
pub use server::{Bounds, SHUTDOWN_TIMEOUT, bind, serve, serve_until};
pub use stop::stop_signal;
