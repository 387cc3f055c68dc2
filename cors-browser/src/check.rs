//! The CORS check: whether an answer opens itself to the page's origin.

use crate::failure::CheckFailure;
use crate::fields::{combined, lines, trimmed};
use crate::response::Response;

/// Whether a request carries cookies, HTTP authentication and client certificates to another origin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Credentials {
    /// `credentials: "omit"`: never.
    Omit,
    /// `credentials: "same-origin"`, the default of `fetch`: to the page's own origin only.
    #[default]
    SameOrigin,
    /// `credentials: "include"`, or `withCredentials`: to every origin, which must then allow it.
    Include,
}

/// Whether `response` may be shown to a page of `origin`. Compares bytes: a slash or a default port too much fails.
pub(crate) fn check(origin: &str, credentials: Credentials, response: &Response<'_>) -> Result<(), CheckFailure> {
    let include = credentials == Credentials::Include;
    let Some(allowed) = combined(response.headers, "access-control-allow-origin") else {
        return Err(CheckFailure::MissingAllowOrigin);
    };
    if allowed == b"*" {
        return if include { Err(CheckFailure::WildcardWithCredentials) } else { Ok(()) };
    }
    if allowed != origin.as_bytes() {
        return Err(mismatch(allowed, lines(response.headers, "access-control-allow-origin").count()));
    }
    match combined(response.headers, "access-control-allow-credentials") {
        _ if !include => Ok(()),
        Some(value) if value == b"true" => Ok(()),
        value => Err(CheckFailure::CredentialsNotAllowed { value }),
    }
}

/// What kind of wrong value it is, as Chromium tells them apart.
fn mismatch(value: Vec<u8>, lines: usize) -> CheckFailure {
    if lines > 1 || value.iter().any(|byte| b" ,".contains(byte)) {
        CheckFailure::SeveralAllowOrigins { value }
    } else if value == b"null" || is_address(&value) {
        CheckFailure::OtherOrigin { value }
    } else {
        CheckFailure::NotAnOrigin { value }
    }
}

/// Whether Chromium's URL parser, which is lenient, reads it.
fn is_address(value: &[u8]) -> bool {
    let Some(colon) = value.iter().position(|byte| *byte == b':') else { return false };
    let (scheme, rest) = value.split_at(colon);
    let in_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let rest = trimmed(rest.get(1..).unwrap_or_default());
    let host = rest.iter().find(|byte| !matches!(byte, b'/' | b'\\'));
    let special =
        ["http", "https", "ws", "wss", "ftp"].iter().any(|known| known.as_bytes().eq_ignore_ascii_case(scheme));
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(in_scheme)
        && (!special || host.is_some_and(|first| !b":?#".contains(first)))
}
