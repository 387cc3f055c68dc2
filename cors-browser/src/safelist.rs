//! Request headers that need no preflight.

use std::collections::BTreeSet;

use crate::fields::{is_token, trimmed};
use crate::range::is_single_range_from_a_position;

/// The longest value of a safelisted request header, in bytes.
pub const MAX_SAFELISTED_VALUE_BYTES: usize = 128;

/// How many bytes the values of all safelisted request headers may have together.
pub const MAX_SAFELISTED_VALUES_BYTES: usize = 1024;

/// Whether a request may carry this header to another origin without a preflight.
///
/// ```
/// use oss_cors_browser::is_safelisted_request_header;
///
/// assert!(is_safelisted_request_header("Content-Type", b"text/plain; charset=utf-8"));
/// assert!(!is_safelisted_request_header("Content-Type", b"application/json"));
/// ```
pub fn is_safelisted_request_header(name: &str, value: &[u8]) -> bool {
    let value = trimmed(value);
    value.len() <= MAX_SAFELISTED_VALUE_BYTES
        && match name.to_ascii_lowercase().as_str() {
            // Last-Event-ID is not in the standard's list; browsers and web-platform-tests treat it like Accept.
            "accept" | "last-event-id" => !value.iter().any(is_unsafe_byte),
            "accept-language" | "content-language" => value.iter().all(is_language_byte),
            "content-type" => !value.iter().any(is_unsafe_byte) && is_form_content_type(value),
            "range" => is_single_range_from_a_position(value),
            _ => false,
        }
}

/// The names of those headers that make a preflight necessary, as it asks for them: lower case, sorted, each once.
pub fn unsafe_names(headers: &[(&str, &[u8])]) -> Vec<String> {
    let (safe, not_safe): (Vec<_>, Vec<_>) =
        headers.iter().partition(|(name, value)| is_safelisted_request_header(name, value));
    let safe_bytes: usize = safe.iter().map(|(_, value)| trimmed(value).len()).sum();
    let too_many = if safe_bytes > MAX_SAFELISTED_VALUES_BYTES { safe } else { Vec::new() };
    let names: BTreeSet<_> = not_safe.iter().chain(&too_many).map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.into_iter().collect()
}

fn is_unsafe_byte(byte: &u8) -> bool {
    (*byte < 0x20 && *byte != b'\t') || br#""():<>?@[\]{}"#.contains(byte) || *byte == 0x7f
}

fn is_language_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b" *,-.;=".contains(byte)
}

/// Whether it is a MIME type that a form can send.
fn is_form_content_type(value: &[u8]) -> bool {
    let essence = essence(value);
    let form = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
    essence.is_some_and(|essence| form.contains(&essence.as_str()))
}

/// `type/subtype` in lower case, without parameters; `None` for what is no MIME type.
fn essence(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value.split(|byte| *byte == b';').next()?).ok()?;
    // Blanks may stand before the `;`, and nowhere else.
    let text = text.trim_end_matches([' ', '\t', '\r', '\n']);
    let (kind, subtype) = text.split_once('/')?;
    (is_token(kind) && is_token(subtype)).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_safe_up_to_128_bytes() {
        let value = |length: usize| "a".repeat(length).into_bytes();
        assert!(is_safelisted_request_header("Accept", &value(128)));
        assert!(!is_safelisted_request_header("Accept", &value(129)));
    }

    #[test]
    fn more_than_1024_bytes_together_make_every_name_unsafe() {
        let long = [b'a'; 128];
        let mut headers = vec![("Accept", &long[..]); 8];
        assert!(unsafe_names(&headers).is_empty());
        headers.push(("Content-Language", b"e"));
        assert_eq!(unsafe_names(&headers), ["accept", "content-language"]);
        // What is unsafe anyway does not count to the sum.
        headers.pop();
        headers.push(("X", &long));
        assert_eq!(unsafe_names(&headers), ["x"]);
    }

    #[test]
    fn names_are_in_lower_case_sorted_and_unique() {
        let headers = [("X-b", &b"1"[..]), ("x-A", b"1"), ("X-B", b"2"), ("content-type", b"application/json")];
        assert_eq!(unsafe_names(&headers), ["content-type", "x-a", "x-b"]);
    }

    #[test]
    fn content_types_are_judged_by_their_essence() {
        for good in ["text/plain", "TEXT/Plain;x", "text/plain ; a=b", " multipart/form-data; boundary=x "] {
            assert!(is_safelisted_request_header("content-type", good.as_bytes()), "{good}");
        }
        for bad in
            ["", "text", "text/", "/plain", "text/plain charset", "text/html", "text/plain; a=\"b\"", "text/pl\u{e4}in"]
        {
            assert!(!is_safelisted_request_header("content-type", bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn each_unsafe_byte_and_no_other_makes_accept_unsafe() {
        for byte in 0..=255_u8 {
            let expected = byte == b'\t' || (byte >= 0x20 && byte != 0x7f && !b"\"():<>?@[\\]{}".contains(&byte));
            assert_eq!(is_safelisted_request_header("accept", &[b'a', byte, b'a']), expected, "{byte:#x}");
        }
    }
}
