//! One entry of a rule, and whether any request can match it.

use oss_cors_core::{Element, can_match_header, can_match_origin};

/// One entry of a rule.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) rule: usize,
    pub(super) element: Element,
    pub(super) number: usize,
    pub(super) text: &'a str,
}

/// The entries of one element, without what no profile accepts.
pub(super) fn entries_of(rule: usize, element: Element, texts: &[String]) -> impl Iterator<Item = Entry<'_>> + Clone {
    let entries = texts.iter().enumerate();
    let entries = entries.map(move |(index, text)| Entry { rule, element, number: index + 1, text });
    entries.filter(|entry| !entry.text.is_empty() && entry.text.matches('*').count() <= 1)
}

/// Whether the engine keeps the entry: some request can match it.
pub(super) fn matchable(entry: &Entry<'_>) -> bool {
    match entry.element {
        Element::AllowedOrigin => can_match_origin(entry.text),
        Element::AllowedHeader => can_match_header(entry.text),
        _ => true,
    }
}
