//! The longest of many known texts that another begins with, or ends in.
//!
//! A trie whose paths follow the branch with the most texts (heavy paths). A path is compared eight bytes at a time, and
//! it is left at most once for each doubling of the texts: so a text costs little more than one comparison of itself,
//! whatever is known. A node a byte, or a look-up a length, would cost a hostile text ten times as much.

use std::cmp::Ordering;
use std::marker::PhantomData;
use std::ops::Range;

/// At which end texts are compared: from there inwards.
pub(crate) trait End {
    /// Eight bytes in the order in which they are compared, the first of them lowest.
    fn word(bytes: &[u8; 8]) -> u64;
    /// The next eight bytes of a text without so many of them; `None` where it has fewer.
    fn next(text: &[u8], without: usize) -> Option<&[u8; 8]>;
    /// The eight bytes that are compared last.
    fn last(text: &[u8]) -> Option<&[u8; 8]>;
    /// The bytes in the order in which they are compared.
    fn bytes(text: &[u8]) -> impl Iterator<Item = u8>;
}

#[derive(Debug)]
pub(crate) struct Front;

#[derive(Debug)]
pub(crate) struct Back;

impl End for Front {
    #[inline]
    fn word(bytes: &[u8; 8]) -> u64 {
        u64::from_le_bytes(*bytes)
    }

    #[inline]
    fn next(text: &[u8], without: usize) -> Option<&[u8; 8]> {
        text.get(without..)?.first_chunk()
    }

    #[inline]
    fn last(text: &[u8]) -> Option<&[u8; 8]> {
        text.last_chunk()
    }

    fn bytes(text: &[u8]) -> impl Iterator<Item = u8> {
        text.iter().copied()
    }
}

impl End for Back {
    #[inline]
    fn word(bytes: &[u8; 8]) -> u64 {
        u64::from_be_bytes(*bytes)
    }

    #[inline]
    fn next(text: &[u8], without: usize) -> Option<&[u8; 8]> {
        text.get(..text.len().checked_sub(without)?)?.last_chunk()
    }

    #[inline]
    fn last(text: &[u8]) -> Option<&[u8; 8]> {
        text.first_chunk()
    }

    fn bytes(text: &[u8]) -> impl Iterator<Item = u8> {
        text.iter().rev().copied()
    }
}

/// How many bytes two texts have in common there, of which `known` are known.
pub(crate) fn common<E: End>(one: &[u8], other: &[u8], known: usize) -> usize {
    let rest = E::bytes(one).skip(known).zip(E::bytes(other).skip(known));
    known + rest.take_while(|(one, other)| one == other).count()
}

pub(crate) fn compare<E: End>(one: &[u8], other: &[u8]) -> Ordering {
    E::bytes(one).cmp(E::bytes(other))
}

/// Known texts, each with its number: its place in [`compare`]'s order, counted from 1. Number 0 is the empty text.
#[derive(Debug)]
pub(crate) struct Ends<E> {
    /// The nodes of a path one after the other, those of the root first.
    nodes: Box<[Node]>,
    branches: Box<[Branch]>,
    end: PhantomData<E>,
}

/// Up to eight bytes of a path.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// With bytes that no text has after its own.
    word: u64,
    /// The longest known text before the first byte, after it, after two, and so on.
    known: [u16; 9],
    /// Where the branches begin, and how many of them leave before one byte, before two, and so on.
    branches: u32,
    leaving: [u16; 9],
    /// Whether no other node follows on the path.
    last: bool,
}

#[derive(Clone, Copy, Debug)]
struct Branch {
    byte: u8,
    node: u32,
}

impl<E: End> Ends<E> {
    /// Of `texts`, in [`compare`]'s order, each once, none empty and none with a zero byte; at most `u16::MAX` of them,
    /// each below 64 KiB.
    pub(crate) fn new(texts: &[&[u8]]) -> Self {
        let mut building = Building { nodes: vec![], branches: vec![] };
        let mut open = vec![Open { branch: None, below: 0..texts.len(), above: 0, known: 0 }];
        open.retain(|root| !root.below.is_empty());
        while let Some(path) = open.pop() {
            building.path::<E>(texts, path, &mut open);
        }
        Self { nodes: building.nodes.into(), branches: building.branches.into(), end: PhantomData }
    }

    /// The number of the longest known text that `text` has at this end; 0 for none.
    #[inline]
    pub(crate) fn longest(&self, text: &[u8]) -> usize {
        let asked = Asked::<E>::new(text);
        let (mut done, mut at) = (0, 0);
        let Some(mut node) = self.nodes.first() else { return 0 };
        loop {
            let word = asked.word(done);
            let same = (node.word ^ word).trailing_zeros() as usize / 8;
            let next = if same == 8 { (!node.last).then_some(at + 1) } else { self.branch(node, same, word) };
            match next.and_then(|next| Some((next, self.nodes.get(next)?))) {
                Some(next) => (at, node) = next,
                None => return node.known.get(same).copied().unwrap_or_default().into(),
            }
            done += same;
        }
    }

    /// The node to which a branch leads from `node` after `same` bytes of `word`.
    #[inline]
    fn branch(&self, node: &Node, same: usize, word: u64) -> Option<usize> {
        let (from, until) = (*node.leaving.get(same)?, *node.leaving.get(same + 1)?);
        let start = node.branches as usize;
        let byte = (word >> (8 * same)) as u8;
        let branch = match self.branches.get(start + usize::from(from)..start + usize::from(until))? {
            [] => None,
            [only] => Some(only).filter(|only| only.byte == byte),
            several => several.binary_search_by_key(&byte, |branch| branch.byte).ok().and_then(|at| several.get(at)),
        };
        Some(branch?.node as usize)
    }
}

/// A text, read eight bytes at a time.
struct Asked<'a, E> {
    text: &'a [u8],
    /// The last eight bytes, or all.
    last: u64,
    end: PhantomData<E>,
}

impl<'a, E: End> Asked<'a, E> {
    #[inline]
    fn new(text: &'a [u8]) -> Self {
        let last = match E::last(text) {
            Some(last) => E::word(last),
            None => E::bytes(text).zip(0..).fold(0, |word, (byte, at)| word | u64::from(byte) << (8 * at)),
        };
        Self { text, last, end: PhantomData }
    }

    /// The next eight bytes without the first `done`, which are no more than there are; then zeros.
    #[inline]
    fn word(&self, done: usize) -> u64 {
        match E::next(self.text, done) {
            Some(bytes) => E::word(bytes),
            None => {
                let fewer = self.text.len().min(8) + done - self.text.len();
                self.last.checked_shr(8 * fewer as u32).unwrap_or_default()
            }
        }
    }
}

struct Building {
    nodes: Vec<Node>,
    branches: Vec<Branch>,
}

/// A path that is to be built.
struct Open {
    /// The branch that leads to it; the root has none.
    branch: Option<usize>,
    /// The texts below.
    below: Range<usize>,
    /// How many of their bytes are above, and the longest known text there.
    above: usize,
    known: u16,
}

impl Building {
    fn path<E: End>(&mut self, texts: &[&[u8]], path: Open, open: &mut Vec<Open>) {
        if let Some(branch) = path.branch.and_then(|branch| self.branches.get_mut(branch)) {
            branch.node = self.nodes.len() as u32;
        }
        let text = |at: usize| texts.get(at).copied().unwrap_or_default();
        let (mut below, mut depth) = (path.below, path.above);
        // What ends on the way, and what leaves it, each with how many bytes are above.
        let mut ending: Vec<(usize, u16)> = vec![(path.above, path.known)];
        let mut leaving: Vec<(usize, Range<usize>)> = Vec::new();
        let whole = loop {
            // Sorted, so what the first and the last have in common all have.
            let first = text(below.start);
            depth = common::<E>(first, text(below.end.saturating_sub(1)), depth);
            if first.len() == depth {
                ending.push((depth, (below.start + 1) as u16));
                below.start += 1;
                if below.is_empty() {
                    break first;
                }
            } else {
                let groups = groups::<E>(texts, below.clone(), depth);
                let Some(heavy) = groups.iter().max_by_key(|group| group.len()).cloned() else { break first };
                leaving.extend(groups.into_iter().filter(|group| *group != heavy).map(|group| (depth, group)));
                below = heavy;
            }
        };
        let bytes: Vec<u8> = E::bytes(whole).skip(path.above).collect();
        let known_at = |depth: usize| {
            let until = ending.partition_point(|(end, _)| *end <= depth);
            until.checked_sub(1).and_then(|last| ending.get(last)).map_or(0, |(_, known)| *known)
        };
        let mut leaving = leaving.into_iter().peekable();
        let mut above = path.above;
        for part in bytes.chunks(8) {
            let mut word = [0xff; 8];
            word.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            let branches = self.branches.len();
            let mut counts = [0; 9];
            while let Some((depth, group)) = leaving.next_if(|(depth, _)| *depth < above + 8) {
                let byte = E::bytes(text(group.start)).nth(depth).unwrap_or_default();
                open.push(Open {
                    branch: Some(self.branches.len()),
                    below: group,
                    above: depth,
                    known: known_at(depth),
                });
                self.branches.push(Branch { byte, node: 0 });
                let count = (self.branches.len() - branches) as u16;
                counts.iter_mut().skip(depth - above + 1).for_each(|until| *until = count);
            }
            self.nodes.push(Node {
                word: u64::from_le_bytes(word),
                known: std::array::from_fn(|bytes| known_at(above + bytes)),
                branches: branches as u32,
                leaving: counts,
                last: above + part.len() == whole.len(),
            });
            above += part.len();
        }
    }
}

/// `below` by the byte after `depth`, in order.
fn groups<E: End>(texts: &[&[u8]], below: Range<usize>, depth: usize) -> Vec<Range<usize>> {
    let byte = |text: &[u8]| E::bytes(text).nth(depth);
    let mut groups = Vec::new();
    let mut start = below.start;
    while start < below.end {
        let rest = texts.get(start..below.end).unwrap_or_default();
        let first = rest.first().and_then(|text| byte(text));
        let end = start + rest.partition_point(|text| byte(text) == first).max(1);
        groups.push(start..end);
        start = end;
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn agrees<E: End>(known: &[&str], asked: &[String], has: impl Fn(&str, &str) -> bool) {
        let mut sorted: Vec<&[u8]> = known.iter().map(|text| text.as_bytes()).collect();
        sorted.sort_by(|one, other| compare::<E>(one, other));
        sorted.dedup();
        let ends = Ends::<E>::new(&sorted);
        for text in asked {
            let plainly = known.iter().filter(|known| has(text, known)).map(|known| known.len()).max();
            let found = ends.longest(text.as_bytes()).checked_sub(1).map(|at| sorted[at].len());
            assert_eq!(found, plainly, "{known:?} in {text}");
        }
    }

    #[test]
    fn the_longest_end_of_every_short_text_is_found() {
        let all = texts(7);
        let long = "ab".repeat(40);
        for step in [1, 2, 3, 5, 7, 11, 40] {
            let mut known: Vec<&str> = all[1..].iter().step_by(step).map(String::as_str).collect();
            known.extend((1..long.len()).step_by(step).map(|length| &long[..length]));
            known.extend((1..long.len()).step_by(step).map(|at| &long[at..]));
            let asked = all.iter().cloned().chain((0..=long.len()).map(|length| long[..length].to_owned()));
            let asked: Vec<String> =
                asked.chain((0..long.len()).map(|at| format!("{}c{}", &long[..at], &long[at..]))).collect();
            agrees::<Front>(&known, &asked, |text, known| text.starts_with(known));
            agrees::<Back>(&known, &asked, |text, known| text.ends_with(known));
        }
        agrees::<Front>(&[], &all, |_, _| false);
    }

    #[test]
    fn eight_thousand_nested_texts_need_no_recursion() {
        let long = "a".repeat(8000);
        let known: Vec<&str> = (1..=8000).map(|length| &long[..length]).step_by(3).collect();
        let asked: Vec<String> = [0, 1, 17, 4000, 7999, 8000].iter().map(|length| long[..*length].to_owned()).collect();
        agrees::<Front>(&known, &asked, |text, known| text.starts_with(known));
        agrees::<Back>(&known, &asked, |text, known| text.ends_with(known));
    }
}
