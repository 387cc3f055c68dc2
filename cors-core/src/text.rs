//! What bytes may stand where: RFC 9110 tokens, visible ASCII, blanks.

/// A non-empty token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    // No early end: a name is short, and without one the loop stays tight.
    !text.is_empty() && text.iter().fold(true, |all, byte| all & TOKEN_BYTES[usize::from(*byte)])
}

/// Which bytes a token may have. A table: comparing with each costs several times as much a byte.
static TOKEN_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = is_token_byte(byte as u8);
        byte += 1;
    }
    allowed
};

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Visible ASCII alone (VCHAR, RFC 5234): what a serialised origin is made of.
pub(crate) fn is_visible_ascii(text: &[u8]) -> bool {
    // Eight bytes at a time: below 0x21 the subtraction borrows into the high bit, above 0x7e the addition carries.
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let words = text.chunks_exact(8);
    let rest = words.remainder();
    let odd = words
        .flat_map(|word| word.try_into().map(u64::from_ne_bytes))
        .fold(0, |odd, word| odd | word | word.wrapping_sub(ONES * 0x21) | word.wrapping_add(ONES));
    odd & HIGH == 0 && rest.iter().all(|byte| matches!(byte, 0x21..=0x7e))
}

/// Without the blanks (space and tab) at both ends.
pub(crate) fn trim_blanks(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [b' ' | b'\t', tail @ ..] = rest {
        rest = tail;
    }
    while let [head @ .., b' ' | b'\t'] = rest {
        rest = head;
    }
    rest
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
    fn tokens_are_those_of_rfc_9110() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert_eq!(is_token(&[b'a', byte, b'z']), expected, "{byte:#x}");
        }
        assert!(!is_token(b""));
    }
}
