//! The findings as workflow commands of GitHub Actions, which shows them at their lines of a pull request.

use super::checked::Checked;
use super::document::Total;
use crate::finding::{Finding, Severity};
use crate::span::Lines;

pub fn annotations(checked: &[Checked], total: &Total) -> String {
    let mut text = String::new();
    for file in checked {
        let name = property(&file.file);
        if let Some(unreadable) = &file.unreadable {
            text.push_str(&format!("::error file={name}::{}\n", message(unreadable)));
        }
        let lines = file.source.as_ref().map(|source| Lines::new(source.bytes()));
        for finding in &file.findings {
            text.push_str(&annotation(&name, finding, lines.as_ref()));
        }
    }
    text.push_str(&total.sentence());
    text
}

fn annotation(file: &str, finding: &Finding, lines: Option<&Lines<'_>>) -> String {
    let level = match finding.severity {
        // What fails the check is an error in its log.
        _ if finding.denied => "error",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    let place = finding.position().map(|place| format!(",line={},col={}", place.line, place.column));
    let end = lines.and_then(|lines| lines.end_column(finding)).map(|end| format!(",endColumn={end}"));
    let title = format!(",title={}", property(finding.code.unwrap_or(finding.severity.name())));
    let (place, end) = (place.unwrap_or_default(), end.unwrap_or_default());
    format!("::{level} file={file}{place}{end}{title}::{}\n", message(&finding.sentence()))
}

/// As `@actions/core` writes it: what ends a line would end the command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Likewise, where a colon or a comma ends a value too.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_file_begins_another_command() {
        assert_eq!(message("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a,line=1::b\n%"), "a%2Cline=1%3A%3Ab%0A%25");
    }
}
