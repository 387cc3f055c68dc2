//! What the reference servers share: arguments, rules, objects, and how to serve.

#![allow(dead_code, reason = "no single server uses all of it")]

pub mod args;
pub mod objects;
pub mod rules;
pub mod serve;

use std::time::Duration;

/// The most bytes of a request's body; a larger one is answered with 413.
pub const MAX_BODY: usize = 1024 * 1024;

/// How long a client may take to send a request's head.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests in flight may go on after a signal to stop.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
