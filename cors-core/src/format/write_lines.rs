//! A configuration as YAML and TOML: lines of keys and text in quotes.
//!
//! Keys are the names of the XML: the words of the documentation and of every error, whatever the format. Text always
//! stands in quotes, for `*`, `null`, `no` and `1e3` are something else without them.

use std::fmt::Write as _;

use super::write::lists;
use crate::config::{CorsConfiguration, CorsRule};
use crate::error::Element;

/// A list of TOML that takes more bytes has a line for each entry.
#[cfg(feature = "toml")]
const WIDTH: usize = 100;

impl CorsConfiguration {
    /// YAML with the names of the XML.
    #[cfg(feature = "yaml")]
    pub fn to_yaml(&self) -> String {
        let mut yaml = format!("{}:{}\n", Element::CorsRule, if self.rules.is_empty() { " []" } else { "" });
        for rule in &self.rules {
            let mut begin = "  - ";
            for (element, entries) in written(rule) {
                let none = if entries.is_empty() { " []" } else { "" };
                line(&mut yaml, format_args!("{begin}{element}:{none}"));
                begin = "    ";
                for entry in entries.iter() {
                    line(&mut yaml, format_args!("      - {}", quote(entry)));
                }
            }
            for (element, value) in single(rule) {
                line(&mut yaml, format_args!("    {element}: {value}"));
            }
        }
        line(&mut yaml, format_args!("{}: {}", Element::ResponseVary, self.response_vary));
        yaml
    }

    /// TOML with the names of the XML: one `[[CORSRule]]` for each rule, below `ResponseVary`.
    #[cfg(feature = "toml")]
    pub fn to_toml(&self) -> String {
        let mut toml = format!("{} = {}\n", Element::ResponseVary, self.response_vary);
        for rule in &self.rules {
            line(&mut toml, format_args!("\n[[{}]]", Element::CorsRule));
            for (element, entries) in written(rule) {
                let quoted: Vec<String> = entries.iter().map(|entry| quote(entry)).collect();
                let one = format!("{element} = [{}]", quoted.join(", "));
                if one.len() <= WIDTH {
                    line(&mut toml, format_args!("{one}"));
                } else {
                    line(&mut toml, format_args!("{element} = [\n    {},\n]", quoted.join(",\n    ")));
                }
            }
            for (element, value) in single(rule) {
                line(&mut toml, format_args!("{element} = {value}"));
            }
        }
        toml
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _ = writeln!(text, "{line}");
}

/// What is required, and what has entries.
fn written(rule: &CorsRule) -> impl Iterator<Item = (Element, std::borrow::Cow<'_, [String]>)> {
    let required = |element| matches!(element, Element::AllowedOrigin | Element::AllowedMethod);
    lists(rule).into_iter().filter(move |(element, entries)| required(*element) || !entries.is_empty())
}

fn single(rule: &CorsRule) -> impl Iterator<Item = (Element, String)> {
    let seconds = rule.max_age_seconds.map(|seconds| (Element::MaxAgeSeconds, seconds.to_string()));
    let credentials = rule.allow_credentials.then(|| (Element::AllowCredentials, true.to_string()));
    seconds.into_iter().chain(credentials)
}

/// As JSON does it, which YAML and TOML read alike. What a line of YAML cannot hold is escaped too.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for found in text.chars() {
        match found {
            '"' | '\\' => quoted.extend(['\\', found]),
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => escape(&mut quoted, found),
            _ if found.is_control() => escape(&mut quoted, found),
            _ => quoted.push(found),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(quoted: &mut String, found: char) {
    let _ = write!(quoted, "\\u{:04x}", u32::from(found));
}
