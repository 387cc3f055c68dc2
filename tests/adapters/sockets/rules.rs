//! Two rule files, what requests send, and what is answered.

use oss_cors_core::{Profile, RuleFile, RuleTable};

pub(crate) const RULES: &str = "
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>https://app.example.com</AllowedOrigin>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedMethod>PUT</AllowedMethod>
    <AllowedMethod>HEAD</AllowedMethod>
    <AllowedHeader>content-type</AllowedHeader>
    <AllowedHeader>x-oss-*</AllowedHeader>
    <ExposeHeader>ETag</ExposeHeader>
    <ExposeHeader>x-oss-request-id</ExposeHeader>
    <MaxAgeSeconds>600</MaxAgeSeconds>
  </CORSRule>
  <ResponseVary>true</ResponseVary>
</CORSConfiguration>";

/// Everything for everyone, and no `Vary`.
pub(crate) const OPEN_RULES: &str = "
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>*</AllowedOrigin>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedHeader>*</AllowedHeader>
  </CORSRule>
</CORSConfiguration>";

pub(crate) const APP: &str = "origin: https://app.example.com";
pub(crate) const OTHER: &str = "origin: https://other.example.com";
pub(crate) const FOR_PUT: &str = "access-control-request-method: PUT";
pub(crate) const FOR_GET: &str = "access-control-request-method: GET";
pub(crate) const WITH_HEADERS: &str = "access-control-request-headers: X-Oss-Date,content-type";

pub(crate) const MATCHED: &[&str] = &[
    "access-control-allow-methods: GET, PUT, HEAD",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 600",
    "vary: Origin",
];
pub(crate) const ACCEPTED: &[&str] = &[
    "access-control-allow-headers: x-oss-date, content-type",
    "access-control-allow-methods: GET, PUT, HEAD",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 600",
    "vary: Origin",
];
pub(crate) const OPEN: &[&str] = &["access-control-allow-methods: GET", "access-control-allow-origin: *"];
pub(crate) const ONLY_VARY: &[&str] = &["vary: Origin"];
pub(crate) const NOTHING: &[&str] = &[];

pub(crate) const NOT_ALLOWED: &str = "CORSResponse: This CORS request is not allowed. This is usually because the \
                                      evalution of Origin, request method / Access-Control-Request-Method or \
                                      Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec.";
pub(crate) const NOT_ENABLED: &str = "CORSResponse: CORS is not enabled for this bucket.";
pub(crate) const NO_ORIGIN: &str = "Insufficient information. Origin request header needed.";
pub(crate) const NO_METHOD: &str = "Insufficient information. Request Access-Control-Request-Method header needed.";

pub(crate) fn table(rules: &str) -> RuleTable {
    RuleFile::parse(rules.as_bytes(), None, Profile::Oss).expect("the rules are right").table()
}
