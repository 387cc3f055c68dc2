//! The findings of all files: for people, and as the command's own JSON.

use serde::Serialize;

use super::checked::Checked;
use crate::excerpt;
use crate::finding::{Finding, Severity};
use crate::style::{ERROR, GOOD, HEADING};

#[derive(Serialize)]
pub struct Document<'a> {
    files: Vec<FileDocument<'a>>,
    #[serde(flatten)]
    total: &'a Total,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    file: &'a str,
    unreadable: Option<&'a str>,
    findings: &'a [Finding],
}

impl<'a> Document<'a> {
    pub fn new(checked: &'a [Checked], total: &'a Total) -> Self {
        let file = |checked: &'a Checked| FileDocument {
            file: &checked.file,
            unreadable: checked.unreadable.as_deref(),
            findings: &checked.findings,
        };
        Self { files: checked.iter().map(file).collect(), total }
    }
}

/// The findings and their sum, and what could not be read.
pub fn text(checked: &[Checked], total: &Total, excerpts: bool) -> (String, String) {
    let (mut text, mut notes) = (String::new(), String::new());
    for file in checked {
        if let Some(source) = &file.source {
            text.push_str(&excerpt::show(&file.findings, source, excerpts));
        }
        if let Some(unreadable) = &file.unreadable {
            notes.push_str(&format!("{ERROR}error{ERROR:#}: {unreadable}\n"));
        }
    }
    text.push_str(&total.sentence());
    (text, notes)
}

/// How much was found.
#[derive(Default, Serialize)]
pub struct Total {
    errors: usize,
    warnings: usize,
    advice: usize,
    pub denied: usize,
    /// Files that were read.
    #[serde(skip)]
    read: usize,
    #[serde(skip)]
    pub unreadable: usize,
}

impl Total {
    pub fn of(checked: &[Checked]) -> Self {
        let unreadable = checked.iter().filter(|file| file.unreadable.is_some()).count();
        let mut total = Self { unreadable, read: checked.len() - unreadable, ..Self::default() };
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

    pub fn sentence(&self) -> String {
        let files = format!("{} file{}", self.read, if self.read == 1 { "" } else { "s" });
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
