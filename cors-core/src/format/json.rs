//! JSON into the tree. serde_json reads; its raw values tell where in the text each value stands.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::tree::{Field, Map, Node, Value};
use crate::error::{ConfigError, ConfigErrorKind, Position, quoted};

/// No value of a rule file stands deeper: wrapper, rules, rule, entries, entry.
const DEEPEST: usize = 6;

pub(super) fn read(text: &str) -> Result<Node, ConfigError> {
    // The syntax first, over the whole text: this error alone knows its line and column.
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        let position = Position { line: error.line(), column: error.column().max(1) };
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        return Err(ConfigError {
            position: Some(position),
            ..ConfigError::new(ConfigErrorKind::Malformed(quoted(message)))
        });
    }
    let leading = text.len() - text.trim_ascii_start().len();
    Ok(node(text.trim_ascii(), leading, 0))
}

/// `text` is one well-formed value that stands at byte `at` of the file.
fn node(text: &str, at: usize, depth: usize) -> Node {
    let offset = |raw: &RawValue| at + raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let value = match text.as_bytes().first() {
        _ if depth > DEEPEST => Value::Map(Map::default()),
        Some(b'{') => {
            let fields = serde_json::from_str::<Fields<'_>>(text).map(|fields| fields.0).unwrap_or_default();
            let field = |(key, raw): (String, &RawValue)| {
                let start = offset(raw);
                let key_at = at + key_start(text, start - at);
                Field { key, at: key_at, node: node(raw.get(), start, depth + 1) }
            };
            Value::Map(Map { fields: fields.into_iter().map(field).collect(), ..Map::default() })
        }
        Some(b'[') => {
            let items = serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default();
            Value::List(items.into_iter().map(|raw| node(raw.get(), offset(raw), depth + 1)).collect())
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).unwrap_or_default()),
        Some(b'n') => Value::Null,
        _ => Value::Bare(text.to_owned()),
    };
    Node { at, value }
}

/// Where the key begins whose value begins at `value`: the quote before the text before the colon.
fn key_start(text: &str, value: usize) -> usize {
    let before = text.get(..value).unwrap_or_default().trim_ascii_end();
    let before = before.trim_end_matches(':').trim_ascii_end();
    let mut end = before.len().saturating_sub(1);
    while let Some(quote) = before.get(..end).and_then(|head| head.rfind('"')) {
        let head = before.get(..quote).unwrap_or_default();
        let escapes = head.len() - head.trim_end_matches('\\').len();
        if escapes % 2 == 0 {
            return quote;
        }
        end = quote;
    }
    value
}

/// An object's members in their order, repeated keys too.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}
