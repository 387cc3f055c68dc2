//! What bytes may stand where: RFC 9110 tokens, visible ASCII, blanks.

/// A non-empty token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && kinds_of(text) & TOKEN != 0
}

/// Whether a token has no letter in upper case; `None` for what is no token.
pub(crate) fn is_lower_case_token(text: &[u8]) -> Option<bool> {
    let kinds = kinds_of(text);
    (!text.is_empty() && kinds & TOKEN != 0).then_some(kinds & NOT_UPPER_CASE != 0)
}

/// The kinds that every byte is of.
#[inline]
#[expect(clippy::indexing_slicing, reason = "every byte has its place in the table")]
fn kinds_of(text: &[u8]) -> u8 {
    // No early end: without one the loop stays tight.
    let all = |bytes: &[u8], all| bytes.iter().fold(all, |all, byte| all & KINDS[usize::from(*byte)]);
    let (mut kinds, mut rest) = (u8::MAX, text);
    while let Some((part, after)) = rest.split_first_chunk::<16>() {
        kinds = all(part, kinds);
        rest = after;
    }
    all(rest, kinds)
}

const TOKEN: u8 = 1;
const NOT_UPPER_CASE: u8 = 2;

/// What a byte is. A table: comparing with each costs several times as much a byte.
#[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled")]
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (token, upper_case) = (is_token_byte(byte as u8), (byte as u8).is_ascii_uppercase());
        kinds[byte] = TOKEN * token as u8 + NOT_UPPER_CASE * !upper_case as u8;
        byte += 1;
    }
    kinds
};

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Every byte 1, and every byte's high bit: for looking at eight bytes at a time.
const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = ONES << 7;

/// Visible ASCII alone (VCHAR, RFC 5234): what a serialised origin is made of.
pub(crate) fn is_visible_ascii(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else { return text.iter().all(|byte| matches!(byte, 0x21..=0x7e)) };
    // Words from the beginning, then the last one, which may overlap the one before.
    let mut rest = text;
    while let Some((word, after)) = rest.split_first_chunk() {
        if !is_visible_word(word) {
            return false;
        }
        rest = after;
    }
    is_visible_word(last)
}

#[inline]
fn is_visible_word(word: &[u8; 8]) -> bool {
    let word = u64::from_le_bytes(*word);
    // Below 0x21 the subtraction borrows into the high bit, above 0x7e the addition carries into it.
    (word | word.wrapping_sub(ONES * 0x21) | word.wrapping_add(ONES)) & HIGH == 0
}

/// Where the first comma stands. On names as short as headers have, twice as fast as `memchr`.
#[inline]
pub(crate) fn find_comma(text: &[u8]) -> Option<usize> {
    let Some((near, far)) = text.split_first_chunk::<32>() else { return find_near_comma(text) };
    find_near_comma(near).or_else(|| {
        // Thirty-two are compared at once.
        let without = |part: &&[u8]| !part.iter().fold(false, |any, byte| any | (*byte == b','));
        let skipped = 32 * far.chunks_exact(32).take_while(without).count();
        Some(32 + skipped + find_near_comma(far.get(skipped..)?)?)
    })
}

#[inline]
fn find_near_comma(text: &[u8]) -> Option<usize> {
    const COMMAS: u64 = ONES * b',' as u64;
    let mut rest = text;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        // A comma becomes zero, and only zero borrows; of several, the first is marked right.
        let differs = u64::from_le_bytes(*word) ^ COMMAS;
        let marked = differs.wrapping_sub(ONES) & !differs & HIGH;
        if marked != 0 {
            return Some(text.len() - rest.len() + marked.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    Some(text.len() - rest.len() + rest.iter().position(|byte| *byte == b',')?)
}

/// How many bytes [`count_commas`] takes.
pub(crate) const PART: usize = 240;

/// How many commas `part` has, which is no longer than [`PART`].
pub(crate) fn count_commas(part: &[u8]) -> usize {
    // So few that their number is a byte: then sixteen are compared at once.
    usize::from(part.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(*byte == b','))))
}

/// Whether `line` is a list of tokens and commas alone, as browsers write it, without any `*` in it.
#[expect(clippy::indexing_slicing, reason = "every byte has its place in the table")]
pub(crate) fn is_plain_list(line: &[u8]) -> bool {
    // No early end: three instructions a byte.
    line.iter().fold(true, |all, byte| all & PLAIN_LIST_BYTES[usize::from(*byte)])
}

#[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled")]
static PLAIN_LIST_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = (is_token_byte(byte as u8) && byte as u8 != b'*') || byte as u8 == b',';
        byte += 1;
    }
    allowed
};

/// Without the blanks (space and tab) at both ends.
#[inline]
pub(crate) fn trim_blanks(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    // As browsers write it.
    if !text.first().is_some_and(blank) && !text.last().is_some_and(blank) {
        return text;
    }
    let Some(first) = text.iter().position(|byte| !blank(byte)) else { return &[] };
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(0, |last| last + 1);
    text.get(first..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_ascii_is_0x21_to_0x7e_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for length in 1..20 {
                for at in 0..length {
                    let mut text = vec![b'a'; length];
                    text[at] = byte;
                    assert_eq!(is_visible_ascii(&text), (0x21..=0x7e).contains(&byte), "{byte:#x} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn the_first_comma_is_found_wherever_it_stands() {
        for length in 0..100 {
            for filler in [0, b'+', b'-', b'a', 0x80, 0xac, 0xff] {
                let mut text = vec![filler; length];
                assert_eq!(find_comma(&text), None);
                for at in (0..length).rev() {
                    text[at] = b',';
                    assert_eq!(find_comma(&text), Some(at));
                }
            }
        }
    }

    #[test]
    fn a_plain_list_holds_tokens_and_commas_and_no_star() {
        for byte in 0..=u8::MAX {
            let expected = byte == b',' || (is_token(&[byte]) && byte != b'*');
            assert_eq!(is_plain_list(&[b'a', byte, b'z']), expected, "{byte:#x}");
        }
        assert!(is_plain_list(b""));
    }

    #[test]
    fn blanks_are_trimmed_at_both_ends_only() {
        for (text, trimmed) in
            [("", ""), (" ", ""), ("a", "a"), (" a\t", "a"), ("\t \ta b ", "a b"), ("ab", "ab"), ("a ", "a")]
        {
            assert_eq!(trim_blanks(text.as_bytes()), trimmed.as_bytes(), "{text:?}");
        }
    }

    #[test]
    fn tokens_are_those_of_rfc_9110() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is_token(&[b'a', byte, b'z']), expected, "{byte:#x}");
        }
        assert!(!is_token(b""));
    }
}
