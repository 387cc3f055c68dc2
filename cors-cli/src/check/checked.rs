//! One file, checked.

use std::path::Path;

use oss_cors_advice::{Lint, LintCode, lint};
use oss_cors_core::{ConfigErrors, Position, Profile};

use crate::finding::Finding;
use crate::source::Source;

/// What was found in one file, or why it could not be read.
pub struct Checked {
    /// As given: for programs.
    pub file: String,
    pub unreadable: Option<String>,
    pub findings: Vec<Finding>,
    /// The text, where something was found in it.
    pub source: Option<Source>,
}

/// What is looked for, and what counts.
pub struct Criteria {
    pub profile: Profile,
    pub deny: Vec<Deny>,
    pub allow: Vec<LintCode>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deny {
    Warnings,
    Advice,
    Code(LintCode),
}

impl Checked {
    pub fn unreadable(path: &Path, why: String) -> Self {
        let file = path.to_string_lossy().into_owned();
        Self { file, unreadable: Some(why), findings: Vec::new(), source: None }
    }

    pub fn read(path: &Path, criteria: &Criteria) -> Self {
        match Source::read(path) {
            Ok(source) => Self::of(source, criteria),
            Err(error) => Self::unreadable(path, error.to_string()),
        }
    }

    fn of(source: Source, criteria: &Criteria) -> Self {
        let mut findings: Vec<Finding> = match source.parse(criteria.profile) {
            Ok(rules) => {
                let lints = lint(rules.configuration(), criteria.profile);
                criteria.reported(&lints, |lint| rules.position(lint.rule(), lint.element(), lint.entry())).collect()
            }
            Err(faulty) => {
                let mut lints = faulty.configuration().map(|draft| lint(draft, criteria.profile)).unwrap_or_default();
                lints.retain(|lint| stays(lint, faulty.errors()));
                let place = |lint: &Lint| faulty.position(lint.rule(), lint.element(), lint.entry());
                faulty.errors().iter().map(Finding::error).chain(criteria.reported(&lints, place)).collect()
            }
        };
        // By position; what has none is about the whole file.
        findings.sort_by_key(|finding| (finding.line, finding.column, finding.severity));
        let file = source.json_name();
        let source = Some(source).filter(|_| !findings.is_empty());
        Self { file, unreadable: None, findings, source }
    }
}

impl Criteria {
    fn reported(&self, lints: &[Lint], place: impl Fn(&Lint) -> Option<Position>) -> impl Iterator<Item = Finding> {
        let reported = lints.iter().filter(|lint| !self.allow.contains(&lint.code()));
        reported.map(move |lint| Finding::lint(lint, place(lint), self.denies(lint.code())))
    }

    fn denies(&self, code: LintCode) -> bool {
        self.deny.iter().any(|deny| match deny {
            Deny::Advice => true,
            Deny::Warnings => code.severity() == oss_cors_advice::Severity::Warning,
            Deny::Code(denied) => *denied == code,
        })
    }
}

/// Whether `lint` is so whatever becomes of the faults: it is about an entry without one, or about a rule without any.
/// What is about several rules is not.
fn stays(lint: &Lint, errors: &ConfigErrors) -> bool {
    let relates_rules =
        matches!(lint.code(), LintCode::UnreachableRule | LintCode::PartlyShadowedRule | LintCode::IdenticalRules);
    let mut of_rule = errors.iter().filter(|error| error.rule() == lint.rule());
    let touched = match lint.entry() {
        Some(entry) => {
            of_rule.any(|error| error.element() == lint.element() && error.entry().is_none_or(|at| at == entry))
        }
        None => of_rule.next().is_some(),
    };
    lint.rule().is_some() && !relates_rules && !touched
}
