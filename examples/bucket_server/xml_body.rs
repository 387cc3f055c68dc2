//! XML that comes in.

use roxmltree::{Document, Node};

use crate::error::{ApiError, malformed_xml};

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
