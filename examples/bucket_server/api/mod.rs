//! The operations: from method and sub-resource to one of them, whether the caller may, and its answer.

mod answer;
mod bucket;
mod conditions;
mod copy;
mod cors;
mod delete_many;
mod dispatch;
mod kept;
mod list;
mod multipart;
mod object;
mod operation;
mod policy;
mod post;
mod service;

pub use dispatch::answer;
