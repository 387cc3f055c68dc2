//! The rules as written: what a rule file says, before anything is judged or compiled.

/// An ordered list of rules, as an object store keeps it for one bucket.
///
/// Nothing in here is checked: [`RuleTable::compile`](crate::RuleTable::compile) does that and reports every fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CorsConfiguration {
    /// `CORSRule`: 1 to 20 rules, tried in this order.
    #[cfg_attr(feature = "serde", serde(rename = "CORSRule"))]
    pub rules: Vec<CorsRule>,
    /// `ResponseVary`: whether every response carries `Vary: Origin`.
    #[cfg_attr(feature = "serde", serde(rename = "ResponseVary"))]
    pub response_vary: bool,
}

/// One rule, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "PascalCase"))]
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

/// OSS stores and returns AllowedHeader in lower case (SEMANTICS section 1), so every written form does.
#[cfg(feature = "serde")]
fn lower_case<S: serde::Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter().map(|name| name.to_ascii_lowercase()))
}

/// Whose rules about rules apply. Chosen in code or on a command line, never by the rule file itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
