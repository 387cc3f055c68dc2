//! `check`: every fault and every lint of rule files, sorted by place.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use oss_cors_advice::{Lint, LintCode, lint};
use oss_cors_core::{ConfigErrors, Position};
use serde::Serialize;

use crate::excerpt;
use crate::finding::{Finding, Severity};
use crate::profile::ProfileChoice;
use crate::report::{Exit, Failure, Report, Screen};
use crate::source::Source;
use crate::style::{ERROR, GOOD, HEADING};

/// Find every fault and every trap in rule files
///
/// Faults are errors: the file does not load. Lints are traps in files that load: warnings are almost certainly
/// mistakes or dangerous, advice is worth a thought. Errors make the exit code 1, lints only where --deny names them.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_SHAPE)]
pub struct Check {
    /// Rule files; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "explain")]
    files: Vec<PathBuf>,

    /// Count as findings: `warnings`, `advice` (and warnings), or one lint code
    #[arg(long, value_name = "LEVEL|CODE", value_parser = levels_and_codes(), hide_possible_values = true)]
    deny: Vec<Deny>,

    /// Do not report one lint code, whatever --deny says
    #[arg(long, value_name = "CODE", value_parser = codes(), hide_possible_values = true)]
    allow: Vec<LintCode>,

    /// Print the page of one lint code, and check nothing
    #[arg(long, value_name = "CODE", value_parser = codes(), hide_possible_values = true,
        conflicts_with_all = ["files", "deny", "allow", "profile"])]
    explain: Option<LintCode>,

    #[command(flatten)]
    choice: ProfileChoice,
}

const JSON_SHAPE: &str = "\
With --json:
  {
    \"files\": [{\"file\": TEXT, \"unreadable\": TEXT or null, \"findings\": [FINDING]}],
    \"errors\": NUMBER, \"warnings\": NUMBER, \"advice\": NUMBER, \"denied\": NUMBER
  }
FINDING is
  {
    \"severity\": \"error\", \"warning\" or \"advice\", \"code\": a lint's code or null, \"denied\": BOOLEAN,
    \"line\": NUMBER or null, \"column\": NUMBER or null, \"rule\": NUMBER or null, \"element\": TEXT or null,
    \"entry\": NUMBER or null, \"value\": TEXT or null, \"message\": TEXT
  }
Lines, columns (in characters), rules and entries are counted from 1. With --explain: {\"code\": TEXT, \"severity\":
TEXT, \"page\": TEXT}.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deny {
    Warnings,
    Advice,
    Code(LintCode),
}

impl FromStr for Deny {
    type Err = <LintCode as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "warnings" => Ok(Self::Warnings),
            "advice" => Ok(Self::Advice),
            code => code.parse().map(Self::Code),
        }
    }
}

/// A list of the codes, so that clap can name the nearest and shells can complete.
fn codes() -> impl TypedValueParser<Value = LintCode> {
    PossibleValuesParser::new(code_names()).try_map(|name| name.parse())
}

fn levels_and_codes() -> impl TypedValueParser<Value = Deny> {
    PossibleValuesParser::new(["warnings", "advice"].into_iter().chain(code_names())).try_map(|name| name.parse())
}

fn code_names() -> impl Iterator<Item = &'static str> {
    LintCode::all().iter().map(|code| code.as_str())
}

impl Check {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        if let Some(code) = self.explain {
            return Ok(explain(code, screen));
        }
        if self.files.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Failure::new("standard input can be read once; write `-` once".to_owned()));
        }
        let checked: Vec<Checked> = self.files.iter().map(|path| self.check(path)).collect();
        let total = Total::of(&checked);
        let exit = match checked.iter().any(|file| file.unreadable.is_some()) {
            true => Exit::Unusable,
            false => Exit::findings(total.denied > 0),
        };
        if screen.json {
            return Ok(Report::json(&Document { files: &checked, total }, exit));
        }
        let (mut text, mut notes) = (String::new(), String::new());
        for file in &checked {
            if let Some(source) = &file.source {
                text.push_str(&excerpt::show(&file.findings, source, screen.excerpts));
            }
            if let Some(unreadable) = &file.unreadable {
                notes.push_str(&format!("{ERROR}error{ERROR:#}: {unreadable}\n"));
            }
        }
        text.push_str(&total.sentence(&checked));
        Ok(Report::text(text, exit).with_notes(notes))
    }

    fn check(&self, path: &Path) -> Checked {
        let file = path.to_string_lossy().into_owned();
        let source = match Source::read(path) {
            Ok(source) => source,
            Err(error) => {
                let unreadable = Some(error.to_string());
                return Checked { file, unreadable, findings: Vec::new(), source: None };
            }
        };
        let profile = self.choice.profile();
        let mut findings: Vec<Finding> = match source.parse(profile) {
            Ok(rules) => {
                let lints = lint(rules.configuration(), profile);
                self.reported(&lints, |lint| rules.position(lint.rule(), lint.element(), lint.entry())).collect()
            }
            Err(faulty) => {
                let mut lints = faulty.configuration().map(|draft| lint(draft, profile)).unwrap_or_default();
                lints.retain(|lint| stays(lint, faulty.errors()));
                let place = |lint: &Lint| faulty.position(lint.rule(), lint.element(), lint.entry());
                faulty.errors().iter().map(Finding::error).chain(self.reported(&lints, place)).collect()
            }
        };
        // By place; what has none is about the whole file.
        findings.sort_by_key(|finding| (finding.line, finding.column, finding.severity));
        Checked { file, unreadable: None, findings, source: Some(source) }
    }

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

#[derive(Serialize)]
struct Document<'a> {
    files: &'a [Checked],
    #[serde(flatten)]
    total: Total,
}

#[derive(Serialize)]
struct Checked {
    file: String,
    unreadable: Option<String>,
    findings: Vec<Finding>,
    #[serde(skip)]
    source: Option<Source>,
}

#[derive(Default, Serialize)]
struct Total {
    errors: usize,
    warnings: usize,
    advice: usize,
    denied: usize,
}

impl Total {
    fn of(checked: &[Checked]) -> Self {
        let mut total = Self::default();
        for finding in checked.iter().flat_map(|file| &file.findings) {
            match finding.severity {
                Severity::Error => total.errors += 1,
                Severity::Warning => total.warnings += 1,
                Severity::Advice => total.advice += 1,
            }
            total.denied += usize::from(finding.denied);
        }
        total
    }

    fn sentence(&self, checked: &[Checked]) -> String {
        let read = checked.iter().filter(|file| file.unreadable.is_none()).count();
        let files = format!("{read} file{}", if read == 1 { "" } else { "s" });
        let counts = [
            (self.errors, "error", "errors"),
            (self.warnings, "warning", "warnings"),
            (self.advice, "advice", "advice"),
        ];
        let found: Vec<String> = counts
            .iter()
            .filter(|(count, _, _)| *count > 0)
            .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
            .collect();
        if found.is_empty() {
            return format!("{GOOD}nothing found{GOOD:#} in {files}\n");
        }
        let by_choice = self.denied - self.errors;
        let denied = if by_choice > 0 { format!("; {by_choice} denied") } else { String::new() };
        format!("{HEADING}{}{HEADING:#} in {files}{denied}\n", found.join(", "))
    }
}

#[derive(Serialize)]
struct Page {
    code: &'static str,
    severity: &'static str,
    page: &'static str,
}

fn explain(code: LintCode, screen: &Screen) -> Report {
    let page = code.explanation();
    if screen.json {
        let severity = Severity::from(code.severity()).name();
        return Report::json(&Page { code: code.as_str(), severity, page }, Exit::Good);
    }
    Report::exact(page.to_owned(), Exit::Good)
}
