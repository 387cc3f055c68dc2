//! The findings as SARIF 2.1.0, which code scanning and editors read.
//!
//! Written here: the few objects of a log are less than a crate made from the whole schema would add, and `tests/sarif`
//! holds them against that schema.

use std::collections::BTreeMap;

use oss_cors_advice::LintCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::checked::Checked;
use super::codes::summary;
use crate::finding::{Finding, Severity};
use crate::span::Lines;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Faults have no code of their own.
const FAULT: &str = "fault";

/// What a URI has as it is: RFC 3986 section 2.3, and the slash between the parts of a path.
const AS_IS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

#[derive(Serialize)]
pub struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Outcome>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

/// SARIF's word for a kind of finding; the rules of a rule file are something else.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    help: Help,
    default_configuration: Level,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Level {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
    locations: [Location; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ArtifactLocation {
    Uri { uri: String },
    Nameless { description: Text },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

impl Log {
    pub fn new(checked: &[Checked]) -> Self {
        // Those that occur, sorted: the same files give the same log.
        let occurring = checked.iter().flat_map(|file| &file.findings).map(rule_id);
        let mut rules: BTreeMap<&'static str, usize> = occurring.map(|id| (id, 0)).collect();
        rules.values_mut().enumerate().for_each(|(index, known)| *known = index);
        let notifications: Vec<Notification> = checked.iter().filter_map(notification).collect();
        let run = Run {
            tool: Tool {
                driver: Driver {
                    name: "oss-cors",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: rules.keys().map(|id| rule(id)).collect(),
                },
            },
            invocations: [Invocation {
                execution_successful: notifications.is_empty(),
                tool_execution_notifications: notifications,
            }],
            column_kind: "unicodeCodePoints",
            results: checked.iter().flat_map(|file| outcomes(file, &rules)).collect(),
        };
        Self { schema: SCHEMA, version: "2.1.0", runs: [run] }
    }
}

fn rule_id(finding: &Finding) -> &'static str {
    finding.code.unwrap_or(FAULT)
}

fn rule(id: &'static str) -> Rule {
    let (summary, page, severity) = match id.parse::<LintCode>() {
        Ok(code) => (summary(code), code.explanation(), code.severity().into()),
        Err(_) => {
            let page = "The rule file does not load. The message of each fault says what is wrong and what to write.";
            ("The rule file does not load.".to_owned(), page, Severity::Error)
        }
    };
    Rule {
        id,
        short_description: Text { text: summary },
        help: Help { text: page, markdown: page },
        default_configuration: Level { level: level(severity) },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn notification(file: &Checked) -> Option<Notification> {
    let text = file.unreadable.clone()?;
    Some(Notification { level: "error", message: Text { text }, locations: [location(file, None, None)] })
}

fn outcomes(file: &Checked, rules: &BTreeMap<&'static str, usize>) -> Vec<Outcome> {
    let lines = file.source.as_ref().map(|source| Lines::new(source.bytes()));
    let outcome = |finding: &Finding| Outcome {
        rule_id: rule_id(finding),
        rule_index: rules.get(rule_id(finding)).copied().unwrap_or_default(),
        // What fails the check is an error, whatever it is by default.
        level: if finding.denied { "error" } else { level(finding.severity) },
        message: Text { text: finding.sentence() },
        locations: [location(file, Some(finding), lines.as_ref())],
    };
    file.findings.iter().map(outcome).collect()
}

fn location(file: &Checked, finding: Option<&Finding>, lines: Option<&Lines<'_>>) -> Location {
    let region = finding.and_then(|finding| {
        let position = finding.position()?;
        let end_column = lines.and_then(|lines| lines.end_column(finding));
        Some(Region { start_line: position.line, start_column: position.column, end_column })
    });
    let logical = |finding: &Finding| LogicalLocation { fully_qualified_name: finding.part().to_string() };
    Location {
        physical_location: PhysicalLocation { artifact_location: artifact(&file.file), region },
        logical_locations: finding.map(logical).into_iter().collect(),
    }
}

fn artifact(file: &str) -> ArtifactLocation {
    if file == "-" {
        return ArtifactLocation::Nameless { description: Text { text: "standard input".to_owned() } };
    }
    let file = if cfg!(windows) { file.replace('\\', "/") } else { file.to_owned() };
    let path = file.strip_prefix("./").unwrap_or(&file);
    let encoded = utf8_percent_encode(path, AS_IS);
    // Readers take a relative one from the repository's root.
    let uri = match path {
        _ if path.starts_with('/') => format!("file://{encoded}"),
        _ if cfg!(windows) && path.contains(':') => format!("file:///{encoded}"),
        _ => encoded.to_string(),
    };
    ArtifactLocation::Uri { uri }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_the_uri_of_that_path() {
        let uri = |file| match artifact(file) {
            ArtifactLocation::Uri { uri } => uri,
            ArtifactLocation::Nameless { description } => description.text,
        };
        assert_eq!(uri("rules/a b%20#?.xml"), "rules/a%20b%2520%23%3F.xml");
        assert_eq!(uri("./a:b.xml"), "a%3Ab.xml");
        assert_eq!(uri("/etc/規則.xml"), "file:///etc/%E8%A6%8F%E5%89%87.xml");
        assert_eq!(uri("../cors.xml"), "../cors.xml");
        assert_eq!(uri("-"), "standard input");
    }
}
