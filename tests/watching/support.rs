//! What the tests of watching share with others.

#[path = "../support/adapters.rs"]
pub(crate) mod adapters;
#[path = "../support/watched.rs"]
pub(crate) mod watched;
