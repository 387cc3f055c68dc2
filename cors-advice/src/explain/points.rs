//! Rule by rule: which of origin, method and headers a rule allows, read off the sets of `decide`.

use std::collections::HashSet;
use std::fmt;

use oss_cors_core::{Decision, FieldLine, MAX_REQUEST_HEADERS_BYTES, Mismatch, Refusal, Rule, RuleSet, RuleTable};

use super::quoted::{Listed, Quoted};
use super::request::Request;

/// The three points on which a rule can fail (SEMANTICS section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Point {
    /// `Origin` against AllowedOrigin.
    Origin,
    /// The method against AllowedMethod.
    Method,
    /// `Access-Control-Request-Headers` against AllowedHeader.
    Headers,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Origin => "origin",
            Self::Method => "method",
            Self::Headers => "headers",
        })
    }
}

/// The set of rules that allow each part of one request.
pub(super) struct Points<'a> {
    /// `None` for a malformed origin, which nothing allows.
    pub(super) origin: Option<RuleSet>,
    /// `None` for several lines.
    pub(super) method_asked: Option<&'a [u8]>,
    pub(super) method: RuleSet,
    /// The requested names, each once; empty for no preflight, and for too many.
    pub(super) headers: Vec<(Quoted, RuleSet)>,
    /// How many bytes, if they or the names are too many.
    pub(super) too_many_headers: Option<usize>,
}

impl<'a> Points<'a> {
    pub(super) fn of(table: &RuleTable, request: &Request<'a>) -> Self {
        let is_preflight = request.is_preflight();
        let method_asked = match request.request_method {
            _ if !is_preflight => Some(request.method),
            FieldLine::One(method) => Some(method),
            FieldLine::Absent | FieldLine::Several => None,
        };
        let mut points = Self {
            origin: match request.origin {
                FieldLine::One(origin) => table.rules_allowing_origin(origin),
                FieldLine::Absent | FieldLine::Several => None,
            },
            method_asked,
            method: method_asked.map_or(RuleSet::default(), |method| table.rules_allowing_method(method)),
            headers: Vec::new(),
            too_many_headers: None,
        };
        if is_preflight {
            points.add_headers(table, request);
        }
        points
    }

    fn add_headers(&mut self, table: &RuleTable, request: &Request<'_>) {
        let lines = &request.request_headers;
        let bytes = lines.iter().fold(0, |sum, line| sum + line.len() + 1).saturating_sub(1);
        if bytes > MAX_REQUEST_HEADERS_BYTES || lists_too_many(table, request) {
            self.too_many_headers = Some(bytes);
            return;
        }
        let mut seen = HashSet::new();
        for name in request.header_names().filter(|name| seen.insert(name.to_ascii_lowercase())) {
            self.headers.push((Quoted::new(name), table.rules_allowing_header(name)));
        }
    }

    pub(super) fn allow_origin(&self, rule: usize) -> bool {
        self.origin.is_some_and(|rules| rules.contains(rule))
    }

    pub(super) fn allow_method(&self, rule: usize) -> bool {
        self.method.contains(rule)
    }

    pub(super) fn allow_headers(&self, rule: usize) -> bool {
        self.too_many_headers.is_none() && self.headers.iter().all(|(_, rules)| rules.contains(rule))
    }

    /// Where the rule at index `rule` fails; empty if it matches.
    pub(super) fn failures(&self, rule: usize) -> Vec<Failure> {
        let refused = || self.headers.iter().filter(|(_, rules)| !rules.contains(rule)).map(|(name, _)| name.clone());
        let headers = if self.too_many_headers.is_some() {
            Some(Failure::TooManyHeaders)
        } else {
            (!self.allow_headers(rule)).then(|| Failure::Headers { names: refused().collect() })
        };
        let origin = (!self.allow_origin(rule)).then_some(Failure::Origin);
        let method = (!self.allow_method(rule)).then_some(Failure::Method);
        origin.into_iter().chain(method).chain(headers).collect()
    }

    pub(super) fn rules(&self, table: &RuleTable) -> Vec<RuleExplanation> {
        let mut first: Option<&Rule> = None;
        let mut explained = Vec::with_capacity(table.rules().len());
        for (index, rule) in table.rules().iter().enumerate() {
            let failures = self.failures(index);
            let verdict = match first {
                _ if !failures.is_empty() => Verdict::Fails { failures },
                Some(first) => Verdict::Shadowed { by: first.number(), differs: differences(first, rule) },
                None => {
                    first = Some(rule);
                    Verdict::Matches
                }
            };
            explained.push(RuleExplanation { rule: rule.number(), verdict });
        }
        explained
    }
}

/// Whether the preflight `request` lists too many names, or too many bytes of them.
fn lists_too_many(table: &RuleTable, request: &Request<'_>) -> bool {
    let refusal = Refusal::NotAllowed(Mismatch::TooManyHeaders);
    matches!(table.decide(request), Decision::Answer { rule: Err(reason), .. } if reason == refusal)
}

/// The headers that `other` would send otherwise.
fn differences(rule: &Rule, other: &Rule) -> Vec<&'static str> {
    let differs = [
        ("Access-Control-Allow-Origin", rule.any_origin() != other.any_origin()),
        ("Access-Control-Allow-Methods", rule.allow_methods() != other.allow_methods()),
        ("Access-Control-Expose-Headers", rule.expose_headers() != other.expose_headers()),
        ("Access-Control-Max-Age", rule.max_age() != other.max_age()),
        ("Access-Control-Allow-Credentials", rule.allow_credentials() != other.allow_credentials()),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// What one rule says of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct RuleExplanation {
    /// Its number, counted from 1.
    pub rule: usize,
    /// Whether it matches.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub verdict: Verdict,
}

/// Whether a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "verdict", rename_all = "snake_case"))]
pub enum Verdict {
    /// It is the first that matches, so it decides the answer.
    Matches,
    /// It matches too, but an earlier rule answers.
    Shadowed {
        /// The number of the rule that answers.
        by: usize,
        /// The names of the headers that this rule would send otherwise.
        differs: Vec<&'static str>,
    },
    /// It does not match.
    Fails {
        /// On what, at least one.
        failures: Vec<Failure>,
    },
}

/// One point on which a rule fails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "point", rename_all = "snake_case"))]
pub enum Failure {
    /// No AllowedOrigin matches the origin.
    Origin,
    /// No AllowedMethod is the method.
    Method,
    /// No AllowedHeader matches these requested headers.
    Headers {
        /// Their names, as sent, each once.
        names: Vec<Quoted>,
    },
    /// There are too many bytes of requested headers for any rule.
    TooManyHeaders,
}

impl Failure {
    /// The point.
    pub fn point(&self) -> Point {
        match self {
            Self::Origin => Point::Origin,
            Self::Method => Point::Method,
            Self::Headers { .. } | Self::TooManyHeaders => Point::Headers,
        }
    }
}

impl fmt::Display for RuleExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}: {}", self.rule, self.verdict)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matches => f.write_str("matches"),
            Self::Shadowed { by, differs } if differs.is_empty() => {
                write!(f, "would match, but rule {by} comes first and answers the same")
            }
            Self::Shadowed { by, differs } => {
                write!(f, "would match, but rule {by} comes first; it would send another {}", Listed(differs))
            }
            Self::Fails { failures } => write!(f, "fails on {}", Listed(failures)),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin | Self::Method => self.point().fmt(f),
            Self::Headers { names } => write!(f, "headers {}", Listed(names)),
            Self::TooManyHeaders => f.write_str("too many headers"),
        }
    }
}
