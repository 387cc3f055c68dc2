//! Classes of texts and of header sets: what no rule of either file tells apart is compared once.

use std::collections::{HashMap, HashSet};

use super::masks::Mask;
use super::universe::Candidate;

/// What both files say to one text: which rules of each allow it.
pub type Pair = (Mask, Mask);

/// Texts that no rule of either file tells apart.
pub struct Class {
    pub masks: Pair,
    pub members: Vec<Candidate>,
}

/// Request headers asked for together.
pub struct HeaderSet {
    pub masks: Pair,
    /// Indexes of header classes.
    pub classes: Vec<usize>,
}

/// In the order of their first members.
pub fn classes(tried: Vec<Candidate>, masks: impl Fn(&str) -> Pair) -> Vec<Class> {
    let mut classes: Vec<Class> = Vec::new();
    let mut by_masks: HashMap<Pair, usize> = HashMap::new();
    for candidate in tried {
        let masks = masks(&candidate.text);
        let index = *by_masks.entry(masks).or_insert(classes.len());
        match classes.get_mut(index) {
            Some(class) => class.members.push(candidate),
            None => classes.push(Class { masks, members: vec![candidate] }),
        }
    }
    classes
}

/// Every set of headers that the rules tell apart, smaller ones first, and whether there were no more than `most`.
///
/// Asking for a set leaves the rules that allow each of its headers, so sets are told apart by intersections alone.
pub fn header_sets(headers: &[Class], most: usize) -> (Vec<HeaderSet>, bool) {
    let none = HeaderSet { masks: (Mask::MAX, Mask::MAX), classes: Vec::new() };
    let mut known: HashSet<Pair> = HashSet::from([none.masks]);
    let mut sets = vec![none];
    let mut done = 0;
    while let Some(set) = sets.get(done) {
        let larger: Vec<HeaderSet> = headers
            .iter()
            .enumerate()
            .map(|(index, header)| HeaderSet {
                masks: (set.masks.0 & header.masks.0, set.masks.1 & header.masks.1),
                classes: set.classes.iter().copied().chain([index]).collect(),
            })
            .collect();
        for set in larger {
            if known.contains(&set.masks) {
                continue;
            }
            if sets.len() == most {
                return (sets, false);
            }
            known.insert(set.masks);
            sets.push(set);
        }
        done += 1;
    }
    (sets, true)
}
