//! A request's text, fit for a log and a report: escaped, and at most [`MAX_QUOTED`] bytes of it.

use crate::error::MAX_QUOTED;
use crate::explain::Bare;
use crate::request::FieldLine;

pub(crate) fn shown(text: &[u8]) -> String {
    Bare { text, most: MAX_QUOTED }.to_string()
}

pub(crate) fn shown_line(line: FieldLine<'_>) -> String {
    match line {
        FieldLine::Absent => String::new(),
        FieldLine::One(text) => shown(text),
        FieldLine::Several => "(several lines)".to_owned(),
    }
}

pub(crate) fn shown_lines<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> String {
    shown(&lines.into_iter().collect::<Vec<_>>().join(&b", "[..]))
}
