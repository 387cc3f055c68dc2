//! Request headers that a page cannot set: the browser drops them without a word.

use crate::fields::trimmed;
use crate::method::is_forbidden_method;

/// Whether a page cannot set it: what it gives is dropped, and the browser's own value is sent if any.
///
/// ```
/// use oss_cors_browser::is_forbidden_request_header;
///
/// assert!(is_forbidden_request_header("Cookie", b"a=b"));
/// assert!(is_forbidden_request_header("sec-fetch-mode", b"cors"));
/// assert!(is_forbidden_request_header("X-HTTP-Method-Override", b"TRACE"));
/// assert!(!is_forbidden_request_header("X-HTTP-Method-Override", b"PUT"));
/// assert!(!is_forbidden_request_header("User-Agent", b"mine"));
/// ```
pub fn is_forbidden_request_header(name: &str, value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let overrides = ["x-http-method", "x-http-method-override", "x-method-override"];
    FORBIDDEN.contains(&name.as_str())
        || name.starts_with("proxy-")
        || name.starts_with("sec-")
        || (overrides.contains(&name.as_str()) && names_a_forbidden_method(value))
}

const FORBIDDEN: [&str; 22] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    // Of a draft that browsers gave up; still the browser's own.
    "access-control-request-private-network",
];

fn names_a_forbidden_method(value: &[u8]) -> bool {
    let mut items = value.split(|byte| *byte == b',').map(trimmed);
    items.any(|item| std::str::from_utf8(item).is_ok_and(is_forbidden_method))
}
