//! Entries that say what another entry of their rule says already.

use std::collections::HashMap;

use oss_cors_core::{CorsRule, Element, Pattern};

use super::code::LintCode;
use super::entry::{Entry, entries_of, matchable};
use super::finding::{Findings, code};

/// How many times an entry is compared with a wildcard, in all rules together.
pub(super) const MAX_COMPARISONS: usize = 4_000_000;

pub(super) fn lint(rule: usize, written: &CorsRule, comparisons: &mut usize, findings: &mut Findings) {
    let as_is = |text: &str| text.to_owned();
    // Header names are compared in lower case.
    let folded = |text: &str| text.to_ascii_lowercase();

    let origins = unrepeated(rule, Element::AllowedOrigin, &written.allowed_origins, as_is, findings);
    covered(&origins, comparisons, findings);
    unrepeated(rule, Element::AllowedMethod, &written.allowed_methods, as_is, findings);
    let headers = unrepeated(rule, Element::AllowedHeader, &written.allowed_headers, folded, findings);
    covered(&headers, comparisons, findings);
    unrepeated(rule, Element::ExposeHeader, &written.expose_headers, folded, findings);
}

/// The entries, each once, with the text by which they are compared.
fn unrepeated<'a>(
    rule: usize,
    element: Element,
    texts: &'a [String],
    compared: impl Fn(&str) -> String,
    findings: &mut Findings,
) -> Vec<(String, Entry<'a>)> {
    let mut first = HashMap::new();
    let mut kept = Vec::new();
    for entry in entries_of(rule, element, texts) {
        let text = compared(entry.text);
        if let Some(number) = first.get(&text) {
            let message = format!("the same as {element} {number} of this rule; delete one of the two");
            findings.in_entry(LintCode::DuplicateEntry, entry, message);
        } else {
            first.insert(text.clone(), entry.number);
            kept.push((text, entry));
        }
    }
    kept
}

fn covered(entries: &[(String, Entry<'_>)], comparisons: &mut usize, findings: &mut Findings) {
    let patterns: Vec<(Pattern<'_>, Entry<'_>)> = entries
        .iter()
        .filter(|(_, entry)| matchable(entry))
        .filter_map(|(text, entry)| Some((Pattern::parse(text)?, *entry)))
        .collect();
    let wildcards: Vec<_> = patterns
        .iter()
        .filter(|(pattern, entry)| match pattern {
            Pattern::Exact(_) => false,
            Pattern::Affix { .. } => true,
            // A bare `*` among origins has a lint of its own.
            Pattern::Any => entry.element == Element::AllowedHeader,
        })
        .collect();
    for (pattern, entry) in &patterns {
        // The guide's advice: to name it beside `*`.
        if entry.element == Element::AllowedHeader && *pattern == Pattern::Exact("authorization") {
            continue;
        }
        let Some(left) = comparisons.checked_sub(wildcards.len()) else { return };
        *comparisons = left;
        // Each text stands once: only a wildcard covers itself.
        if let Some((_, other)) = wildcards.iter().find(|(wider, _)| wider != pattern && covers(*wider, *pattern)) {
            let message = format!("{} of this rule covers it; delete one of the two", code(other.text));
            findings.in_entry(LintCode::CoveredEntry, *entry, message);
        }
    }
}

/// Whether `wider` matches all that `narrower` matches.
fn covers(wider: Pattern<'_>, narrower: Pattern<'_>) -> bool {
    match (wider, narrower) {
        (Pattern::Any, _) => true,
        (Pattern::Affix { prefix, suffix }, Pattern::Exact(text)) => {
            text.strip_prefix(prefix).is_some_and(|rest| rest.ends_with(suffix))
        }
        (Pattern::Affix { prefix, suffix }, Pattern::Affix { prefix: longer, suffix: end }) => {
            longer.starts_with(prefix) && end.ends_with(suffix)
        }
        (Pattern::Exact(_) | Pattern::Affix { .. }, _) => wider == narrower,
    }
}
