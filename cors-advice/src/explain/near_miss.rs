//! The rule that came nearest, what kept it from matching, and what one change would help.

use std::fmt;

use super::change::Change;
use super::origin::OriginDifference;
use super::points::Point;
use super::quoted::{Listed, Quoted};

/// The rule that is nearest to matching.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NearMiss {
    /// Its number, counted from 1.
    pub rule: usize,
    /// What keeps it from matching: one reason for each point on which it fails.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::serializers::with_messages"))]
    pub reasons: Vec<Reason>,
    /// Other rules that allow what this one does not.
    pub elsewhere: Vec<Elsewhere>,
    /// Changes that make a rule match, each of them alone. Empty where no single one does.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::serializers::with_messages"))]
    pub changes: Vec<Change>,
}

/// What keeps a rule from matching. Its `Display` says it in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "reason", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// The request has no `Origin`.
    NoOrigin,
    /// The `OPTIONS` has no `Access-Control-Request-Method`.
    NoRequestMethod,
    /// The rule does not allow the origin.
    Origin {
        /// The origin.
        origin: Quoted,
        /// What a browser would send for it, where it would send another.
        meant: Option<Quoted>,
        /// The entry that resembles the origin, if any does.
        entry: Option<Quoted>,
        /// How they differ; empty if no entry resembles the origin.
        differences: Vec<OriginDifference>,
    },
    /// The rule has no AllowedOrigin that any request could match.
    NoUsableOrigin,
    /// The rule does not allow the method.
    Method {
        /// The method.
        method: Quoted,
        /// What is the matter with it.
        difference: MethodDifference,
    },
    /// There is not one method to ask the rules for.
    MalformedMethod,
    /// The rule does not allow these request headers.
    Headers {
        /// Their names, as sent.
        names: Vec<Quoted>,
        /// The rule has no AllowedHeader, or none that any header name could match.
        no_entries: bool,
    },
    /// There are too many request headers for any rule.
    TooManyHeaders,
}

/// What is the matter with a method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum MethodDifference {
    /// The rule does not list it.
    NotListed,
    /// The rule does not list `HEAD`, though it lists `GET`.
    HeadBesideGet,
    /// Not in upper case; methods are compared byte for byte.
    Case,
    /// OSS cannot list it.
    NotListable,
}

/// Another rule that allows what the nearest does not. Two rules are never merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Elsewhere {
    /// What it allows.
    pub point: Point,
    /// Its number, counted from 1.
    pub rule: usize,
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {} allows the {}, but two rules are never merged", self.rule, self.point)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOrigin => f.write_str("the request has no Origin"),
            Self::NoRequestMethod => f.write_str("the request has no Access-Control-Request-Method"),
            Self::Origin { origin, meant, entry, differences } => {
                write!(f, "the origin {origin}")?;
                match entry {
                    Some(entry) => write!(f, " is not AllowedOrigin {entry}")?,
                    None => f.write_str(" is not allowed")?,
                }
                for (index, difference) in differences.iter().enumerate() {
                    write!(f, "{} {difference}", if index == 0 { ":" } else { ";" })?;
                }
                meant.iter().try_for_each(|meant| write!(f, "; a browser sends {meant}"))
            }
            Self::NoUsableOrigin => f.write_str(
                "no AllowedOrigin of it can match any origin; write each origin as an entry of its own, without blanks",
            ),
            Self::Method { method, difference } => {
                write!(f, "the method {method} is not allowed")?;
                f.write_str(match difference {
                    MethodDifference::NotListed => "",
                    MethodDifference::HeadBesideGet => "; GET is, but does not stand for HEAD",
                    MethodDifference::Case => "; methods are compared byte for byte, in upper case",
                    MethodDifference::NotListable => "; OSS can list only GET, PUT, POST, DELETE and HEAD",
                })
            }
            Self::MalformedMethod => f.write_str("there is no method to look for"),
            Self::Headers { names, no_entries } => {
                match names.as_slice() {
                    [name] => write!(f, "the request header {name} is not allowed")?,
                    names => write!(f, "the request headers {} are not allowed", Listed(names))?,
                }
                f.write_str(match no_entries {
                    true => "; the rule has no AllowedHeader, or none that is a header name (`name: value` is not)",
                    false => "",
                })
            }
            Self::TooManyHeaders => f.write_str("too many request headers"),
        }
    }
}
