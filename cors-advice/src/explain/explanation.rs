//! What becomes of one request, and why: made of the parts.

use oss_cors_core::{CorsRequest, Decision, Outcome, Refusal, RuleTable, Unmatched};

use super::asked::Asked;
use super::hint::{self, Hint};
use super::near_miss::NearMiss;
use super::points::{Points, RuleExplanation};
use super::request::{Request, collected};
use super::search;
use super::sent::{self, SentHeader};

/// Why [`RuleTable::decide`] answers `request` as it does, and what would make a rule match.
///
/// Reads every rule; its time grows with the entries of the rules and with the request, which it bounds as `decide`
/// does.
pub fn explain<'a, L>(table: &RuleTable, request: &CorsRequest<'a, L>) -> Explanation
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    Explanation::new(table, &collected(request), Server::Application)
}

/// Why [`RuleTable::decide_as_bucket`] answers `request` as it does.
pub fn explain_as_bucket<'a, L>(table: &RuleTable, request: &CorsRequest<'a, L>) -> Explanation
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    Explanation::new(table, &collected(request), Server::Bucket)
}

/// What becomes of one request, and why. Made by [`explain`].
///
/// `Display` is a text of several lines for people. With the feature `serde` it is an object for tools, with keys and
/// names in snake case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    asked: Asked,
    outcome: Outcome,
    headers: Vec<SentHeader>,
    rules: Vec<RuleExplanation>,
    near_miss: Option<NearMiss>,
    hints: Vec<Hint>,
}

/// Who decides.
#[derive(Clone, Copy)]
enum Server {
    Application,
    Bucket,
}

impl Server {
    fn decide<'t>(self, table: &'t RuleTable, request: &Request<'_>) -> Decision<'t> {
        match self {
            Self::Application => table.decide(request),
            Self::Bucket => table.decide_as_bucket(request),
        }
    }
}

impl Explanation {
    fn new(table: &RuleTable, request: &Request<'_>, server: Server) -> Self {
        let decision = server.decide(table, request);
        let outcome = decision.outcome();
        let points = Points::of(table, request);
        let asked = Asked::new(request, &points);
        let rules_are_asked = rules_are_asked(outcome);
        let rules = if rules_are_asked { points.rules(table) } else { Vec::new() };
        let matches =
            |table: &RuleTable, changed: &Request<'_>| server.decide(table, changed).outcome().rule().is_some();
        Self {
            headers: sent::headers(&decision, request),
            near_miss: match outcome {
                _ if outcome.rule().is_some() => None,
                _ => search::find(table, request, asked.kind, &points, rules_are_asked, &matches),
            },
            hints: hint::all(table, request, asked.kind, outcome, &rules),
            asked,
            outcome,
            rules,
        }
    }

    /// The request, as the rules see it.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Who answers, and the number of the matching rule or the reason why none matches.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The number of the matching rule, counted from 1.
    pub fn rule(&self) -> Option<usize> {
        self.outcome.rule()
    }

    /// What the preflight is refused with.
    pub fn refusal(&self) -> Option<Refusal> {
        match self.outcome {
            Outcome::Answered(Err(refusal)) => Some(refusal),
            Outcome::Answered(Ok(_)) | Outcome::Forwarded(_) => None,
        }
    }

    /// The status of the answer; `None` where the application answers.
    pub fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Answered(Ok(_)) => Some(200),
            Outcome::Answered(Err(refusal)) => Some(refusal.status()),
            Outcome::Forwarded(_) => None,
        }
    }

    /// All that CORS writes on the answer, in the order in which the adapters write it: `Access-Control-*`, and `Vary`
    /// (which is merged into the application's). What goes with a body, such as `Content-Type`, is not in it.
    pub fn headers(&self) -> &[SentHeader] {
        &self.headers
    }

    /// What each rule says, in the order of the rules. Empty where no rule is asked: the request has no `Origin`, is
    /// refused before, or there are no rules.
    pub fn rules(&self) -> &[RuleExplanation] {
        &self.rules
    }

    /// The rule that is nearest to matching, where none matches.
    pub fn near_miss(&self) -> Option<&NearMiss> {
        self.near_miss.as_ref()
    }

    /// What else is worth knowing (SEMANTICS section 6).
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }
}

fn rules_are_asked(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Forwarded(Err(Unmatched::NoOrigin | Unmatched::NotEnabled | Unmatched::NoSuchBucket)) => false,
        Outcome::Answered(Err(Refusal::NotAllowed(_))) => true,
        Outcome::Answered(Err(_)) => false,
        Outcome::Forwarded(_) | Outcome::Answered(Ok(_)) => true,
    }
}
