//! Text into XML.

use std::borrow::Cow;

/// `text` as element content. Characters that XML cannot hold become U+FFFD.
pub(crate) fn xml(text: &str) -> Cow<'_, str> {
    let plain = |found: char| !matches!(found, '<' | '>' | '&' | '\u{fffe}' | '\u{ffff}') && !found.is_control();
    if text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for found in text.chars() {
        match found {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            found if plain(found) => escaped.push(found),
            _ => escaped.push('\u{fffd}'),
        }
    }
    Cow::Owned(escaped)
}
