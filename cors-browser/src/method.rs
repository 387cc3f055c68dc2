//! Methods, as Fetch sorts them.

/// Upper-cases those methods that a browser upper-cases. Any other, `patch` too, is sent as the page wrote it.
///
/// ```
/// use oss_cors_browser::normalized_method;
///
/// assert_eq!(normalized_method("delete"), "DELETE");
/// assert_eq!(normalized_method("patch"), "patch");
/// ```
pub fn normalized_method(method: &str) -> &str {
    const UPPER_CASED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];
    UPPER_CASED.into_iter().find(|known| known.eq_ignore_ascii_case(method)).unwrap_or(method)
}

/// Whether a request with it needs no preflight on its account: GET, HEAD and POST.
pub fn is_safelisted_method(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "POST")
}

/// Whether no page may send it: CONNECT, TRACE and TRACK, in any case.
pub fn is_forbidden_method(method: &str) -> bool {
    ["CONNECT", "TRACE", "TRACK"].iter().any(|forbidden| forbidden.eq_ignore_ascii_case(method))
}
