//! The language of one entry: text with at most one `*`, which stands for zero or more bytes of any kind.

use crate::request::{MAX_ORIGIN_BYTES, MAX_REQUEST_HEADERS_BYTES};
use crate::text::{is_token, is_visible_ascii};

/// One AllowedOrigin or AllowedHeader, parsed. Header names are compared in lower case: fold both sides first.
///
/// ```
/// use oss_cors_core::Pattern;
///
/// let subdomains = Pattern::parse("https://*.example.com").unwrap();
/// assert!(subdomains.matches(b"https://a.b.example.com"));
/// assert!(!subdomains.matches(b"https://example.com"));
/// assert!(subdomains.covers(Pattern::parse("https://*.app.example.com").unwrap()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern<'a> {
    /// A bare `*`.
    Any,
    /// No `*`.
    Exact(&'a str),
    /// Text before and after the `*`; at least one of them is not empty.
    Affix {
        /// The text before the `*`.
        prefix: &'a str,
        /// The text after the `*`.
        suffix: &'a str,
    },
}

impl<'a> Pattern<'a> {
    /// `None` for more than one `*`.
    pub fn parse(entry: &'a str) -> Option<Self> {
        match entry.split_once('*') {
            None => Some(Self::Exact(entry)),
            Some((_, suffix)) if suffix.contains('*') => None,
            Some(("", "")) => Some(Self::Any),
            Some((prefix, suffix)) => Some(Self::Affix { prefix, suffix }),
        }
    }

    /// Whether it matches `text`: byte for byte, and a `*` stands for zero or more bytes.
    pub fn matches(self, text: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact.as_bytes() == text,
            // Prefix and suffix must not overlap: `ab*ba` does not match `aba`.
            Self::Affix { prefix, suffix } => {
                text.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.ends_with(suffix.as_bytes()))
            }
        }
    }

    /// Whether it matches every text that `other` matches.
    pub fn covers(self, other: Pattern<'_>) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (_, Pattern::Exact(text)) => self.matches(text.as_bytes()),
            (Self::Affix { prefix, suffix }, Pattern::Affix { prefix: start, suffix: end }) => {
                start.starts_with(prefix) && end.ends_with(suffix)
            }
            (Self::Exact(_), _) | (Self::Affix { .. }, Pattern::Any) => false,
        }
    }
}

/// Whether some request can match the AllowedOrigin `entry`. No origin is longer than [`MAX_ORIGIN_BYTES`] or has bytes
/// outside visible ASCII.
pub fn can_match_origin(entry: &str) -> bool {
    fits(entry, MAX_ORIGIN_BYTES) && is_visible_ascii(entry.as_bytes())
}

/// Whether some request can match the AllowedHeader `entry`. Every requested header is a token (RFC 9110), and no longer
/// than [`MAX_REQUEST_HEADERS_BYTES`].
pub fn can_match_header(entry: &str) -> bool {
    fits(entry, MAX_REQUEST_HEADERS_BYTES) && is_token(entry.as_bytes())
}

/// Whether every host can satisfy the AllowedOrigin `entry`, by a scheme, a port or a last dot of its choice, or as
/// `null`, which every page can be.
pub(crate) fn every_host_matches(entry: &str) -> bool {
    let Some(pattern) = Pattern::parse(entry) else { return false };
    let Pattern::Affix { prefix, suffix } = pattern else { return pattern.matches(b"null") };
    let port = suffix.strip_prefix('.').filter(|port| port.is_empty() || port.starts_with(':')).unwrap_or(suffix);
    let port = port.strip_prefix(':').unwrap_or(port);
    let is_port = port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    pattern.matches(b"null") || (is_port && ["http://", "https://"].iter().any(|scheme| scheme.starts_with(prefix)))
}

/// A `*` may stand for nothing.
fn fits(entry: &str, longest: usize) -> bool {
    entry.len() <= longest + usize::from(entry.contains('*'))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, every_host_matches};

    #[track_caller]
    fn yes(entry: &str, text: &str) {
        assert!(Pattern::parse(entry).unwrap().matches(text.as_bytes()), "{entry} should match {text}");
    }

    #[track_caller]
    fn no(entry: &str, text: &str) {
        assert!(!Pattern::parse(entry).unwrap().matches(text.as_bytes()), "{entry} should not match {text}");
    }

    #[test]
    fn a_star_stands_for_zero_or_more_bytes() {
        yes("*", "");
        yes("*", "null");
        yes("http://localhost:*", "http://localhost:");
        yes("http://localhost:*", "http://localhost:3000");
        yes("https://*.example.com", "https://a.b.example.com");
        yes("ab*ba", "abba");
        no("ab*ba", "aba");
        no("https://*.example.com", "https://example.com");
        no("https://*.example.com", "https://a.example.com.evil.org");
        no("https://a.example.com", "https://a.example.com:443");
    }

    #[test]
    fn a_pattern_covers_what_it_matches_all_of() {
        let entries = ["*", "a", "b", "ab", "aba", "a*", "*a", "a*a", "ab*", "*ba", "ab*ba", "b*", "aa*", "*aa"];
        let mut texts = vec![String::new()];
        for length in 0..5 {
            let longer: Vec<String> = texts.iter().filter(|text| text.len() == length).cloned().collect();
            texts.extend(longer.iter().flat_map(|text| ["a", "b", "c"].map(|letter| format!("{text}{letter}"))));
        }
        for (wider, other) in entries.iter().flat_map(|wider| entries.iter().map(move |other| (*wider, *other))) {
            let [wide, narrow] = [wider, other].map(|entry| Pattern::parse(entry).unwrap());
            let all = texts.iter().all(|text| !narrow.matches(text.as_bytes()) || wide.matches(text.as_bytes()));
            assert_eq!(wide.covers(narrow), all, "{wider} and {other}");
        }
    }

    #[test]
    fn a_star_for_the_whole_host_is_every_host() {
        let open = "* https://* http://* http* h* *: https:* https://*:8443 https://*. https://*.:80 \
                    http://*:1 https://*3 *443 null n* *l nul*l *null";
        for entry in open.split_whitespace() {
            assert!(every_host_matches(entry), "{entry}");
        }
        let closed = "https://*.example.com https://app* http://localhost:* https://*com *.com https://*:123456 \
                      https://*.80 https://a https://w*: ws://* chrome-extension://* nul ";
        for entry in closed.split_whitespace() {
            assert!(!every_host_matches(entry), "{entry}");
        }
    }

    #[test]
    fn two_stars_are_no_pattern() {
        assert_eq!(Pattern::parse("https://*.*.com"), None);
        assert_eq!(Pattern::parse("**"), None);
    }
}
