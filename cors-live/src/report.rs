//! What rules on trial would change: the differences, examples, and the report of them.

use std::fmt;

use oss_cors_core::{Decision, Outcome, Rule};

/// How many examples a [`Shadow`](crate::Shadow) keeps: the latest of those that differ from each other.
pub const MAX_SHADOW_EXAMPLES: usize = 32;

/// What the candidate would change about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShadowDifference {
    /// No live rule matches; a rule of the candidate does.
    NewlyAllowed,
    /// A live rule matches; none of the candidate does.
    NewlyRefused,
    /// Both allow it or both refuse it, and the answer carries other CORS headers or another `Vary`.
    OtherHeaders,
}

impl ShadowDifference {
    /// What the browser would notice; not which rule it was, nor why none. Allow-Headers is the request's own, whichever
    /// rule allows it.
    pub(crate) fn between(live: &Decision<'_>, candidate: &Decision<'_>) -> Option<Self> {
        let (live, live_vary) = written(live);
        let (candidate, candidate_vary) = written(candidate);
        match (live, candidate) {
            (None, Some(_)) => Some(Self::NewlyAllowed),
            (Some(_), None) => Some(Self::NewlyRefused),
            _ if live_vary != candidate_vary => Some(Self::OtherHeaders),
            (Some(live), Some(candidate)) if live.headers() != candidate.headers() => Some(Self::OtherHeaders),
            _ => None,
        }
    }
}

/// What the answer is made of: the rule whose headers it has, and whether it has `Vary: Origin`.
fn written<'t>(decision: &Decision<'t>) -> (Option<&'t Rule>, bool) {
    match *decision {
        Decision::Forward { rule, vary_origin } => (rule.ok(), vary_origin),
        Decision::Answer { rule, vary_origin } => (rule.ok(), vary_origin),
    }
}

impl fmt::Display for ShadowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NewlyRefused => "newly refused",
            Self::OtherHeaders => "other headers",
        })
    }
}

/// A request that the candidate decides otherwise. Its texts are escaped, and cut at
/// [`MAX_QUOTED`](oss_cors_core::MAX_QUOTED) bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowExample {
    pub(crate) difference: ShadowDifference,
    pub(crate) preflight: bool,
    pub(crate) origin: String,
    pub(crate) method: String,
    pub(crate) headers: String,
    pub(crate) live: Outcome,
    pub(crate) candidate: Outcome,
}

impl ShadowExample {
    /// What the candidate would change.
    pub fn difference(&self) -> ShadowDifference {
        self.difference
    }

    /// Whether it is a preflight.
    pub fn is_preflight(&self) -> bool {
        self.preflight
    }

    /// `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The method; of a preflight, the requested one.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The lines of `Access-Control-Request-Headers`, joined with `, `; empty where there are none.
    pub fn headers(&self) -> &str {
        &self.headers
    }

    /// What the live rules decided.
    pub fn live(&self) -> Outcome {
        self.live
    }

    /// What the candidate would have decided.
    pub fn candidate(&self) -> Outcome {
        self.candidate
    }
}

/// One line.
impl fmt::Display for ShadowExample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { difference, origin, method, headers, .. } = self;
        let kind = if self.preflight { "preflight, " } else { "" };
        write!(f, "{difference}: {kind}method `{method}`, origin `{origin}`")?;
        if !headers.is_empty() {
            write!(f, ", headers `{headers}`")?;
        }
        write!(f, "; live: {}; candidate: {}", said(self.live), said(self.candidate))
    }
}

pub(crate) fn said(outcome: Outcome) -> String {
    match outcome {
        Outcome::Forwarded(Ok(number)) | Outcome::Answered(Ok(number)) => format!("rule {number}"),
        Outcome::Forwarded(Err(unmatched)) => unmatched.to_string(),
        Outcome::Answered(Err(refusal)) => refusal.to_string(),
    }
}

/// What a [`Shadow`](crate::Shadow) has seen. `Display` tells it in a few lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowReport {
    pub(crate) compared: u64,
    pub(crate) newly_allowed: u64,
    pub(crate) newly_refused: u64,
    pub(crate) other_headers: u64,
    pub(crate) examples: Vec<ShadowExample>,
}

impl ShadowReport {
    /// How many cross-origin requests both have decided.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// How many of them differ, in any way.
    pub fn differing(&self) -> u64 {
        self.newly_allowed + self.newly_refused + self.other_headers
    }

    /// How many no live rule matches, and a rule of the candidate does.
    pub fn newly_allowed(&self) -> u64 {
        self.newly_allowed
    }

    /// How many a live rule matches, and none of the candidate does.
    pub fn newly_refused(&self) -> u64 {
        self.newly_refused
    }

    /// How many would be answered with other headers.
    pub fn other_headers(&self) -> u64 {
        self.other_headers
    }

    /// The latest that differ, each once, at most [`MAX_SHADOW_EXAMPLES`]; the newest last.
    pub fn examples(&self) -> &[ShadowExample] {
        &self.examples
    }
}

impl fmt::Display for ShadowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So many are a few lines.
        const SHOWN: usize = 5;
        let Self { compared, newly_allowed, newly_refused, other_headers, examples } = self;
        write!(f, "compared {compared} cross-origin requests, {} differ: ", self.differing())?;
        write!(f, "{newly_allowed} newly allowed, {newly_refused} newly refused, {other_headers} with other headers")?;
        for example in examples.iter().rev().take(SHOWN) {
            write!(f, "\n  {example}")?;
        }
        match examples.len().checked_sub(SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  and {more} other examples"),
        }
    }
}
