//! What bytes may stand where.

use http::HeaderName;

/// A non-empty token (RFC 9110 section 5.6.2): what a method and a header name are made of.
pub(crate) fn is_token(text: &[u8]) -> bool {
    HeaderName::from_bytes(text).is_ok()
}
