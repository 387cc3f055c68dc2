//! XML out, and the little that comes in.

use std::borrow::Cow;

use quick_xml::escape::escape;
use roxmltree::{Document, Node};

use crate::acl::ALL_USERS;
use crate::error::{ApiError, malformed_xml};

/// A document being written.
pub struct Xml(String);

impl Xml {
    /// A whole document.
    pub fn document(root: &str, fill: impl FnOnce(&mut Self)) -> String {
        let mut xml = Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned());
        xml.element(root, fill);
        xml.0.push('\n');
        xml.0
    }

    /// An element of elements.
    pub fn element(&mut self, name: &str, fill: impl FnOnce(&mut Self)) -> &mut Self {
        self.0.extend(["<", name, ">"]);
        fill(self);
        self.0.extend(["</", name, ">"]);
        self
    }

    /// An element of text.
    pub fn text(&mut self, name: &str, text: impl AsRef<str>) -> &mut Self {
        self.element(name, |xml| xml.put(text.as_ref()))
    }

    /// Text.
    pub fn put(&mut self, text: &str) {
        self.0.push_str(&escape(&*printable(text)));
    }

    /// S3's `Grantee`, whose kind is an attribute.
    pub fn grantee(&mut self, kind: &str, owner: &str) -> &mut Self {
        let namespace = "http://www.w3.org/2001/XMLSchema-instance";
        self.0.extend(["<Grantee xmlns:xsi=\"", namespace, "\" xsi:type=\"", kind, "\">"]);
        match kind {
            "Group" => self.text("URI", ALL_USERS),
            _ => self.text("ID", owner).text("DisplayName", owner),
        };
        self.0.push_str("</Grantee>");
        self
    }
}

/// XML 1.0 holds no control characters, not even by number: one such key must not make a whole listing unreadable.
/// `encoding-type=url` shows keys as they are.
fn printable(text: &str) -> Cow<'_, str> {
    let odd = |found: char| (found < ' ' && found != '\t' && found != '\n') || matches!(found, '\u{fffe}' | '\u{ffff}');
    if text.contains(odd) { text.replace(odd, "\u{fffd}").into() } else { text.into() }
}

/// Reads the body of a request whose root must be `root`. Document types, and so entities, are refused.
pub fn parse<'a>(body: &'a [u8], root: &str) -> Result<Document<'a>, ApiError> {
    let text = std::str::from_utf8(body).map_err(|_| malformed_xml("The XML you provided is not UTF-8."))?;
    let document = Document::parse(text)
        .map_err(|error| malformed_xml(format!("The XML you provided was not well-formed: {error}")))?;
    match document.root_element().tag_name().name() == root {
        true => Ok(document),
        false => Err(malformed_xml(format!("The XML you provided must be a {root}."))),
    }
}

/// The children called `name`, whatever their namespace.
pub fn children<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

/// The text of the child called `name`, blanks around it included.
pub fn child_text<'a, 'i: 'a>(node: Node<'a, 'i>, name: &'a str) -> Option<&'a str> {
    children(node, name).next().map(|child| child.text().unwrap_or_default())
}
