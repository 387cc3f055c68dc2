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
/// order, joined with `, `, handed to `make` for the adapter's own type. `None` if none was requested.
pub fn allow_headers<'a, T>(
    lines: impl IntoIterator<Item = &'a [u8]> + Clone,
    make: impl FnOnce(&[u8]) -> T,
) -> Option<T> {
    // Large enough for what browsers send, so that the adapter's copy is the only allocation.
    let mut buffer = [0; 256];
    let mut length = 0;
    for item in list_items(lines.clone()) {
        // Two bytes more than the name: for the separator.
        let Some(space) = buffer.get_mut(length..length + item.len() + 2) else {
            return Some(make(&long_allow_headers(lines)));
        };
        let (name, separator) = space.split_at_mut(item.len());
        name.copy_from_slice(item);
        separator.copy_from_slice(b", ");
        length += item.len() + 2;
    }
    let value = buffer.get_mut(..length.checked_sub(2)?)?;
    value.make_ascii_lowercase();
    Some(make(value))
}

#[cold]
fn long_allow_headers<'a>(lines: impl IntoIterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    // A comma at most for every two bytes, which becomes a separator of two.
    let mut value = Vec::with_capacity(lines.clone().into_iter().fold(0, |sum, line| sum + 2 * line.len() + 2));
    for item in list_items(lines) {
        value.extend_from_slice(item);
        value.extend_from_slice(b", ");
    }
    value.truncate(value.len().saturating_sub(2));
    value.make_ascii_lowercase();
    value
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Items one by one, as the specification says it.
    fn plainly(lines: &[&str]) -> Option<String> {
        let items = lines.iter().flat_map(|line| line.split(',')).map(|item| item.trim_matches([' ', '\t']));
        let items: Vec<_> = items.filter(|item| !item.is_empty()).map(str::to_ascii_lowercase).collect();
        (!items.is_empty()).then(|| items.join(", "))
    }

    #[track_caller]
    fn agrees(lines: &[&str]) {
        let made = allow_headers(lines.iter().map(|line| line.as_bytes()), |value| {
            String::from_utf8(value.to_vec()).expect("ascii")
        });
        assert_eq!(made, plainly(lines), "{lines:?}");
    }

    #[test]
    fn names_are_joined_however_the_line_is_written() {
        for lines in [
            &[][..],
            &[""],
            &[","],
            &["a"],
            &["a,b"],
            &["content-type,x-oss-meta-a"],
            &["Content-Type, X-OSS-Meta-A"],
            &["content-type,,x"],
            &[",content-type"],
            &["content-type,"],
            &["content-type,\tx-a "],
            &["a,b", "", "c"],
        ] {
            agrees(lines);
        }
    }

    #[test]
    fn every_length_and_every_place_of_a_comma_is_joined_alike() {
        for length in 0..300 {
            for step in [1, 2, 3, 7, 8, 9, 17, 400] {
                let line: String = (1..=length).map(|at| if at % step == 0 { ',' } else { 'X' }).collect();
                agrees(&[&line]);
            }
        }
    }
}
