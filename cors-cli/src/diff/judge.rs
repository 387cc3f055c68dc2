//! How the answer to one request changes from one file to the other.

use oss_cors_core::{Mismatch, Rule, RuleTable};

use super::classes::Pair;
use super::masks::{Mask, first};

/// How an answer changes; the order is that of the report.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Refused before: why, and the rule that allows it now.
    Allowed { before: Reason, rule: usize },
    /// Allowed before and now, and now a page may do more with the answer.
    Widened { before: usize, rule: usize, differences: Vec<Difference> },
    /// Allowed before: by which rule, and why no longer.
    Refused { before: usize, reason: Reason },
    /// Allowed before and now, with other headers.
    Altered { before: usize, rule: usize, differences: Vec<Difference> },
}

impl Kind {
    /// Whether a page may do what it could not before.
    pub fn widens(&self) -> bool {
        matches!(self, Self::Allowed { .. } | Self::Widened { .. })
    }

    pub fn differences(&self) -> &[Difference] {
        match self {
            Self::Widened { differences, .. } | Self::Altered { differences, .. } => differences,
            Self::Allowed { .. } | Self::Refused { .. } => &[],
        }
    }
}

/// The first point at which no rule is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    Origin,
    Method,
    Headers,
}

impl Reason {
    /// In the engine's words.
    pub fn mismatch(self) -> Mismatch {
        match self {
            Self::Origin => Mismatch::Origin,
            Self::Method => Mismatch::Method,
            Self::Headers => Mismatch::Headers,
        }
    }
}

/// Stands for the request's own origin among the values of Access-Control-Allow-Origin.
pub const ECHOED: &str = "the request's";

/// A header that differs; `None` where it is absent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    pub header: &'static str,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// How the answer to one request changes, in numbers: what millions of comparisons are made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    Allowed { before: Reason, rule: usize },
    Refused { before: usize, reason: Reason },
    Answered { before: usize, rule: usize },
}

/// What changes between the answers of each old and each new rule.
pub struct Judge {
    /// By the numbers of the rules; `None` where nothing does.
    altered: Vec<Vec<Option<Kind>>>,
}

impl Judge {
    pub fn new(old: &RuleTable, new: &RuleTable) -> Self {
        let row = |before: &Rule| new.rules().iter().map(|after| altered(before, after)).collect();
        Self { altered: old.rules().iter().map(row).collect() }
    }

    fn between(&self, before: usize, rule: usize) -> Option<&Kind> {
        self.altered.get(before.checked_sub(1)?)?.get(rule.checked_sub(1)?)?.as_ref()
    }

    /// For a request with these masks; `None` where it is answered as before.
    pub fn turn(&self, origin: Pair, method: Pair, headers: Pair) -> Option<Turn> {
        let old = [origin.0, method.0, headers.0];
        let new = [origin.1, method.1, headers.1];
        match (answering(old), answering(new)) {
            (None, None) => None,
            (None, Some(rule)) => Some(Turn::Allowed { before: reason(old), rule }),
            (Some(before), None) => Some(Turn::Refused { before, reason: reason(new) }),
            (Some(before), Some(rule)) => self.between(before, rule).map(|_| Turn::Answered { before, rule }),
        }
    }

    pub fn kind(&self, turn: Turn) -> Option<Kind> {
        match turn {
            Turn::Allowed { before, rule } => Some(Kind::Allowed { before, rule }),
            Turn::Refused { before, reason } => Some(Kind::Refused { before, reason }),
            Turn::Answered { before, rule } => self.between(before, rule).cloned(),
        }
    }
}

fn answering([origin, method, headers]: [Mask; 3]) -> Option<usize> {
    first(origin & method & headers)
}

fn reason([origin, method, _]: [Mask; 3]) -> Reason {
    if origin == 0 {
        Reason::Origin
    } else if origin & method == 0 {
        Reason::Method
    } else {
        Reason::Headers
    }
}

/// What differs between the answers of two rules to the same request.
fn altered(before: &Rule, after: &Rule) -> Option<Kind> {
    let values = |rule: &Rule| {
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        [
            ("Access-Control-Allow-Origin", Some(if rule.any_origin() { "*" } else { ECHOED }.to_owned())),
            ("Access-Control-Allow-Methods", Some(text(rule.allow_methods()))),
            ("Access-Control-Expose-Headers", rule.expose_headers().map(text)),
            ("Access-Control-Max-Age", rule.max_age().map(text)),
            ("Access-Control-Allow-Credentials", rule.allow_credentials().then(|| "true".to_owned())),
        ]
    };
    let differences: Vec<Difference> = values(before)
        .into_iter()
        .zip(values(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((header, before), (_, after))| Difference { header, before, after })
        .collect();
    if differences.is_empty() {
        return None;
    }
    let (before, rule) = (before.number(), after.number());
    Some(if differences.iter().any(Difference::widens) {
        Kind::Widened { before, rule, differences }
    } else {
        Kind::Altered { before, rule, differences }
    })
}

impl Difference {
    /// Whether a page may do more by it: come with cookies, or read a header that it could not.
    fn widens(&self) -> bool {
        match self.header {
            "Access-Control-Allow-Credentials" => self.after.is_some(),
            "Access-Control-Expose-Headers" => {
                let names = |list: &Option<String>| -> Vec<String> {
                    list.iter().flat_map(|list| list.split(", ")).map(str::to_ascii_lowercase).collect()
                };
                let before = names(&self.before);
                names(&self.after).iter().any(|name| !before.contains(name))
            }
            _ => false,
        }
    }
}
