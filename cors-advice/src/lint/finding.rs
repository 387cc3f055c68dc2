//! One lint, all that were found, and the words they share.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use oss_cors_core::{Element, MAX_QUOTED, cut};

use super::code::{LintCode, Severity};
use super::entry::Entry;

/// The most lints of one code in one rule; whoever repairs so many runs the check again.
pub const MAX_ALIKE: usize = 1000;

/// One trap: what, where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    code: LintCode,
    rule: Option<usize>,
    element: Option<Element>,
    entry: Option<usize>,
    value: Option<String>,
    message: Cow<'static, str>,
}

impl Lint {
    /// Which trap: stable, with a page of explanation.
    pub fn code(&self) -> LintCode {
        self.code
    }

    /// How sure it is that something is wrong.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The number of the rule, counted from 1; `None` where the configuration as a whole is meant.
    pub fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// The element of the rule file that is meant. It need not be there: its absence may be the trap.
    pub fn element(&self) -> Option<Element> {
        self.element
    }

    /// Which of several entries of the element in its rule, counted from 1.
    pub fn entry(&self) -> Option<usize> {
        self.entry
    }

    /// The text that is meant, as written, at most [`MAX_QUOTED`](oss_cors_core::MAX_QUOTED) bytes of it.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

/// Why and what to do, in one line, without the place.
impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings {
    lints: Vec<Lint>,
    alike: HashMap<(LintCode, Option<usize>), usize>,
}

impl Findings {
    pub(super) fn in_entry(&mut self, code: LintCode, entry: Entry<'_>, message: impl Into<Cow<'static, str>>) {
        let Entry { rule, element, number, text } = entry;
        self.add(Lint {
            code,
            rule: Some(rule),
            element: Some(element),
            entry: Some(number),
            value: Some(quoted(text).to_owned()),
            message: message.into(),
        });
    }

    pub(super) fn in_rule(
        &mut self,
        code: LintCode,
        rule: usize,
        element: Element,
        value: Option<String>,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.add(Lint { code, rule: Some(rule), element: Some(element), entry: None, value, message: message.into() });
    }

    pub(super) fn in_whole(&mut self, code: LintCode, element: Element, message: impl Into<Cow<'static, str>>) {
        self.add(Lint { code, rule: None, element: Some(element), entry: None, value: None, message: message.into() });
    }

    fn add(&mut self, lint: Lint) {
        let alike = self.alike.entry((lint.code, lint.rule)).or_default();
        *alike += 1;
        if *alike <= MAX_ALIKE {
            self.lints.push(lint);
        }
    }

    /// As they stand in a rule file that OSS writes.
    pub(super) fn sorted(mut self) -> Vec<Lint> {
        self.lints.sort_by_key(|lint| (lint.rule.is_none(), lint.rule, lint.element, lint.entry, lint.code));
        self.lints
    }
}

/// What is wrong with one entry, before it is known which.
pub(super) type Fault = (LintCode, Cow<'static, str>);

fn quoted(text: &str) -> &str {
    cut(text, MAX_QUOTED)
}

/// `text` between backticks, harmless to a terminal and of bounded length.
pub(super) fn code(text: &str) -> String {
    let shown = quoted(text);
    let dots = if shown.len() < text.len() { "..." } else { "" };
    format!("`{}{dots}`", shown.escape_debug())
}

/// `one`, `one and two`, `one, two and three`; of many, the first.
pub(super) fn listed<T: fmt::Display>(items: &[T]) -> String {
    const MOST: usize = 5;
    let shown = if items.len() > MOST { MOST - 1 } else { items.len() };
    let mut words: Vec<String> = items.iter().take(shown).map(T::to_string).collect();
    if shown < items.len() {
        words.push(format!("{} more", items.len() - shown));
    }
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        last => last.unwrap_or_default(),
    }
}
