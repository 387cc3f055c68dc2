//! Texts that stand for all others: no rule can tell a text from each of them.
//!
//! Which one-star entries match a text depends on the longest beginning of an entry that it has, and on the longest end,
//! if it is long enough for both. So one text for each beginning and end decides, where what stands between them
//! continues neither. A `*` continues nothing, for no entry has one in its beginning or end. A shorter text is one where
//! a beginning and an end overlap. Entries without `*` are compared as they are.

use std::collections::{BTreeSet, HashSet};

use oss_cors_core::Pattern;

use super::classes::{Class, Pair};
use super::universe::Candidate;

/// At most so much work for one kind of entry, in bytes compared or written.
const MOST_WORK: usize = 100_000_000;
/// At most so many pairs of a beginning and an end.
const MOST_PAIRS: usize = 100_000;

/// What may stand for a `*` and reads better than itself.
const FILLERS: [&str; 5] = ["a", "b", "c", "z", "0"];

/// Adds to `known` a class for each pair of masks that some text has and that is not there. `false` where the entries
/// are too many to tell; nothing is added then.
pub fn complete<'a>(
    known: &mut Vec<Class>,
    entries: impl Iterator<Item = &'a str>,
    masks: impl Fn(&str) -> Pair,
) -> bool {
    let (beginnings, ends) = parts(entries);
    if !is_feasible(&beginnings, &ends) {
        return false;
    }
    let mut seen: HashSet<Pair> = known.iter().map(|class| class.masks).collect();
    let mut add = |masks: Pair, text: String, stands_for: Option<String>| {
        known.push(Class { masks, members: vec![Candidate { text, stands_for, near_miss: false }] });
    };
    for (beginning, end) in beginnings.iter().flat_map(|beginning| ends.iter().map(move |end| (*beginning, *end))) {
        let entry = format!("{beginning}*{end}");
        let apart = masks(&entry);
        if seen.insert(apart) {
            let readable = FILLERS.iter().map(|filler| format!("{beginning}{filler}{end}"));
            let text = readable.into_iter().find(|text| masks(text) == apart).unwrap_or_else(|| entry.clone());
            add(apart, text, Some(entry));
        }
        for text in overlaps(beginning, end) {
            let masks = masks(&text);
            if seen.insert(masks) {
                add(masks, text, None);
            }
        }
    }
    true
}

/// What stands before and after the `*` of entries, each once.
fn parts<'a>(entries: impl Iterator<Item = &'a str>) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    // A text may begin and end as no entry does.
    let (mut beginnings, mut ends) = (BTreeSet::from([""]), BTreeSet::from([""]));
    for entry in entries {
        if let Some(Pattern::Affix { prefix, suffix }) = Pattern::parse(entry) {
            beginnings.insert(prefix);
            ends.insert(suffix);
        }
    }
    (beginnings, ends)
}

fn is_feasible(beginnings: &BTreeSet<&str>, ends: &BTreeSet<&str>) -> bool {
    if beginnings.len().saturating_mul(ends.len()) > MOST_PAIRS {
        return false;
    }
    let mut work = 0_usize;
    for (beginning, end) in beginnings.iter().flat_map(|beginning| ends.iter().map(move |end| (beginning, end))) {
        let overlaps = beginning.len().min(end.len()) + 1;
        work = work.saturating_add(overlaps.saturating_mul(beginning.len() + end.len() + 1));
    }
    work <= MOST_WORK
}

/// Every text that begins and ends so and is no longer than both together. Nothing that is asked for is empty.
fn overlaps<'a>(beginning: &'a str, end: &'a str) -> impl Iterator<Item = String> + use<'a> {
    let shared = 0..=beginning.len().min(end.len());
    let texts = shared.filter_map(move |shared| {
        let (common, rest) = (end.get(..shared)?, end.get(shared..)?);
        beginning.ends_with(common).then(|| format!("{beginning}{rest}"))
    });
    texts.filter(|text| !text.is_empty())
}
