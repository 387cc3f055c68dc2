//! A text edited by a library that knows one line end only, with the line ends of the original.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// `edited` as it would be if only what was edited had changed: lines that stand in `original` too are kept to the byte,
/// one in the place of another ends like that, a new one like the line before it, and the end of the text and a byte order mark are as before.
pub fn kept(original: &str, edited: &str) -> String {
    let (mark, original) = match original.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (BYTE_ORDER_MARK, rest),
        None => ("", original),
    };
    let (old, new): (Vec<Line<'_>>, Vec<Line<'_>>) = (lines(original), lines(edited));
    let texts = |lines: &[Line<'_>]| lines.iter().map(|line| line.text.to_owned()).collect::<Vec<_>>();
    let first_end = old.iter().map(|line| line.end).find(|end| !end.is_empty()).unwrap_or("\n");

    let mut kept = mark.to_owned();
    let mut end = first_end;
    for operation in capture_diff_slices(Algorithm::Myers, &texts(&old), &texts(&new)) {
        if let DiffOp::Equal { old_index, len, .. } = operation {
            for line in old.iter().skip(old_index).take(len) {
                // The last line of the original need not be the last any more.
                end = if line.end.is_empty() { end } else { line.end };
                kept.push_str(line.text);
                kept.push_str(end);
            }
        } else {
            let mut replaced = old.get(operation.old_range()).unwrap_or_default().iter();
            for line in new.get(operation.new_range()).unwrap_or_default() {
                end = replaced.next().map(|line| line.end).filter(|end| !end.is_empty()).unwrap_or(end);
                kept.push_str(line.text);
                kept.push_str(end);
            }
        }
    }
    let is_open = old.last().is_some_and(|line| line.end.is_empty());
    if is_open && kept.ends_with(end) {
        kept.truncate(kept.len() - end.len());
    }
    kept
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

struct Line<'a> {
    text: &'a str,
    /// `\n`, `\r\n`, or nothing at the end of the text.
    end: &'a str,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    text.split_inclusive('\n').map(line).collect()
}

fn line(line: &str) -> Line<'_> {
    let text = line.strip_suffix('\n').map_or(line, |text| text.strip_suffix('\r').unwrap_or(text));
    let (text, end) = line.split_at(text.len());
    Line { text, end }
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn lines_end_as_before() {
        for (original, edited, expected) in [
            ("a\nb\n", "a\nc\n", "a\nc\n"),
            ("a\r\nb\r\n", "a\nc\nb\n", "a\r\nc\r\nb\r\n"),
            ("a\r\nb\nc\r\n", "a\nx\nb\ny\nc\nz\n", "a\r\nx\r\nb\ny\nc\r\nz\r\n"),
            ("a\r\nb", "a\nx\nb\n", "a\r\nx\r\nb"),
            ("a\r\nb", "a\nb\nx\n", "a\r\nb\r\nx"),
            ("a", "b\n", "b"),
            ("", "b\n", "b\n"),
            ("a\r\nb\nc\r\n", "a\nx\ny\nc\n", "a\r\nx\ny\nc\r\n"),
            ("a\nb\r\nc\n", "x\ny\nz\n", "x\ny\r\nz\n"),
            ("\u{feff}a\r\n", "x\na\n", "\u{feff}x\r\na\r\n"),
            ("a\n\n\nb\n", "a\nb\n", "a\nb\n"),
            // A carriage return alone ends no line.
            ("a\rb\r\nc\n", "a\rb\nc\nd\n", "a\rb\r\nc\nd\n"),
        ] {
            assert_eq!(kept(original, edited), expected, "{original:?} edited to {edited:?}");
        }
    }
}
