//! Text from the wire, fit for a message: in backticks, on one line, escaped and cut.

use std::fmt;

pub(crate) struct Shown<'a>(pub(crate) &'a [u8]);

/// The most bytes that are shown of one text.
const MOST: usize = 128;

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.0.get(..MOST).unwrap_or(self.0);
        write!(f, "`{}", String::from_utf8_lossy(cut).escape_debug())?;
        match self.0.len() {
            length if length > MOST => write!(f, "... ({length} bytes)`"),
            _ => f.write_str("`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn hostile_text_is_escaped_and_cut() {
        assert_eq!(Shown(b"a\r\n\x1b[2J").to_string(), r"`a\r\n\u{1b}[2J`");
        assert_eq!(Shown(&[b'a'; 200]).to_string(), format!("`{}... (200 bytes)`", "a".repeat(128)));
        assert_eq!(Shown(b"\xff").to_string(), "`\u{fffd}`");
    }
}
