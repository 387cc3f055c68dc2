//! What the reference servers share: arguments, rules and their reload, objects, and how to serve.

#![allow(dead_code, reason = "no single server uses all of it")]

pub mod admin;
pub mod args;
pub mod etcd;
pub mod objects;
pub mod rules;
pub mod serve;
pub mod shadow;

use std::time::Duration;

/// The most bytes of a request's body; a larger one is answered with 413.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long a client may take to send a request's head.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests in flight may go on after a signal to stop.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
