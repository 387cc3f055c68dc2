//! YAML into the tree. saphyr-parser reads; aliases are refused, so a file is never more than its own size.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::places::position;
use super::tree::{DEEPEST, Field, Map, Node, Value};
use super::values::{MOST_VALUES, TOO_MANY, check_yaml};
use crate::error::{ConfigError, ConfigErrorKind};
use crate::shown::quoted;

/// Collections inside of each other, where even what is unknown ends: the parser keeps something for each.
const NESTED: usize = 64;

pub(super) fn read(text: &str) -> Result<Node, ConfigError> {
    check_yaml(text)?;
    let mut reader = Reader { parser: Parser::new_from_str(text), text, index: 0, byte: 0, values: 0 };
    reader.file().map_err(|fault| fault.error(text))
}

const CORE_SCHEMA: [&str; 7] = ["str", "int", "float", "bool", "null", "seq", "map"];

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    text: &'a str,
    /// The place that was last asked for: the parser counts characters, everything else here bytes.
    index: usize,
    byte: usize,
    /// How many came, keys too.
    values: usize,
}

struct Fault {
    at: usize,
    value: Option<String>,
    kind: ConfigErrorKind,
}

impl<'a> Reader<'a> {
    fn file(&mut self) -> Result<Node, Fault> {
        // A file of comments alone has no document.
        let mut file = Node { at: 0, value: Value::Map(Box::default()) };
        let mut documents = 0;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(file),
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(_) if documents > 0 => {
                    return Err(self.malformed(span.start, "more than one document; keep one"));
                }
                Event::DocumentStart(_) => documents += 1,
                event => {
                    let node = self.node(event, span, 0)?;
                    if !matches!(node.value, Value::Null) {
                        file = node;
                    }
                }
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, Fault> {
        let at = self.byte_at(span.start);
        if let Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) | Event::Scalar(_, _, _, tag) = &event {
            self.check_tag(at, tag.as_deref())?;
        }
        let value = match event {
            Event::Alias(_) => return Err(self.alias(span.start)),
            Event::SequenceStart(..) | Event::MappingStart(..) if depth >= NESTED => {
                return Err(self.malformed(span.start, "nested too deep"));
            }
            Event::SequenceStart(..) => Value::List(self.list(depth)?),
            Event::MappingStart(..) => Value::Map(Box::new(Map { fields: self.fields(depth)?, ..Map::default() })),
            Event::Scalar(text, ScalarStyle::Plain, _, tag) if !is_text(tag.as_deref()) => plain(text.into_owned()),
            Event::Scalar(text, ..) => Value::Text(text.into_owned()),
            // Nothing else stands where a value does.
            _ => Value::Null,
        };
        // What stands deeper than anything in a rule file is checked, not kept.
        Ok(Node { at, value: if depth > DEEPEST { Value::Map(Box::default()) } else { value } })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(items);
            }
            let item = self.node(event, span, depth + 1)?;
            if depth <= DEEPEST {
                items.push(item);
            }
        }
    }

    fn fields(&mut self, depth: usize) -> Result<Vec<Field>, Fault> {
        let mut fields = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let (at, key) = match event {
                Event::MappingEnd => return Ok(fields),
                Event::Scalar(key, ..) => (self.byte_at(span.start), key.into_owned()),
                Event::Alias(_) => return Err(self.alias(span.start)),
                _ => return Err(self.malformed(span.start, "a key that is not text; write a name")),
            };
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            if depth <= DEEPEST {
                fields.push(Field { key, at, node });
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next() {
            Some(Ok((_, span))) if self.values > MOST_VALUES => Err(self.malformed(span.start, TOO_MANY)),
            Some(Ok(next)) => {
                // The parser keeps something for each anchor.
                let (Event::Scalar(_, _, anchor, _) | Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _)) =
                    next.0
                else {
                    return Ok(next);
                };
                self.values += if anchor == 0 { 1 } else { 2 };
                Ok(next)
            }
            Some(Err(error)) => Err(self.syntax_error(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn syntax_error(&mut self, error: &ScanError) -> Fault {
        let at = self.byte_at(*error.marker());
        // A wildcard without quotes is an alias without an anchor, or without a name.
        if self.text.as_bytes().get(at) == Some(&b'*') {
            return self.alias(*error.marker());
        }
        self.malformed(*error.marker(), error.info())
    }

    fn malformed(&mut self, place: Marker, what: &str) -> Fault {
        Fault { at: self.byte_at(place), value: None, kind: ConfigErrorKind::Malformed(quoted(what)) }
    }

    fn alias(&mut self, place: Marker) -> Fault {
        let at = self.byte_at(place);
        Fault { at, value: Some(self.word(at)), kind: ConfigErrorKind::Alias }
    }

    /// Tags of YAML's own repeat what the value shows, but `!!str` makes it text. Others are for programs.
    fn check_tag(&self, at: usize, tag: Option<&Tag>) -> Result<(), Fault> {
        let own = |tag: &Tag| tag.is_yaml_core_schema() && CORE_SCHEMA.contains(&tag.suffix.as_str());
        if tag.is_none_or(|tag| own(tag) || is_text(Some(tag))) {
            return Ok(());
        }
        Err(Fault { at, value: Some(self.word(at)), kind: ConfigErrorKind::Tag })
    }

    fn word(&self, at: usize) -> String {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = |found: char| found.is_whitespace() || matches!(found, ',' | '[' | ']' | '{' | '}');
        quoted(rest.split(end).next().unwrap_or_default())
    }

    fn byte_at(&mut self, place: Marker) -> usize {
        let (before, after) = self.text.split_at_checked(self.byte).unwrap_or((self.text, ""));
        if let Some(on) = place.index().checked_sub(self.index) {
            self.byte += after.chars().take(on).map(char::len_utf8).sum::<usize>();
        } else {
            let back = self.index - place.index();
            self.byte -= before.chars().rev().take(back).map(char::len_utf8).sum::<usize>();
        }
        self.index = place.index();
        self.byte
    }
}

impl Fault {
    fn error(self, text: &str) -> ConfigError {
        ConfigError { value: self.value, position: Some(position(text, self.at)), ..ConfigError::new(self.kind) }
    }
}

/// `!!str`, or `!` alone.
fn is_text(tag: Option<&Tag>) -> bool {
    tag.is_some_and(|tag| {
        (tag.is_yaml_core_schema() && tag.suffix == "str") || (tag.handle.is_empty() && tag.suffix == "!")
    })
}

/// What YAML 1.2 takes text without quotes for (its core schema).
fn plain(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Value::Bare(text),
        number if is_number(number) => Value::Bare(text),
        _ => Value::Text(text),
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let all = |digits: &str, digit: fn(&char) -> bool| !digits.is_empty() && digits.chars().all(|found| digit(&found));
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, char::is_ascii_hexdigit);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |digit| ('0'..='7').contains(digit));
    }
    // Rust reads the same decimals, and words beside.
    let word = unsigned.starts_with(|first: char| !first.is_ascii_digit() && first != '.');
    matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
        || (!word && unsigned.parse::<f64>().is_ok())
}
