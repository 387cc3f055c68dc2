//! The explanation for tools. Keys and names are stable; `message` is the text for people, and may change.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Asked, Explanation, Hint, NearMiss, Quoted, RuleExplanation, SentHeader};
use crate::decision::{Outcome, Refusal, Unmatched};
use crate::error::Element;

#[derive(Serialize)]
struct Told<'a> {
    request: &'a Asked,
    /// Answered here; otherwise the application is called.
    answered: bool,
    rule: Option<usize>,
    unmatched: Option<&'static str>,
    status: Option<u16>,
    refusal: Option<ToldRefusal>,
    headers: &'a [SentHeader],
    rules: &'a [RuleExplanation],
    near_miss: Option<&'a NearMiss>,
    #[serde(serialize_with = "all_told")]
    hints: &'a [Hint],
}

#[derive(Serialize)]
struct ToldRefusal {
    code: &'static str,
    message: &'static str,
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let told = Told {
            request: &self.asked,
            answered: matches!(self.outcome, Outcome::Answered(_)),
            rule: self.rule(),
            unmatched: unmatched(self.outcome),
            status: self.status(),
            refusal: self.refusal().map(|refusal| ToldRefusal { code: refusal.code(), message: refusal.message() }),
            headers: &self.headers,
            rules: &self.rules,
            near_miss: self.near_miss.as_ref(),
            hints: &self.hints,
        };
        told.serialize(serializer)
    }
}

fn unmatched(outcome: Outcome) -> Option<&'static str> {
    let unmatched = match outcome {
        Outcome::Forwarded(rule) => rule.err()?,
        Outcome::Answered(rule) => match rule.err()? {
            Refusal::NoSuchBucket => Unmatched::NoSuchBucket,
            Refusal::OriginMissing => Unmatched::NoOrigin,
            Refusal::MethodMissing => return Some("no_request_method"),
            Refusal::NotEnabled => Unmatched::NotEnabled,
            Refusal::NotAllowed(unmatched) => unmatched,
        },
    };
    Some(match unmatched {
        Unmatched::NoOrigin => "no_origin",
        Unmatched::NotEnabled => "not_enabled",
        Unmatched::NoSuchBucket => "no_such_bucket",
        Unmatched::MalformedOrigin => "malformed_origin",
        Unmatched::Origin => "origin",
        Unmatched::Method => "method",
        Unmatched::Headers => "headers",
        Unmatched::TooManyHeaders => "too_many_headers",
    })
}

/// Whole, as text; bytes that are not UTF-8 become U+FFFD.
impl Serialize for Quoted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

/// By its name in the rule file.
pub(super) fn element<S: Serializer>(element: &Element, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(element.name())
}

/// Each with its text for people as `message`.
pub(super) fn all_told<T, S>(all: &(impl AsRef<[T]> + ?Sized), serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize + fmt::Display,
    S: Serializer,
{
    #[derive(Serialize)]
    struct WithMessage<'a, T> {
        #[serde(flatten)]
        told: &'a T,
        message: String,
    }
    serializer.collect_seq(all.as_ref().iter().map(|told| WithMessage { told, message: told.to_string() }))
}
