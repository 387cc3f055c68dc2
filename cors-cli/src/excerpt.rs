//! A finding as people read it: a line, or, where somebody looks, the source with the fault underlined.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::escape::{Plain, is_plain};
use crate::finding::{Finding, Severity};
use crate::source::Source;
use crate::style::{ADVICE, ERROR, WARNING};

/// A longer line is not shown: it was written by a program, and looking for the place in it takes a program too.
const LONGEST_LINE: usize = 64 * 1024;

/// More are told in a line each: nobody reads so many excerpts.
const MOST_EXCERPTS: usize = 200;

/// `findings`, ending with a line break; `excerpts` to show the source.
pub fn show(findings: &[Finding], source: &Source, excerpts: bool) -> String {
    let shown = if excerpts { MOST_EXCERPTS } else { 0 };
    let told = |(index, finding)| if index < shown { excerpt(finding, source) } else { line(finding, source) };
    findings.iter().enumerate().map(told).collect()
}

fn line(finding: &Finding, source: &Source) -> String {
    let style = match finding.severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Advice => ADVICE,
    };
    let place = finding.position().map(|place| format!("{}:{}:", place.line, place.column)).unwrap_or_default();
    format!(
        "{}:{place} {style}{}{style:#}: {}: {}\n",
        source.name(),
        label(finding),
        finding.subject(),
        Plain(&finding.message)
    )
}

/// The severity, the code, and whether `--deny` made it count.
fn label(finding: &Finding) -> String {
    let code = finding.code.map(|code| format!("[{code}]")).unwrap_or_default();
    let denied = if finding.denied && finding.severity != Severity::Error { ", denied" } else { "" };
    format!("{}{code}{denied}", finding.severity.name())
}

fn excerpt(finding: &Finding, source: &Source) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::HELP,
    };
    let title = level.with_name(label(finding)).primary_title(Plain(&finding.message).to_string());
    let (name, subject) = (source.name(), finding.subject().to_string());
    let group = match underlined(finding, source) {
        Some((number, line, span)) => {
            // The value stands there already, underlined.
            let shown = finding.value.as_deref().is_none_or(|value| line.contains(value));
            let label = if shown { finding.part().to_string() } else { subject };
            let annotation = AnnotationKind::Primary.span(span).label(label);
            title.element(Snippet::source(line).path(name).line_start(number).annotation(annotation))
        }
        None => without_source(title.element(origin(finding, name)), subject),
    };
    format!("{}\n\n", Renderer::styled().render(&[group]))
}

fn origin(finding: &Finding, name: String) -> Origin<'static> {
    match finding.position() {
        Some(place) => Origin::path(name).line(place.line).char_column(place.column),
        None => Origin::path(name),
    }
}

fn without_source(group: Group<'_>, subject: String) -> Group<'_> {
    group.element(Level::NOTE.message(subject))
}

/// The number and text of the line at fault, and the bytes of it to underline.
fn underlined(finding: &Finding, source: &Source) -> Option<(usize, String, Range<usize>)> {
    let place = finding.position()?;
    // Positions are counted without the byte order mark.
    let bytes = source.bytes().strip_prefix(b"\xef\xbb\xbf").unwrap_or(source.bytes());
    let line = bytes.split(|byte| *byte == b'\n').nth(place.line.checked_sub(1)?)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LONGEST_LINE {
        return None;
    }
    let harmless = |found: char| if is_plain(found) || found == '\t' { found } else { char::REPLACEMENT_CHARACTER };
    let line: String = String::from_utf8_lossy(line).chars().map(harmless).collect();
    let from = line.char_indices().nth(place.column.checked_sub(1)?).map_or(line.len(), |(at, _)| at);
    let length = part(line.get(from..)?, finding.value.as_deref().unwrap_or_default());
    Some((place.line, line, from..from + length))
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
