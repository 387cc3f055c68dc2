//! `explain`: what one request is answered, and why, rule by rule.

use std::path::PathBuf;

use clap::Args;
use oss_cors_advice::Explanation;
use oss_cors_advice::explain::{Point, RequestKind, Verdict};
use oss_cors_core::Outcome;
use serde::Serialize;

use crate::profile::ProfileChoice;
use crate::report::{Exit, Failure, Report, Screen};
use crate::request::Request;
use crate::source::Source;
use crate::style::{ERROR, GOOD, HEADING};

/// Tell what a request is answered, and why, rule by rule
///
/// The exit code is 0 where a rule allows the request, else 1.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_SHAPE)]
pub struct Explain {
    /// The rule file; `-` is standard input
    file: PathBuf,

    /// The page's origin, as the browser sends it: `https://www.example.com`, or `null`
    #[arg(long)]
    origin: String,

    /// The method that the page wants
    #[arg(long, default_value = "GET")]
    method: String,

    /// A request header that the page sends: its name. May be repeated; asks as a preflight
    #[arg(long = "header", value_name = "HEADER")]
    headers: Vec<String>,

    /// Ask as the browser does before the request itself
    #[arg(long)]
    preflight: bool,

    #[command(flatten)]
    profile: ProfileChoice,
}

const JSON_SHAPE: &str = "\
For example:
  oss-cors explain cors.xml --origin https://app.example.com --method PUT --header content-type

With --json:
  {
    \"file\": TEXT,
    \"explanation\": {
      \"request\": {\"kind\": TEXT, \"method\": TEXT or null, \"origin\": TEXT or null, \"headers\": [TEXT],
                  \"problems\": [OBJECT]},
      \"answered\": BOOLEAN, whether the application is not called,
      \"rule\": NUMBER or null, \"unmatched\": TEXT or null, \"status\": NUMBER or null,
      \"refusal\": {\"code\": TEXT, \"message\": TEXT} or null,
      \"headers\": [{\"name\": TEXT, \"value\": TEXT}], \"rules\": [OBJECT],
      \"near_miss\": OBJECT or null, \"hints\": [OBJECT]
    }
  }";

#[derive(Serialize)]
struct Document<'a> {
    file: String,
    explanation: &'a Explanation,
}

impl Explain {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        let table = Source::load(&self.file, self.profile.profile())?.table();
        let request = Request {
            origin: &self.origin,
            method: &self.method,
            preflight: self.preflight || !self.headers.is_empty(),
            headers: &self.headers,
        };
        let explanation = request.explain(&table);
        let exit = Exit::findings(explanation.rule().is_none());
        if screen.json {
            let file = self.file.to_string_lossy().into_owned();
            return Ok(Report::json(&Document { file, explanation: &explanation }, exit));
        }
        Ok(Report::text(text(&explanation), exit))
    }
}

/// The request, the answer, the rules as a table, the nearest miss, and what else is worth knowing.
pub fn text(explanation: &Explanation) -> String {
    let mut text = format!("{}\n{}\n", explanation.asked(), answer(explanation));
    for header in explanation.headers() {
        text.push_str(&format!("  {header}\n"));
    }
    if !explanation.rules().is_empty() {
        text.push_str(&format!("\n{}", rules(explanation)));
    }
    if let Some(near_miss) = explanation.near_miss() {
        text.push_str(&format!("\n{near_miss}\n"));
    }
    let gap = if explanation.hints().is_empty() { "" } else { "\n" };
    text.push_str(gap);
    for hint in explanation.hints() {
        text.push_str(&format!("{HEADING}hint{HEADING:#}: {hint}\n"));
    }
    text
}

fn answer(explanation: &Explanation) -> String {
    match explanation.outcome() {
        Outcome::Answered(Ok(rule)) => format!("{GOOD}allowed by rule {rule}{GOOD:#}: 200, with"),
        Outcome::Forwarded(Ok(rule)) => format!("{GOOD}allowed by rule {rule}{GOOD:#}: the application's answer, with"),
        Outcome::Answered(Err(refusal)) => {
            format!("{ERROR}refused{ERROR:#}: {refusal}\n  {} {}", refusal.status(), refusal.code())
        }
        Outcome::Forwarded(Err(unmatched)) => {
            format!(
                "{ERROR}not allowed{ERROR:#}: {unmatched}\n  the application's answer, without Access-Control headers"
            )
        }
    }
}

fn rules(explanation: &Explanation) -> String {
    let preflight = explanation.asked().kind == RequestKind::Preflight;
    let mut rows = vec![["rule", "origin", "method", "headers", ""].map(str::to_owned)];
    for told in explanation.rules() {
        let failures = match &told.verdict {
            Verdict::Fails { failures } => failures.as_slice(),
            _ => &[],
        };
        let point = |point: Point| {
            let failed = failures.iter().find(|failed| failed.point() == point);
            // Of the headers, which.
            failed.map_or("yes".to_owned(), |failed| match failed.to_string().strip_prefix("headers ") {
                Some(names) => format!("no: {names}"),
                None => "no".to_owned(),
            })
        };
        let headers = if preflight { point(Point::Headers) } else { "-".to_owned() };
        let verdict = match &told.verdict {
            Verdict::Matches => "answers".to_owned(),
            Verdict::Shadowed { by, .. } => format!("matches too, but rule {by} is first"),
            _ => String::new(),
        };
        rows.push([told.rule.to_string(), point(Point::Origin), point(Point::Method), headers, verdict]);
    }
    table(&rows)
}

/// Columns two blanks apart, the first row as a heading.
fn table<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = row.iter().enumerate();
        let line: String =
            cells.map(|(column, cell)| format!("  {cell:0$}", width(column).unwrap_or_default())).collect();
        let line = line.trim_end();
        text.push_str(&if index == 0 { format!("{HEADING}{line}{HEADING:#}\n") } else { format!("{line}\n") });
    }
    text
}
