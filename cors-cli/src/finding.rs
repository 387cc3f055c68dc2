//! One fault or lint of a rule file, with its place.

use std::fmt;

use oss_cors_advice::Lint;
use oss_cors_core::{ConfigError, Element, Position};
use serde::Serialize;

use crate::escape::Plain;

/// In `--json` with these fields; those that do not apply are `null`.
#[derive(Debug, Serialize)]
pub struct Finding {
    pub severity: Severity,
    /// A lint's code; faults have none.
    pub code: Option<&'static str>,
    /// Whether it makes the exit code 1: every error, and what `--deny` names.
    pub denied: bool,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub rule: Option<usize>,
    pub element: Option<&'static str>,
    pub entry: Option<usize>,
    pub value: Option<String>,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Advice,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

impl From<oss_cors_advice::Severity> for Severity {
    fn from(severity: oss_cors_advice::Severity) -> Self {
        match severity {
            oss_cors_advice::Severity::Advice => Self::Advice,
            // A severity that comes to be is no less than the gravest there is now.
            _ => Self::Warning,
        }
    }
}

impl Finding {
    pub fn error(error: &ConfigError) -> Self {
        Self {
            severity: Severity::Error,
            code: None,
            denied: true,
            line: error.position().map(|position| position.line),
            column: error.position().map(|position| position.column),
            rule: error.rule(),
            element: error.element().map(Element::name),
            entry: error.entry(),
            value: error.value().map(str::to_owned),
            message: error.kind().to_string(),
        }
    }

    pub fn lint(lint: &Lint, position: Option<Position>, denied: bool) -> Self {
        Self {
            severity: lint.severity().into(),
            code: Some(lint.code().as_str()),
            denied,
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
            rule: lint.rule(),
            element: lint.element().map(Element::name),
            entry: lint.entry(),
            value: lint.value().map(str::to_owned),
            message: lint.to_string(),
        }
    }

    pub fn position(&self) -> Option<Position> {
        Some(Position { line: self.line?, column: self.column? })
    }

    /// The part of the configuration that it is about, in the words of the rule file: `rule 1, AllowedMethod 2`.
    pub fn part(&self) -> Part<'_> {
        Part(self)
    }

    /// The part and what it says, quoted.
    pub fn subject(&self) -> Subject<'_> {
        Subject(self)
    }

    /// The subject and the message, harmless to a terminal.
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.subject(), Plain(&self.message))
    }
}

pub struct Part<'a>(&'a Finding);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { rule, element, entry, .. } = self.0;
        match (rule, element) {
            (None, None) => f.write_str("configuration")?,
            (Some(rule), None | Some("CORSRule")) => write!(f, "rule {rule}")?,
            (Some(rule), Some(element)) => write!(f, "rule {rule}, {element}")?,
            (None, Some(element)) => f.write_str(element)?,
        }
        entry.iter().try_for_each(|entry| write!(f, " {entry}"))
    }
}

pub struct Subject<'a>(&'a Finding);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.part().fmt(f)?;
        self.0.value.iter().try_for_each(|value| write!(f, " `{}`", Plain(value)))
    }
}
