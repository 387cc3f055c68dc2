//! Why a request is answered as it is: the sets of `decide`, kept apart and shown rule by rule.
//!
//! ```text
//!   CorsRequest --decide--> outcome --> status, headers, hints
//!         \--the sets of decide, one by one--> per rule: matches, shadowed, or which points fail
//!                                                  \--> nearest miss --> changes, each tried before it is named
//! ```
//!
//! An explanation never reads the rules a second time: what matches is what `decide` says, and what fails is what is
//! missing from the same sets. Only which entry *resembles* the origin is a guess, and no change is named before it
//! was tried.
//!
//! ```
//! use oss_cors_advice::explain;
//! use oss_cors_core::{CorsConfiguration, CorsRequest, CorsRule, Profile, RuleTable};
//!
//! let configuration = CorsConfiguration::from_rules([CorsRule::new(["https://app.example.com"], ["GET"])]);
//! let table = RuleTable::compile(&configuration, Profile::Oss)?;
//!
//! let explanation = explain(&table, &CorsRequest::actual(b"GET", b"http://app.example.com"));
//! let near_miss = explanation.near_miss().unwrap();
//! assert_eq!(near_miss.rule, 1);
//! assert_eq!(near_miss.changes[0].to_string(), "add AllowedOrigin `http://app.example.com` to rule 1");
//! # Ok::<(), oss_cors_core::ConfigErrors>(())
//! ```

mod asked;
mod change;
mod display;
mod explanation;
mod hint;
#[cfg(feature = "serde")]
mod json;
mod near_miss;
mod origin;
mod origins;
mod points;
mod quoted;
mod request;
mod search;
mod sent;
#[cfg(feature = "serde")]
mod serializers;
mod trial;

pub use asked::{Asked, Problem, RequestKind};
pub use change::Change;
pub use explanation::{Explanation, explain, explain_as_bucket};
pub use hint::Hint;
pub use near_miss::{Elsewhere, MethodDifference, NearMiss, Reason};
pub use origin::{OriginDifference, Side};
pub use points::{Failure, Point, RuleExplanation, Verdict};
pub use quoted::Quoted;
pub use sent::SentHeader;
