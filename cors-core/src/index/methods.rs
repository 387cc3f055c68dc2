//! The rules by method.

use super::patterns::PatternIndex;
use super::rule_set::RuleSet;
use crate::pattern::Pattern;

/// Which rules allow a method: the five of OSS by a comparison, others ([`Profile::Extended`](crate::Profile::Extended)) by lookup.
#[derive(Debug)]
pub(crate) struct Methods {
    get: RuleSet,
    put: RuleSet,
    post: RuleSet,
    delete: RuleSet,
    head: RuleSet,
    others: PatternIndex,
}

impl Methods {
    pub(crate) fn new<'a>(methods: impl Iterator<Item = (usize, &'a String)> + Clone) -> Self {
        let allowing = |wanted: &str| {
            let rules = methods.clone().filter(|(_, method)| *method == wanted);
            rules.fold(RuleSet::NONE, |rules, (index, _)| rules.union(RuleSet::only(index)))
        };
        Self {
            get: allowing("GET"),
            put: allowing("PUT"),
            post: allowing("POST"),
            delete: allowing("DELETE"),
            head: allowing("HEAD"),
            others: PatternIndex::new(methods.clone().map(|(index, method)| (index, Pattern::Exact(method)))),
        }
    }

    #[inline]
    pub(crate) fn find(&self, method: &[u8]) -> RuleSet {
        match method {
            b"GET" => self.get,
            b"PUT" => self.put,
            b"POST" => self.post,
            b"DELETE" => self.delete,
            b"HEAD" => self.head,
            other => self.others.find_entry(other).unwrap_or_default(),
        }
    }
}
