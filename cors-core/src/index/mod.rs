//! How the patterns of all rules are found at once: one lookup answers with a set of rules.
//!
//! ```text
//!   text --hash--> exact entry? its set is complete: bare `*` and wildcards that match it are in it already
//!        \-> bare `*` rules + for each suffix of the text that is known: its prefixes
//! ```
//!
//! The cost depends on the text and on how many different suffix and prefix lengths the patterns have,
//! not on how many patterns there are.

mod case;
mod lookups;
mod methods;
mod patterns;
mod rule_set;
mod short_names;
mod suffixes;

pub(crate) use case::{AsIs, IgnoreCase};
pub(crate) use lookups::Lookups;
pub(crate) use methods::Methods;
pub(crate) use patterns::PatternIndex;
pub(crate) use rule_set::RuleSet;
pub(crate) use short_names::ShortNames;
