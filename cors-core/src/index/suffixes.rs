//! Which of many suffixes a text ends in: all of them, the shorter before the longer.
//!
//! Few different lengths, as rules have: one look-up for each length, at any number of suffixes. Many different lengths:
//! a trie from the end of the text, walked while some suffix still goes on; a look-up for each would let a hostile text
//! make hundreds (a tenth of the instructions, for 160 nested suffixes).

use std::collections::VecDeque;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::case::{AsIs, Case, hash};
use super::lookups::Lookups;

/// As many lengths as are cheaper to try one by one.
const FEW_LENGTHS: usize = 8;

/// A place in the text that all entries of an index share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) at: u32,
    pub(crate) length: u16,
}

impl Place {
    pub(crate) fn range(self) -> Range<usize> {
        let at = self.at as usize;
        at..at + usize::from(self.length)
    }
}

#[derive(Debug)]
pub(crate) enum Suffixes<T> {
    /// The lengths ascending, each once.
    ByLength {
        lengths: Box<[u16]>,
        table: HashTable<(Place, T)>,
        state: RandomState,
    },
    Trie {
        nodes: Box<[Node]>,
        values: Box<[T]>,
    },
}

/// A suffix as far as others share it. Its children lie side by side, ordered by `last`.
#[derive(Debug)]
pub(crate) struct Node {
    /// What stands before the parent's part.
    part: Place,
    /// The last byte of the part.
    last: u8,
    child_count: u16,
    first_child: u32,
    /// Where the value is, if a suffix begins here.
    value: Option<u32>,
}

impl<T> Suffixes<T> {
    /// Of suffixes in `texts`, each once.
    pub(crate) fn new(suffixes: Vec<(Place, T)>, texts: &[u8], state: &RandomState) -> Self {
        let mut lengths: Vec<u16> = suffixes.iter().map(|(place, _)| place.length).collect();
        lengths.sort_unstable();
        lengths.dedup();
        if lengths.len() > FEW_LENGTHS {
            return trie(suffixes, texts);
        }
        let hash_of = |place: Place| hash::<AsIs>(state, slice(texts, place));
        let mut table = HashTable::with_capacity(suffixes.len());
        for (place, value) in suffixes {
            table.insert_unique(hash_of(place), (place, value), |(place, _)| hash_of(*place));
        }
        Self::ByLength { lengths: lengths.into(), table, state: state.clone() }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::ByLength { lengths, .. } if lengths.is_empty())
    }

    /// Calls `visit` for each suffix of `text`, with what stands before it, until `lookups` runs out.
    #[inline]
    pub(crate) fn each_of<'t, C: Case>(
        &self,
        text: &'t [u8],
        texts: &[u8],
        lookups: &mut Lookups,
        mut visit: impl FnMut(&T, &'t [u8], &mut Lookups),
    ) {
        match self {
            Self::ByLength { lengths, table, state } => {
                for length in lengths.iter().map(|length| usize::from(*length)) {
                    let split = text.len().checked_sub(length).and_then(|split| text.split_at_checked(split));
                    let Some((head, suffix)) = split else { break };
                    if !lookups.take() {
                        break;
                    }
                    let same =
                        |place: &Place| usize::from(place.length) == length && C::equal(slice(texts, *place), suffix);
                    if let Some((_, value)) = table.find(hash::<C>(state, suffix), |(place, _)| same(place)) {
                        visit(value, head, lookups);
                    }
                }
            }
            Self::Trie { nodes, values } => {
                let mut head = text;
                let mut node = nodes.first();
                while let Some(here) = node.filter(|_| lookups.take()) {
                    if let Some(value) = here.value.and_then(|value| values.get(value as usize)) {
                        visit(value, head, lookups);
                    }
                    node = head.last().and_then(|last| here.child(nodes, C::fold(*last)));
                    let length = node.map_or(0, |child| usize::from(child.part.length));
                    let split = head.len().checked_sub(length).and_then(|split| head.split_at_checked(split));
                    let Some((before, end)) = split else { break };
                    // Of most parts in a crowded trie the last byte is all.
                    node = node.filter(|child| length == 1 || C::equal(slice(texts, child.part), end));
                    head = before;
                }
            }
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        let (table, values) = match self {
            Self::ByLength { table, .. } => (Some(table.iter().map(|(_, value)| value)), [].iter()),
            Self::Trie { values, .. } => (None, values.iter()),
        };
        table.into_iter().flatten().chain(values)
    }
}

impl Node {
    fn child<'n>(&self, nodes: &'n [Node], last: u8) -> Option<&'n Node> {
        let first = self.first_child as usize;
        let children = nodes.get(first..first + usize::from(self.child_count))?;
        match children {
            [only] => (only.last == last).then_some(only),
            _ => children.get(children.binary_search_by_key(&last, |child| child.last).ok()?),
        }
    }
}

/// Breadth first, so that the children of a node lie side by side, and without recursion: a suffix may be long.
fn trie<T>(mut suffixes: Vec<(Place, T)>, texts: &[u8]) -> Suffixes<T> {
    let from_end = |place: Place| slice(texts, place).iter().rev();
    suffixes.sort_by(|(one, _), (other, _)| from_end(*one).cmp(from_end(*other)));
    let (places, values): (Vec<Place>, Vec<T>) = suffixes.into_iter().unzip();

    let mut nodes =
        vec![Node { part: Place { at: 0, length: 0 }, last: 0, child_count: 0, first_child: 0, value: None }];
    // A node, the places that go through it, and how much of their ends is behind them there.
    let mut open = VecDeque::from([(0, 0..places.len(), 0)]);
    while let Some((node, mut through, depth)) = open.pop_front() {
        let first_child = nodes.len();
        let ends_here = places.get(through.start).is_some_and(|place| usize::from(place.length) == depth);
        let value = ends_here.then_some(through.start as u32);
        through.start += usize::from(ends_here);
        while let Some(first) = places.get(through.clone()).and_then(<[Place]>::first).copied() {
            let last = from_end(first).nth(depth).copied().unwrap_or_default();
            let group = places.get(through.clone()).unwrap_or_default();
            let group = group.partition_point(|place| from_end(*place).nth(depth) == Some(&last));
            let through_child = through.start..through.start + group;
            let furthest = places.get(through_child.end - 1).copied().unwrap_or(first);
            // Sorted, so what the first and the last share all share.
            let shared = from_end(first).zip(from_end(furthest)).take_while(|(one, other)| one == other).count();
            let at = first.at + (usize::from(first.length) - shared) as u32;
            let part = Place { at, length: (shared - depth) as u16 };
            open.push_back((nodes.len(), through_child, shared));
            nodes.push(Node { part, last, child_count: 0, first_child: 0, value: None });
            through.start += group;
        }
        let child_count = (nodes.len() - first_child) as u16;
        if let Some(node) = nodes.get_mut(node) {
            (node.child_count, node.first_child, node.value) = (child_count, first_child as u32, value);
        }
    }
    Suffixes::Trie { nodes: nodes.into(), values: values.into() }
}

fn slice(texts: &[u8], place: Place) -> &[u8] {
    texts.get(place.range()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::IgnoreCase;

    /// What is found of `suffixes` in `text`, each with what stands before it.
    fn found<C: Case>(suffixes: &[&str], text: &str) -> Vec<(String, String)> {
        let texts = suffixes.concat().into_bytes();
        let mut at = 0;
        let places = suffixes.iter().map(|suffix| {
            let place = Place { at, length: suffix.len() as u16 };
            at += suffix.len() as u32;
            (place, (*suffix).to_owned())
        });
        let suffixes = Suffixes::new(places.collect(), &texts, &RandomState::default());
        let mut found = Vec::new();
        suffixes.each_of::<C>(text.as_bytes(), &texts, &mut Lookups::unbounded(), |suffix, head, _| {
            found.push((suffix.clone(), String::from_utf8_lossy(head).into_owned()));
        });
        found
    }

    fn plainly(suffixes: &[&str], text: &str) -> Vec<(String, String)> {
        let matching = |suffix: &&str| Some(((*suffix).to_owned(), text.strip_suffix(suffix)?.to_owned()));
        let mut found: Vec<_> = suffixes.iter().filter_map(matching).collect();
        found.sort_by_key(|(suffix, _)| suffix.len());
        found
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
    fn the_suffixes_of_every_short_text_are_found_in_both_forms() {
        let all = texts(6);
        for step in [1, 2, 3, 5, 7, 11] {
            // Longer ones besides, so that there are more lengths than few.
            let long: Vec<String> = (1..10).map(|count| format!("{}b", "ab".repeat(count * step))).collect();
            let chosen: Vec<&str> = all.iter().step_by(step).map(String::as_str).collect();
            let nested: Vec<&str> = chosen.iter().copied().chain(long.iter().map(String::as_str)).collect();
            let nested = nested.iter().enumerate().filter(|(at, text)| !nested[..*at].contains(text));
            let nested: Vec<&str> = nested.map(|(_, text)| *text).collect();
            for text in all.iter().chain(&long) {
                assert_eq!(found::<AsIs>(&chosen, text), plainly(&chosen, text), "{text} by {step}");
                assert_eq!(found::<AsIs>(&nested, text), plainly(&nested, text), "{text} by {step}, nested");
            }
        }
    }

    #[test]
    fn upper_case_is_found_where_case_is_ignored() {
        let few = ["-meta", "a"];
        let many = ["a", "ta", "eta", "meta", "-meta", "s-meta", "ss-meta", "oss-meta", "-oss-meta", "x-oss-meta"];
        for suffixes in [&few[..], &many] {
            let lower = found::<IgnoreCase>(suffixes, "x-oss-meta");
            let upper = found::<IgnoreCase>(suffixes, "X-OSS-META");
            assert_eq!(lower.len(), suffixes.len());
            assert_eq!(upper.len(), lower.len());
            assert_eq!(found::<AsIs>(suffixes, "X-OSS-META"), []);
        }
    }

    #[test]
    fn a_suffix_of_eight_thousand_nested_ones_is_found_without_recursion() {
        let long = "a".repeat(8000);
        let suffixes: Vec<&str> = (1..=8000).map(|length| &long[..length]).step_by(16).collect();
        assert_eq!(found::<AsIs>(&suffixes, &long), plainly(&suffixes, &long));
    }

    #[test]
    fn the_search_ends_when_the_lookups_do() {
        let texts = b"aaaaaaaaaaaa";
        let places = (1..=12).map(|length| (Place { at: 0, length }, length)).collect();
        let suffixes = Suffixes::new(places, texts, &RandomState::default());
        let mut lookups = Lookups::at_most(5);
        let mut found = 0;
        suffixes.each_of::<AsIs>(texts, texts, &mut lookups, |_, _, _| found += 1);
        assert!(found < 6 && !lookups.take(), "{found}");
    }
}
