//! Wildcards so few that each is compared.

use super::rule_set::RuleSet;

/// With more than this, one walk for all takes less.
pub(crate) const MOST_COMPARED: usize = 3;

#[derive(Debug)]
pub(crate) struct Few(Box<[Wildcard]>);

#[derive(Debug)]
struct Wildcard {
    prefix: Box<[u8]>,
    suffix: Box<[u8]>,
    rules: RuleSet,
}

impl Few {
    pub(crate) fn new<'a>(wildcards: impl Iterator<Item = (&'a str, &'a str, RuleSet)>) -> Self {
        let wildcard = |(prefix, suffix, rules): (&str, &str, _)| Wildcard {
            prefix: prefix.as_bytes().into(),
            suffix: suffix.as_bytes().into(),
            rules,
        };
        Self(wildcards.map(wildcard).collect())
    }

    /// The rules with a wildcard that matches `text`.
    pub(crate) fn find(&self, text: &[u8]) -> RuleSet {
        let mut found = RuleSet::NONE;
        for wildcard in &self.0 {
            if text.strip_prefix(&*wildcard.prefix).is_some_and(|rest| rest.ends_with(&wildcard.suffix)) {
                found |= wildcard.rules;
            }
        }
        found
    }

    /// Every wildcard as prefix and suffix, with its rules.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], RuleSet)> {
        self.0.iter().map(|wildcard| (&*wildcard.prefix, &*wildcard.suffix, wildcard.rules))
    }
}
