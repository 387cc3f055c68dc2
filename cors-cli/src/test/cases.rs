//! A file of cases: TOML, or JSON with one case a line.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::expectation::{Expect, Expectation};
use crate::escape::{self, Plain};
use crate::report::Failure;
use crate::request::Request;
use crate::source::Source;

/// The cases and the text that they were read from.
pub struct CaseFile {
    pub cases: Vec<Case>,
    pub text: String,
    pub format: CaseFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseFormat {
    Toml,
    JsonLines,
}

/// One case, as written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(skip)]
    pub line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<bool>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    request_headers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    case: Vec<Spanned<Case>>,
}

impl Case {
    pub fn request(&self) -> Request<'_> {
        Request {
            origin: &self.origin,
            method: self.method.as_deref().unwrap_or("GET"),
            preflight: self.preflight.unwrap_or(!self.request_headers.is_empty()),
            headers: &self.request_headers,
        }
    }

    pub fn expectation(&self) -> Expectation {
        Expectation { expect: self.expect, rule: self.rule, headers: self.headers.clone() }
    }

    pub fn expecting(self, Expectation { expect, rule, headers }: Expectation) -> Self {
        Self { expect, rule, headers, ..self }
    }

    /// Its name, else what it asks.
    pub fn title(&self) -> String {
        let Request { origin, method, preflight, .. } = self.request();
        let kind = if preflight { "preflight for " } else { "" };
        self.name.clone().unwrap_or_else(|| format!("{kind}{method} from {origin}"))
    }

    /// What contradicts itself, whatever the rules say.
    fn fault(&self) -> Option<&'static str> {
        if self.preflight == Some(false) && !self.request_headers.is_empty() {
            return Some("request_headers are asked for in a preflight; delete `preflight = false` or them");
        }
        match self.expect {
            Some(Expect::NoCors) if self.request().preflight => Some("a preflight is refused; write `refuse`"),
            Some(Expect::Refuse) if !self.request().preflight => {
                Some("only a preflight is refused, other requests go to the application; write `no-cors`")
            }
            Some(Expect::Refuse | Expect::NoCors) if self.rule.is_some() => {
                Some("a rule answers what is allowed; delete `rule` or write `allow`")
            }
            _ => None,
        }
    }
}

impl CaseFile {
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let source = Source::read(path)?;
        let wrong = |what: String| {
            let message = format!("the cases `{}` are wrong: {what}", escape::file_name(path));
            Failure::of_file(path.to_string_lossy().into_owned(), message)
        };
        let text = String::from_utf8(source.bytes().to_vec()).map_err(|_| wrong("not UTF-8".to_owned()))?;
        let format = match source.extension().map(str::to_ascii_lowercase).as_deref() {
            Some("toml") => CaseFormat::Toml,
            Some("json" | "jsonl" | "ndjson") => CaseFormat::JsonLines,
            _ if text.trim_start().starts_with('{') => CaseFormat::JsonLines,
            _ => CaseFormat::Toml,
        };
        let cases = match format {
            CaseFormat::Toml => toml_cases(&text),
            CaseFormat::JsonLines => json_cases(&text),
        };
        let cases = cases.map_err(wrong)?;
        // A check that cannot fail is none.
        if cases.is_empty() {
            return Err(wrong("there is no case in it; write at least one".to_owned()));
        }
        if let Some((line, fault)) = cases.iter().find_map(|case| Some((case.line, case.fault()?))) {
            return Err(wrong(format!("line {line}: {fault}")));
        }
        Ok(Self { cases, text, format })
    }
}

fn toml_cases(text: &str) -> Result<Vec<Case>, String> {
    let line_of = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
    let document: Document = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| format!("line {}: ", line_of(span.start))).unwrap_or_default();
        format!("{line}{}", Plain(error.message()))
    })?;
    let placed = |case: Spanned<Case>| {
        let line = line_of(case.span().start);
        Case { line, ..case.into_inner() }
    };
    Ok(document.case.into_iter().map(placed).collect())
}

fn json_cases(text: &str) -> Result<Vec<Case>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let case = |(index, line): (usize, &str)| match serde_json::from_str::<Case>(line) {
        Ok(case) => Ok(Case { line: index + 1, ..case }),
        Err(error) => {
            // Each line is a document of its own: the place in it that the parser tells is no line of the file.
            let whole = error.to_string();
            let what = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(what, _)| what);
            Err(format!("line {}, column {}: {}; write one JSON object a line", index + 1, error.column(), Plain(what)))
        }
    };
    lines.map(case).collect()
}
