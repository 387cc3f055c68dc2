//! What is wrong with a rule file: all faults at once, each with its place and its remedy.

use std::fmt;

use crate::config::{MAX_AGE_SECONDS, MAX_METHOD_BYTES, MAX_RULES};

/// Every fault of one configuration, in the order in which they stand in the file. Never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(crate) fn one(error: ConfigError) -> Self {
        Self(vec![error])
    }

    /// `Ok` for no fault at all.
    pub(crate) fn check(mut errors: Vec<ConfigError>) -> Result<(), Self> {
        errors.sort_by_key(|error| (error.position, error.rule));
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The faults, first in the file first.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One fault a line.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display), because this is what a `main` that returns the error prints.
impl fmt::Debug for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigErrors {}

/// One fault: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(crate) rule: Option<usize>,
    pub(crate) element: Option<Element>,
    pub(crate) entry: Option<usize>,
    pub(crate) value: Option<String>,
    pub(crate) position: Option<Position>,
    pub(crate) kind: ConfigErrorKind,
}

impl ConfigError {
    pub(crate) fn new(kind: ConfigErrorKind) -> Self {
        Self { rule: None, element: None, entry: None, value: None, position: None, kind }
    }

    /// The number of the rule, counted from 1; `None` where the fault lies in no single rule.
    pub fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// The element of the rule file that is at fault.
    pub fn element(&self) -> Option<Element> {
        self.element
    }

    /// Which of several entries of the element in its rule, counted from 1.
    pub fn entry(&self) -> Option<usize> {
        self.entry
    }

    /// The offending text as written, at most [`MAX_QUOTED`](crate::MAX_QUOTED) bytes of it.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Where the fault stands; `None` for a configuration that was built in code.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// What is wrong.
    pub fn kind(&self) -> &ConfigErrorKind {
        &self.kind
    }
}

/// The most faults that are reported of each kind of check, of the file's shape and of its rules. Bounds the memory that
/// a hostile file can take.
pub const MAX_FAULTS: usize = 1000;

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        if let Some(rule) = self.rule {
            write!(f, "rule {rule}, ")?;
        }
        match (self.element, self.entry) {
            (Some(element), Some(entry)) => write!(f, "{element} {entry}")?,
            (Some(element), None) => write!(f, "{element}")?,
            (None, _) => f.write_str("configuration")?,
        }
        if let Some(value) = &self.value {
            write!(f, " `{}`", value.escape_debug())?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for ConfigError {}

/// A place in a rule file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The elements of a rule file, by their names in the XML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Element {
    /// The root.
    CorsConfiguration,
    /// One rule.
    CorsRule,
    /// An origin of a rule.
    AllowedOrigin,
    /// A method of a rule.
    AllowedMethod,
    /// A request-header name of a rule.
    AllowedHeader,
    /// A response-header name of a rule.
    ExposeHeader,
    /// A rule's max age.
    MaxAgeSeconds,
    /// A rule's credentials switch ([`Profile::Extended`](crate::Profile::Extended)).
    AllowCredentials,
    /// The configuration's `Vary` switch.
    ResponseVary,
}

impl Element {
    /// The name in the XML.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CorsConfiguration => "CORSConfiguration",
            Self::CorsRule => "CORSRule",
            Self::AllowedOrigin => "AllowedOrigin",
            Self::AllowedMethod => "AllowedMethod",
            Self::AllowedHeader => "AllowedHeader",
            Self::ExposeHeader => "ExposeHeader",
            Self::MaxAgeSeconds => "MaxAgeSeconds",
            Self::AllowCredentials => "AllowCredentials",
            Self::ResponseVary => "ResponseVary",
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What can be wrong with a rule file. Its `Display` names the fault and the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The file is larger than [`MAX_FILE_BYTES`](crate::MAX_FILE_BYTES); it was not parsed.
    TooLarge,
    /// More faults than [`MAX_FAULTS`]; the rest is not reported.
    MoreFaults,
    /// Nothing but blanks.
    EmptyFile,
    /// Not UTF-8.
    NotUtf8,
    /// Neither a known file name extension nor a known beginning.
    UnknownFormat,
    /// A format that this build does not read: the crate feature's name.
    FormatNotBuilt(&'static str),
    /// Not well-formed: what the parser says.
    Malformed(String),
    /// The XML has a document type declaration.
    Doctype,
    /// The root is another element.
    WrongRoot,
    /// A key that rule files do not have, and the nearest that they do.
    UnknownKey {
        /// The known key that is spelt most alike, if any is near.
        nearest: Option<&'static str>,
    },
    /// Text where only elements belong.
    StrayText,
    /// TOML: a key of the whole file below a table's header, where it belongs to that table.
    BelowATable,
    /// YAML: an alias; text that begins with `*` is one, unless it stands in quotes.
    Alias,
    /// YAML: a tag that is not of YAML's own.
    Tag,
    /// Terraform: more than one resource has rules: their addresses.
    SeveralResources(Vec<String>),
    /// Terraform: a value that is computed only when Terraform runs.
    Expression,
    /// A value of another shape: what belongs there.
    WrongShape(&'static str),
    /// An element that may stand once stands again.
    Repeated,
    /// No rule at all.
    NoRules,
    /// More than [`MAX_RULES`]: how many.
    TooManyRules(usize),
    /// A required element is absent.
    Missing,
    /// An entry without text.
    EmptyEntry,
    /// More than one `*` in one entry.
    TwoWildcards,
    /// A control character, or another that XML cannot hold.
    Unprintable,
    /// Not one of the five methods.
    UnknownMethod,
    /// Not a method token ([`Profile::Extended`](crate::Profile::Extended)).
    NotAMethodToken,
    /// A character that ExposeHeader must not have.
    ExposeCharacter(char),
    /// Not an integer from 0 to [`MAX_AGE_SECONDS`].
    MaxAgeOutOfRange,
    /// Neither `true` nor `false`.
    NotABoolean,
    /// AllowCredentials under [`Profile::Oss`](crate::Profile::Oss).
    CredentialsNotInProfile,
    /// AllowCredentials together with an AllowedOrigin that every host can satisfy.
    CredentialsWithWildcard,
}

/// A message names no more resources than a person reads.
const MAX_NAMED: usize = 8;

impl fmt::Display for ConfigErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("larger than 16 MiB; split it by bucket"),
            Self::MoreFaults => f.write_str("there are more faults than are reported; correct these first"),
            Self::EmptyFile => f.write_str("the file is empty; write a CORSConfiguration with at least one CORSRule"),
            Self::NotUtf8 => f.write_str("not UTF-8; save the file as UTF-8"),
            Self::UnknownFormat => {
                f.write_str("cannot tell the format; name the file .xml, .json, .yaml or .toml")
            }
            Self::FormatNotBuilt(feature) => {
                write!(f, "this build does not read the format; enable the crate feature `{feature}`")
            }
            Self::Malformed(what) => write!(f, "not well-formed: {what}"),
            Self::Doctype => f.write_str("a document type declaration is not allowed; delete the DOCTYPE"),
            Self::WrongRoot => f.write_str("not a rule file; the root must be CORSConfiguration"),
            Self::UnknownKey { nearest: Some(nearest) } => write!(f, "unknown key; did you mean `{nearest}`?"),
            Self::UnknownKey { nearest: None } => f.write_str("unknown key; delete it"),
            Self::StrayText => f.write_str("text between elements; put it into an element or delete it"),
            Self::BelowATable => f.write_str("belongs to the whole file; write it above the first `[[CORSRule]]`"),
            Self::Alias => f.write_str(
                "an alias in YAML, which is not read; put text that begins with `*` into quotes, or repeat what is meant",
            ),
            Self::Tag => f.write_str(
                "a tag in YAML, which is not read; delete it, or put text that begins with `!` into quotes",
            ),
            Self::SeveralResources(addresses) => {
                f.write_str("more than one resource has a `cors_rule`; keep one of ")?;
                for (index, address) in addresses.iter().take(MAX_NAMED).enumerate() {
                    write!(f, "{}`{}`", if index > 0 { ", " } else { "" }, address.escape_debug())?;
                }
                match addresses.len().saturating_sub(MAX_NAMED) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::Expression => {
                f.write_str("computed when Terraform runs; write the value itself, or check the bucket's own rules")
            }
            Self::WrongShape(expected) => write!(f, "wrong shape; write {expected}"),
            Self::Repeated => f.write_str("stands more than once; keep one"),
            Self::NoRules => {
                f.write_str("no CORSRule; write at least one, or delete the configuration to switch CORS off")
            }
            Self::TooManyRules(count) => {
                write!(f, "{count} rules; at most {MAX_RULES} are allowed, merge or delete some")
            }
            Self::Missing => f.write_str("missing; every rule needs at least one"),
            Self::EmptyEntry => f.write_str("empty; write a value or delete the entry"),
            Self::TwoWildcards => f.write_str("more than one `*`; keep one in each entry, or write several entries"),
            Self::Unprintable => {
                f.write_str("a line break or control character inside; write one entry for each value")
            }
            Self::UnknownMethod => f.write_str(
                "not a method OSS can allow; write one of GET, PUT, POST, DELETE, HEAD in upper case, \
                 or choose the extended profile for other methods \
                 (`--profile extended`, or `Profile::Extended` in code)",
            ),
            Self::NotAMethodToken => {
                write!(f, "not a method; write one token of at most {MAX_METHOD_BYTES} bytes, without blanks or `*`")
            }
            Self::ExposeCharacter('*') => f.write_str("`*` is not allowed in ExposeHeader; name each header"),
            Self::ExposeCharacter(found) => {
                write!(f, "`{}` is not allowed in ExposeHeader; write a header name", found.escape_debug())
            }
            Self::MaxAgeOutOfRange => {
                write!(f, "not a max age; write an integer from 0 to {MAX_AGE_SECONDS} (seconds)")
            }
            Self::NotABoolean => f.write_str("not a boolean; write true or false"),
            Self::CredentialsNotInProfile => f.write_str(
                "OSS never sends Access-Control-Allow-Credentials; delete it, or choose the extended profile \
                 (`--profile extended`, or `Profile::Extended` in code)",
            ),
            Self::CredentialsWithWildcard => {
                f.write_str("every host can satisfy it, which cannot go with AllowCredentials; name the origins")
            }
        }
    }
}
