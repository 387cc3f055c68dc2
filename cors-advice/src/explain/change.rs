//! One change to the rules or to the request, after which a rule matches. Made for tools to apply, too.

use std::fmt;

use oss_cors_core::Element;

use super::quoted::{Listed, Quoted};

/// One change. Each that an explanation names makes a rule match, alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "change", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Change {
    /// Add entries to a rule.
    AddEntries {
        /// The rule's number, counted from 1.
        rule: usize,
        /// AllowedOrigin, AllowedMethod or AllowedHeader.
        #[cfg_attr(feature = "serde", serde(serialize_with = "super::serializers::element"))]
        element: Element,
        /// The entries, as to be written.
        entries: Vec<Quoted>,
        /// OSS does not take them: only [`Profile::Extended`](oss_cors_core::Profile::Extended) does.
        extended_only: bool,
    },
    /// Write an entry otherwise.
    ReplaceEntry {
        /// The rule's number, counted from 1.
        rule: usize,
        /// AllowedOrigin.
        #[cfg_attr(feature = "serde", serde(serialize_with = "super::serializers::element"))]
        element: Element,
        /// The entry, as written.
        entry: Quoted,
        /// What to write in its place.
        entries: Vec<Quoted>,
    },
    /// Send another `Origin`: one line, with this value.
    SendOrigin {
        /// The value.
        value: Quoted,
    },
    /// Send the request with this method.
    SendMethod {
        /// The method.
        value: Quoted,
    },
    /// Send another `Access-Control-Request-Method`: one line, with this value.
    SendRequestMethod {
        /// The value.
        value: Quoted,
    },
    /// Leave these names, in any case, out of `Access-Control-Request-Headers`.
    LeaveOutHeaders {
        /// The names.
        names: Vec<Quoted>,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddEntries { rule, element, entries, extended_only } => {
                write!(f, "add {element} {} to rule {rule}", Listed(entries))?;
                f.write_str(if *extended_only { " (extended profile only, not at OSS)" } else { "" })
            }
            Self::ReplaceEntry { rule, element, entry, entries } => {
                write!(f, "in rule {rule}, write {element} {entry} as {}", Listed(entries))
            }
            Self::SendOrigin { value } => write!(f, "send the Origin {value}"),
            Self::SendMethod { value } => write!(f, "send the method {value}"),
            Self::SendRequestMethod { value } => write!(f, "send the Access-Control-Request-Method {value}"),
            Self::LeaveOutHeaders { names } => write!(
                f,
                "leave out the request {} {}",
                if names.len() == 1 { "header" } else { "headers" },
                Listed(names)
            ),
        }
    }
}
