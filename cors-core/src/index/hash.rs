//! How entries are hashed.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

#[inline(always)]
pub(super) fn hash(state: &RandomState, text: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// A table of just the size the entries need. It never grows, so it never hashes again.
pub(super) fn filled<T>(entries: Vec<(u64, T)>) -> HashTable<T> {
    let mut table = HashTable::with_capacity(entries.len());
    for (hash, entry) in entries {
        table.insert_unique(hash, entry, |_| hash);
    }
    table
}
