//! One byte range, as a media element asks for it.

use std::cmp::Ordering;

/// Whether `value` is one range with a first position: `bytes=N-` or `bytes=N-M`, without blanks.
pub(crate) fn is_single_range_from_a_position(value: &[u8]) -> bool {
    let Some((first, last)) = value.strip_prefix(b"bytes=").and_then(split_at_dash) else { return false };
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    !first.is_empty()
        && digits(first)
        && digits(last)
        && (last.is_empty() || compared(first, last) != Ordering::Greater)
}

fn split_at_dash(range: &[u8]) -> Option<(&[u8], &[u8])> {
    let dash = range.iter().position(|byte| *byte == b'-')?;
    Some((range.get(..dash)?, range.get(dash + 1..)?))
}

/// Compares numbers of any length.
fn compared(one: &[u8], other: &[u8]) -> Ordering {
    let significant = |digits: &[u8]| digits.iter().copied().skip_while(|digit| *digit == b'0').collect::<Vec<_>>();
    let (one, other) = (significant(one), significant(other));
    one.len().cmp(&other.len()).then(one.cmp(&other))
}

#[cfg(test)]
mod tests {
    use super::is_single_range_from_a_position as safe;

    #[test]
    fn positions_are_compared_as_numbers() {
        for good in ["bytes=0-", "bytes=0-0", "bytes=9-10", "bytes=0009-10", "bytes=1-99999999999999999999999999"] {
            assert!(safe(good.as_bytes()), "{good}");
        }
        for bad in
            ["bytes=10-9", "bytes=-5", "bytes=-", "bytes=", "bytes=0", "Bytes=0-", "bytes=0-1-2", "bytes=0-1,3-4"]
        {
            assert!(!safe(bad.as_bytes()), "{bad}");
        }
    }
}
