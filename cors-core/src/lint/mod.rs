//! Traps of a right configuration: what loads, and does other than its author meant. Never changes a decision.
//!
//! ```text
//!   CorsConfiguration --lint--> each entry alone:  origins, headers, methods
//!                               each rule alone:   entries twice or covered, max age
//!                               rules together:    what an earlier rule answers, on the engine's own index
//!                               the whole:         Vary, size
//! ```
//!
//! # Limits
//!
//! Time and memory grow with the configuration, not with its square:
//!
//! - At most [`MAX_ALIKE`] lints of one code are reported in one rule.
//! - Entries covered by another of their rule ([`LintCode::CoveredEntry`]) are looked for in at most 4 million
//!   comparisons of an entry with a wildcard, in all rules together.
//! - Rules are compared with each other as long as the entries, times the different lengths of text before and after
//!   the wildcards, stay below 2^25: always for a file that OSS would take. Beyond, nothing is said about
//!   [`LintCode::UnreachableRule`] and [`LintCode::PartlyShadowedRule`].

mod address;
mod code;
mod entries;
mod headers;
mod origins;
mod rules;
mod settings;
mod wildcards;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

pub use code::{LintCode, Severity, UnknownLintCode};

use crate::config::{CorsConfiguration, Profile};
use crate::error::{Element, quoted};
use crate::table::{can_match_header, can_match_origin};

/// The most lints of one code in one rule; whoever repairs so many runs the check again.
pub const MAX_ALIKE: usize = 1000;

impl CorsConfiguration {
    /// What is right and yet a mistake, dangerous, or worth a thought; rule by rule, and what concerns all rules last.
    ///
    /// For a configuration that `profile` accepts; of entries that it would refuse, little is said. See
    /// [the module](self) for the limits.
    ///
    /// ```
    /// use oss_cors_core::{Format, LintCode, Profile, RuleFile, Severity};
    ///
    /// let file = RuleFile::parse(
    ///     br#"<CORSConfiguration>
    ///           <CORSRule>
    ///             <AllowedOrigin>https://www.example.com/</AllowedOrigin>
    ///             <AllowedMethod>GET</AllowedMethod>
    ///             <AllowedMethod>HEAD</AllowedMethod>
    ///             <MaxAgeSeconds>600</MaxAgeSeconds>
    ///           </CORSRule>
    ///           <ResponseVary>true</ResponseVary>
    ///         </CORSConfiguration>"#,
    ///     Some(Format::Xml),
    ///     Profile::Oss,
    /// )?;
    /// let [lint] = &file.configuration().lint(Profile::Oss)[..] else { panic!() };
    /// assert_eq!(lint.code(), LintCode::OriginTrailingSlash);
    /// assert_eq!(lint.severity(), Severity::Warning);
    /// assert_eq!(lint.value(), Some("https://www.example.com/"));
    /// assert_eq!(lint.to_string(), "an origin has no slash at its end; write `https://www.example.com`");
    /// # Ok::<(), oss_cors_core::ConfigErrors>(())
    /// ```
    pub fn lint(&self, profile: Profile) -> Vec<Lint> {
        let mut findings = Findings::default();
        let mut comparisons = entries::MAX_COMPARISONS;
        for (index, rule) in self.rules.iter().enumerate() {
            let number = index + 1;
            origins::lint(number, rule, &mut findings);
            headers::lint(number, rule, &mut findings);
            entries::lint(number, rule, &mut comparisons, &mut findings);
            settings::lint_rule(number, rule, profile, &mut findings);
        }
        rules::lint(self, &mut findings);
        settings::lint_whole(self, profile, &mut findings);
        findings.sorted()
    }
}

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

    /// The text that is meant, as written, at most [`MAX_QUOTED`](crate::MAX_QUOTED) bytes of it.
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

/// One entry of a rule.
#[derive(Clone, Copy)]
struct Entry<'a> {
    rule: usize,
    element: Element,
    number: usize,
    text: &'a str,
}

/// The entries of one element, without what no profile accepts.
fn entries_of(rule: usize, element: Element, texts: &[String]) -> impl Iterator<Item = Entry<'_>> + Clone {
    let entries = texts.iter().enumerate();
    let entries = entries.map(move |(index, text)| Entry { rule, element, number: index + 1, text });
    entries.filter(|entry| !entry.text.is_empty() && entry.text.matches('*').count() <= 1)
}

/// Whether the engine keeps the entry: some request can match it.
fn matchable(entry: &Entry<'_>) -> bool {
    match entry.element {
        Element::AllowedOrigin => can_match_origin(entry.text),
        Element::AllowedHeader => can_match_header(entry.text),
        _ => true,
    }
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    lints: Vec<Lint>,
    alike: HashMap<(LintCode, Option<usize>), usize>,
}

impl Findings {
    fn in_entry(&mut self, code: LintCode, entry: Entry<'_>, message: impl Into<Cow<'static, str>>) {
        let Entry { rule, element, number, text } = entry;
        self.add(Lint {
            code,
            rule: Some(rule),
            element: Some(element),
            entry: Some(number),
            value: Some(quoted(text)),
            message: message.into(),
        });
    }

    fn in_rule(
        &mut self,
        code: LintCode,
        rule: usize,
        element: Element,
        value: Option<String>,
        message: impl Into<Cow<'static, str>>,
    ) {
        self.add(Lint { code, rule: Some(rule), element: Some(element), entry: None, value, message: message.into() });
    }

    fn in_whole(&mut self, code: LintCode, element: Element, message: impl Into<Cow<'static, str>>) {
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
    fn sorted(mut self) -> Vec<Lint> {
        self.lints.sort_by_key(|lint| (lint.rule.is_none(), lint.rule, lint.element, lint.entry, lint.code));
        self.lints
    }
}

/// `text` between backticks, harmless to a terminal and of bounded length.
fn code(text: &str) -> String {
    let shown = quoted(text);
    let dots = if shown.len() < text.len() { "..." } else { "" };
    format!("`{}{dots}`", shown.escape_debug())
}

/// `one`, `one and two`, `one, two and three`; of many, the first.
fn listed<T: fmt::Display>(items: &[T]) -> String {
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
