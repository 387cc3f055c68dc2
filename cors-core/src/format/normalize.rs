//! The tree into a configuration: the one place that knows what a rule file may say and how its keys may be spelt.

use std::collections::{HashMap, HashSet};

use super::tree::{Field, Map, Node, Value};
use crate::config::{CorsConfiguration, CorsRule};
use crate::error::{ConfigError, ConfigErrorKind, Element, quoted};

/// What could be read, what could not, and where everything stands.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) configuration: CorsConfiguration,
    pub(super) errors: Vec<(usize, ConfigError)>,
    pub(super) places: Places,
    /// Rules (`None`: the root) that are no element or object at all: nothing is said of what they lack.
    pub(super) unreadable: HashSet<Option<usize>>,
}

/// Rule, element and entry, as an error names them.
type Part = (Option<usize>, Option<Element>, Option<usize>);

/// The byte at which each part of a configuration stands.
#[derive(Default)]
pub(super) struct Places(HashMap<Part, usize>);

impl Places {
    /// The place of the part that `error` is about, or of what it is missing from.
    pub(super) fn of(&self, error: &ConfigError) -> Option<usize> {
        [(error.rule, error.element, error.entry), (error.rule, None, None), (None, None, None)]
            .iter()
            .find_map(|part| self.0.get(part).copied())
    }
}

pub(super) fn normalize(root: &Node) -> Draft {
    let mut draft = Draft::default();
    draft.places.0.insert((None, None, None), root.at);
    match &root.value {
        Value::Map(map) => draft.root(map),
        Value::List(rules) => rules.iter().for_each(|rule| draft.rule(rule)),
        Value::Text(text) if text.trim_ascii().is_empty() => {}
        Value::Text(text) => {
            draft.unreadable.insert(None);
            draft.fault(root.at, None, None, Some(text.trim_ascii()), ConfigErrorKind::StrayText);
        }
        _ => {
            draft.unreadable.insert(None);
            draft.fault(root.at, None, None, None, ConfigErrorKind::WrongShape("an object with a CORSRule list"));
        }
    }
    draft
}

const IN_ROOT: [&str; 2] = ["CORSRule", "ResponseVary"];
const IN_RULE: [&str; 7] =
    ["AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader", "MaxAgeSeconds", "AllowCredentials", "ID"];

impl Draft {
    fn root(&mut self, map: &Map) {
        if let [Field { key, node: Node { value: Value::Map(inner), .. }, .. }] = map.fields.as_slice() {
            if !map.liberal && same_key(key, Element::CorsConfiguration.name()) {
                return self.root(inner);
            }
        }
        for (name, field) in self.known_fields(map, None, &IN_ROOT) {
            match name {
                "CORSRule" => match &field.node.value {
                    Value::List(rules) => rules.iter().for_each(|rule| self.rule(rule)),
                    _ => self.rule(&field.node),
                },
                _ => {
                    self.place(None, Element::ResponseVary, None, field.node.at);
                    self.configuration.response_vary = self.boolean(None, Element::ResponseVary, &field.node);
                }
            }
        }
    }

    fn rule(&mut self, node: &Node) {
        let number = self.configuration.rules.len() + 1;
        self.configuration.rules.push(CorsRule::default());
        self.places.0.insert((Some(number), None, None), node.at);
        self.place(Some(number), Element::CorsRule, None, node.at);
        let map = match &node.value {
            Value::Map(map) => map,
            Value::Text(text) if text.trim_ascii().is_empty() => return,
            Value::Text(text) => {
                self.unreadable.insert(Some(number));
                let text = Some(text.trim_ascii());
                return self.fault(node.at, Some(number), Some(Element::CorsRule), text, ConfigErrorKind::StrayText);
            }
            _ => {
                self.unreadable.insert(Some(number));
                let kind = ConfigErrorKind::WrongShape("an object with AllowedOrigin and AllowedMethod");
                return self.fault(node.at, Some(number), Some(Element::CorsRule), None, kind);
            }
        };
        let mut rule = CorsRule::default();
        for (name, field) in self.known_fields(map, Some(number), &IN_RULE) {
            let node = &field.node;
            match name {
                "AllowedOrigin" => self.entries(number, Element::AllowedOrigin, node, &mut rule.allowed_origins),
                "AllowedMethod" => self.entries(number, Element::AllowedMethod, node, &mut rule.allowed_methods),
                "AllowedHeader" => self.entries(number, Element::AllowedHeader, node, &mut rule.allowed_headers),
                "ExposeHeader" => self.entries(number, Element::ExposeHeader, node, &mut rule.expose_headers),
                "MaxAgeSeconds" => rule.max_age_seconds = self.max_age(number, node),
                "AllowCredentials" => {
                    self.place(Some(number), Element::AllowCredentials, None, node.at);
                    rule.allow_credentials = self.boolean(Some(number), Element::AllowCredentials, node);
                }
                // `ID` names a rule in S3; OSS has none, and no answer depends on it.
                _ => {}
            }
        }
        if let Some(last) = self.configuration.rules.last_mut() {
            *last = rule;
        }
    }

    /// The fields with a name of `known`, under that name. Reports the others, and names that stand too often.
    fn known_fields<'a>(
        &mut self,
        map: &'a Map,
        rule: Option<usize>,
        known: &[&'static str],
    ) -> Vec<(&'static str, &'a Field)> {
        if let Some((at, text)) = &map.stray {
            self.fault(*at, rule, rule.map(|_| Element::CorsRule), Some(text), ConfigErrorKind::StrayText);
        }
        let mut fields: Vec<(&'static str, &Field)> = Vec::new();
        for field in &map.fields {
            if matches!(field.node.value, Value::Null) {
                continue;
            }
            let matching = |name: &&&str| if map.liberal { field.key == ***name } else { same_key(&field.key, name) };
            let Some(name) = known.iter().find(matching) else {
                if !map.liberal {
                    let kind = ConfigErrorKind::UnknownKey { nearest: nearest(&field.key, known) };
                    self.fault(field.at, rule, rule.map(|_| Element::CorsRule), Some(&field.key), kind);
                }
                continue;
            };
            let single = !map.liberal || matches!(*name, "MaxAgeSeconds" | "AllowCredentials" | "ResponseVary");
            if single && fields.iter().any(|(earlier, _)| earlier == name) {
                self.fault(
                    field.at,
                    rule,
                    rule.map(|_| Element::CorsRule),
                    Some(&field.key),
                    ConfigErrorKind::Repeated,
                );
                continue;
            }
            fields.push((name, field));
        }
        fields
    }

    fn entries(&mut self, rule: usize, element: Element, node: &Node, entries: &mut Vec<String>) {
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.entry(rule, element, item, entries)),
            _ => self.entry(rule, element, node, entries),
        }
    }

    fn entry(&mut self, rule: usize, element: Element, node: &Node, entries: &mut Vec<String>) {
        let Value::Text(text) = &node.value else {
            let kind = ConfigErrorKind::WrongShape("text, without anything inside");
            return self.fault(node.at, Some(rule), Some(element), None, kind);
        };
        entries.push(text.trim_ascii().to_owned());
        self.place(Some(rule), element, Some(entries.len()), node.at);
    }

    fn max_age(&mut self, rule: usize, node: &Node) -> Option<u32> {
        let element = Element::MaxAgeSeconds;
        self.place(Some(rule), element, None, node.at);
        let (Value::Text(text) | Value::Bare(text)) = &node.value else {
            self.fault(node.at, Some(rule), Some(element), None, ConfigErrorKind::MaxAgeOutOfRange);
            return None;
        };
        let digits = text.trim_ascii();
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = digits.parse().ok().filter(|_| plain);
        if seconds.is_none() {
            self.fault(node.at, Some(rule), Some(element), Some(digits), ConfigErrorKind::MaxAgeOutOfRange);
        }
        seconds
    }

    fn boolean(&mut self, rule: Option<usize>, element: Element, node: &Node) -> bool {
        let text = match &node.value {
            Value::Text(text) | Value::Bare(text) => text.trim_ascii(),
            _ => "",
        };
        if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") {
            self.fault(node.at, rule, Some(element), Some(text), ConfigErrorKind::NotABoolean);
        }
        text.eq_ignore_ascii_case("true")
    }

    fn place(&mut self, rule: Option<usize>, element: Element, entry: Option<usize>, at: usize) {
        self.places.0.insert((rule, Some(element), entry), at);
    }

    fn fault(
        &mut self,
        at: usize,
        rule: Option<usize>,
        element: Option<Element>,
        value: Option<&str>,
        kind: ConfigErrorKind,
    ) {
        let value = value.map(quoted);
        self.errors.push((at, ConfigError { rule, element, value, ..ConfigError::new(kind) }));
    }
}

/// Whether a tool means `name` by `key`: case, `_`, `-` and a plural `s` do not count.
fn same_key(key: &str, name: &str) -> bool {
    bare_key(key) == bare_key(name)
}

fn bare_key(key: &str) -> String {
    let mut bare: String = key.chars().filter(|found| !matches!(found, '_' | '-')).collect();
    bare.make_ascii_lowercase();
    bare.strip_suffix('s').map_or_else(|| bare.clone(), str::to_owned)
}

/// The known key that is spelt most alike, if it is near enough to be meant.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let bare: Vec<char> = bare_key(key).chars().take(32).collect();
    let distance = |name: &str| edit_distance(&bare, &bare_key(name).chars().collect::<Vec<_>>());
    known
        .iter()
        .map(|name| (distance(name), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .map(|(_, name)| name)
}

/// Levenshtein's: how many characters to insert, delete or replace.
fn edit_distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, from) in one.iter().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for (to, above) in other.iter().zip(row.windows(2)) {
            let [diagonal, above] = above else { continue };
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != to));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
