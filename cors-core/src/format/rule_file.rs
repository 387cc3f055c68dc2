//! One rule file: read, judged, each part with its place.

use std::collections::HashSet;

use super::detect::{Format, without_mark};
#[cfg(feature = "json")]
use super::json;
use super::normalize::{Draft, lower_case_headers, normalize};
use super::places::{Places, Walk, position};
#[cfg(feature = "toml")]
use super::toml;
use super::tree::Node;
#[cfg(feature = "xml")]
use super::xml;
#[cfg(feature = "yaml")]
use super::yaml;
use crate::config::{CorsConfiguration, MAX_FILE_BYTES, Profile};
use crate::error::{ConfigError, ConfigErrorKind, ConfigErrors, Element, MAX_FAULTS, Position};
use crate::table::RuleTable;
use crate::validate::validate;

/// A rule file that was read and found right.
///
/// Two are equal if they say the same, wherever in their files it stands.
#[derive(Clone, Debug)]
pub struct RuleFile {
    configuration: CorsConfiguration,
    places: Places<Position>,
}

impl PartialEq for RuleFile {
    fn eq(&self, other: &Self) -> bool {
        self.configuration == other.configuration
    }
}

impl Eq for RuleFile {}

impl RuleFile {
    /// Reads `bytes`; without a format, that which [`Format::detect`] finds.
    ///
    /// # Errors
    ///
    /// Every fault of the file at once, each with its place: those of the format, and those that `profile` finds in
    /// the rules. A file over [`MAX_FILE_BYTES`] is refused unread.
    pub fn parse(bytes: &[u8], format: Option<Format>, profile: Profile) -> Result<Self, ConfigErrors> {
        Self::parse_or_draft(bytes, format, profile).map_err(|faulty| faulty.errors)
    }

    /// As [`parse`](Self::parse), for tools that tell all that they find in a file: beside its faults, what else it
    /// says.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_or_draft(bytes: &[u8], format: Option<Format>, profile: Profile) -> Result<Self, FaultyFile> {
        let fatal = |kind| ConfigErrors::one(ConfigError::new(kind));
        if bytes.len() > MAX_FILE_BYTES {
            return Err(fatal(ConfigErrorKind::TooLarge).into());
        }
        let text = match std::str::from_utf8(without_mark(bytes)) {
            Ok(text) => text,
            Err(error) => {
                let valid = without_mark(bytes).get(..error.valid_up_to()).unwrap_or_default();
                let position = position(&String::from_utf8_lossy(valid), valid.len());
                let kind = ConfigErrorKind::NotUtf8;
                return Err(
                    ConfigErrors::one(ConfigError { position: Some(position), ..ConfigError::new(kind) }).into()
                );
            }
        };
        if text.trim_ascii().is_empty() {
            return Err(fatal(ConfigErrorKind::EmptyFile).into());
        }
        let Some(format) = format.or_else(|| Format::detect(bytes)) else {
            return Err(fatal(ConfigErrorKind::UnknownFormat).into());
        };
        let root = read(text, format)?;
        let Draft { mut configuration, mut errors, places, unreadable, rules, .. } = normalize(&root, format);
        drop(root);
        let mut faults = Vec::new();
        validate(&configuration, profile, &mut faults);
        let more = errors.len() >= MAX_FAULTS || faults.len() >= MAX_FAULTS;
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
        errors.extend(faults.into_iter().map(|mut fault| {
            if let ConfigErrorKind::TooManyRules(count) = &mut fault.kind {
                *count = rules;
            }
            let at = places.of((fault.rule, fault.element, fault.entry)).or_else(|| places.of((None, None, None)));
            (at.unwrap_or_default(), fault)
        }));
        errors.extend(more.then(|| (text.len(), ConfigError::new(ConfigErrorKind::MoreFaults))));
        let checked = ConfigErrors::check(placed(text, errors));
        lower_case_headers(&mut configuration);
        let file = Self { configuration, places: places.positions(text) };
        match checked {
            Ok(()) => Ok(file),
            Err(errors) => Err(FaultyFile { errors, draft: Some(file) }),
        }
    }

    /// The configuration, as written.
    pub fn configuration(&self) -> &CorsConfiguration {
        &self.configuration
    }

    /// The configuration, as written.
    pub fn into_configuration(self) -> CorsConfiguration {
        self.configuration
    }

    /// Where a part stands: that of `rule`, `element` and `entry`, each counted from 1 as in
    /// [`ConfigError`](crate::ConfigError). A part that the file does not have stands where it is missing from: its
    /// element, its rule, the configuration. `None` for a rule that the file does not have.
    pub fn position(&self, rule: Option<usize>, element: Option<Element>, entry: Option<usize>) -> Option<Position> {
        self.places.of((rule, element, entry))
    }

    /// The compiled rules. Cannot fail: reading has found everything that could be wrong.
    pub fn table(&self) -> RuleTable {
        RuleTable::from_valid(&self.configuration)
    }
}

/// A rule file with faults. What could be read of it can be looked at, and not be compiled.
#[derive(Clone, Debug)]
pub struct FaultyFile {
    errors: ConfigErrors,
    draft: Option<RuleFile>,
}

impl FaultyFile {
    /// Every fault.
    pub fn errors(&self) -> &ConfigErrors {
        &self.errors
    }

    /// What could be read, faults included; `None` for what is no rule file at all.
    pub fn configuration(&self) -> Option<&CorsConfiguration> {
        self.draft.as_ref().map(RuleFile::configuration)
    }

    /// As [`RuleFile::position`].
    pub fn position(&self, rule: Option<usize>, element: Option<Element>, entry: Option<usize>) -> Option<Position> {
        self.draft.as_ref()?.position(rule, element, entry)
    }
}

impl From<ConfigErrors> for FaultyFile {
    fn from(errors: ConfigErrors) -> Self {
        Self { errors, draft: None }
    }
}

#[cfg_attr(
    not(any(feature = "xml", feature = "json", feature = "yaml", feature = "toml")),
    expect(unused_variables, reason = "no format is built that could read it")
)]
fn read(text: &str, format: Format) -> Result<Node, ConfigErrors> {
    #[cfg(not(all(feature = "xml", feature = "json", feature = "yaml", feature = "toml")))]
    let not_built = |feature| Err(ConfigErrors::one(ConfigError::new(ConfigErrorKind::FormatNotBuilt(feature))));
    match format {
        #[cfg(feature = "xml")]
        Format::Xml => xml::read(text).map_err(ConfigErrors::one),
        #[cfg(not(feature = "xml"))]
        Format::Xml => not_built("xml"),
        #[cfg(feature = "json")]
        Format::Json => json::read(text).map_err(ConfigErrors::one),
        #[cfg(not(feature = "json"))]
        Format::Json => not_built("json"),
        #[cfg(feature = "yaml")]
        Format::Yaml => yaml::read(text).map_err(ConfigErrors::one),
        #[cfg(not(feature = "yaml"))]
        Format::Yaml => not_built("yaml"),
        #[cfg(feature = "toml")]
        Format::Toml => toml::read(text),
        #[cfg(not(feature = "toml"))]
        Format::Toml => not_built("toml"),
    }
}

/// The errors in the order of the text, each with its line and column: one walk over the text for all.
fn placed(text: &str, mut errors: Vec<(usize, ConfigError)>) -> Vec<ConfigError> {
    errors.sort_by_key(|(at, _)| *at);
    let mut walk = Walk::new(text);
    errors.into_iter().map(|(at, error)| ConfigError { position: Some(walk.to(at)), ..error }).collect()
}
