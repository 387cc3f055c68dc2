//! Entries of many rules, compiled: found by hash, wildcards by their ends.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::case::{AsIs, Case, hash};
use super::lookups::Lookups;
use super::rule_set::RuleSet;
use super::suffixes::{Place, Suffixes};
use crate::pattern::Pattern;

/// Patterns of many rules, compiled.
#[derive(Debug)]
pub(crate) struct PatternIndex {
    any: RuleSet,
    /// The text of every entry once; the tables point into it.
    texts: Box<[u8]>,
    exact: HashTable<Exact>,
    suffixes: Suffixes<Suffix>,
    /// Lengths of the prefixes that go with one suffix; each suffix owns a stretch, ascending, each once.
    prefix_lengths: Box<[u16]>,
    affixes: HashTable<Affix>,
    state: RandomState,
    seed: u64,
}

/// An entry without `*`.
#[derive(Clone, Copy, Debug)]
struct Exact {
    at: u32,
    length: u16,
    /// Complete: what `find` answers for this text.
    rules: RuleSet,
}

/// The end of one or more wildcards, with the first of them.
#[derive(Clone, Copy, Debug)]
struct Suffix {
    first: Affix,
    /// How many different lengths the prefixes have that go with it; none when the first is the only one.
    prefix_count: u16,
    /// Where their lengths begin.
    prefixes: u32,
}

/// One wildcard; its text is the prefix, then the suffix.
#[derive(Clone, Copy, Debug)]
struct Affix {
    at: u32,
    prefix: u16,
    suffix: u16,
    rules: RuleSet,
}

impl Affix {
    fn suffix_at(&self) -> u32 {
        self.at + u32::from(self.prefix)
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

        let mut index = Self::empty(any);
        index.insert_affixes(&by_suffix);
        index.insert_exact(&exact);
        index
    }

    fn empty(any: RuleSet) -> Self {
        let state = RandomState::default();
        Self {
            any,
            texts: Box::default(),
            exact: HashTable::new(),
            suffixes: Suffixes::new(Vec::new(), &[], &state),
            seed: state.hash_one(0),
            prefix_lengths: Box::default(),
            affixes: HashTable::new(),
            state,
        }
    }

    fn insert_affixes(&mut self, by_suffix: &BTreeMap<&str, BTreeMap<&str, RuleSet>>) {
        let mut texts = Vec::new();
        let mut prefix_lengths = Vec::new();
        let mut suffixes = Vec::with_capacity(by_suffix.len());
        let mut affixes = Vec::new();
        for (suffix, prefixes) in by_suffix {
            let of_suffix = affixes.len();
            let lengths_at = prefix_lengths.len() as u32;
            for (prefix, rules) in prefixes {
                let (at, rules) = (texts.len() as u32, *rules);
                let affix = Affix { at, prefix: prefix.len() as u16, suffix: suffix.len() as u16, rules };
                texts.extend_from_slice(prefix.as_bytes());
                texts.extend_from_slice(suffix.as_bytes());
                affixes.push((mixed(roll(self.seed(lengths_at), prefix.bytes())), affix));
            }
            let Some((_, first)) = affixes.get(of_suffix).copied() else { continue };
            let lengths = match prefixes.len() {
                // It is found with its suffix; the table need not have it.
                1 => {
                    affixes.truncate(of_suffix);
                    BTreeSet::new()
                }
                _ => prefixes.keys().map(|prefix| prefix.len() as u16).collect(),
            };
            let place = Place { at: first.suffix_at(), length: first.suffix };
            suffixes.push((place, Suffix { first, prefix_count: lengths.len() as u16, prefixes: lengths_at }));
            prefix_lengths.extend(lengths);
        }
        self.suffixes = Suffixes::new(suffixes, &texts, &self.state);
        self.texts = texts.into();
        self.prefix_lengths = prefix_lengths.into();
        self.affixes = filled(affixes);
    }

    /// After the wildcards: an exact entry's set holds what they say of its text too.
    fn insert_exact(&mut self, exact: &BTreeMap<&str, RuleSet>) {
        let mut texts = std::mem::take(&mut self.texts).into_vec();
        let start = texts.len();
        texts.extend(exact.keys().flat_map(|text| text.bytes()));
        self.texts = texts.into();
        let mut at = start;
        let mut entries = Vec::with_capacity(exact.len());
        for (text, own) in exact {
            let mut rules = self.find_wildcards::<AsIs>(text.as_bytes(), &mut Lookups::unbounded());
            rules |= *own;
            entries.push((
                hash::<AsIs>(&self.state, text.as_bytes()),
                Exact { at: at as u32, length: text.len() as u16, rules },
            ));
            at += text.len();
        }
        self.exact = filled(entries);
    }

    /// Every entry without `*`, with all rules that match it.
    pub(crate) fn exact(&self) -> impl Iterator<Item = (&[u8], RuleSet)> {
        self.exact.iter().filter_map(|entry| {
            let at = entry.at as usize;
            Some((self.texts.get(at..at + usize::from(entry.length))?, entry.rules))
        })
    }

    /// The rules with a bare `*`.
    pub(crate) fn any(&self) -> RuleSet {
        self.any
    }

    /// The rules with a pattern that matches `text`, if `text` is an entry itself. Most requests end here: nobody has
    /// to look whether the text is well-formed, because the entry is.
    #[inline(always)]
    pub(crate) fn find_entry<C: Case>(&self, text: &[u8]) -> Option<RuleSet> {
        // Of wildcards alone: nothing to hash the text for.
        if self.exact.is_empty() {
            return None;
        }
        let entry = self.exact.find(hash::<C>(&self.state, text), |entry| {
            usize::from(entry.length) == text.len() && self.text_is::<C>(entry.at, text)
        });
        entry.map(|entry| entry.rules)
    }

    /// The rules with a pattern that matches `text`.
    pub(crate) fn find<C: Case>(&self, text: &[u8]) -> RuleSet {
        self.find_entry::<C>(text).unwrap_or_else(|| self.find_wildcards::<C>(text, &mut Lookups::unbounded()))
    }

    /// The rules whose bare `*` or wildcards match `text`: all there are for a text that is no entry, unless `lookups`
    /// ran out.
    #[inline]
    pub(crate) fn find_wildcards<C: Case>(&self, text: &[u8], lookups: &mut Lookups) -> RuleSet {
        let mut found = self.any;
        if self.suffixes.is_empty() {
            return found;
        }
        self.suffixes.each_of::<C>(text, &self.texts, lookups, |suffix, head, lookups| {
            found |= match suffix.prefix_count {
                0 => self.find_only::<C>(suffix.first, head),
                _ => self.find_prefixes::<C>(suffix, head, lookups),
            };
        });
        found
    }

    /// The rules of `affix` if `head` begins as it does.
    fn find_only<C: Case>(&self, affix: Affix, head: &[u8]) -> RuleSet {
        let prefix = head.get(..usize::from(affix.prefix));
        let matches = prefix.is_some_and(|prefix| self.text_is::<C>(affix.at, prefix));
        if matches { affix.rules } else { RuleSet::NONE }
    }

    /// The rules whose wildcards end in `suffix` and begin as `head` does. `head` ends where the suffix begins,
    /// so the two never overlap.
    fn find_prefixes<C: Case>(&self, suffix: &Suffix, head: &[u8], lookups: &mut Lookups) -> RuleSet {
        let mut found = RuleSet::NONE;
        let mut hash = self.seed(suffix.prefixes);
        let mut done = 0;
        let first = suffix.prefixes as usize;
        let lengths = self.prefix_lengths.get(first..first + usize::from(suffix.prefix_count)).unwrap_or_default();
        for length in lengths.iter().map(|length| usize::from(*length)) {
            let Some(prefix) = head.get(..length) else { break };
            if !lookups.take() {
                break;
            }
            hash = roll(hash, prefix.iter().skip(done).map(|byte| C::fold(*byte)));
            done = length;
            let known = self.affixes.find(mixed(hash), |entry| {
                usize::from(entry.prefix) == length
                    && entry.suffix == suffix.first.suffix
                    && self.text_is::<C>(entry.at, prefix)
                    && self.same_suffix(entry, &suffix.first)
            });
            if let Some(entry) = known {
                found |= entry.rules;
            }
        }
        found
    }

    #[inline(always)]
    fn text_is<C: Case>(&self, at: u32, text: &[u8]) -> bool {
        let at = at as usize;
        self.texts.get(at..at + text.len()).is_some_and(|entry| C::equal(entry, text))
    }

    /// Where the hash of a prefix begins that goes with the suffix whose prefix lengths begin at `lengths_at`.
    fn seed(&self, lengths_at: u32) -> u64 {
        self.seed ^ u64::from(lengths_at)
    }

    fn same_suffix(&self, one: &Affix, other: &Affix) -> bool {
        let text = |affix: &Affix| {
            let at = affix.suffix_at() as usize;
            self.texts.get(at..at + usize::from(affix.suffix))
        };
        text(one) == text(other)
    }
}

/// A table of just the size the entries need. It never grows, so it never hashes again.
fn filled<T>(entries: Vec<(u64, T)>) -> HashTable<T> {
    let mut table = HashTable::with_capacity(entries.len());
    for (hash, entry) in entries {
        table.insert_unique(hash, entry, |_| hash);
    }
    table
}

/// One step a byte, so that each length on the way has its hash for nothing.
fn roll(hash: u64, bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Brings the high bits, where a multiplication gathers what it learnt, down to where a table looks first.
fn mixed(hash: u64) -> u64 {
    hash ^ (hash >> 32)
}

/// Reading the index back, for tools.
impl PatternIndex {
    /// Every entry as written, with the rules that have it, in the order of the texts. A rule is left out of an entry
    /// without `*` that a wildcard of its own covers.
    pub(crate) fn entries(&self) -> Vec<(String, RuleSet)> {
        let text = |at: u32, length: u16| {
            let at = at as usize;
            String::from_utf8_lossy(self.texts.get(at..at + usize::from(length)).unwrap_or_default())
        };
        let any = (!self.any.is_empty()).then(|| ("*".to_owned(), self.any));
        let exact = self.exact.iter().map(|entry| {
            let text = text(entry.at, entry.length);
            let wildcards = self.find_wildcards::<AsIs>(text.as_bytes(), &mut Lookups::unbounded());
            let rules = entry.rules.without(wildcards);
            (text.into_owned(), rules)
        });
        // The only wildcard with its suffix is not in the table of wildcards.
        let alone = self.suffixes.values().filter(|suffix| suffix.prefix_count == 0).map(|suffix| &suffix.first);
        let wildcards = alone.chain(&self.affixes).map(|affix| {
            let (prefix, suffix) = (text(affix.at, affix.prefix), text(affix.suffix_at(), affix.suffix));
            (format!("{prefix}*{suffix}"), affix.rules)
        });
        let mut entries: Vec<_> = any.into_iter().chain(exact).chain(wildcards).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries
    }
}
