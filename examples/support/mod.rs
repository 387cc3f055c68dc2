//! What the reference servers share: arguments, rules and their reload, objects, and how to serve.

#![allow(dead_code, reason = "no single server uses all of it")]

pub mod admin;
pub mod args;
pub mod etcd;
pub mod objects;
pub mod rules;
pub mod serve;
pub mod shadow;

/// The most bytes of a request's body; a larger one is answered with 413.
pub const MAX_BODY: usize = 1024 * 1024;
