//! What a case expects, and how an answer differs from it.

use std::collections::BTreeMap;

use oss_cors_advice::Explanation;
use oss_cors_core::Outcome;
use serde::{Deserialize, Serialize};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// A rule matches.
    Allow,
    /// A preflight is refused.
    Refuse,
    /// A request that is no preflight is answered without CORS headers.
    NoCors,
}

impl Expect {
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Refuse => "refuse",
            Self::NoCors => "no-cors",
        }
    }
}

/// As a case states it, or, with nothing left out, as an answer meets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    pub expect: Option<Expect>,
    pub rule: Option<usize>,
    /// All CORS headers of the answer, and Vary.
    pub headers: Option<BTreeMap<String, String>>,
}

impl Expectation {
    pub fn met_by(explanation: &Explanation) -> Self {
        let expect = match explanation.outcome() {
            Outcome::Answered(Ok(_)) | Outcome::Forwarded(Ok(_)) => Expect::Allow,
            Outcome::Answered(Err(_)) => Expect::Refuse,
            Outcome::Forwarded(Err(_)) => Expect::NoCors,
        };
        let headers = explanation.headers().iter();
        let headers = headers.map(|header| (header.name.to_owned(), header.value.to_text().into_owned())).collect();
        Self { expect: Some(expect), rule: explanation.rule(), headers: Some(headers) }
    }

    /// Each point on which `answer` is not as expected, in words.
    pub fn differences(&self, answer: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let answered = answer.expect.map_or("nothing", Expect::name);
        match self.expect {
            None => differences.push(format!("no expectation; the answer is {answered}")),
            expected if expected != answer.expect => {
                differences.push(format!("expected {}, the answer is {answered}", expected.map_or("", Expect::name)));
            }
            Some(_) => {}
        }
        if let Some(rule) = self.rule.filter(|rule| Some(*rule) != answer.rule) {
            let matching = answer.rule.map_or("no rule matches".to_owned(), |rule| format!("rule {rule} matches"));
            differences.push(format!("expected rule {rule}, {matching}"));
        }
        if let (Some(expected), Some(sent)) = (&self.headers, &answer.headers) {
            differences.extend(header_differences(expected, sent));
        }
        differences
    }
}

fn header_differences(expected: &BTreeMap<String, String>, sent: &BTreeMap<String, String>) -> Vec<String> {
    let find = |headers: &BTreeMap<String, String>, name: &str| {
        headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let mut differences = Vec::new();
    for (name, value) in expected {
        match find(sent, name) {
            Some(sent) if sent == *value => {}
            Some(sent) => differences.push(format!("expected {name}: {value}, sent is {sent}")),
            None => differences.push(format!("expected {name}: {value}, it is absent")),
        }
    }
    for (name, value) in sent.iter().filter(|(name, _)| find(expected, name).is_none()) {
        differences.push(format!("expected no {name}, sent is {value}"));
    }
    differences
}
