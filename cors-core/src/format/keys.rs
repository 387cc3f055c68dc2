//! How keys may be spelt, and which known key a misspelt one is nearest to.

/// Whether a tool means `name` by `key`: case, `_`, `-` and a plural `s` do not count.
pub(super) fn same_key(key: &str, name: &str) -> bool {
    bare_key(key) == bare_key(name)
}

fn bare_key(key: &str) -> String {
    let mut bare: String = key.chars().filter(|found| !matches!(found, '_' | '-')).collect();
    bare.make_ascii_lowercase();
    bare.strip_suffix('s').map_or_else(|| bare.clone(), str::to_owned)
}

/// The known key that is spelt most alike, if it is near enough to be meant.
pub(super) fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let bare: Vec<char> = bare_key(key).chars().take(32).collect();
    let distance = |name: &str| edit_distance(&bare, &bare_key(name).chars().collect::<Vec<_>>());
    known
        .iter()
        .map(|name| (distance(name), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .map(|(_, name)| name)
}

/// Levenshtein's: how many characters to insert, delete or replace.
fn edit_distance(one: &[char], other: &[char]) -> usize {
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
