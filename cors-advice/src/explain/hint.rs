//! What else is worth knowing: failures that people take for something else (SEMANTICS section 6).

use std::fmt;

use oss_cors_core::{FieldLine, Outcome, Refusal, Rule, RuleTable};

use super::asked::RequestKind;
use super::points::{RuleExplanation, Verdict};
use super::quoted::Listed;
use super::request::Request;

/// Something worth knowing about one answer. Its `Display` says it in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "hint", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Hint {
    /// A page that fetches with credentials cannot read the answer.
    NoCredentials {
        /// Whether the answer allows `*`, which is not enough with credentials.
        wildcard: bool,
    },
    /// Without `Origin` there are no CORS headers: expected, and what curl does by itself.
    WithoutOrigin,
    /// An `OPTIONS` that is no preflight goes to the application; a bucket refuses it.
    BucketRefuses {
        /// The status that a bucket answers with.
        status: u16,
    },
    /// ETag is not exposed, where something is written.
    EtagNotExposed {
        /// The number of the matching rule.
        rule: usize,
    },
    /// Browsers keep the preflight's answer.
    PreflightCached {
        /// MaxAgeSeconds; `None` for unset.
        seconds: Option<u32>,
    },
    /// The origin is echoed, and nothing tells caches so.
    VaryOff,
    /// An earlier rule answers, and otherwise than a later one would.
    Shadowing {
        /// The number of the rule that answers.
        by: usize,
        /// The number of the later rule.
        rule: usize,
        /// The names of the headers that the later rule would send otherwise.
        differs: Vec<&'static str>,
    },
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCredentials { wildcard } => {
                f.write_str("a page that fetches with credentials cannot read this answer: ")?;
                f.write_str(if *wildcard { "`*` does not do with credentials, and " } else { "" })?;
                f.write_str("OSS never sends Access-Control-Allow-Credentials; drop the credentials")
            }
            Self::WithoutOrigin => f.write_str(
                "without Origin no Access-Control-* header is expected; browsers add it, to curl give `-H 'Origin: ...'`",
            ),
            Self::BucketRefuses { status } => write!(
                f,
                "a bucket answers {status} to an OPTIONS that is no preflight; \
                 a preflight has Origin and Access-Control-Request-Method"
            ),
            Self::EtagNotExposed { rule } => {
                write!(f, "ETag is not exposed, and multipart uploads need it; add ExposeHeader `ETag` to rule {rule}")
            }
            Self::PreflightCached { seconds: None } => {
                f.write_str("MaxAgeSeconds is unset: browsers keep this answer for 5 seconds, for each URL")
            }
            Self::PreflightCached { seconds: Some(seconds) } => {
                let [chromium, firefox, webkit] = [7200, 86400, 600].map(|most| most.min(*seconds));
                write!(
                    f,
                    "browsers keep this answer for each URL, so a change of the rules shows late: \
                     Chromium {chromium}, Firefox {firefox}, WebKit {webkit} seconds"
                )
            }
            Self::VaryOff => f.write_str(
                "the origin is echoed without Vary: a cache, the browser's too, may give this answer to another \
                 origin, or one without CORS headers to this; set ResponseVary to true",
            ),
            Self::Shadowing { by, rule, differs } => write!(
                f,
                "rule {rule} would send another {}; move it before rule {by} if it should answer",
                Listed(differs)
            ),
        }
    }
}

pub(super) fn all(
    table: &RuleTable,
    request: &Request<'_>,
    kind: RequestKind,
    outcome: Outcome,
    rules: &[RuleExplanation],
) -> Vec<Hint> {
    let mut hints = match outcome.rule().and_then(|number| table.rules().get(number - 1)) {
        Some(rule) => of_match(table, rule, request, kind),
        None => Vec::new(),
    };
    hints.extend(shadowing(rules));
    let refused = matches!(outcome, Outcome::Answered(Err(_)));
    hints.extend(match kind {
        RequestKind::NotCrossOrigin => Some(Hint::WithoutOrigin),
        RequestKind::OptionsWithoutOrigin | RequestKind::OptionsWithoutBoth if !refused => {
            Some(Hint::BucketRefuses { status: Refusal::OriginMissing.status() })
        }
        RequestKind::OptionsWithoutRequestMethod if !refused => {
            Some(Hint::BucketRefuses { status: Refusal::MethodMissing.status() })
        }
        _ => None,
    });
    hints
}

fn of_match(table: &RuleTable, rule: &Rule, request: &Request<'_>, kind: RequestKind) -> Vec<Hint> {
    let is_preflight = kind == RequestKind::Preflight;
    let method = match request.request_method {
        FieldLine::One(method) if is_preflight => method,
        _ => request.method,
    };
    let writes = matches!(method, b"PUT" | b"POST");
    let max_age = rule.max_age().and_then(|seconds| seconds.to_str().ok()?.parse::<u32>().ok());
    let hints = [
        (!rule.allow_credentials(), Hint::NoCredentials { wildcard: rule.any_origin() }),
        (writes && !exposes_etag(rule), Hint::EtagNotExposed { rule: rule.number() }),
        (is_preflight && max_age != Some(0), Hint::PreflightCached { seconds: max_age }),
        (!is_preflight && !rule.any_origin() && !table.response_vary(), Hint::VaryOff),
    ];
    hints.into_iter().filter_map(|(applies, hint)| applies.then_some(hint)).collect()
}

fn exposes_etag(rule: &Rule) -> bool {
    let names = rule.expose_headers().and_then(|names| names.to_str().ok()).unwrap_or_default();
    names.split(", ").any(|name| name.eq_ignore_ascii_case("etag"))
}

/// The first rule that would answer otherwise than the one that answers.
fn shadowing(rules: &[RuleExplanation]) -> Option<Hint> {
    rules.iter().find_map(|rule| match &rule.verdict {
        Verdict::Shadowed { by, differs } if !differs.is_empty() => {
            Some(Hint::Shadowing { by: *by, rule: rule.rule, differs: differs.clone() })
        }
        _ => None,
    })
}
