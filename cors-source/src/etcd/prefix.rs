//! A key for each bucket: [`Buckets`].

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use oss_cors_core::{ConfigErrors, CorsConfiguration};
use oss_cors_live::{Buckets, MAX_BUCKET_BYTES, SetBucketError, WeakBuckets};
use tokio::sync::Notify;

use super::connection::Snapshot;
use super::error::faults;
use super::event::EtcdEvent;
use super::listener::Events;
use super::reading::Reading;
use super::watch::Sink;

pub(super) struct Prefix {
    buckets: WeakBuckets,
    prefix: String,
    reading: Reading,
    names: Names,
    /// The buckets whose key has a bad value: its hash, so that each is reported once.
    bad: HashMap<String, u64>,
    /// The keys that name no bucket, by their hash: each is reported once.
    ignored: HashSet<u64>,
    hashes: RandomState,
    events: Events,
    changed: Arc<Notify>,
}

/// At the start, a lint of each of very many rule sets is of no use to anyone.
const MOST_LINTED: usize = 100;

/// The buckets that etcd has: for the cache, and to see which are gone.
pub(super) type Names = Arc<Mutex<BTreeSet<String>>>;

impl Prefix {
    pub(super) fn new(
        buckets: &Buckets,
        prefix: &str,
        reading: Reading,
        names: Names,
        events: Events,
        changed: Arc<Notify>,
    ) -> Self {
        let (buckets, prefix, hashes) = (buckets.downgrade(), prefix.to_owned(), RandomState::new());
        Self { buckets, prefix, reading, names, bad: HashMap::new(), ignored: HashSet::new(), hashes, events, changed }
    }

    /// The bucket that `key` names.
    fn name<'a>(&mut self, key: &'a [u8], revision: i64) -> Option<&'a str> {
        let name = key.get(self.prefix.len()..).unwrap_or_default();
        match std::str::from_utf8(name) {
            Ok(name) if (1..=MAX_BUCKET_BYTES).contains(&name.len()) => Some(name),
            _ => {
                if !self.ignored.insert(self.hashes.hash_one(key)) {
                    return None;
                }
                let name = String::from_utf8_lossy(name).into_owned();
                self.events.tell(&EtcdEvent::Ignored { name, revision });
                None
            }
        }
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Good rules, which may be those in force already.
    fn good(&mut self, buckets: &Buckets, name: &str, revision: i64, changed: bool) {
        let recovered = self.bad.remove(name).is_some();
        buckets.recovered(name);
        let name = name.to_owned();
        if changed {
            self.events.tell(&EtcdEvent::Loaded { name, revision });
        } else if recovered {
            self.events.tell(&EtcdEvent::Recovered { name, revision });
        }
    }

    fn lint(&self, buckets: &Buckets, name: &str, is_new: bool) {
        if let Some(rules) = is_new.then(|| buckets.configuration(name).flatten()).flatten() {
            self.events.lint(Some(name), &rules, self.reading.profile);
        }
    }

    fn bad(&mut self, buckets: &Buckets, name: &str, value: &[u8], errors: ConfigErrors, revision: i64) {
        buckets.failed(name, faults("the rules in etcd are wrong, the old ones stay:", &errors));
        let hash = self.hashes.hash_one(value);
        if self.bad.insert(name.to_owned(), hash) != Some(hash) {
            self.events.tell(&EtcdEvent::Failed { name: name.to_owned(), revision, errors });
        }
    }
}

impl Sink for Prefix {
    /// All buckets at once. A bucket that etcd has no more is removed.
    fn replace(&mut self, snapshot: &Snapshot) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        // A thousand buckets with one rule set: read once.
        let mut read: HashMap<&[u8], Result<Arc<CorsConfiguration>, ConfigErrors>> = HashMap::new();
        let mut all = Vec::new();
        let mut found = Vec::new();
        for entry in &snapshot.entries {
            let Some(name) = self.name(&entry.key, entry.revision) else { continue };
            let rules = read
                .entry(&entry.value)
                .or_insert_with(|| self.reading.parse(&entry.value).map(|file| Arc::new(file.into_configuration())))
                .clone();
            let old = buckets.configuration(name);
            let (changed, rules, errors) = match rules {
                Ok(rules) => (old.as_ref().and_then(Option::as_ref) != Some(&*rules), Some(rules), None),
                Err(errors) => (old.is_none(), old.flatten().map(Arc::new), Some(errors)),
            };
            all.push((name, rules));
            found.push((name, entry, changed, errors));
        }
        let names: BTreeSet<String> = all.iter().map(|(name, _)| (*name).to_owned()).collect();
        let gone: Vec<String> = self.names().difference(&names).cloned().collect();
        if !gone.is_empty() || found.iter().any(|(_, _, changed, _)| *changed) {
            // Cannot fail: names and rules have been checked.
            if let Err(errors) = buckets.replace(all, self.reading.profile) {
                buckets.source_failed(errors.to_string());
                return;
            }
            *self.names() = names;
            self.changed.notify_one();
        }
        for name in gone {
            self.bad.remove(&name);
            self.events.tell(&EtcdEvent::Deleted { name, revision: snapshot.revision });
        }
        // Alike ones are looked at once.
        let mut linted: HashSet<&[u8]> = HashSet::new();
        for (name, entry, changed, errors) in found {
            match errors {
                None => {
                    self.good(&buckets, name, entry.revision, changed);
                    let is_new = changed && linted.len() < MOST_LINTED && linted.insert(&entry.value);
                    self.lint(&buckets, name, is_new);
                }
                Some(errors) => self.bad(&buckets, name, &entry.value, errors, entry.revision),
            }
        }
    }

    fn put(&mut self, key: &[u8], value: &[u8], revision: i64) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        let Some(name) = self.name(key, revision) else { return };
        let old = buckets.configuration(name);
        let (changed, errors) = match self.reading.parse(value) {
            Ok(file) if old.as_ref().and_then(Option::as_ref) == Some(file.configuration()) => (false, None),
            Ok(file) => match buckets.set(name, file.configuration(), self.reading.profile) {
                Err(SetBucketError::Rules(errors)) => (true, Some(errors)),
                // The name has been checked.
                _ => (true, None),
            },
            Err(errors) => {
                if old.is_none() {
                    // A bucket that exists refuses differently from one that does not. The name has been checked.
                    let _ = buckets.set_without_rules(name);
                }
                (old.is_none(), Some(errors))
            }
        };
        if changed {
            self.names().insert(name.to_owned());
            self.changed.notify_one();
        }
        match errors {
            None => {
                self.good(&buckets, name, revision, changed);
                self.lint(&buckets, name, changed);
            }
            Some(errors) => self.bad(&buckets, name, value, errors, revision),
        }
    }

    fn delete(&mut self, key: &[u8], revision: i64) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        // Should it come back, it is reported again.
        if self.ignored.remove(&self.hashes.hash_one(key)) {
            return;
        }
        let Some(name) = self.name(key, revision) else { return };
        self.bad.remove(name);
        if buckets.remove(name) {
            self.names().remove(name);
            self.changed.notify_one();
            self.events.tell(&EtcdEvent::Deleted { name: name.to_owned(), revision });
        }
    }

    fn lost(&mut self, reason: &str) {
        if let Some(buckets) = self.buckets.upgrade() {
            buckets.source_failed(reason);
        }
    }

    fn found(&mut self) {
        if let Some(buckets) = self.buckets.upgrade() {
            buckets.source_recovered();
        }
    }
}
