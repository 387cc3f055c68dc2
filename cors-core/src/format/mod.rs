//! Rule files: bytes in some format to a configuration, and back.
//!
//! ```text
//!   bytes --xml | json--> Node --normalize--> CorsConfiguration + the place of every entry --validate--> RuleFile
//! ```
//!
//! Each format only builds the tree; what a rule file may say is known to the normaliser alone.

#[cfg(feature = "json")]
mod json;
mod normalize;
mod tree;
mod write;
#[cfg(feature = "xml")]
mod xml;

use std::collections::HashSet;

use crate::config::{CorsConfiguration, Profile};
use crate::error::{ConfigError, ConfigErrorKind, ConfigErrors, Position};
use crate::table::RuleTable;
use crate::validate::validate;
use normalize::{Draft, normalize};
use tree::Node;

/// The most bytes a rule file may have; a larger one is refused before it is parsed. OSS itself takes 16 KiB.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;

/// How a rule file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The XML of OSS (and of S3, whose namespace and `<ID>` are read and dropped).
    Xml,
    /// JSON with the same names: `{"CORSRule": [..], "ResponseVary": true}`.
    Json,
}

impl Format {
    /// By a file name's extension, without the dot, in any case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xml" => Some(Self::Xml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// By the first byte that is neither a blank nor a byte order mark.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match without_mark(bytes).trim_ascii_start().first()? {
            b'<' => Some(Self::Xml),
            b'{' | b'[' => Some(Self::Json),
            _ => None,
        }
    }
}

/// A rule file that was read and found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    configuration: CorsConfiguration,
}

impl RuleFile {
    /// Reads `bytes`; `None` detects the format by the first byte.
    ///
    /// # Errors
    ///
    /// Every fault of the file at once, each with its place: those of the format, and those that `profile` finds in
    /// the rules. A file over [`MAX_FILE_BYTES`] is refused unread.
    pub fn parse(bytes: &[u8], format: Option<Format>, profile: Profile) -> Result<Self, ConfigErrors> {
        let fatal = |kind| ConfigErrors::one(ConfigError::new(kind));
        if bytes.len() > MAX_FILE_BYTES {
            return Err(fatal(ConfigErrorKind::TooLarge));
        }
        let text = match std::str::from_utf8(without_mark(bytes)) {
            Ok(text) => text,
            Err(error) => {
                let valid = without_mark(bytes).get(..error.valid_up_to()).unwrap_or_default();
                let position = position(&String::from_utf8_lossy(valid), valid.len());
                let kind = ConfigErrorKind::NotUtf8;
                return Err(ConfigErrors::one(ConfigError { position: Some(position), ..ConfigError::new(kind) }));
            }
        };
        if text.trim_ascii().is_empty() {
            return Err(fatal(ConfigErrorKind::EmptyFile));
        }
        let Some(format) = format.or_else(|| Format::detect(bytes)) else {
            return Err(fatal(ConfigErrorKind::UnknownFormat));
        };
        let root = read(text, format)?;
        let Draft { mut configuration, mut errors, places, unreadable } = normalize(&root);
        let mut faults = Vec::new();
        validate(&configuration, profile, &mut faults);
        // What is malformed is not missing as well.
        let malformed: HashSet<_> = errors
            .iter()
            .filter(|(_, error)| error.rule.is_some())
            .map(|(_, error)| (error.rule, error.element))
            .collect();
        faults.retain(|fault| match fault.kind {
            ConfigErrorKind::Missing | ConfigErrorKind::NoRules => {
                !malformed.contains(&(fault.rule, fault.element)) && !unreadable.contains(&fault.rule)
            }
            _ => true,
        });
        errors.extend(faults.into_iter().map(|fault| (places.of(&fault).unwrap_or_default(), fault)));
        ConfigErrors::check(placed(text, errors))?;
        // OSS stores and returns them in lower case (SEMANTICS section 1).
        for rule in &mut configuration.rules {
            rule.allowed_headers.iter_mut().for_each(|name| name.make_ascii_lowercase());
        }
        Ok(Self { configuration })
    }

    /// The configuration, as written.
    pub fn configuration(&self) -> &CorsConfiguration {
        &self.configuration
    }

    /// The configuration, as written.
    pub fn into_configuration(self) -> CorsConfiguration {
        self.configuration
    }

    /// The compiled rules. Cannot fail: reading has found everything that could be wrong.
    pub fn table(&self) -> RuleTable {
        RuleTable::from_valid(&self.configuration)
    }
}

#[cfg_attr(not(any(feature = "xml", feature = "json")), allow(unused_variables))]
fn read(text: &str, format: Format) -> Result<Node, ConfigErrors> {
    match format {
        #[cfg(feature = "xml")]
        Format::Xml => xml::read(text).map_err(ConfigErrors::one),
        #[cfg(not(feature = "xml"))]
        Format::Xml => Err(ConfigErrors::one(ConfigError::new(ConfigErrorKind::FormatNotBuilt("xml")))),
        #[cfg(feature = "json")]
        Format::Json => json::read(text).map_err(ConfigErrors::one),
        #[cfg(not(feature = "json"))]
        Format::Json => Err(ConfigErrors::one(ConfigError::new(ConfigErrorKind::FormatNotBuilt("json")))),
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The errors in the order of the text, each with its line and column: one walk over the text for all.
fn placed(text: &str, mut errors: Vec<(usize, ConfigError)>) -> Vec<ConfigError> {
    errors.sort_by_key(|(at, _)| *at);
    let (mut done, mut here) = (0, Position { line: 1, column: 1 });
    let place = |(at, error): (usize, ConfigError)| {
        here = advance(here, text.get(done..at).unwrap_or_default());
        done = at;
        ConfigError { position: Some(here), ..error }
    };
    errors.into_iter().map(place).collect()
}

fn position(text: &str, at: usize) -> Position {
    advance(Position { line: 1, column: 1 }, text.get(..at).unwrap_or_default())
}

fn advance(from: Position, over: &str) -> Position {
    match over.rfind('\n') {
        None => Position { line: from.line, column: from.column + over.chars().count() },
        Some(last) => Position {
            line: from.line + over.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + over.get(last + 1..).unwrap_or_default().chars().count(),
        },
    }
}
