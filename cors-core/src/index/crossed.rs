//! Wildcards of a moderate number: the longest known beginning of a text, crossed with its longest known end.
//!
//! Each beginning knows which wildcards begin so, those that its own beginnings have among them; each end likewise. What
//! both know are the wildcards that match, if the text is long enough for beginning and end not to overlap. Each wildcard
//! is a bit: those of one rule stand together in words of their own, the shorter first, so that the first bit left decides
//! for the rule.

use std::ops::Range;

use super::ends::{Back, End, Ends, Front, common, compare};
use super::rule_set::RuleSet;

/// With more wildcards than this the lists could take more memory than their texts are worth.
pub(crate) const MOST_CROSSED: usize = 4096;

#[derive(Debug)]
pub(crate) struct Crossed {
    prefixes: Ends<Front>,
    suffixes: Ends<Back>,
    /// By the number of a prefix, of a suffix.
    of_prefix: Box<[Sets]>,
    of_suffix: Box<[Sets]>,
    /// Bits of wildcards: what [`Sets`] have of them.
    words: Box<[u64]>,
    /// By the number of a word: the rule of its bits.
    rules: Box<[RuleOfWord]>,
    /// By the number of a bit: how long the wildcard is without its `*`.
    lengths: Box<[u16]>,
    longest: usize,
    /// The wildcards as they were given, for tools: their texts, and what of them is whose.
    texts: Box<[u8]>,
    given: Box<[Given]>,
}

#[derive(Clone, Copy, Debug)]
struct Given {
    prefix: u16,
    suffix: u16,
    rules: RuleSet,
}

/// What a text has whose longest known beginning, or end, is this.
#[derive(Clone, Debug, Default)]
struct Sets {
    /// The rules with a wildcard that has nothing at the other end.
    alone: RuleSet,
    /// The wildcards with text at both ends: the bits from this word on, and where they are kept.
    first_word: u16,
    both: Range<u32>,
}

#[derive(Clone, Copy, Debug)]
struct RuleOfWord {
    rule: RuleSet,
    /// The first word of the next rule.
    next: u16,
}

/// A wildcard: prefix and suffix, not both empty, and the one rule that it stands for here.
pub(crate) type Wildcard<'a> = (&'a str, &'a str, usize);

impl Crossed {
    /// At most [`MOST_CROSSED`] wildcards.
    pub(crate) fn new(wildcards: &[Wildcard<'_>]) -> Self {
        let prefixes = sorted::<Front>(wildcards.iter().map(|(prefix, ..)| prefix.as_bytes()));
        let suffixes = sorted::<Back>(wildcards.iter().map(|(_, suffix, _)| suffix.as_bytes()));
        let mut own_prefix = vec![Own::default(); prefixes.len() + 1];
        let mut own_suffix = vec![Own::default(); suffixes.len() + 1];

        let mut both: Vec<&Wildcard<'_>> = Vec::new();
        for wildcard in wildcards {
            let (prefix, suffix, rule) = *wildcard;
            if suffix.is_empty() {
                of::<Front>(&prefixes, prefix, &mut own_prefix, |own| own.alone |= RuleSet::only(rule));
            } else if prefix.is_empty() {
                of::<Back>(&suffixes, suffix, &mut own_suffix, |own| own.alone |= RuleSet::only(rule));
            } else {
                both.push(wildcard);
            }
        }
        let length = |(prefix, suffix, _): &Wildcard<'_>| prefix.len() + suffix.len();
        both.sort_by_key(|wildcard| (wildcard.2, length(wildcard)));

        let (mut rules, mut lengths) = (Vec::new(), Vec::new());
        for of_rule in both.chunk_by(|one, other| one.2 == other.2) {
            let next = rules.len() + of_rule.len().div_ceil(WORD);
            for wildcard in of_rule {
                let (prefix, suffix, rule) = **wildcard;
                rules.resize(next, RuleOfWord { rule: RuleSet::only(rule), next: next as u16 });
                of::<Front>(&prefixes, prefix, &mut own_prefix, |own| own.bits.push(lengths.len()));
                of::<Back>(&suffixes, suffix, &mut own_suffix, |own| own.bits.push(lengths.len()));
                lengths.push(length(wildcard) as u16);
            }
            lengths.resize(next * WORD, u16::MAX);
        }

        let mut words = Vec::new();
        let of_prefix = gathered::<Front>(&prefixes, own_prefix, &mut words);
        let of_suffix = gathered::<Back>(&suffixes, own_suffix, &mut words);
        Self {
            prefixes: Ends::new(&prefixes),
            suffixes: Ends::new(&suffixes),
            of_prefix,
            of_suffix,
            words: words.into(),
            rules: rules.into(),
            lengths: lengths.into(),
            longest: both.iter().map(|wildcard| length(wildcard)).max().unwrap_or_default(),
            texts: wildcards
                .iter()
                .flat_map(|(prefix, suffix, _)| [prefix.as_bytes(), suffix.as_bytes()])
                .flatten()
                .copied()
                .collect(),
            given: wildcards.iter().map(Given::new).collect(),
        }
    }

    /// Every wildcard as prefix and suffix, with its rules; one that several rules have comes several times.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8], RuleSet)> {
        let mut rest = &*self.texts;
        self.given.iter().filter_map(move |given| {
            let (prefix, after) = rest.split_at_checked(usize::from(given.prefix))?;
            let (suffix, after) = after.split_at_checked(usize::from(given.suffix))?;
            rest = after;
            Some((prefix, suffix, given.rules))
        })
    }

    /// The rules with a wildcard that matches `text`.
    #[inline]
    pub(crate) fn find(&self, text: &[u8]) -> RuleSet {
        let prefix = self.of_prefix.get(self.prefixes.longest(text));
        let suffix = self.of_suffix.get(self.suffixes.longest(text));
        let (Some(prefix), Some(suffix)) = (prefix, suffix) else { return RuleSet::NONE };
        let alone = prefix.alone.union(suffix.alone);
        if prefix.both.is_empty() || suffix.both.is_empty() {
            alone
        } else {
            alone.union(self.both(prefix, suffix, text))
        }
    }

    fn both(&self, prefix: &Sets, suffix: &Sets, text: &[u8]) -> RuleSet {
        let first_word = prefix.first_word.max(suffix.first_word);
        let from_first = |sets: &Sets| {
            let start = sets.both.start as usize + usize::from(first_word - sets.first_word);
            self.words.get(start..sets.both.end as usize).unwrap_or_default()
        };
        let (of_prefix, of_suffix) = (from_first(prefix), from_first(suffix));
        let (mut found, mut at, fits) = (RuleSet::NONE, 0, text.len() >= self.longest);
        while let (Some(one), Some(other)) = (of_prefix.get(at), of_suffix.get(at)) {
            let bits = one & other;
            if bits == 0 {
                at += 1;
                continue;
            }
            let word = usize::from(first_word) + at;
            let Some(RuleOfWord { rule, next }) = self.rules.get(word) else { break };
            // The shortest of the rule decides, where the text is not long enough for all.
            let shortest = || self.lengths.get(word * WORD + bits.trailing_zeros() as usize);
            if fits || shortest().is_some_and(|shortest| usize::from(*shortest) <= text.len()) {
                found |= *rule;
            }
            at = usize::from(next - first_word);
        }
        found
    }
}

impl Given {
    fn new((prefix, suffix, rule): &Wildcard<'_>) -> Self {
        Self { prefix: prefix.len() as u16, suffix: suffix.len() as u16, rules: RuleSet::only(*rule) }
    }
}

const WORD: usize = u64::BITS as usize;

/// Each once, without the empty one.
fn sorted<'a, E: End>(texts: impl Iterator<Item = &'a [u8]>) -> Vec<&'a [u8]> {
    let mut texts: Vec<&[u8]> = texts.filter(|text| !text.is_empty()).collect();
    texts.sort_unstable_by(|one, other| compare::<E>(one, other));
    texts.dedup();
    texts
}

/// What the wildcards with this very prefix or suffix say.
#[derive(Clone, Default)]
struct Own {
    alone: RuleSet,
    /// Ascending.
    bits: Vec<usize>,
}

/// Tells `add` what is gathered of `text`, which is one of `texts`.
fn of<E: End>(texts: &[&[u8]], text: &str, own: &mut [Own], add: impl FnOnce(&mut Own)) {
    let number = texts.binary_search_by(|known| compare::<E>(known, text.as_bytes())).map_or(0, |at| at + 1);
    own.get_mut(number).map(add);
}

/// What each text says together with the shorter ones that it has at its own end.
fn gathered<E: End>(texts: &[&[u8]], own: Vec<Own>, words: &mut Vec<u64>) -> Box<[Sets]> {
    let mut sets: Vec<Sets> = Vec::with_capacity(own.len());
    // Where each of the texts is known that the one at hand begins with; in this order it comes after all of them.
    let mut way: Vec<usize> = Vec::new();
    for (number, own) in own.into_iter().enumerate() {
        let text = number.checked_sub(1).and_then(|at| texts.get(at)).copied().unwrap_or_default();
        let shorter = |known: &usize| {
            let known = known.checked_sub(1).and_then(|at| texts.get(at)).copied().unwrap_or_default();
            common::<E>(known, text, 0) == known.len()
        };
        while way.last().is_some_and(|last| !shorter(last)) {
            way.pop();
        }
        let above = way.last().and_then(|above| sets.get(*above)).cloned().unwrap_or_default();
        let start = words.len();
        let first_word = merge(words, &above, &own.bits);
        let both = start as u32..words.len() as u32;
        sets.push(Sets { alone: above.alone.union(own.alone), first_word, both });
        way.push(number);
    }
    sets.into()
}

/// Appends the bits that `above` has, and `bits` besides, and tells the first word of them.
fn merge(words: &mut Vec<u64>, above: &Sets, bits: &[usize]) -> u16 {
    let inherited = usize::from(above.first_word)..usize::from(above.first_word) + above.both.len();
    let own = || bits.iter().map(|bit| bit / WORD);
    let of_above = || inherited.clone().filter(|_| !above.both.is_empty());
    let Some(first) = own().chain(of_above()).min() else { return 0 };
    let last = own().chain(of_above()).max().unwrap_or(first);
    let start = words.len();
    words.resize(start + last - first + 1, 0);
    for (word, at) in inherited.zip(above.both.clone()) {
        let bits = words.get(at as usize).copied().unwrap_or_default();
        if let Some(word) = words.get_mut(start + word - first) {
            *word |= bits;
        }
    }
    for bit in bits {
        if let Some(word) = words.get_mut(start + bit / WORD - first) {
            *word |= 1 << (bit % WORD);
        }
    }
    first as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Pattern;

    fn plainly(wildcards: &[Wildcard<'_>], text: &str) -> RuleSet {
        let matching =
            wildcards.iter().filter(|(prefix, suffix, _)| Pattern::Affix { prefix, suffix }.matches(text.as_bytes()));
        matching.fold(RuleSet::NONE, |found, (_, _, rule)| found.union(RuleSet::only(*rule)))
    }

    /// Every text of at most `length` letters of `ab`.
    fn texts(length: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for at in 0..(1 << length) - 1 {
            let text: &String = &texts[at];
            let longer = ["a", "b"].map(|letter| format!("{text}{letter}"));
            texts.extend(longer);
        }
        texts
    }

    #[test]
    fn wildcards_are_found_as_their_definition_says() {
        let (all, asked) = (texts(4), texts(8));
        for step in [1, 2, 3, 7, 19, 50] {
            let pairs = all.iter().flat_map(|prefix| all.iter().map(move |suffix| (prefix.as_str(), suffix.as_str())));
            let pairs = pairs.filter(|pair| *pair != ("", ""));
            let wildcards: Vec<_> =
                pairs.step_by(step).enumerate().map(|(at, (prefix, suffix))| (prefix, suffix, at * 7 % 20)).collect();
            let crossed = Crossed::new(&wildcards);
            for text in &asked {
                assert_eq!(crossed.find(text.as_bytes()), plainly(&wildcards, text), "{text} by {step}");
            }
        }
        assert_eq!(Crossed::new(&[]).find(b"a"), RuleSet::NONE);
    }

    #[test]
    fn a_beginning_and_an_end_that_overlap_do_not_match() {
        let wildcards = [("ab", "ba", 0), ("a", "a", 1), ("aba", "aba", 2)];
        let crossed = Crossed::new(&wildcards);
        for text in ["aba", "abba", "ababa", "abaaba", "a", "aa", "ab", ""] {
            assert_eq!(crossed.find(text.as_bytes()), plainly(&wildcards, text), "{text}");
        }
    }
}
