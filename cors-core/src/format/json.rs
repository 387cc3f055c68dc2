//! JSON into the tree. serde_json reads; its raw values tell where in the text each value stands.

use std::fmt;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::places::position;
use super::tree::{DEEPEST, Field, Map, Node, Value};
use super::values::check_json;
use crate::error::{ConfigError, ConfigErrorKind, Position};
use crate::shown::quoted;

pub(super) fn read(text: &str) -> Result<Node, ConfigError> {
    check_json(text)?;
    let leading = text.len() - text.trim_ascii_start().len();
    // The syntax first, over the whole text: this error alone knows its line and column.
    let node = serde_json::from_str::<IgnoredAny>(text)
        .map_err(|error| (place(text, &error), error))
        .and_then(|_| node(text.trim_ascii(), leading, 0).map_err(|(at, error)| (position(text, at), error)));
    node.map_err(|(position, error)| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let kind = ConfigErrorKind::Malformed(quoted(message));
        ConfigError { position: Some(position), ..ConfigError::new(kind) }
    })
}

/// serde_json counts bytes and points at the last one read; people count characters.
fn place(text: &str, error: &serde_json::Error) -> Position {
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = line.as_bytes().get(..error.column().saturating_sub(1)).unwrap_or(line.as_bytes());
    Position { line: error.line(), column: String::from_utf8_lossy(before).chars().count() + 1 }
}

/// `text` is one value of right syntax that stands at byte `at` of the file. Strings are read only here, so half a
/// surrogate pair is found only here: where, and what is wrong.
fn node(text: &str, at: usize, depth: usize) -> Result<Node, (usize, serde_json::Error)> {
    let offset = |raw: &RawValue| at + raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let here = |error| (at, error);
    let value = match text.as_bytes().first() {
        _ if depth > DEEPEST => Value::Map(Box::default()),
        Some(b'{') => {
            let field = |(key, raw): (String, &RawValue)| {
                let start = offset(raw);
                let key_at = at + key_start(text, start - at);
                Ok(Field { key, at: key_at, node: node(raw.get(), start, depth + 1)? })
            };
            let fields = serde_json::from_str::<Fields<'_>>(text).map_err(here)?;
            let fields = fields.0.into_iter().map(field).collect::<Result<_, _>>()?;
            Value::Map(Box::new(Map { fields, ..Map::default() }))
        }
        Some(b'[') => {
            let items = serde_json::from_str::<Vec<&RawValue>>(text).map_err(here)?;
            let items = items.into_iter().map(|raw| node(raw.get(), offset(raw), depth + 1));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(text).map_err(here)?),
        Some(b'n') => Value::Null,
        _ => Value::Bare(text.to_owned()),
    };
    Ok(Node { at, value })
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
