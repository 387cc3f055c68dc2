//! Rules in real etcds: everything that happens to them there is in force here a moment later.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]
#![cfg(feature = "etcd")]

mod asked;
mod cluster;
mod one_member;
mod server;
