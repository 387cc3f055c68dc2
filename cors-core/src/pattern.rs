//! The language of one entry: text with at most one `*`, which stands for zero or more bytes of any kind.

/// One entry, parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern<'a> {
    /// A bare `*`.
    Any,
    /// No `*`.
    Exact(&'a str),
    /// Text before and after the `*`; at least one of them is not empty.
    Affix { prefix: &'a str, suffix: &'a str },
}

impl<'a> Pattern<'a> {
    /// `None` for more than one `*`.
    pub(crate) fn parse(entry: &'a str) -> Option<Self> {
        match entry.split_once('*') {
            None => Some(Self::Exact(entry)),
            Some((_, suffix)) if suffix.contains('*') => None,
            Some(("", "")) => Some(Self::Any),
            Some((prefix, suffix)) => Some(Self::Affix { prefix, suffix }),
        }
    }

    /// The plain reading of a pattern, by which the tests judge the index.
    #[cfg(test)]
    pub(crate) fn matches(self, text: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact.as_bytes() == text,
            // Prefix and suffix must not overlap: `ab*ba` does not match `aba`.
            Self::Affix { prefix, suffix } => {
                text.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.ends_with(suffix.as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

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
    fn two_stars_are_no_pattern() {
        assert_eq!(Pattern::parse("https://*.*.com"), None);
        assert_eq!(Pattern::parse("**"), None);
    }
}
