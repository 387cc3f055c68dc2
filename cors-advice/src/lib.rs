//! What is said about bucket-style CORS rules: the traps of a configuration that loads, and why a request is answered
//! as it is.
//!
//! ```text
//!   CorsConfiguration --lint-----> Lint: code, place, remedy; a page for each code
//!   RuleTable --------explain----> Explanation: outcome, rule by rule, nearest miss, the change that would help
//! ```
//!
//! Nothing here decides anything. What is said is asked of the engine, `oss-cors-core`: a change that an explanation
//! names was tried on it, and a rule that a lint calls unreachable is one that it never reaches.

pub mod explain;
pub mod lint;
mod text;

pub use explain::{Explanation, explain, explain_as_bucket};
pub use lint::{Lint, LintCode, Severity, UnknownLintCode, lint};
