//! `check`: every fault and every lint of rule files, sorted by position.
//!
//! ```text
//!   arguments --files--> paths --checked--> findings --document, sarif, github--> the report
//! ```

mod checked;
mod codes;
mod command;
mod document;
mod files;
mod github;
mod sarif;

pub use command::Check;
