//! What bytes may stand where: RFC 9110 tokens, visible ASCII, blanks.

/// A non-empty token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
        )
}

/// Visible ASCII alone (VCHAR, RFC 5234): what a serialised origin is made of.
pub(crate) fn is_visible_ascii(text: &[u8]) -> bool {
    text.iter().fold(true, |all, byte| all & matches!(byte, 0x21..=0x7e))
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
