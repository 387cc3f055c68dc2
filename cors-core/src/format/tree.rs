//! What every format is read into: keys, lists and text, each with its place.

/// A value and the byte at which it stands.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Value,
}

#[cfg_attr(
    not(any(feature = "json", feature = "yaml", feature = "serde")),
    expect(dead_code, reason = "XML has text and elements, TOML no null")
)]
#[derive(Debug)]
pub(super) enum Value {
    /// Text in quotes, or the text of an XML element.
    Text(String),
    /// A bare number or boolean, as written.
    Bare(String),
    /// An explicit nothing: as absent.
    Null,
    List(Vec<Node>),
    /// Apart, so that a list of millions of small values is small.
    Map(Box<Map>),
}

/// Keys in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) fields: Vec<Field>,
    /// XML: names are exact, one that is repeated makes a list, an unknown one is dropped (SEMANTICS section 1).
    /// Otherwise names are known by any spelling, stand once, and an unknown one is a fault.
    pub(super) liberal: bool,
    /// Text between elements, if there is any.
    pub(super) stray: Option<(usize, String)>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: String,
    pub(super) at: usize,
    pub(super) node: Node,
}

/// No value of a rule file stands deeper. The deepest is Terraform's, which may wrap every block in a list: `resource`,
/// its type, its name, `cors_rule`, an element, its entries. What is deeper is inside of something unknown, or a fault
/// already.
#[cfg(any(feature = "json", feature = "yaml", feature = "toml", feature = "serde"))]
pub(super) const DEEPEST: usize = 10;
