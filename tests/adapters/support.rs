//! What the tests of the adapters share with others.

#[path = "../support/adapters.rs"]
pub(crate) mod adapters;
#[path = "../support/client.rs"]
pub(crate) mod client;
#[path = "../support/corpus.rs"]
pub(crate) mod corpus;
#[path = "../support/oracle.rs"]
pub(crate) mod oracle;
