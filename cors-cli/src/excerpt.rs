//! A finding as people read it: a line, or, where somebody looks, the source with the fault underlined.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::escape::Plain;
use crate::finding::{Finding, Severity};
use crate::source::Source;
use crate::span::{Lines, Span};
use crate::style::{ADVICE, ERROR, WARNING};

/// More get a line each: nobody reads so many excerpts.
const MOST_EXCERPTS: usize = 200;

/// `findings`, ending with a line break; `excerpts` to show the source.
pub fn show(findings: &[Finding], source: &Source, excerpts: bool) -> String {
    let shown = if excerpts { MOST_EXCERPTS } else { 0 };
    let lines = Lines::new(if excerpts { source.bytes() } else { &[] });
    let text = |(index, finding)| if index < shown { excerpt(finding, source, &lines) } else { line(finding, source) };
    findings.iter().enumerate().map(text).collect()
}

fn line(finding: &Finding, source: &Source) -> String {
    let style = match finding.severity {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
        Severity::Advice => ADVICE,
    };
    let place = finding.position().map(|place| format!("{}:{}:", place.line, place.column)).unwrap_or_default();
    format!("{}:{place} {style}{}{style:#}: {}\n", source.name(), label(finding), finding.sentence())
}

/// The severity, the code, and whether `--deny` made it count.
fn label(finding: &Finding) -> String {
    let code = finding.code.map(|code| format!("[{code}]")).unwrap_or_default();
    let denied = if finding.denied && finding.severity != Severity::Error { ", denied" } else { "" };
    format!("{}{code}{denied}", finding.severity.name())
}

fn excerpt(finding: &Finding, source: &Source, lines: &Lines<'_>) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::HELP,
    };
    let title = level.with_name(label(finding)).primary_title(Plain(&finding.message).to_string());
    let (name, subject) = (source.name(), finding.subject().to_string());
    let group = match lines.span(finding) {
        Some(Span { number, line, bytes }) => {
            // The value stands there already, underlined.
            let shown = finding.value.as_deref().is_none_or(|value| line.contains(value));
            let label = if shown { finding.part().to_string() } else { subject };
            let annotation = AnnotationKind::Primary.span(bytes).label(label);
            title.element(Snippet::source(line).path(name).line_start(number).annotation(annotation))
        }
        None => without_source(title.element(origin(finding, name)), subject),
    };
    format!("{}\n\n", Renderer::styled().render(&[group]))
}

fn origin(finding: &Finding, name: String) -> Origin<'static> {
    match finding.position() {
        Some(place) => Origin::path(name).line(place.line).char_column(place.column),
        None => Origin::path(name),
    }
}

fn without_source(group: Group<'_>, subject: String) -> Group<'_> {
    group.element(Level::NOTE.message(subject))
}
