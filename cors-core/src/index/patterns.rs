//! Entries of many rules, compiled.

use std::collections::BTreeMap;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::crossed::{Crossed, MOST_CROSSED};
use super::few::{Few, MOST_COMPARED};
use super::hash::{filled, hash};
use super::hashed::Hashed;
use super::rule_set::RuleSet;
use crate::pattern::Pattern;

/// Patterns of many rules, compiled.
#[derive(Debug)]
pub(crate) struct PatternIndex {
    any: RuleSet,
    exact: HashTable<Exact>,
    /// The text of every exact entry; the table points into it.
    texts: Box<[u8]>,
    wildcards: Wildcards,
    state: RandomState,
}

/// An entry without `*`.
#[derive(Clone, Copy, Debug)]
struct Exact {
    at: u32,
    length: u16,
    /// Complete: what [`PatternIndex::find`] answers for this text.
    rules: RuleSet,
}

#[derive(Debug)]
enum Wildcards {
    None,
    Few(Few),
    Crossed(Crossed),
    Hashed(Hashed),
}

impl Wildcards {
    fn new(by_suffix: &BTreeMap<&str, BTreeMap<&str, RuleSet>>) -> Self {
        let each = || {
            let each = by_suffix.iter().flat_map(|(suffix, prefixes)| prefixes.iter().map(move |of| (*suffix, of)));
            each.map(|(suffix, (prefix, rules))| (*prefix, suffix, *rules))
        };
        let by_rule =
            || each().flat_map(|(prefix, suffix, rules)| rules.iter().map(move |rule| (prefix, suffix, rule)));
        if by_suffix.is_empty() {
            Self::None
        } else if each().nth(MOST_COMPARED).is_none() {
            Self::Few(Few::new(each()))
        } else if by_rule().nth(MOST_CROSSED).is_none() {
            Self::Crossed(Crossed::new(&by_rule().collect::<Vec<_>>()))
        } else {
            Self::Hashed(Hashed::new(by_suffix))
        }
    }

    #[inline]
    fn find(&self, text: &[u8]) -> RuleSet {
        match self {
            Self::None => RuleSet::NONE,
            Self::Few(few) => few.find(text),
            Self::Crossed(crossed) => crossed.find(text),
            Self::Hashed(hashed) => hashed.find(text),
        }
    }
}

impl PatternIndex {
    /// Each pattern with the rule it belongs to. All texts together are below 4 GiB, each below 64 KiB:
    /// validation has seen to it.
    pub(crate) fn new<'a>(patterns: impl IntoIterator<Item = (usize, Pattern<'a>)>) -> Self {
        let mut any = RuleSet::NONE;
        let mut exact = BTreeMap::<&str, RuleSet>::new();
        let mut by_suffix = BTreeMap::<&str, BTreeMap<&str, RuleSet>>::new();
        for (rule, pattern) in patterns {
            let rules = match pattern {
                Pattern::Any => &mut any,
                Pattern::Exact(text) => exact.entry(text).or_default(),
                Pattern::Affix { prefix, suffix } => by_suffix.entry(suffix).or_default().entry(prefix).or_default(),
            };
            *rules |= RuleSet::only(rule);
        }

        let wildcards = Wildcards::new(&by_suffix);
        let state = RandomState::default();
        let mut texts = Vec::with_capacity(exact.keys().map(|text| text.len()).sum());
        let mut entries = Vec::with_capacity(exact.len());
        for (text, own) in exact {
            let (at, length, text) = (texts.len() as u32, text.len() as u16, text.as_bytes());
            let rules = own.union(any).union(wildcards.find(text));
            texts.extend_from_slice(text);
            entries.push((hash(&state, text), Exact { at, length, rules }));
        }
        Self { any, exact: filled(entries), texts: texts.into(), wildcards, state }
    }

    /// Every entry without `*`, with all rules that match it.
    pub(crate) fn exact(&self) -> impl Iterator<Item = (&[u8], RuleSet)> {
        self.exact.iter().filter_map(|entry| Some((self.text(entry)?, entry.rules)))
    }

    /// The rules with a bare `*`.
    pub(crate) fn any(&self) -> RuleSet {
        self.any
    }

    /// The rules with a pattern that matches `text`, if `text` is an entry itself. Most requests end here: nobody has
    /// to look whether the text is well-formed, because the entry is.
    #[inline(always)]
    pub(crate) fn find_entry(&self, text: &[u8]) -> Option<RuleSet> {
        // Of wildcards alone: nothing to hash the text for.
        if self.exact.is_empty() {
            return None;
        }
        let entry = self.exact.find(hash(&self.state, text), |entry| {
            usize::from(entry.length) == text.len() && self.text(entry) == Some(text)
        });
        entry.map(|entry| entry.rules)
    }

    /// The rules with a pattern that matches `text`.
    pub(crate) fn find(&self, text: &[u8]) -> RuleSet {
        self.find_entry(text).unwrap_or_else(|| self.find_wildcards(text))
    }

    /// The rules whose bare `*` or wildcards match `text`: all there are for a text that is no entry.
    #[inline]
    pub(crate) fn find_wildcards(&self, text: &[u8]) -> RuleSet {
        self.any.union(self.wildcards.find(text))
    }

    #[inline(always)]
    fn text(&self, entry: &Exact) -> Option<&[u8]> {
        let at = entry.at as usize;
        self.texts.get(at..at + usize::from(entry.length))
    }
}

/// Reading the index back, for tools.
impl PatternIndex {
    /// Every entry as written, with the rules that have it, in the order of the texts. A rule is left out of an entry
    /// without `*` that a wildcard of its own covers.
    pub(crate) fn entries(&self) -> Vec<(String, RuleSet)> {
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let any = (!self.any.is_empty()).then(|| ("*".to_owned(), self.any));
        let exact = self.exact().map(|(text, rules)| (shown(text), rules.without(self.find_wildcards(text))));
        let wildcard =
            |(prefix, suffix, rules): (&[u8], &[u8], RuleSet)| (format!("{}*{}", shown(prefix), shown(suffix)), rules);
        let wildcards: Vec<_> = match &self.wildcards {
            Wildcards::None => Vec::new(),
            Wildcards::Few(few) => few.entries().map(wildcard).collect(),
            Wildcards::Crossed(crossed) => crossed.entries().map(wildcard).collect(),
            Wildcards::Hashed(hashed) => hashed.entries().map(wildcard).collect(),
        };
        let mut entries: Vec<_> = any.into_iter().chain(exact).chain(wildcards).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries.dedup_by(|(text, rules), (before, all)| {
            let same = text == before;
            *all |= if same { *rules } else { RuleSet::NONE };
            same
        });
        entries
    }
}
