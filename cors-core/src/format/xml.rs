//! XML into the tree.

use roxmltree::{Document, Error, Node as XmlNode};

use super::places::position;
use super::tree::{Field, Map, Node, Value};
use super::xml_shape as shape;
use crate::error::{ConfigError, ConfigErrorKind, Element, Position};
use crate::shown::quoted;

/// No element of a rule file stands deeper. What is deeper is inside of something unknown, or a fault already.
const DEEPEST: usize = 3;

pub(super) fn read(text: &str) -> Result<Node, ConfigError> {
    shape::check(text)?;
    let document = Document::parse(text).map_err(|error| syntax_error(text, &error))?;
    let root = document.root_element();
    let name = root.tag_name().name();
    if name != Element::CorsConfiguration.name() {
        return Err(ConfigError {
            value: Some(quoted(name)),
            position: Some(position(text, root.range().start)),
            ..ConfigError::new(ConfigErrorKind::WrongRoot)
        });
    }
    Ok(node(root, 1))
}

fn node(element: XmlNode<'_, '_>, depth: usize) -> Node {
    let at = element.range().start;
    let mut text = String::new();
    let mut map = Map { liberal: true, ..Map::default() };
    for child in element.children() {
        if child.is_element() {
            if depth <= DEEPEST {
                let key = child.tag_name().name().to_owned();
                map.fields.push(Field { key, at: child.range().start, node: node(child, depth + 1) });
            }
        } else if let Some(part) = child.text().filter(|_| child.is_text()) {
            text.push_str(part);
            if !part.trim_ascii().is_empty() && map.stray.is_none() {
                let blanks = part.len() - part.trim_ascii_start().len();
                map.stray = Some((child.range().start + blanks, part.trim_ascii().to_owned()));
            }
        }
    }
    if map.fields.is_empty() {
        return Node { at, value: Value::Text(text) };
    }
    // Room for four is made for the first; a hostile file has hundreds of thousands with one.
    map.fields.shrink_to_fit();
    Node { at, value: Value::Map(Box::new(map)) }
}

fn syntax_error(text: &str, error: &Error) -> ConfigError {
    let at = error.pos();
    let position = match error {
        Error::DtdDetected => position(text, doctype(text)),
        // The parser has no place for what is missing: it is missing at the end.
        Error::UnexpectedEndOfStream | Error::UnclosedRootNode => position(text, text.len()),
        _ => Position { line: at.row as usize, column: at.col as usize },
    };
    let kind = match error {
        Error::DtdDetected => ConfigErrorKind::Doctype,
        _ => {
            // The place is told once, in front.
            let message = error.to_string();
            ConfigErrorKind::Malformed(quoted(message.strip_suffix(&format!(" at {at}")).unwrap_or(&message)))
        }
    };
    ConfigError { position: Some(position), ..ConfigError::new(kind) }
}

/// Where the document type declaration stands: after the declaration, comments and processing instructions.
fn doctype(text: &str) -> usize {
    let mut rest = text.trim_ascii_start();
    let after = |rest: &str, begin: &str, end: &str| {
        rest.strip_prefix(begin).and_then(|rest| Some(rest.split_once(end)?.1.trim_ascii_start().len()))
    };
    while let Some(length) = after(rest, "<?", "?>").or_else(|| after(rest, "<!--", "-->")) {
        rest = text.get(text.len() - length..).unwrap_or_default();
    }
    text.len() - rest.len()
}
