//! How many values a text may have, counted before a library builds something for each.

#[cfg(any(feature = "json", feature = "yaml", feature = "toml"))]
use super::places::position;
#[cfg(any(feature = "json", feature = "yaml", feature = "toml"))]
use crate::error::{ConfigError, ConfigErrorKind};

/// The most values of one file. Keys count too, every step of a dotted key, and every attribute and comment.
pub(super) const MOST_VALUES: usize = 1 << 20;

pub(super) const TOO_MANY: &str = "more than 1048576 values; split the file by bucket";

/// A JSON text: what follows a bracket or a comma is a value, or a key with one.
#[cfg(feature = "json")]
pub(super) fn check_json(text: &str) -> Result<(), ConfigError> {
    check(
        text,
        |byte| matches!(byte, b'[' | b'{' | b','),
        |rest| match rest.first() {
            Some(b'"') => string(rest, b"\"", true),
            _ => 0,
        },
    )
}

/// A TOML text, likewise.
#[cfg(feature = "toml")]
pub(super) fn check_toml(text: &str) -> Result<(), ConfigError> {
    check(
        text,
        |byte| matches!(byte, b'[' | b'{' | b',' | b'=' | b'.'),
        |rest| match rest {
            [b'"', b'"', b'"', ..] => string(rest, b"\"\"\"", true),
            [b'\'', b'\'', b'\'', ..] => string(rest, b"'''", false),
            [b'"', ..] => string(rest, b"\"", true),
            [b'\'', ..] => string(rest, b"'", false),
            [b'#', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            _ => 0,
        },
    )
}

/// A YAML text: for each value on one line the parser keeps something until it knows whether the line is a key. Text in
/// quotes is not treated apart; no entry has a comma or a bracket but that of an address.
#[cfg(feature = "yaml")]
pub(super) fn check_yaml(text: &str) -> Result<(), ConfigError> {
    check(text, |byte| matches!(byte, b'[' | b'{' | b','), |_| 0)
}

/// `begins` tells the bytes that a value follows, `skipped` how many bytes from here are text.
#[cfg(any(feature = "json", feature = "yaml", feature = "toml"))]
fn check(text: &str, begins: fn(u8) -> bool, skipped: fn(&[u8]) -> usize) -> Result<(), ConfigError> {
    let mut rest = text.as_bytes();
    let mut values = 0;
    while let Some((first, after)) = rest.split_first() {
        if let text @ 1.. = skipped(rest) {
            rest = rest.get(text..).unwrap_or_default();
            continue;
        }
        values += usize::from(begins(*first));
        if values > MOST_VALUES {
            let at = position(text, text.len() - rest.len());
            let kind = ConfigErrorKind::Malformed(TOO_MANY.to_owned());
            return Err(ConfigError { position: Some(at), ..ConfigError::new(kind) });
        }
        rest = after;
    }
    Ok(())
}

/// The length of the string that `text` begins with, quotes included. One with a single quote at each end stops at the
/// end of its line.
#[cfg(any(feature = "json", feature = "toml"))]
fn string(text: &[u8], quote: &[u8], escapes: bool) -> usize {
    let mut at = quote.len();
    while let Some(byte) = text.get(at) {
        if escapes && *byte == b'\\' {
            at += 2;
        } else if text.get(at..).is_some_and(|rest| rest.starts_with(quote)) {
            return at + quote.len();
        } else if *byte == b'\n' && quote.len() == 1 {
            return at;
        } else {
            at += 1;
        }
    }
    text.len()
}

#[cfg(all(test, feature = "json", feature = "toml"))]
mod tests {
    use super::*;

    #[test]
    fn text_in_quotes_and_comments_has_no_values() {
        let commas = ",".repeat(2 * MOST_VALUES);
        for text in [format!("[\"{commas}\"]"), format!("[\"\\\"{commas}\\\\\"]"), format!("{{\"{commas}\": \"x\"}}")] {
            assert_eq!(check_json(&text), Ok(()));
            assert!(check_json(&format!("{text}{commas}")).is_err());
        }
        let quoted = [
            format!("a = \"{commas}\""),
            format!("a = \"\\\"{commas}\""),
            format!("a = '{commas}'"),
            format!("a = \"\"\"\n\"{commas}\n\"\"\""),
            format!("a = '''\n'{commas}\n'''"),
            format!("# {commas}"),
            format!("'{commas}' = 1"),
        ];
        for text in quoted {
            assert_eq!(check_toml(&text), Ok(()), "{}", &text[..12]);
            assert!(check_toml(&format!("{text}\n{commas}")).is_err(), "{}", &text[..12]);
        }
    }

    #[test]
    fn the_place_is_that_of_the_first_value_too_many() {
        let error = check_json(&format!("[\n{}]", "1,".repeat(MOST_VALUES + 9))).unwrap_err();
        assert_eq!(error.position().map(|at| (at.line, at.column)), Some((2, 2 * MOST_VALUES)));
    }
}
