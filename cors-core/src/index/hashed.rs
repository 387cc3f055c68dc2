//! Wildcards of any number: a look-up for each length that a suffix has, and for each that its prefixes have.
//!
//! For more wildcards than [`Crossed`](super::crossed::Crossed) takes. They have few lengths among them, or much text.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::hash::{filled, hash};
use super::rule_set::RuleSet;

#[derive(Debug)]
pub(crate) struct Hashed {
    /// The text of every wildcard: the prefix, then the suffix.
    texts: Box<[u8]>,
    suffixes: HashTable<Suffix>,
    /// The lengths that suffixes have, ascending, each once.
    suffix_lengths: Box<[u16]>,
    /// Lengths of the prefixes that go with one suffix; each suffix owns a stretch, ascending, each once.
    prefix_lengths: Box<[u16]>,
    affixes: HashTable<Affix>,
    state: RandomState,
    seed: u64,
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

#[derive(Clone, Copy, Debug)]
struct Affix {
    at: u32,
    prefix: u16,
    suffix: u16,
    rules: RuleSet,
}

impl Hashed {
    /// The rules of each wildcard, by suffix and prefix. All texts together are below 4 GiB, each below 64 KiB.
    pub(crate) fn new(by_suffix: &BTreeMap<&str, BTreeMap<&str, RuleSet>>) -> Self {
        let state = RandomState::default();
        let mut index = Self {
            texts: Box::default(),
            suffixes: HashTable::new(),
            suffix_lengths: Box::default(),
            prefix_lengths: Box::default(),
            affixes: HashTable::new(),
            seed: state.hash_one(0),
            state,
        };
        let (mut texts, mut prefix_lengths, mut suffix_lengths) = (Vec::new(), Vec::new(), BTreeSet::new());
        let (mut suffixes, mut affixes) = (Vec::with_capacity(by_suffix.len()), Vec::new());
        for (suffix, prefixes) in by_suffix {
            let of_suffix = affixes.len();
            let lengths_at = prefix_lengths.len() as u32;
            for (prefix, rules) in prefixes {
                let (at, rules) = (texts.len() as u32, *rules);
                let affix = Affix { at, prefix: prefix.len() as u16, suffix: suffix.len() as u16, rules };
                texts.extend_from_slice(prefix.as_bytes());
                texts.extend_from_slice(suffix.as_bytes());
                affixes.push((mixed(roll(index.seed(lengths_at), prefix.as_bytes())), affix));
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
            let known = Suffix { first, prefix_count: lengths.len() as u16, prefixes: lengths_at };
            suffixes.push((hash(&index.state, suffix.as_bytes()), known));
            suffix_lengths.insert(first.suffix);
            prefix_lengths.extend(lengths);
        }
        index.texts = texts.into();
        index.suffixes = filled(suffixes);
        index.suffix_lengths = suffix_lengths.into_iter().collect();
        index.prefix_lengths = prefix_lengths.into();
        index.affixes = filled(affixes);
        index
    }

    /// The rules with a wildcard that matches `text`.
    pub(crate) fn find(&self, text: &[u8]) -> RuleSet {
        let mut found = RuleSet::NONE;
        for length in self.suffix_lengths.iter().map(|length| usize::from(*length)) {
            let split = text.len().checked_sub(length).and_then(|split| text.split_at_checked(split));
            let Some((head, end)) = split else { break };
            if let Some(suffix) =
                self.suffixes.find(hash(&self.state, end), |known| self.suffix_of(&known.first) == end)
            {
                found |= match suffix.prefix_count {
                    0 if head.starts_with(self.prefix_of(&suffix.first)) => suffix.first.rules,
                    0 => RuleSet::NONE,
                    _ => self.find_prefixes(suffix, head),
                };
            }
        }
        found
    }

    /// The rules whose wildcards end in `suffix` and begin as `head` does. `head` ends where the suffix begins,
    /// so the two never overlap.
    fn find_prefixes(&self, suffix: &Suffix, head: &[u8]) -> RuleSet {
        let mut found = RuleSet::NONE;
        let mut hash = self.seed(suffix.prefixes);
        let mut done = 0;
        let first = suffix.prefixes as usize;
        let lengths = self.prefix_lengths.get(first..first + usize::from(suffix.prefix_count)).unwrap_or_default();
        for length in lengths.iter().map(|length| usize::from(*length)) {
            let Some(prefix) = head.get(..length) else { break };
            hash = roll(hash, prefix.get(done..).unwrap_or_default());
            done = length;
            let known = self.affixes.find(mixed(hash), |affix| {
                self.prefix_of(affix) == prefix && self.suffix_of(affix) == self.suffix_of(&suffix.first)
            });
            if let Some(affix) = known {
                found |= affix.rules;
            }
        }
        found
    }

    /// Every wildcard as prefix and suffix, with its rules.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], RuleSet)> {
        // The only wildcard with its suffix is not in the table of wildcards.
        let alone = self.suffixes.iter().filter(|suffix| suffix.prefix_count == 0).map(|suffix| &suffix.first);
        alone.chain(&self.affixes).map(|affix| (self.prefix_of(affix), self.suffix_of(affix), affix.rules))
    }

    fn prefix_of(&self, affix: &Affix) -> &[u8] {
        let at = affix.at as usize;
        self.texts.get(at..at + usize::from(affix.prefix)).unwrap_or_default()
    }

    fn suffix_of(&self, affix: &Affix) -> &[u8] {
        let at = affix.at as usize + usize::from(affix.prefix);
        self.texts.get(at..at + usize::from(affix.suffix)).unwrap_or_default()
    }

    /// Where the hash of a prefix begins that goes with the suffix whose prefix lengths begin at `lengths_at`.
    fn seed(&self, lengths_at: u32) -> u64 {
        self.seed ^ u64::from(lengths_at)
    }
}

/// One step a byte, so that each length on the way has its hash for nothing.
fn roll(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Brings the high bits, where a multiplication gathers what it learnt, down to where a table looks first.
fn mixed(hash: u64) -> u64 {
    hash ^ (hash >> 32)
}
