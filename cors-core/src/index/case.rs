//! How a text is compared with the entries, and hashed.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

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

#[inline(always)]
pub(crate) fn hash<C: Case>(state: &RandomState, text: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    if text.len() <= STRETCH {
        C::write(text, &mut hasher);
    } else {
        text.chunks(STRETCH).for_each(|stretch| C::write(stretch, &mut hasher));
    }
    hasher.finish()
}
