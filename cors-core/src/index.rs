//! How the patterns of all rules are found at once: one lookup answers with a set of rules.
//!
//! ```text
//!   text --hash--> exact entry? its set is complete: bare `*` and wildcards that match it are in it already
//!        \-> bare `*` rules + for each suffix length that occurs: suffix known? then its prefixes
//! ```
//!
//! The cost depends on the text and on how many different suffix and prefix lengths the patterns have,
//! not on how many patterns there are.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::pattern::Pattern;

/// Bit `i` is set for rule `i`. The lowest set bit is the first matching rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet(u32);

impl RuleSet {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn only(rule: usize) -> Self {
        Self(1 << rule)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn first(self) -> Option<usize> {
        (self.0 != 0).then_some(self.0.trailing_zeros() as usize)
    }
}

impl std::ops::BitAnd for RuleSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl std::ops::BitOrAssign for RuleSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Patterns of many rules, compiled.
#[derive(Debug)]
pub(crate) struct PatternIndex {
    any: RuleSet,
    /// The text of every entry once; the tables point into it.
    texts: Box<[u8]>,
    exact: HashTable<Exact>,
    /// Lengths of the suffixes of all wildcards, ascending, each once.
    suffix_lengths: Box<[u16]>,
    suffixes: HashTable<Suffix>,
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

/// How a text is compared with the entries.
pub(crate) trait Case {
    fn fold(byte: u8) -> u8;
    fn equal(entry: &[u8], text: &[u8]) -> bool;
    fn write(text: &[u8], hasher: &mut impl Hasher);
}

/// Byte for byte.
pub(crate) struct AsIs;

/// ASCII case-insensitive, against entries in lower case.
pub(crate) struct IgnoreCase;

impl Case for AsIs {
    fn fold(byte: u8) -> u8 {
        byte
    }

    #[inline]
    fn equal(entry: &[u8], text: &[u8]) -> bool {
        entry == text
    }

    fn write(text: &[u8], hasher: &mut impl Hasher) {
        hasher.write(text);
    }
}

impl Case for IgnoreCase {
    fn fold(byte: u8) -> u8 {
        byte.to_ascii_lowercase()
    }

    #[inline]
    fn equal(entry: &[u8], text: &[u8]) -> bool {
        // Most texts are in lower case already.
        entry == text || entry.eq_ignore_ascii_case(text)
    }

    fn write(text: &[u8], hasher: &mut impl Hasher) {
        let mut folded = [0; STRETCH];
        for (to, from) in folded.iter_mut().zip(text) {
            *to = Self::fold(*from);
        }
        hasher.write(folded.get(..text.len()).unwrap_or_default());
    }
}

/// A text is hashed in stretches of this many bytes, so that one of any length can be folded in a buffer of one stretch.
const STRETCH: usize = 64;

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
            suffix_lengths: Box::default(),
            suffixes: HashTable::new(),
            prefix_lengths: Box::default(),
            affixes: HashTable::new(),
            seed: state.hash_one(0),
            state,
        }
    }

    fn insert_affixes(&mut self, by_suffix: &BTreeMap<&str, BTreeMap<&str, RuleSet>>) {
        let mut texts = Vec::new();
        let mut prefix_lengths = Vec::new();
        let mut suffixes = Vec::with_capacity(by_suffix.len());
        let mut affixes = Vec::new();
        for (suffix, prefixes) in by_suffix {
            let suffix_hash = roll(self.seed, suffix.bytes().rev());
            let of_suffix = affixes.len();
            for (prefix, rules) in prefixes {
                let (at, rules) = (texts.len() as u32, *rules);
                let affix = Affix { at, prefix: prefix.len() as u16, suffix: suffix.len() as u16, rules };
                texts.extend_from_slice(prefix.as_bytes());
                texts.extend_from_slice(suffix.as_bytes());
                affixes.push((mixed(roll(suffix_hash, prefix.bytes())), affix));
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
            let (prefix_count, at) = (lengths.len() as u16, prefix_lengths.len() as u32);
            suffixes.push((mixed(suffix_hash), Suffix { first, prefix_count, prefixes: at }));
            prefix_lengths.extend(lengths);
        }
        let suffix_lengths: BTreeSet<u16> = by_suffix.keys().map(|suffix| suffix.len() as u16).collect();
        self.texts = texts.into();
        self.prefix_lengths = prefix_lengths.into();
        self.suffix_lengths = suffix_lengths.into_iter().collect();
        self.suffixes = filled(suffixes);
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
            let mut rules = self.find_wildcards::<AsIs>(text.as_bytes());
            rules |= *own;
            entries
                .push((self.hash::<AsIs>(text.as_bytes()), Exact { at: at as u32, length: text.len() as u16, rules }));
            at += text.len();
        }
        self.exact = filled(entries);
    }

    /// The rules with a bare `*`.
    pub(crate) fn any(&self) -> RuleSet {
        self.any
    }

    /// The rules with a pattern that matches `text`, if `text` is an entry itself. Most requests end here: nobody has
    /// to look whether the text is well-formed, because the entry is.
    #[inline(always)]
    pub(crate) fn find_entry<C: Case>(&self, text: &[u8]) -> Option<RuleSet> {
        let entry = self.exact.find(self.hash::<C>(text), |entry| {
            usize::from(entry.length) == text.len() && self.text_is::<C>(entry.at, text)
        });
        entry.map(|entry| entry.rules)
    }

    /// The rules whose bare `*` or wildcards match `text`: all there are for a text that is no entry.
    pub(crate) fn find_wildcards<C: Case>(&self, text: &[u8]) -> RuleSet {
        let mut found = self.any;
        let mut hash = self.seed;
        let mut done = 0;
        for length in self.suffix_lengths.iter().map(|length| usize::from(*length)) {
            let Some(split) = text.len().checked_sub(length) else { break };
            let Some((head, suffix)) = text.split_at_checked(split) else { break };
            hash = roll(hash, suffix.iter().take(length - done).rev().map(|byte| C::fold(*byte)));
            done = length;
            let known = self.suffixes.find(mixed(hash), |entry| {
                usize::from(entry.first.suffix) == length && self.text_is::<C>(entry.first.suffix_at(), suffix)
            });
            if let Some(entry) = known {
                found |= match entry.prefix_count {
                    0 => self.find_only::<C>(entry.first, head),
                    _ => self.find_prefixes::<C>(entry, hash, head),
                };
            }
        }
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
    fn find_prefixes<C: Case>(&self, suffix: &Suffix, suffix_hash: u64, head: &[u8]) -> RuleSet {
        let mut found = RuleSet::NONE;
        let mut hash = suffix_hash;
        let mut done = 0;
        let first = suffix.prefixes as usize;
        let lengths = self.prefix_lengths.get(first..first + usize::from(suffix.prefix_count)).unwrap_or_default();
        for length in lengths.iter().map(|length| usize::from(*length)) {
            let Some(prefix) = head.get(..length) else { break };
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

    fn same_suffix(&self, one: &Affix, other: &Affix) -> bool {
        let text = |affix: &Affix| {
            let at = affix.suffix_at() as usize;
            self.texts.get(at..at + usize::from(affix.suffix))
        };
        text(one) == text(other)
    }

    #[inline(always)]
    fn hash<C: Case>(&self, text: &[u8]) -> u64 {
        let mut hasher = self.state.build_hasher();
        if text.len() <= STRETCH {
            C::write(text, &mut hasher);
        } else {
            text.chunks(STRETCH).for_each(|stretch| C::write(stretch, &mut hasher));
        }
        hasher.finish()
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

/// Reading the index back, for explanations.
impl RuleSet {
    pub(crate) fn contains(self, rule: usize) -> bool {
        !(self & Self::only(rule)).is_empty()
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

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
            let rules = entry.rules.without(self.find_wildcards::<AsIs>(text.as_bytes()));
            (text.into_owned(), rules)
        });
        // The only wildcard with its suffix is not in the table of wildcards.
        let alone = self.suffixes.iter().filter(|suffix| suffix.prefix_count == 0).map(|suffix| &suffix.first);
        let wildcards = alone.chain(&self.affixes).map(|affix| {
            let (prefix, suffix) = (text(affix.at, affix.prefix), text(affix.suffix_at(), affix.suffix));
            (format!("{prefix}*{suffix}"), affix.rules)
        });
        let mut entries: Vec<_> = any.into_iter().chain(exact).chain(wildcards).collect();
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        entries
    }
}
