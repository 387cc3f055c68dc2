//! What becomes of a request: who answers it, and with which headers.

use crate::refusal::{Refusal, Unmatched};
use crate::rule::Rule;

/// The answer of [`RuleTable::decide`](crate::RuleTable::decide).
///
/// Either way, when `vary_origin` is set the response carries `Vary: Origin` (see [`merge_vary`](crate::merge_vary)),
/// and with a rule it carries that rule's headers. Without a rule it carries no `Access-Control-*` header at all.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'t> {
    /// Call the application; CORS never blocks an actual request, it only decides about headers.
    Forward {
        /// The rule that matched, or why none did.
        rule: Result<&'t Rule, Unmatched>,
        /// Whether the response carries `Vary: Origin`.
        vary_origin: bool,
    },
    /// Answer the preflight; the application is not called.
    Answer {
        /// The rule that matched, or what to refuse with.
        rule: Result<&'t Rule, Refusal>,
        /// Whether the response carries `Vary: Origin`.
        vary_origin: bool,
    },
}

impl Decision<'_> {
    /// What is worth keeping of the decision: who answers, and the rule's number or the reason.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Forward { rule, .. } => Outcome::Forwarded(rule.map(Rule::number)),
            Self::Answer { rule, .. } => Outcome::Answered(rule.map(Rule::number)),
        }
    }
}

/// A decision without its headers: for logs, metrics and outer layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The application was called; the number of the matching rule, counted from 1, or why none matched.
    Forwarded(Result<usize, Unmatched>),
    /// The preflight was answered; the number of the matching rule, counted from 1, or the refusal.
    Answered(Result<usize, Refusal>),
}

impl Outcome {
    /// The number of the matching rule, counted from 1.
    pub fn rule(self) -> Option<usize> {
        match self {
            Self::Forwarded(rule) => rule.ok(),
            Self::Answered(rule) => rule.ok(),
        }
    }
}
