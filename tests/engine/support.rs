//! What the tests of the engine share with others.

#[path = "../support/oracle.rs"]
#[allow(dead_code, reason = "the responses are the corpus' affair")]
pub(crate) mod oracle;
