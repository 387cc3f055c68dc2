//! Header names of at most 16 bytes, found where they stand in a list: as one word, not cut out first.
//!
//! Most names that browsers send are that short, in lower case and without blanks. It halves what such a name costs.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::index::RuleSet;

const LONGEST: usize = 16;

/// Every byte 1, and every byte's high bit.
const ONES: u128 = u128::from_le_bytes([1; LONGEST]);
const HIGH: u128 = ONES << 7;
const COMMAS: u128 = ONES * b',' as u128;

/// What makes a word of a name of each length: all ones after it.
const FILLED: [u128; LONGEST + 1] = {
    let mut filled = [0; LONGEST + 1];
    let mut length = 0;
    while length < LONGEST {
        filled[length] = u128::MAX << (length * 8);
        length += 1;
    }
    filled
};

#[derive(Debug)]
pub(crate) struct ShortNames {
    /// Each name as a word, its length, and its rules.
    table: HashTable<(u128, usize, RuleSet)>,
    seeds: (u64, u64),
}

impl ShortNames {
    /// The short ones of `names`, each once.
    pub(crate) fn new<'a>(names: impl Iterator<Item = (&'a [u8], RuleSet)>) -> Self {
        let state = RandomState::default();
        let mut short = Self { table: HashTable::new(), seeds: (state.hash_one(0), state.hash_one(1)) };
        for (name, rules) in names {
            let Some(filled) = FILLED.get(name.len()) else { continue };
            let word = short_list(name) | filled;
            let seeds = short.seeds;
            short.table.insert_unique(hash(word, seeds), (word, name.len(), rules), |(word, ..)| hash(*word, seeds));
        }
        short
    }

    /// The rules of the name that `list` begins with, and its length; `None` unless it is one of these as written.
    #[inline]
    pub(crate) fn first_of(&self, list: &[u8]) -> Option<(RuleSet, usize)> {
        let window = match list.first_chunk() {
            Some(window) => u128::from_le_bytes(*window),
            None => short_list(list),
        };
        // A comma becomes zero, and only zero borrows; of several, the first is marked right.
        let differs = window ^ COMMAS;
        let marked = differs.wrapping_sub(ONES) & !differs & HIGH;
        // Of no comma, the length of the window.
        let length = marked.trailing_zeros() as usize / 8;
        if length == LONGEST && list.get(LONGEST).is_some_and(|after| *after != b',') {
            return None;
        }
        let name = window | FILLED.get(length)?;
        let same = |(known, known_length, _): &(u128, usize, RuleSet)| *known == name && *known_length == length;
        let (_, _, rules) = self.table.find(hash(name, self.seeds), same)?;
        Some((*rules, length))
    }
}

#[inline]
fn hash(word: u128, seeds: (u64, u64)) -> u64 {
    let (low, high) = (word as u64 ^ seeds.0, (word >> 64) as u64 ^ seeds.1);
    let product = u128::from(low) * u128::from(high);
    product as u64 ^ (product >> 64) as u64
}

/// The last name of a list.
#[inline(never)]
fn short_list(list: &[u8]) -> u128 {
    let mut bytes = [b','; LONGEST];
    if let Some(start) = bytes.get_mut(..list.len()) {
        start.copy_from_slice(list);
    }
    u128::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_found_wherever_its_list_ends() {
        let names: Vec<String> = (1..=18).map(|length| "abcdefghijklmnopqr"[..length].to_owned()).collect();
        let entries = names.iter().enumerate().map(|(at, name)| (name.as_bytes(), RuleSet::only(at)));
        let short = ShortNames::new(entries);
        for (at, name) in names.iter().enumerate() {
            let expected = (name.len() <= LONGEST).then_some((RuleSet::only(at), name.len()));
            for rest in ["", ",", ",x", ",abc,def", ",,", ", a", ",abcdefghijklmnopqrstuvwxyz"] {
                assert_eq!(short.first_of(format!("{name}{rest}").as_bytes()), expected, "{name}{rest}");
            }
            for other in [format!("{name} "), format!(" {name}"), name.to_uppercase(), format!("{name}\0")] {
                assert_eq!(short.first_of(other.as_bytes()), None, "{other:?}");
            }
        }
        for list in ["", ",", ",a", " ", "x", "abcdefghijklmnopqrs"] {
            assert_eq!(short.first_of(list.as_bytes()), None, "{list:?}");
        }
    }

    #[test]
    fn any_byte_beside_a_comma_is_told_from_it() {
        let short = ShortNames::new([(&b"ab"[..], RuleSet::only(0))].into_iter());
        for byte in 0..=u8::MAX {
            let expected = (byte == b',').then_some((RuleSet::only(0), 2));
            assert_eq!(short.first_of(&[b'a', b'b', byte]), expected, "{byte:#x}");
            assert_eq!(short.first_of(&[b'a', b'b', byte, b',']), expected, "{byte:#x}");
        }
    }
}
