//! The engine, rule files, explanations and lints: everything that needs no server and no file.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

mod support;

mod buckets;
mod explain;
mod formats;
mod lints;
mod no_allocations;
mod pages;
mod properties;
mod settings;

/// Counts the allocations of each thread, for whichever test asks.
#[global_allocator]
static ALLOCATOR: alloc_tracker::Allocator<std::alloc::System> = alloc_tracker::Allocator::system();
