//! How keys may be spelt, and which known key a misspelt one is nearest to.

/// Whether a tool means `name` by `key`: case, `_`, `-` and a plural `s` do not count.
pub(super) fn same_key(key: &str, name: &str) -> bool {
    letters(key).eq(letters(name))
}

/// What of a key counts. Nothing is allocated: a hostile file has a million keys.
fn letters(key: &str) -> impl Iterator<Item = u8> {
    let key = key.trim_end_matches(['_', '-']);
    let key = key.strip_suffix(['s', 'S']).unwrap_or(key);
    key.bytes().filter(|found| !matches!(found, b'_' | b'-')).map(|byte| byte.to_ascii_lowercase())
}

/// How many letters of a key are compared.
const LONGEST: usize = 32;

/// The known key that is spelt most alike, if it is near enough to be meant.
pub(super) fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    // No known key is longer than the first of it.
    let bare = |key: &str| letters(key).take(LONGEST).collect::<Vec<_>>();
    let asked = bare(key);
    let distance = |name: &str| edit_distance(&asked, &bare(name));
    known
        .iter()
        .map(|name| (distance(name), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .map(|(_, name)| name)
}

/// Levenshtein's: how many characters to insert, delete or replace.
fn edit_distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, from) in one.iter().enumerate() {
        let mut left = index + 1;
        let mut next = vec![left];
        for (to, above) in other.iter().zip(row.windows(2)) {
            let [diagonal, above] = above else { continue };
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != to));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
