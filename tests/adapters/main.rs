//! Both adapters, in memory and over real sockets: the corpus, errors, buckets, shadow rules, events and counters.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

mod support;

mod bad_rule_files;
mod composed;
mod corpus;
mod observability;
mod options;
mod per_bucket;
mod shadow;
mod sockets;
