//! Both adapters, in memory and over real sockets: the corpus, errors, buckets, shadow rules, events and counters.

mod support;

mod bad_rule_files;
mod composed;
mod corpus;
mod observability;
mod options;
mod per_bucket;
mod shadow;
mod sockets;
