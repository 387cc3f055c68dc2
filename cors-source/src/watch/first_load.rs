//! The load before the watch: it may fail, and then there is none.

use std::collections::BTreeMap;
use std::thread;

use oss_cors_core::Profile;

use super::debounce;
use super::snapshot::{Fingerprint, Snapshot};
use super::target::{Key, Outcome, Scan};

/// At most so many looks before the first load, [`debounce::BY_DEFAULT`] apart.
const ROUNDS: u32 = 5;

/// What was loaded, and from what.
pub(crate) struct Loaded {
    pub(crate) outcome: Outcome,
    pub(crate) fingerprint: Fingerprint,
}

/// What is there at the start. Files that were written just now get a second to settle; nothing is reported yet.
pub(crate) fn first_load(mut scan: impl FnMut() -> Scan, profile: Profile) -> BTreeMap<Key, Loaded> {
    let mut before = BTreeMap::new();
    for _ in 0..ROUNDS {
        let locations = scan().locations.into_iter();
        let found: BTreeMap<Key, Fingerprint> =
            locations.map(|(key, location)| (key, location.look(None).fingerprint)).collect();
        if found.iter().all(|(key, fingerprint)| fingerprint.is_old() || before.get(key) == Some(fingerprint)) {
            break;
        }
        before = found;
        thread::sleep(debounce::BY_DEFAULT);
    }
    let load = |(key, location): (Key, super::target::Location)| {
        let Snapshot { fingerprint, bytes } = location.look(None);
        let outcome = location.outcome(&fingerprint, bytes.as_deref(), profile);
        (key, Loaded { outcome, fingerprint })
    };
    scan().locations.into_iter().map(load).collect()
}
