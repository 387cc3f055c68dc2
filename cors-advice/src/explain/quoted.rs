//! Text that others wrote, fit to be shown.

use std::fmt;
use std::sync::Arc;

use oss_cors_core::Shown;

/// Bytes from a request or a rule file. `Display` quotes them in backticks, escaped, and at most [`MAX_QUOTED`](oss_cors_core::MAX_QUOTED) bytes
/// of them; [`as_bytes`](Self::as_bytes) has them all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quoted(Arc<[u8]>);

impl Quoted {
    pub(super) fn new(text: impl AsRef<[u8]>) -> Self {
        Self(text.as_ref().into())
    }

    /// The bytes as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text; bytes that are not UTF-8 become U+FFFD.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// Without the backticks.
    pub(super) fn bare(&self) -> Shown<'_> {
        Shown::new(&self.0)
    }

    /// Without the backticks, and whole: for the rules' own text.
    pub(super) fn whole(&self) -> Shown<'_> {
        Shown::at_most(&self.0, usize::MAX)
    }
}

impl<T: AsRef<[u8]>> From<T> for Quoted {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.bare())
    }
}

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `one`, `two` and 3 more.
pub(super) struct Listed<'a, T>(pub(super) &'a [T]);

impl<T: fmt::Display> fmt::Display for Listed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 8;
        for (index, item) in self.0.iter().take(MOST).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            item.fmt(f)?;
        }
        match self.0.len().checked_sub(MOST) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: impl AsRef<[u8]>, expected: &str) {
        assert_eq!(Quoted::new(text).to_string(), format!("`{expected}`"));
    }

    #[test]
    fn what_could_drive_a_terminal_is_escaped() {
        shows("https://a.com", "https://a.com");
        shows("b\u{fc}cher", "b\u{fc}cher");
        shows("\u{1b}[2J\r\n", "\\u{1b}[2J\\r\\n");
        shows("a\u{202e}b", "a\\u{202e}b");
        shows(b"a\xffb", "a\\xffb");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        shows("a".repeat(128), &"a".repeat(128));
        shows("a".repeat(129), &format!("{}... (129 bytes)", "a".repeat(128)));
        shows(format!("{}\u{1f600}b", "a".repeat(126)), &format!("{}... (131 bytes)", "a".repeat(126)));
        shows([0x80; 130], &format!("{}... (130 bytes)", "\\x80".repeat(128)));
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(Listed(&[1, 2]).to_string(), "1, 2");
        assert_eq!(Listed(&[0; 8]).to_string(), "0, 0, 0, 0, 0, 0, 0, 0");
        assert_eq!(Listed(&[0; 10]).to_string(), "0, 0, 0, 0, 0, 0, 0, 0 and 2 more");
    }
}
