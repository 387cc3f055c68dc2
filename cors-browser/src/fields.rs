//! Header fields: the value of all lines of one, and the tokens in a list.

/// All lines of the field `name`, each trimmed.
pub(crate) fn lines<'a>(headers: &'a [(&'a str, &'a [u8])], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| trimmed(value))
}

/// The lines of the field `name` joined by `, `; `None` for no line.
pub(crate) fn combined(headers: &[(&str, &[u8])], name: &str) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = lines(headers, name).collect();
    (!lines.is_empty()).then(|| lines.join(&b", "[..]))
}

/// What a list of tokens says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum List<'a> {
    Absent,
    Tokens(Vec<&'a str>),
    /// An item that is no token spoils the whole field.
    Malformed(&'a [u8]),
}

impl<'a> List<'a> {
    /// The list in all lines of the field `name`. Empty items do not count.
    pub(crate) fn of(headers: &'a [(&'a str, &'a [u8])], name: &str) -> Self {
        let mut lines = lines(headers, name).peekable();
        if lines.peek().is_none() {
            return Self::Absent;
        }
        let mut tokens = Vec::new();
        for item in lines.flat_map(|line| line.split(|byte| *byte == b',')).map(trimmed) {
            match token(item) {
                _ if item.is_empty() => {}
                Some(token) => tokens.push(token),
                None => return Self::Malformed(item),
            }
        }
        Self::Tokens(tokens)
    }

    pub(crate) fn tokens(&self) -> &[&'a str] {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::Absent | Self::Malformed(_) => &[],
        }
    }
}

/// `bytes` as text, if they are a token of RFC 9110.
fn token(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| is_token(text))
}

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Without the blanks that HTTP allows around a value.
pub(crate) fn trimmed(value: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = value.iter().position(|byte| !blank(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_items_are_read_over_all_of_them() {
        let headers = [("A", &b" x "[..]), ("b", b"y"), ("a", b", z,")];
        assert_eq!(combined(&headers, "a").as_deref(), Some(&b"x, , z,"[..]));
        assert_eq!(combined(&headers, "c"), None);
        assert_eq!(List::of(&headers, "A"), List::Tokens(vec!["x", "z"]));
        assert_eq!(List::of(&headers, "c"), List::Absent);
    }

    #[test]
    fn an_item_that_is_no_token_spoils_the_list() {
        for value in ["a b", "a, b;c", "x:1", "\"a\"", "a,\u{e4}", "PUT; GET"] {
            let headers = [("a", value.as_bytes())];
            assert!(matches!(List::of(&headers, "a"), List::Malformed(_)), "{value}");
        }
        assert_eq!(List::of(&[("a", b"")], "a"), List::Tokens(vec![]));
        assert_eq!(List::of(&[("a", b" , \t,")], "a"), List::Tokens(vec![]));
    }
}
