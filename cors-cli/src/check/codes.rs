//! The codes of the lints: chosen by name, listed, and explained.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use oss_cors_advice::LintCode;
use serde::Serialize;

use crate::finding::Severity;
use crate::report::{Exit, Report, Screen};
use crate::style::{ADVICE, WARNING};

/// A list of the codes, so that clap can name the nearest and shells can complete.
pub fn codes() -> impl TypedValueParser<Value = LintCode> {
    PossibleValuesParser::new(names()).try_map(|name| name.parse())
}

pub fn names() -> impl Iterator<Item = &'static str> {
    LintCode::all().iter().map(|code| code.as_str())
}

#[derive(Serialize)]
struct Page {
    code: &'static str,
    severity: &'static str,
    page: &'static str,
}

/// The page of one code.
pub fn explain(code: LintCode, screen: &Screen) -> Report {
    let page = code.explanation();
    if screen.json {
        return Report::json(&Page { code: code.as_str(), severity: severity(code).name(), page }, Exit::Good);
    }
    Report::exact(page.to_owned(), Exit::Good)
}

#[derive(Serialize)]
struct Listed {
    code: &'static str,
    severity: &'static str,
    summary: String,
}

/// Every code, one line each.
pub fn list(json: bool) -> Report {
    let listed =
        |code: &LintCode| Listed { code: code.as_str(), severity: severity(*code).name(), summary: summary(*code) };
    let listed: Vec<Listed> = LintCode::all().iter().map(listed).collect();
    if json {
        return Report::json(&listed, Exit::Good);
    }
    let longest = names().map(str::len).max().unwrap_or_default();
    let line = |Listed { code, severity, summary }: &Listed| {
        let style = if *severity == Severity::Advice.name() { ADVICE } else { WARNING };
        format!("{code:longest$}  {style}{severity:7}{style:#}  {summary}\n")
    };
    Report::text(listed.iter().map(line).collect(), Exit::Good)
}

/// The first sentences of the page: what the lint finds.
pub fn summary(code: LintCode) -> String {
    let paragraphs = code.explanation().split("\n\n");
    let first = paragraphs.map(str::trim).find(|text| text.starts_with("**")).unwrap_or_default();
    let finds = first.trim_start_matches("**").split_once("** ").map_or(first, |(_, finds)| finds);
    finds.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn severity(code: LintCode) -> Severity {
    code.severity().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_begins_with_a_summary() {
        for code in LintCode::all() {
            let summary = summary(*code);
            assert!(summary.ends_with(['.', ')']) && !summary.contains("**"), "{code}: {summary:?}");
        }
    }
}
