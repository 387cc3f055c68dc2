//! Text that others wrote, fit for a log and a report: escaped, bounded.

use std::fmt;

use crate::request::FieldLine;

/// The most bytes that are quoted of a text that others wrote.
pub const MAX_QUOTED: usize = 128;

/// Bytes from a request or a rule file, for people. `Display` writes them on one line: what could begin a line or steer
/// a terminal is escaped, and of a long text only the beginning is written, with its length.
///
/// ```
/// use oss_cors_core::Shown;
///
/// assert_eq!(Shown::new(b"https://a.example\r\n").to_string(), r"https://a.example\r\n");
/// assert_eq!(Shown::at_most(b"aaaaaa", 2).to_string(), "aa... (6 bytes)");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    text: &'a [u8],
    most: usize,
}

impl<'a> Shown<'a> {
    /// At most [`MAX_QUOTED`] bytes of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Self::at_most(text, MAX_QUOTED)
    }

    /// At most `most` bytes of `text`.
    pub fn at_most(text: &'a [u8], most: usize) -> Self {
        Self { text, most }
    }

    /// The value of a header field; of several lines, that there are several.
    pub fn line(line: FieldLine<'a>) -> Self {
        match line {
            FieldLine::Absent => Self::new(b""),
            FieldLine::One(text) => Self::new(text),
            FieldLine::Several => Self::new(b"(several lines)"),
        }
    }

    /// The lines of one field, joined with `, `.
    pub fn lines(lines: impl IntoIterator<Item = &'a [u8]>) -> String {
        Shown::new(&lines.into_iter().collect::<Vec<_>>().join(&b", "[..])).to_string()
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in cut_bytes(self.text, self.most).utf8_chunks() {
            write!(f, "{}", chunk.valid().escape_debug())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        match self.text.len() {
            length if length > self.most => write!(f, "... ({length} bytes)"),
            _ => Ok(()),
        }
    }
}

/// At most `most` bytes of `text`, cut between characters where it has any.
fn cut_bytes(text: &[u8], most: usize) -> &[u8] {
    let inside = |end: usize| text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (most.saturating_sub(3)..=most).rev().find(|end| !inside(*end)).unwrap_or(most);
    text.get(..end).unwrap_or(text)
}

/// At most `most` bytes of `text`, cut between characters.
pub fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// At most [`MAX_QUOTED`] bytes of `text`, cut between characters.
pub(crate) fn quoted(text: &str) -> String {
    cut(text, MAX_QUOTED).to_owned()
}
