//! `test`: whether a rule file answers as its owner expects.

mod cases;
mod expectation;
mod line_ends;
mod update;

use std::path::PathBuf;

use clap::Args;
use oss_cors_advice::Explanation;
use oss_cors_core::RuleTable;
use serde::Serialize;

use crate::escape::{self, Plain};
use crate::explain;
use crate::profile::ProfileChoice;
use crate::report::{Exit, Failure, Report, Screen};
use crate::source::{Source, only_once};
use crate::style::{ERROR, GOOD};
use cases::{Case, CaseFile};
use expectation::Expectation;

/// Check that a rule file answers as expected
///
/// CASES is kept beside the rules, under version control: TOML, or JSON with one case a line.
#[derive(Debug, Args)]
#[command(after_long_help = SHAPES)]
pub struct Test {
    /// The rule file; `-` is standard input
    file: PathBuf,

    /// The expectations
    #[arg(long, value_name = "CASES")]
    cases: PathBuf,

    /// Write into CASES what is answered now, wherever it is not what CASES says or CASES says nothing
    #[arg(long)]
    update: bool,

    #[command(flatten)]
    profile: ProfileChoice,
}

const SHAPES: &str = "\
A case in TOML; all but origin and expect may be left out:
  [[case]]
  name = \"the application uploads\"
  origin = \"https://app.example.com\"
  method = \"PUT\"                       # GET, if left out
  request_headers = [\"content-type\"]   # asked for in a preflight
  preflight = true                     # also without request_headers
  expect = \"allow\"                     # allow; refuse (a preflight); no-cors (another request)
  rule = 2                             # the rule that allows it
  headers = { \"Access-Control-Allow-Origin\" = \"https://app.example.com\" }   # all CORS headers and Vary, no others

The same as a JSON line:
  {\"origin\": \"https://app.example.com\", \"method\": \"PUT\", \"preflight\": true, \"expect\": \"allow\", \"rule\": 2}

With --json:
  {
    \"passed\": NUMBER, \"failed\": NUMBER, \"updated\": NUMBER,
    \"cases\": [{
      \"case\": NUMBER from 1, \"line\": NUMBER, \"name\": TEXT, \"passed\": BOOLEAN, \"updated\": BOOLEAN,
      \"differences\": [TEXT], \"answer\": {\"expect\": TEXT, \"rule\": NUMBER or null, \"headers\": {TEXT: TEXT}},
      \"explanation\": as in explain, or null where it passed
    }]
  }";

/// One case, judged.
struct Judged<'a> {
    case: &'a Case,
    /// Counted from 1.
    number: usize,
    explanation: Explanation,
    answer: Expectation,
    differences: Vec<String>,
}

impl<'a> Judged<'a> {
    fn new((index, case): (usize, &'a Case), table: &RuleTable) -> Self {
        let explanation = case.request().explain(table);
        let answer = Expectation::met_by(&explanation);
        let differences = case.expectation().differences(&answer);
        Self { case, number: index + 1, explanation, answer, differences }
    }

    fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Test {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        only_once(&self.file, &self.cases)?;
        let table = Source::load(&self.file, self.profile.profile())?.table();
        let file = CaseFile::read(&self.cases)?;
        let judged: Vec<Judged<'_>> = file.cases.iter().enumerate().map(|case| Judged::new(case, &table)).collect();
        if self.update {
            let changed: Vec<_> = judged
                .iter()
                .filter(|judged| !judged.passed())
                .map(|judged| (judged.number - 1, &judged.answer))
                .collect();
            update::write(&self.cases, &file, &changed)?;
        }
        let failed = judged.iter().filter(|judged| !judged.passed()).count();
        let exit = Exit::findings(failed > 0 && !self.update);
        if screen.json {
            return Ok(Report::json(&Document::new(&judged, failed, self.update), exit));
        }
        Ok(Report::text(self.text(&judged, failed), exit))
    }

    fn text(&self, judged: &[Judged<'_>], failed: usize) -> String {
        let mut text = String::new();
        let file = escape::file_name(&self.cases);
        let (style, word) = if self.update { (GOOD, "updated") } else { (ERROR, "failed") };
        for Judged { case, number, explanation, differences, .. } in judged.iter().filter(|judged| !judged.passed()) {
            let (line, title) = (case.line, case.title());
            text.push_str(&format!("{file}:{line}: {style}{word}{style:#}: case {number}, {}\n", Plain(&title)));
            for difference in differences {
                text.push_str(&format!("  {}\n", Plain(difference)));
            }
            if !self.update {
                for line in explain::text(explanation).lines() {
                    text.push_str(format!("    {line}").trim_end());
                    text.push('\n');
                }
                text.push('\n');
            }
        }
        let passed = judged.len() - failed;
        let rest = if failed > 0 { format!(", {style}{failed} {word}{style:#}") } else { String::new() };
        text.push_str(&format!("{passed} passed{rest}\n"));
        text
    }
}

#[derive(Serialize)]
struct Document<'a> {
    passed: usize,
    failed: usize,
    updated: usize,
    cases: Vec<CaseDocument<'a>>,
}

#[derive(Serialize)]
struct CaseDocument<'a> {
    case: usize,
    line: usize,
    name: String,
    passed: bool,
    updated: bool,
    differences: &'a [String],
    answer: &'a Expectation,
    explanation: Option<&'a Explanation>,
}

impl<'a> Document<'a> {
    fn new(judged: &'a [Judged<'a>], wrong: usize, update: bool) -> Self {
        let (failed, updated) = if update { (0, wrong) } else { (wrong, 0) };
        let case = |judged: &'a Judged<'a>| CaseDocument {
            case: judged.number,
            line: judged.case.line,
            name: judged.case.title(),
            passed: judged.passed(),
            updated: update && !judged.passed(),
            differences: &judged.differences,
            answer: &judged.answer,
            explanation: (!judged.passed()).then_some(&judged.explanation),
        };
        Self { passed: judged.len() - wrong, failed, updated, cases: judged.iter().map(case).collect() }
    }
}
