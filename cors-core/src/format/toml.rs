//! TOML into the tree. The toml crate reads, and says where each value stands.

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::places::Walk;
use super::tree::{DEEPEST, Field, Map, Node, Value};
use super::values::check_toml;
use crate::error::{ConfigError, ConfigErrorKind, ConfigErrors, MAX_FAULTS};
use crate::shown::quoted;

/// In a longer text only the first fault of the syntax is reported.
const MOST_RECOVERED: usize = 64 << 10;

pub(super) fn read(text: &str) -> Result<Node, ConfigErrors> {
    check_toml(text).map_err(ConfigErrors::one)?;
    // Each fault costs hundreds of bytes and a search: the first is enough for a file that nobody wrote by hand.
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(_) if text.len() <= MOST_RECOVERED => {
            let (table, errors) = DeTable::parse_recoverable(text);
            ConfigErrors::check(syntax_errors(text, &errors))?;
            table
        }
        Err(first) => {
            ConfigErrors::check(syntax_errors(text, &[first]))?;
            return Err(ConfigErrors::one(ConfigError::new(ConfigErrorKind::Malformed("no TOML".to_owned()))));
        }
    };
    Ok(Node { at: 0, value: Value::Map(Box::new(map(text, table.get_ref(), 0))) })
}

fn map(text: &str, table: &DeTable<'_>, depth: usize) -> Map {
    let field = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Field {
        key: String::from(key.get_ref() as &str),
        at: key.span().start,
        node: node(text, value, depth + 1),
    };
    let mut fields: Vec<Field> = table.iter().map(field).collect();
    fields.sort_by_key(|field| field.at);
    Map { fields, ..Map::default() }
}

fn node(text: &str, value: &Spanned<DeValue<'_>>, depth: usize) -> Node {
    let written = || text.get(value.span()).unwrap_or_default().to_owned();
    let kept = match value.get_ref() {
        _ if depth > DEEPEST => Value::Map(Box::default()),
        DeValue::Table(table) => Value::Map(Box::new(map(text, table, depth))),
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(text, item, depth + 1)).collect()),
        DeValue::String(text) => Value::Text(text.clone().into_owned()),
        // Without the underscores between digits.
        DeValue::Integer(number) if number.radix() == 10 => Value::Bare(number.as_str().to_owned()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => Value::Bare(written()),
    };
    Node { at: value.span().start, value: kept }
}

/// The first [`MAX_FAULTS`] in the order of the file, without those that only follow from others.
fn syntax_errors(text: &str, errors: &[Error]) -> Vec<ConfigError> {
    let span = |error: &Error| error.span().unwrap_or_default();
    let mut errors: Vec<_> = errors.iter().map(|error| (span(error), error.message())).collect();
    errors.sort_by_key(|(span, _)| span.start);
    // Where a bracket is open, the parser takes all that follows for what stands inside of it.
    if errors.iter().any(|(_, message)| message.starts_with("unclosed")) {
        errors.truncate(1);
    }
    let mut walk = Walk::new(text);
    let mut reported: Vec<ConfigError> = Vec::new();
    // Keys below a table that stands again were added to the first of its name.
    let mut added = 0;
    for (span, message) in errors {
        let position = Some(walk.to(span.start));
        let same_line = |last: &ConfigError| last.position.map(|at| at.line) == position.map(|at| at.line);
        if span.start < added || reported.last().is_some_and(same_line) {
            continue;
        }
        if reported.len() >= MAX_FAULTS {
            reported.push(ConfigError { position, ..ConfigError::new(ConfigErrorKind::MoreFaults) });
            break;
        }
        let (value, kind) = match message {
            "duplicate key" if is_header(text, span.start) => {
                added = next_header(text, span.end);
                let what = "a table that stands again; head each rule with `[[CORSRule]]`";
                (None, ConfigErrorKind::Malformed(what.to_owned()))
            }
            "duplicate key" => (text.get(span).map(quoted), ConfigErrorKind::Repeated),
            _ => (None, ConfigErrorKind::Malformed(quoted(message))),
        };
        reported.push(ConfigError { value, position, ..ConfigError::new(kind) });
    }
    reported
}

fn is_header(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    begins_header(before.rsplit('\n').next().unwrap_or_default())
}

fn next_header(text: &str, from: usize) -> usize {
    let mut at = from;
    let rest = text.get(from..).unwrap_or_default().split_inclusive('\n');
    for (index, line) in rest.enumerate() {
        if index > 0 && begins_header(line) {
            return at;
        }
        at += line.len();
    }
    at
}

fn begins_header(line: &str) -> bool {
    line.trim_ascii_start().starts_with('[')
}
