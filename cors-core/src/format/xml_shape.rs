//! What XML may look like before it is parsed: the parser makes a node of everything, compares each attribute of an
//! element with the others, and copies the namespaces of an element for those inside of it.

use super::places::position;
use super::values::{MOST_VALUES, TOO_MANY};
use crate::error::{ConfigError, ConfigErrorKind};

/// Rule files have one or two, on their root.
const MOST_ATTRIBUTES: usize = 64;

/// Each is copied for every element inside of it that has one of its own.
const MOST_NAMESPACES: usize = 4096;

/// Refuses what no rule file has. What is not well-formed is for the parser to tell.
pub(super) fn check(text: &str) -> Result<(), ConfigError> {
    let (mut at, mut namespaces, mut values) = (0, 0, 0);
    while let Some(tag) = text.get(at..).and_then(|rest| rest.find('<')).map(|found| at + found) {
        let rest = text.get(tag..).unwrap_or_default();
        let past = |begin: &str, end: &str| {
            rest.starts_with(begin).then(|| rest.find(end).map_or(text.len(), |found| tag + found + end.len()))
        };
        let no_element = past("<!--", "-->").or_else(|| past("<![CDATA[", "]]>")).or_else(|| past("<?", "?>"));
        let refused = |what: &str| {
            let kind = ConfigErrorKind::Malformed(what.to_owned());
            ConfigError { position: Some(position(text, tag)), ..ConfigError::new(kind) }
        };
        if values > MOST_VALUES {
            return Err(refused(TOO_MANY));
        }
        at = match no_element.or_else(|| past("<!", ">")) {
            Some(end) => {
                values += 1;
                end
            }
            None if rest.starts_with("</") => tag + 2,
            None => {
                let element = Element::of(rest);
                namespaces += element.namespaces;
                values += 1 + element.attributes;
                if element.attributes > MOST_ATTRIBUTES {
                    return Err(refused("an element with more than 64 attributes"));
                }
                if namespaces > MOST_NAMESPACES {
                    return Err(refused("more than 4096 namespaces"));
                }
                tag + element.length
            }
        };
    }
    Ok(())
}

/// A tag that begins an element.
struct Element {
    length: usize,
    /// Each has one value in quotes.
    attributes: usize,
    /// How many of them begin with `xmlns`.
    namespaces: usize,
}

impl Element {
    fn of(text: &str) -> Self {
        let (mut attributes, mut namespaces, mut quote) = (0, 0, None);
        let mut name = 0;
        for (index, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), _) if open == byte => {
                    quote = None;
                    name = index + 1;
                }
                (Some(_), _) => {}
                (None, b'"' | b'\'') => {
                    attributes += 1;
                    namespaces += usize::from(text.get(name..index).is_some_and(|name| name.contains("xmlns")));
                    quote = Some(byte);
                }
                (None, b'>') => return Self { length: index + 1, attributes, namespaces },
                (None, _) => {}
            }
        }
        Self { length: text.len(), attributes, namespaces }
    }
}
