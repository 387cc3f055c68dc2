//! How parts of an explanation are serialized that need more than a derived implementation.

use std::fmt;

use serde::{Serialize, Serializer};

use oss_cors_core::Element;

use super::quoted::Quoted;

/// Whole, as text; bytes that are not UTF-8 become U+FFFD.
impl Serialize for Quoted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_text())
    }
}

/// By its name in the rule file.
pub(super) fn element<S: Serializer>(element: &Element, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(element.name())
}

/// Each with its text for people as `message`.
pub(super) fn with_messages<T, S>(all: &(impl AsRef<[T]> + ?Sized), serializer: S) -> Result<S::Ok, S::Error>
where
    T: Serialize + fmt::Display,
    S: Serializer,
{
    #[derive(Serialize)]
    struct WithMessage<'a, T> {
        #[serde(flatten)]
        part: &'a T,
        message: String,
    }
    serializer.collect_seq(all.as_ref().iter().map(|part| WithMessage { part, message: part.to_string() }))
}
