//! Which headers of an answer a page sees.

use crate::check::Credentials;
use crate::fields::List;
use crate::response::Response;

/// Whether every page may read it, whatever the answer exposes.
pub fn is_safelisted_response_header(name: &str) -> bool {
    SAFELISTED.iter().any(|safe| safe.eq_ignore_ascii_case(name))
}

const SAFELISTED: [&str; 7] =
    ["cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"];

/// Whether no page may read it, whatever the answer exposes: cookies.
pub fn is_forbidden_response_header(name: &str) -> bool {
    ["set-cookie", "set-cookie2"].iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name))
}

/// The header lines that are left for the page. A malformed `Access-Control-Expose-Headers` exposes nothing.
pub(crate) fn visible<'a>(credentials: Credentials, response: &Response<'a>) -> Vec<(&'a str, &'a [u8])> {
    let exposed = List::of(response.headers, "access-control-expose-headers");
    let all = credentials != Credentials::Include && exposed.tokens().contains(&"*");
    let is_visible = |name: &str| {
        let named = || exposed.tokens().iter().any(|exposed| exposed.eq_ignore_ascii_case(name));
        is_safelisted_response_header(name) || (!is_forbidden_response_header(name) && (all || named()))
    };
    response.headers.iter().copied().filter(|(name, _)| is_visible(name)).collect()
}
