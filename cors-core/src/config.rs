//! The rules as written: what a rule file says, before anything is judged or compiled.

/// An ordered list of rules, as an object store keeps it for one bucket.
///
/// Nothing in here is checked: [`RuleTable::compile`](crate::RuleTable::compile) does that and reports every fault.
///
/// ```
/// use oss_cors_core::{CorsConfiguration, CorsRule, Profile, RuleTable};
///
/// let pages = CorsRule::new(["https://*.example.com"], ["GET", "HEAD"]).expose_headers(["ETag"]);
/// let uploads = CorsRule::new(["https://app.example.com"], ["PUT"]).allowed_headers(["content-type", "x-oss-*"]);
/// let table = RuleTable::compile(&CorsConfiguration::from_rules([pages, uploads]), Profile::Oss)?;
/// assert_eq!(table.rules().len(), 2);
/// # Ok::<(), oss_cors_core::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CorsConfiguration {
    /// `CORSRule`: 1 to 20 rules, tried in this order.
    #[cfg_attr(feature = "serde", serde(rename = "CORSRule"))]
    pub rules: Vec<CorsRule>,
    /// `ResponseVary`: whether every response carries `Vary: Origin`.
    #[cfg_attr(feature = "serde", serde(rename = "ResponseVary"))]
    pub response_vary: bool,
}

impl CorsConfiguration {
    /// These rules, with ResponseVary: what a cache keeps for one origin is not given to another. A rule file that says
    /// nothing about it has OSS's default, which is off.
    pub fn from_rules(rules: impl IntoIterator<Item = CorsRule>) -> Self {
        Self { rules: rules.into_iter().collect(), response_vary: true }
    }

    /// Sets ResponseVary.
    #[must_use]
    pub fn response_vary(self, vary: bool) -> Self {
        Self { response_vary: vary, ..self }
    }
}

/// A configuration of one rule.
impl From<CorsRule> for CorsConfiguration {
    fn from(rule: CorsRule) -> Self {
        Self::from_rules([rule])
    }
}

/// One rule, as written.
///
/// ```
/// use oss_cors_core::CorsRule;
///
/// let rule = CorsRule::new(["https://app.example.com"], ["GET", "PUT"])
///     .allowed_headers(["content-type"])
///     .expose_headers(["ETag"])
///     .max_age_seconds(600);
/// assert_eq!(rule.allowed_methods, ["GET", "PUT"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
#[non_exhaustive]
pub struct CorsRule {
    /// `AllowedOrigin`: at least one; `scheme://host[:port]` with at most one `*`, or `*` for every origin.
    #[cfg_attr(feature = "serde", serde(rename = "AllowedOrigin"))]
    pub allowed_origins: Vec<String>,
    /// `AllowedMethod`: at least one of `GET`, `PUT`, `POST`, `DELETE`, `HEAD`.
    #[cfg_attr(feature = "serde", serde(rename = "AllowedMethod"))]
    pub allowed_methods: Vec<String>,
    /// `AllowedHeader`: request-header names a preflight may ask for, at most one `*` each, in any case.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "AllowedHeader", skip_serializing_if = "Vec::is_empty", serialize_with = "lower_case")
    )]
    pub allowed_headers: Vec<String>,
    /// `ExposeHeader`: response-header names a page may read. No wildcard.
    #[cfg_attr(feature = "serde", serde(rename = "ExposeHeader", skip_serializing_if = "Vec::is_empty"))]
    pub expose_headers: Vec<String>,
    /// `MaxAgeSeconds`: how long a browser may keep the preflight's answer, 0 to 999999999 seconds.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub max_age_seconds: Option<u32>,
    /// `AllowCredentials`: only under [`Profile::Extended`](crate::Profile::Extended); OSS has no such element.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "std::ops::Not::not"))]
    pub allow_credentials: bool,
}

impl CorsRule {
    /// A rule for these origins and methods, which allows no request headers and exposes no response headers.
    pub fn new(
        origins: impl IntoIterator<Item = impl Into<String>>,
        methods: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self { allowed_origins: strings(origins), allowed_methods: strings(methods), ..Self::default() }
    }

    /// Sets AllowedOrigin.
    #[must_use]
    pub fn allowed_origins(self, origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { allowed_origins: strings(origins), ..self }
    }

    /// Sets AllowedMethod.
    #[must_use]
    pub fn allowed_methods(self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { allowed_methods: strings(methods), ..self }
    }

    /// Sets AllowedHeader: the request headers that a preflight may ask for.
    #[must_use]
    pub fn allowed_headers(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { allowed_headers: strings(names), ..self }
    }

    /// Sets ExposeHeader: the response headers that a page may read.
    #[must_use]
    pub fn expose_headers(self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { expose_headers: strings(names), ..self }
    }

    /// Sets MaxAgeSeconds: how long a browser may keep the preflight's answer.
    #[must_use]
    pub fn max_age_seconds(self, seconds: impl Into<Option<u32>>) -> Self {
        Self { max_age_seconds: seconds.into(), ..self }
    }

    /// Sets AllowCredentials, for [`Profile::Extended`](crate::Profile::Extended).
    #[must_use]
    pub fn allow_credentials(self, allow: bool) -> Self {
        Self { allow_credentials: allow, ..self }
    }
}

fn strings(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}

/// OSS stores and returns AllowedHeader in lower case (SEMANTICS section 1), so every written form does.
#[cfg(feature = "serde")]
fn lower_case<S: serde::Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter().map(|name| name.to_ascii_lowercase()))
}

/// Whose rules about rules apply. Chosen in code or on a command line, never by the rule file itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// What OSS takes: five methods, no credentials.
    #[default]
    Oss,
    /// Beyond OSS: any method token, and `AllowCredentials` per rule.
    Extended,
}

/// The most rules a configuration may have, in every profile. Source: OSS, `PutBucketCors`.
pub const MAX_RULES: usize = 20;

/// The most bytes of a method under [`Profile::Extended`]. Our choice: registered methods have at most 17.
pub const MAX_METHOD_BYTES: usize = 256;

/// The largest MaxAgeSeconds, in seconds. Source: OSS, `PutBucketCors`.
pub const MAX_AGE_SECONDS: u32 = 999_999_999;

/// The most bytes of a rule file, and of the entries of a configuration together. A larger file is refused before it
/// is parsed. OSS itself takes 16 KiB.
pub const MAX_FILE_BYTES: usize = 16 * 1024 * 1024;
