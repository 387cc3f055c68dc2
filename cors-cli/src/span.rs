//! Which part of its line a finding is about.

use std::ops::Range;

use crate::escape::is_plain;
use crate::finding::Finding;

/// A longer line is not shown: it was written by a program, and looking for the place in it takes a program too.
const LONGEST_LINE: usize = 64 * 1024;

/// The lines of a rule file, split once for all findings.
pub struct Lines<'a>(Vec<&'a [u8]>);

/// A finding in its line.
pub struct Span {
    /// Counted from 1.
    pub number: usize,
    /// The line, harmless to a terminal.
    pub line: String,
    /// The bytes of `line` that are meant.
    pub bytes: Range<usize>,
}

impl<'a> Lines<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        // Positions are counted without the byte order mark.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Self(text.split(|byte| *byte == b'\n').collect())
    }

    pub fn span(&self, finding: &Finding) -> Option<Span> {
        let place = finding.position()?;
        let line = self.0.get(place.line.checked_sub(1)?)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > LONGEST_LINE {
            return None;
        }
        let harmless = |found: char| if is_plain(found) || found == '\t' { found } else { char::REPLACEMENT_CHARACTER };
        let line: String = String::from_utf8_lossy(line).chars().map(harmless).collect();
        let from = line.char_indices().nth(place.column.checked_sub(1)?).map_or(line.len(), |(at, _)| at);
        let length = part(line.get(from..)?, finding.value.as_deref().unwrap_or_default());
        Some(Span { number: place.line, line, bytes: from..from + length })
    }

    /// The column after the part, in characters counted from 1.
    pub fn end_column(&self, finding: &Finding) -> Option<usize> {
        let Span { line, bytes, .. } = self.span(finding)?;
        let characters = line.get(bytes).filter(|part| !part.is_empty())?.chars().count();
        Some(finding.column? + characters)
    }
}

/// How many bytes at the start of `text` are the part with `value`: an element of XML with both its tags, else what
/// formats write as one word.
fn part(text: &str, value: &str) -> usize {
    let opening = word(text);
    if !text.starts_with('<') || value.is_empty() {
        return opening.max(if text.starts_with(value) { value.len() } else { 0 });
    }
    let inside = text.get(opening..).unwrap_or_default();
    let Some(end) = inside.find(value).map(|at| at + value.len()) else { return opening };
    let closing = inside.get(end..).filter(|rest| rest.starts_with("</")).map_or(0, word);
    opening + end + closing
}

/// How many bytes the first word of `text` has, as formats write words: a tag, a quoted text, else up to a blank.
fn word(text: &str) -> usize {
    let through = |end: char| text.get(1..).and_then(|rest| rest.find(end)).map(|at| at + 2);
    let whole = match text.chars().next() {
        None => return 0,
        Some('<') => through('>'),
        Some(quote @ ('"' | '\'')) => through(quote),
        Some('{' | '[') => Some(1),
        Some(_) => text.find(|found: char| found.is_whitespace() || matches!(found, ',' | ']' | '}' | '<')),
    };
    let first = text.chars().next().map_or(0, char::len_utf8);
    whole.unwrap_or(text.len()).max(first)
}

#[cfg(test)]
mod tests {
    use super::{part, word};

    #[test]
    fn a_part_is_an_element_or_a_word() {
        for (text, value, length) in [
            ("<A>PATCH</A> <A>", "PATCH", 12),
            ("<A>PATCH", "PATCH", 8),
            ("<A> PATCH </A>", "PATCH", 9),
            ("<A>a&amp;b</A>", "a&b", 3),
            ("<CORSRule><A>GET</A>", "", 10),
            ("\"PATCH\", \"GET\"", "PATCH", 7),
            ("two words", "two words", 9),
            ("", "", 0),
        ] {
            assert_eq!(part(text, value), length, "{text}");
        }
    }

    #[test]
    fn a_word_is_what_formats_write_as_one() {
        for (text, length) in [
            ("", 0),
            ("<CORSRule>", 10),
            ("<CORSRule", 9),
            ("\"PATCH\", \"GET\"", 7),
            ("'a", 2),
            ("{\"a\": 1}", 1),
            ("PATCH, GET", 5),
            ("max_age: 1", 8),
            (", x", 1),
            ("é", 2),
        ] {
            assert_eq!(word(text), length, "{text}");
        }
    }
}
