//! Text from files and arguments, made safe to print: nothing in it steers a terminal or reorders a line.

use std::fmt::{self, Write as _};
use std::path::Path;

/// Shows `text` on one line; control, format and unassigned characters as `\u{..}`. Quotes and backslashes stay.
pub struct Plain<'a>(pub &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|found| {
            if is_plain(found) { f.write_char(found) } else { write!(f, "{}", found.escape_debug()) }
        })
    }
}

/// Whether `found` shows as itself, and does nothing else.
pub fn is_plain(found: char) -> bool {
    matches!(found, '\'' | '"' | '\\') || found.escape_debug().eq([found])
}

/// A file's name for people; `-` is standard input.
pub fn file_name(path: &Path) -> String {
    if path.as_os_str() == "-" { "<stdin>".to_owned() } else { Plain(&path.to_string_lossy()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, shown) in [
            ("it's \"C:\\rules\" é 例", "it's \"C:\\rules\" é 例"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("two\nlines\ttab\0", "two\\nlines\\ttab\\0"),
            ("\u{202e}gpj.exe\u{2066}\u{200b}", "\\u{202e}gpj.exe\\u{2066}\\u{200b}"),
            ("\u{9b}31m\u{7f}\u{feff}", "\\u{9b}31m\\u{7f}\\u{feff}"),
        ] {
            assert_eq!(Plain(text).to_string(), shown);
        }
    }
}
