//! Terraform's JSON syntax: which resource of the file has the rules, and what its texts say.

use std::borrow::Cow;

use super::keys::same_key;
use super::tree::{Field, Map, Node, Value};
use crate::error::Element;
use crate::shown::{MAX_QUOTED, cut};

/// A resource with `cors_rule` blocks.
pub(super) struct Resource<'a> {
    /// As Terraform names it: type and name.
    pub(super) address: String,
    /// Where its rules stand.
    pub(super) at: usize,
    /// `cors_rule` and `response_vary`: the others are not about CORS. `None`: a `dynamic` block makes the rules.
    pub(super) fields: Option<Vec<&'a Field>>,
}

/// The resources with rules; `None` where the file is not Terraform's.
pub(super) fn resources(file: &Map) -> Option<Vec<Resource<'_>>> {
    let is_rules = |field: &Field| {
        [Element::CorsConfiguration, Element::CorsRule].iter().any(|element| same_key(&field.key, element.name()))
    };
    let is_resource =
        |field: &&Field| field.key == "resource" && matches!(field.node.value, Value::Map(_) | Value::List(_));
    if file.liberal || file.fields.iter().any(is_rules) || !file.fields.iter().any(|field| is_resource(&field)) {
        return None;
    }
    let mut found = Vec::new();
    for types in file.fields.iter().filter(is_resource).flat_map(|field| blocks(&field.node)) {
        for (kind, names) in labelled(types) {
            for (name, body) in labelled(names) {
                found.extend(resource(kind, name, body));
            }
        }
    }
    Some(found)
}

fn resource<'a>(kind: &str, name: &str, body: &'a Map) -> Option<Resource<'a>> {
    let is_rules = |field: &&Field| is_element(field, Element::CorsRule);
    let dynamic = body.fields.iter().filter(|field| field.key == "dynamic").flat_map(|field| blocks(&field.node));
    let made = dynamic.flat_map(|block| &block.fields).find(is_rules);
    let at = made.or_else(|| body.fields.iter().find(is_rules))?.at;
    let ours = |field: &&Field| is_rules(field) || is_element(field, Element::ResponseVary);
    let fields = made.is_none().then(|| body.fields.iter().filter(ours).collect());
    let address = format!("{}.{}", cut(kind, MAX_QUOTED), cut(name, MAX_QUOTED));
    Some(Resource { address, at, fields })
}

fn is_element(field: &Field, element: Element) -> bool {
    same_key(&field.key, element.name()) && !matches!(field.node.value, Value::Null)
}

/// A block type that stands once may do without the list, and so may each of its labels.
fn blocks(node: &Node) -> impl Iterator<Item = &Map> {
    let nodes = match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    nodes.iter().filter_map(|node| match &node.value {
        Value::Map(map) => Some(&**map),
        _ => None,
    })
}

fn labelled(map: &Map) -> impl Iterator<Item = (&str, &Map)> {
    map.fields.iter().flat_map(|field| blocks(&field.node).map(|block| (field.key.as_str(), block)))
}

/// What a text says; `None` where Terraform computes it. `$${` and `%%{` are how it writes `${` and `%{`.
pub(super) fn literal(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains("${") && !text.contains("%{") {
        return Some(Cow::Borrowed(text));
    }
    let (mut literal, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("${") || rest.starts_with("%{") {
            return None;
        }
        let escaped = rest.strip_prefix("$${").or_else(|| rest.strip_prefix("%%{"));
        literal.push(first);
        rest = match escaped {
            Some(after) => {
                literal.push('{');
                after
            }
            None => rest.get(first.len_utf8()..).unwrap_or_default(),
        };
    }
    Some(Cow::Owned(literal))
}

/// As [`literal`] reads it back.
#[cfg(feature = "json")]
pub(super) fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
