//! The explanation for tools. Keys and names are stable; `message` is the text for people, and may change.

use serde::{Serialize, Serializer};

use oss_cors_core::{Outcome, Refusal};

use super::asked::Asked;
use super::explanation::Explanation;
use super::hint::Hint;
use super::near_miss::NearMiss;
use super::points::RuleExplanation;
use super::sent::SentHeader;
use super::serializers::with_messages;

#[derive(Serialize)]
struct Document<'a> {
    request: &'a Asked,
    /// Answered here; otherwise the application is called.
    answered: bool,
    rule: Option<usize>,
    unmatched: Option<&'static str>,
    status: Option<u16>,
    refusal: Option<RefusalDocument>,
    headers: &'a [SentHeader],
    rules: &'a [RuleExplanation],
    near_miss: Option<&'a NearMiss>,
    #[serde(serialize_with = "with_messages")]
    hints: &'a [Hint],
}

#[derive(Serialize)]
struct RefusalDocument {
    code: &'static str,
    message: &'static str,
}

impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = Document {
            request: self.asked(),
            answered: matches!(self.outcome(), Outcome::Answered(_)),
            rule: self.rule(),
            unmatched: unmatched(self.outcome()),
            status: self.status(),
            refusal: self.refusal().map(|refusal| RefusalDocument { code: refusal.code(), message: refusal.message() }),
            headers: self.headers(),
            rules: self.rules(),
            near_miss: self.near_miss(),
            hints: self.hints(),
        };
        document.serialize(serializer)
    }
}

fn unmatched(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Forwarded(rule) => Some(rule.err()?.reason()),
        Outcome::Answered(rule) => Some(match rule.err()? {
            Refusal::OriginMissing => "no_origin",
            Refusal::MethodMissing => "no_request_method",
            refusal => refusal.reason(),
        }),
    }
}
