//! Rules that are watched while they change: a file, a folder, and both adapters on a file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]
#![cfg(unix)]

mod support;

mod adapters;
mod file;
mod folder;
mod log;
