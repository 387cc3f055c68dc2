//! How the patterns of all rules are found at once: one look-up answers with a set of rules.
//!
//! ```text
//!   text --hash--> exact entry? its set is complete: bare `*` and wildcards that match it are in it already
//!        \-> bare `*` rules
//!            + wildcards, `crossed`: the longest known beginning and the longest known end, and what both know
//!              (up to three are compared, `few`; more than some thousand, `hashed`: a look-up for each length of a known
//!              end and its beginnings)
//! ```
//!
//! The cost depends on the text, not on how many patterns there are or what they have in common.

mod crossed;
mod ends;
mod few;
mod hash;
mod hashed;
mod methods;
mod patterns;
mod rule_set;
mod short_names;

pub(crate) use methods::Methods;
pub(crate) use patterns::PatternIndex;
pub use rule_set::RuleSet;
pub(crate) use short_names::ShortNames;
