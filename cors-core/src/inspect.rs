//! What [`RuleTable::decide`] asks, one question at a time: for tools that explain and compare rules.

use std::borrow::Cow;

use crate::index::RuleSet;
use crate::request::{MAX_ORIGIN_BYTES, MAX_REQUEST_HEADERS_BYTES};
use crate::table::{RuleTable, is_possible_origin};

/// Which rules allow one part of a request. A request is answered by the first rule that allows all of its parts.
///
/// ```
/// use oss_cors_core::{CorsConfiguration, CorsRule, Profile, RuleTable};
///
/// let rule = |origin: &str| CorsRule::new([origin], ["GET"]);
/// let rules = [rule("https://app.example.com"), rule("https://*.example.com")];
/// let table = RuleTable::compile(&CorsConfiguration::from_rules(rules), Profile::Oss)?;
///
/// let allowing = table.rules_allowing_origin(b"https://app.example.com").unwrap();
/// assert_eq!(allowing.iter().collect::<Vec<_>>(), [0, 1]);
/// assert_eq!(table.rules_covering_origin("https://*.app.example.com").first(), Some(1));
/// # Ok::<(), oss_cors_core::ConfigErrors>(())
/// ```
impl RuleTable {
    /// The rules that allow `origin`; `None` for one that is malformed.
    pub fn rules_allowing_origin(&self, origin: &[u8]) -> Option<RuleSet> {
        is_possible_origin(origin).then(|| self.origins.find(origin))
    }

    /// The rules that allow `method`.
    pub fn rules_allowing_method(&self, method: &[u8]) -> RuleSet {
        self.methods.find(method)
    }

    /// The rules that allow the request header `name`, in any case; none for what cannot be one.
    pub fn rules_allowing_header(&self, name: &[u8]) -> RuleSet {
        self.header(name)
    }

    /// Every AllowedOrigin that some request can match, as written, with its rules, in the order of the texts.
    ///
    /// A rule is left out beside an entry without `*` that a wildcard of the same rule matches.
    pub fn origin_entries(&self) -> Vec<(String, RuleSet)> {
        self.origins.entries()
    }

    /// Every AllowedHeader that some request can match, in lower case, as [`origin_entries`](Self::origin_entries).
    pub fn header_entries(&self) -> Vec<(String, RuleSet)> {
        self.headers.entries()
    }

    /// The rules that allow every origin that the AllowedOrigin `entry` matches.
    pub fn rules_covering_origin(&self, entry: &str) -> RuleSet {
        self.origins.find(widest(entry, MAX_ORIGIN_BYTES).as_bytes())
    }

    /// The rules that allow every request header that the AllowedHeader `entry` matches.
    pub fn rules_covering_header(&self, entry: &str) -> RuleSet {
        self.headers.find(widest(entry, MAX_REQUEST_HEADERS_BYTES).to_ascii_lowercase().as_bytes())
    }
}

/// The text that is matched by just those entries that match all that `entry` matches.
///
/// That is the entry itself. A `*` in an entry always stands for other text, but a request may have one: where it stands,
/// only another `*` can match. If a request with it would be too long, the `*` can stand for nothing only.
fn widest(entry: &str, longest: usize) -> Cow<'_, str> {
    if entry.len() > longest { entry.replacen('*', "", 1).into() } else { entry.into() }
}
