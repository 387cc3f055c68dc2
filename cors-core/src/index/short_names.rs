//! Header names of at most 16 bytes, found where they stand in a list: as one word, not cut out first.
//!
//! Most names that browsers send are that short, in lower case and without blanks. It halves what such a name costs.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::rule_set::RuleSet;

const LONGEST: usize = 16;

/// Every byte 1, and every byte's high bit.
const ONES: u128 = u128::from_le_bytes([1; LONGEST]);
const HIGH: u128 = ONES << 7;
const COMMAS: u128 = ONES * b',' as u128;

/// What makes a word of a name of each length: all ones after it.
#[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled")]
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
    /// Each name where its hash says, or in the next free place. At least half of the places are free, and their number
    /// is a power of two.
    places: Box<[Name]>,
    seeds: (u64, u64),
}

/// No name has no length: then the place is free.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    word: u128,
    length: usize,
    rules: RuleSet,
}

impl ShortNames {
    /// The short ones of `names`, each once.
    pub(crate) fn new<'a>(names: impl Iterator<Item = (&'a [u8], RuleSet)>) -> Self {
        let names: Vec<Name> = names.filter_map(|(name, rules)| Name::new(name, rules)).collect();
        // Of few names, some seed puts each where it belongs; of many, hardly any does.
        let seeds = if names.len() <= 32 { 32 } else { 1 };
        let state = RandomState::default();
        let places = vec![Name::default(); (2 * names.len()).next_power_of_two()];
        let mut short = Self { places: places.into(), seeds: (0, 0) };
        for seed in 0..seeds {
            short.seeds = (state.hash_one((seed, 0)), state.hash_one((seed, 1)));
            if short.place(&names) {
                break;
            }
        }
        short
    }

    /// Whether each name stands where its hash says.
    fn place(&mut self, names: &[Name]) -> bool {
        self.places.fill(Name::default());
        let mut steps = 0;
        for name in names {
            for at in self.walk(name.word) {
                match self.places.get_mut(at) {
                    Some(place) if place.length == 0 => {
                        *place = *name;
                        break;
                    }
                    _ => steps += 1,
                }
            }
        }
        steps == 0
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
        let word = window | FILLED.get(length)?;
        for at in self.walk(word) {
            let place = self.places.get(at)?;
            if place.word == word && place.length == length {
                return Some((place.rules, length));
            }
            if place.length == 0 {
                return None;
            }
        }
        None
    }

    /// Every place, from where `word` belongs.
    #[inline]
    fn walk(&self, word: u128) -> impl Iterator<Item = usize> + use<> {
        let (low, high) = (word as u64 ^ self.seeds.0, (word >> 64) as u64 ^ self.seeds.1);
        let product = u128::from(low) * u128::from(high);
        let (hash, last) = (product as usize ^ (product >> 64) as usize, self.places.len() - 1);
        (0..=last).map(move |step| (hash.wrapping_add(step)) & last)
    }
}

impl Name {
    fn new(name: &[u8], rules: RuleSet) -> Option<Self> {
        Some(Self { word: short_list(name) | FILLED.get(name.len())?, length: name.len(), rules })
    }
}

/// The last name of a list, with commas after it.
#[inline(never)]
fn short_list(list: &[u8]) -> u128 {
    let mut bytes = [b','; LONGEST];
    match (list.first_chunk::<8>(), list.last_chunk::<8>(), list.len().checked_sub(8)) {
        // The two halves may overlap.
        (Some(first), Some(last), Some(at)) => {
            if let Some(start) = bytes.first_chunk_mut() {
                *start = *first;
            }
            if let Some(end) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                *end = *last;
            }
        }
        _ => {
            for (to, from) in bytes.iter_mut().zip(list) {
                *to = *from;
            }
        }
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
