//! XML that goes out.

use std::borrow::Cow;

use quick_xml::escape::escape;

/// S3's name of everyone.
pub const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";

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
