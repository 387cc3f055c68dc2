//! What both adapters write, free of their header types.

use crate::request::list_items;

/// Whether the lower-case `name` is a header by which an application would answer CORS itself. Such headers from
/// inside are removed before ours are written: an inner `Access-Control-Allow-Origin: *` would open what the rules
/// closed (SEMANTICS section 3).
#[inline]
pub fn is_cors_response_header(name: &str) -> bool {
    name.strip_prefix("access-control-")
        .is_some_and(|rest| rest.starts_with("allow-") || rest == "expose-headers" || rest == "max-age")
}

/// `Access-Control-Allow-Headers` for a preflight that a rule allowed: the requested names, in lower case, in request
/// order, joined with `, `. `None` if none was requested.
pub fn allow_headers<'a>(lines: impl IntoIterator<Item = &'a [u8]> + Clone) -> Option<Vec<u8>> {
    // As browsers write the lines, this is the length to the byte: each comma becomes a comma and a blank.
    let commas = |line: &[u8]| line.iter().fold(0, |sum, byte| sum + usize::from(*byte == b','));
    let length = lines.clone().into_iter().fold(0, |sum, line| sum + line.len() + commas(line));
    if length == 0 {
        return None;
    }
    let mut value = Vec::with_capacity(length);
    for item in list_items(lines) {
        if !value.is_empty() {
            value.extend_from_slice(b", ");
        }
        value.extend_from_slice(item);
    }
    value.make_ascii_lowercase();
    (!value.is_empty()).then_some(value)
}

/// The one `Vary` line that says what the application's `lines` say and `Origin` besides; `None` where the
/// application's own line says so already and stays as it is.
///
/// Several lines become one: nginx 1.22 honours only the last of several. `*` covers everything.
pub fn merge_vary<'a>(lines: impl IntoIterator<Item = &'a [u8]> + Clone) -> Option<Vec<u8>> {
    let mut items = list_items(lines.clone());
    if items.any(|item| item == b"*") {
        return (lines.into_iter().count() > 1).then(|| b"*".to_vec());
    }
    let mut has_origin = false;
    let mut value = Vec::new();
    for item in list_items(lines.clone()) {
        let is_origin = item.eq_ignore_ascii_case(b"origin");
        if is_origin && has_origin {
            continue;
        }
        has_origin |= is_origin;
        if !value.is_empty() {
            value.extend_from_slice(b", ");
        }
        value.extend_from_slice(item);
    }
    if has_origin && lines.into_iter().count() == 1 {
        return None;
    }
    if !has_origin {
        value.extend_from_slice(if value.is_empty() { b"Origin" } else { b", Origin" });
    }
    Some(value)
}
