//! The tree into a configuration: the one place that knows what a rule file may say.

use std::borrow::Cow;
use std::collections::HashSet;

use super::detect::Format;
use super::keys::{nearest, same_key};
use super::places::Places;
use super::terraform::{self, Resource};
use super::tree::{Field, Map, Node, Value};
use crate::config::{CorsConfiguration, CorsRule, MAX_RULES};
use crate::error::{ConfigError, ConfigErrorKind, Element, MAX_FAULTS};
use crate::shown::quoted;

/// As OSS stores and returns them (SEMANTICS section 1). After the faults are known, which quote what is written.
pub(super) fn lower_case_headers(configuration: &mut CorsConfiguration) {
    let names = configuration.rules.iter_mut().flat_map(|rule| &mut rule.allowed_headers);
    names.for_each(|name| name.make_ascii_lowercase());
}

/// What could be read, what could not, and where everything stands.
pub(super) struct Draft {
    pub(super) configuration: CorsConfiguration,
    pub(super) errors: Vec<(usize, ConfigError)>,
    pub(super) places: Places<usize>,
    /// Rules (`None`: the root) that are no element or object at all: nothing is said of what they lack.
    pub(super) unreadable: HashSet<Option<usize>>,
    /// How many rules there are, with those that are not kept.
    pub(super) rules: usize,
    format: Format,
    /// Inside of a resource: text may be a template, `//` is a comment.
    terraform: bool,
}

pub(super) fn normalize(root: &Node, format: Format) -> Draft {
    let mut draft = Draft {
        configuration: CorsConfiguration::default(),
        errors: Vec::new(),
        places: Places::default(),
        unreadable: HashSet::new(),
        rules: 0,
        format,
        terraform: false,
    };
    draft.places.insert((None, None, None), root.at);
    match &root.value {
        Value::Map(map) => draft.root(map),
        Value::List(rules) => rules.iter().for_each(|rule| draft.rule(rule)),
        Value::Text(text) if text.trim_ascii().is_empty() => {}
        Value::Text(text) if format == Format::Xml => {
            draft.unreadable.insert(None);
            draft.fault(root.at, None, None, Some(text.trim_ascii()), ConfigErrorKind::StrayText);
        }
        _ => {
            draft.unreadable.insert(None);
            draft.fault(root.at, None, None, None, ConfigErrorKind::WrongShape("an object with a CORSRule list"));
        }
    }
    draft.places.sort();
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
        if let Some(resources) = terraform::resources(map) {
            return self.resource(&resources);
        }
        let fields = self.known_fields(map, None, &IN_ROOT);
        self.root_fields(&fields);
    }

    /// The rules of a Terraform file are those of the one resource that has any.
    fn resource(&mut self, resources: &[Resource<'_>]) {
        self.terraform = true;
        let kind = match resources {
            [] => return,
            [Resource { fields: Some(fields), .. }] => {
                let fields = self.named_fields(fields.iter().copied(), false, None, &IN_ROOT);
                return self.root_fields(&fields);
            }
            [_] => ConfigErrorKind::Expression,
            several => {
                let addresses = several.iter().take(MAX_FAULTS).map(|found| quoted(&found.address));
                ConfigErrorKind::SeveralResources(addresses.collect())
            }
        };
        self.unreadable.insert(None);
        let at = resources.iter().map(|resource| resource.at).nth(usize::from(resources.len() > 1));
        self.fault(at.unwrap_or_default(), None, None, None, kind);
    }

    fn root_fields(&mut self, fields: &[(&'static str, &Field)]) {
        for (name, field) in fields {
            match *name {
                "CORSRule" => match &field.node.value {
                    Value::List(rules) => rules.iter().for_each(|rule| self.rule(rule)),
                    _ => self.rule(&field.node),
                },
                _ => {
                    let vary =
                        self.single(None, Element::ResponseVary, &field.node, boolean, ConfigErrorKind::NotABoolean);
                    self.configuration.response_vary = vary.unwrap_or_default();
                }
            }
        }
    }

    fn rule(&mut self, node: &Node) {
        self.rules += 1;
        // One too many is a fault; what more there are is counted, and not kept.
        if self.rules > MAX_RULES + 1 {
            return;
        }
        let number = self.configuration.rules.len() + 1;
        self.configuration.rules.push(CorsRule::default());
        self.places.insert((Some(number), None, None), node.at);
        let map = match &node.value {
            Value::Map(map) => map,
            Value::Text(text) if text.trim_ascii().is_empty() => return,
            Value::Text(text) => {
                self.unreadable.insert(Some(number));
                let kind = self.text(text).err().unwrap_or(ConfigErrorKind::StrayText);
                return self.fault(node.at, Some(number), Some(Element::CorsRule), Some(text.trim_ascii()), kind);
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
                "MaxAgeSeconds" => {
                    let kind = ConfigErrorKind::MaxAgeOutOfRange;
                    rule.max_age_seconds = self.single(Some(number), Element::MaxAgeSeconds, node, seconds, kind);
                }
                "AllowCredentials" => {
                    let kind = ConfigErrorKind::NotABoolean;
                    let value = self.single(Some(number), Element::AllowCredentials, node, boolean, kind);
                    rule.allow_credentials = value.unwrap_or_default();
                }
                // `ID` names a rule in S3; OSS has none, and no answer depends on it.
                _ => {}
            }
        }
        if let Some(last) = self.configuration.rules.last_mut() {
            *last = rule;
        }
    }

    fn known_fields<'a>(
        &mut self,
        map: &'a Map,
        rule: Option<usize>,
        known: &[&'static str],
    ) -> Vec<(&'static str, &'a Field)> {
        if let Some((at, text)) = &map.stray {
            self.fault(*at, rule, rule.map(|_| Element::CorsRule), Some(text), ConfigErrorKind::StrayText);
        }
        self.named_fields(map.fields.iter(), map.liberal, rule, known)
    }

    /// The fields with a name of `known`, under that name. Reports the others, and names that stand too often.
    fn named_fields<'a>(
        &mut self,
        all: impl Iterator<Item = &'a Field>,
        liberal: bool,
        rule: Option<usize>,
        known: &[&'static str],
    ) -> Vec<(&'static str, &'a Field)> {
        let mut fields: Vec<(&'static str, &Field)> = Vec::new();
        let mut seen = vec![false; known.len()];
        for field in all {
            if matches!(field.node.value, Value::Null) || (self.terraform && field.key == "//") {
                continue;
            }
            let element = rule.map(|_| Element::CorsRule);
            let matching = |name: &str| if liberal { field.key == name } else { same_key(&field.key, name) };
            let Some((seen, name)) = seen.iter_mut().zip(known).find(|(_, name)| matching(name)) else {
                if !liberal && self.errors.len() < MAX_FAULTS {
                    let kind = self.unknown_key(&field.key, rule, known);
                    self.fault(field.at, rule, element, Some(&field.key), kind);
                }
                continue;
            };
            let single = !liberal || matches!(*name, "MaxAgeSeconds" | "AllowCredentials" | "ResponseVary");
            if single && std::mem::replace(seen, true) {
                self.fault(field.at, rule, element, Some(&field.key), ConfigErrorKind::Repeated);
                continue;
            }
            fields.push((name, field));
        }
        fields
    }

    fn unknown_key(&self, key: &str, rule: Option<usize>, known: &[&'static str]) -> ConfigErrorKind {
        // What follows a header belongs to its table, and a last line is where people add one.
        if self.format == Format::Toml && rule.is_some() && same_key(key, Element::ResponseVary.name()) {
            return ConfigErrorKind::BelowATable;
        }
        ConfigErrorKind::UnknownKey { nearest: nearest(key, known) }
    }

    fn entries(&mut self, rule: usize, element: Element, node: &Node, entries: &mut Vec<String>) {
        let first = entries.is_empty();
        match &node.value {
            Value::List(items) => items.iter().for_each(|item| self.entry(rule, element, item, entries)),
            _ => self.entry(rule, element, node, entries),
        }
        if first && !entries.is_empty() {
            self.place(Some(rule), element, None, node.at);
        }
    }

    fn entry(&mut self, rule: usize, element: Element, node: &Node, entries: &mut Vec<String>) {
        let (value, kind) = match &node.value {
            Value::Text(text) => match self.text(text) {
                Ok(text) => {
                    entries.push(text.trim_ascii().to_owned());
                    return self.place(Some(rule), element, Some(entries.len()), node.at);
                }
                Err(kind) => (Some(text.trim_ascii()), kind),
            },
            Value::Bare(_) | Value::Null => (None, ConfigErrorKind::WrongShape("text in quotes")),
            Value::List(_) | Value::Map(_) => (None, ConfigErrorKind::WrongShape("text, without anything inside")),
        };
        self.fault(node.at, Some(rule), Some(element), value, kind);
    }

    /// What `read` makes of a single value; where it makes nothing, `otherwise` is reported.
    fn single<T>(
        &mut self,
        rule: Option<usize>,
        element: Element,
        node: &Node,
        read: fn(&str) -> Option<T>,
        otherwise: ConfigErrorKind,
    ) -> Option<T> {
        self.place(rule, element, None, node.at);
        let written = match &node.value {
            Value::Text(text) | Value::Bare(text) => Some(text.trim_ascii()),
            _ => None,
        };
        let (value, kind) = match written.map(|text| self.text(text)) {
            Some(Ok(text)) => (read(&text), otherwise),
            Some(Err(kind)) => (None, kind),
            None => (None, otherwise),
        };
        if value.is_none() {
            self.fault(node.at, rule, Some(element), written, kind);
        }
        value
    }

    fn text<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, ConfigErrorKind> {
        let text = if self.terraform { terraform::literal(text) } else { Some(Cow::Borrowed(text)) };
        text.ok_or(ConfigErrorKind::Expression)
    }

    fn place(&mut self, rule: Option<usize>, element: Element, entry: Option<usize>, at: usize) {
        self.places.insert((rule, Some(element), entry), at);
    }

    fn fault(
        &mut self,
        at: usize,
        rule: Option<usize>,
        element: Option<Element>,
        value: Option<&str>,
        kind: ConfigErrorKind,
    ) {
        if self.errors.len() < MAX_FAULTS {
            let value = value.map(quoted);
            self.errors.push((at, ConfigError { rule, element, value, ..ConfigError::new(kind) }));
        }
    }
}

fn seconds(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    is("true").then_some(true).or_else(|| is("false").then_some(false))
}
