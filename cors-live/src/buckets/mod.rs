//! The live tables of many buckets: one pointer to all of them, swapped at each change.
//!
//! ```text
//!   load(name) --hash--> Names: a tree of small hash tables, each name with the number of its rule set
//!                            \-> Sets: the rule set as packed bytes --compiled when first asked for--> Tables
//!                                  \-> a large set: its own table
//! ```
//!
//! An index that readers see never changes. A change copies the way from its root to what differs, about 30 KiB for a
//! million buckets, and swaps the root: so a lookup is one consistent view, nothing that it holds can come to mean
//! something else, and numbers of sets can be given out again. What is gone goes with the last reader of the old index.
//!
//! The form of a rule set follows its size. One as most buckets have takes 90 bytes packed and 900 compiled, and 1.3 us
//! to compile: it stays packed, once for all buckets that have it, and the tables of some thousand sets that were asked
//! for last are kept. One over 2 KiB would take 10 us and more at each request; its table is about twice as large as
//! its text, so that it is kept compiled. With names of 18 bytes, a million buckets take 38, 49 and 153 bytes each with
//! 1,000, 100,000 and a million different sets; a lookup takes 25 ns for the same bucket again, 350 ns for any of a
//! million whose table is compiled, 3 us where it is not (`cargo bench --bench buckets`).

mod error;
mod index;
mod name;
mod names;
mod packed;
mod room;
mod sets;
mod tables;

use std::any::Any;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use oss_cors_core::{CorsConfiguration, MAX_QUOTED, Profile, cut};

use crate::guard::TableGuard;
use crate::observe;
use crate::status::{LastError, Status, lock};
use index::{Forgotten, Index, Writer, keep};
use name::check_name;
use packed::{pack, unpack};
use tables::Tables;

pub use error::{BucketError, BucketErrors, SetBucketError};
pub use name::{BucketNameError, MAX_BUCKET_BYTES};

/// The most failing buckets that [`Buckets::failures`] tells, and the most that the error of [`Buckets::replace`] does.
pub const MAX_BUCKET_FAILURES: usize = 1000;

/// Rule files come from tenants: what is kept of their faults is bounded.
const MAX_MESSAGE_BYTES: usize = 4096;

/// A shared place for the rules of many buckets. Clones share it.
///
/// ```
/// use oss_cors_core::{CorsConfiguration, CorsRule, Profile};
/// use oss_cors_live::Buckets;
///
/// let rules = CorsConfiguration::from(CorsRule::new(["https://app.example.com"], ["GET"]));
/// let buckets = Buckets::new();
/// buckets.set("photos", &rules, Profile::Oss)?;
/// buckets.set_without_rules("logs")?;
///
/// assert_eq!(buckets.load("photos").rules().len(), 1);
/// assert!(buckets.contains("logs") && !buckets.contains("other"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Buckets(Arc<Live>);

struct Live {
    index: ArcSwap<Index>,
    tables: Tables,
    generation: AtomicU64,
    /// Held by whoever changes a bucket, never by a request.
    writer: Mutex<Writer>,
    /// Locked by whoever changes a bucket, tells of a failure or asks for the status, never by a request.
    known: Mutex<Known>,
    /// What feeds the buckets, such as the watch on a folder: it ends when the last clone is dropped.
    kept: Mutex<Vec<Box<dyn Any + Send>>>,
}

struct Known {
    status: Status,
    source_failing: bool,
    failures: BTreeMap<String, LastError>,
}

impl Known {
    /// After a change of what fails.
    fn settle(&mut self) {
        let failing = self.source_failing || !self.failures.is_empty();
        self.status.set_failing(failing);
    }
}

impl Buckets {
    /// No bucket at all, as generation 1.
    pub fn new() -> Self {
        Self(Arc::new(Live {
            index: ArcSwap::default(),
            tables: Tables::new(),
            generation: AtomicU64::new(1),
            writer: Mutex::default(),
            known: Mutex::new(Known { status: Status::new(), source_failing: false, failures: BTreeMap::new() }),
            kept: Mutex::default(),
        }))
    }

    /// Names where the rules come from, such as a folder's path: for [`Status::source`].
    #[must_use]
    pub fn with_source(self, source: impl Into<String>) -> Self {
        let mut known = lock(&self.0.known);
        known.status.source = Some(source.into());
        let status = known.status.clone();
        drop(known);
        observe::named(&status, || self.generation());
        self
    }

    /// As [`CorsHandle::without_reload_events`](crate::CorsHandle::without_reload_events).
    #[must_use]
    pub fn without_reload_events(self) -> Self {
        lock(&self.0.known).status.logged_elsewhere = true;
        self
    }

    /// The table of `bucket`. One that is not known gives that of
    /// [`RuleTable::no_such_bucket`](oss_cors_core::RuleTable::no_such_bucket), one without rules that of
    /// [`RuleTable::not_enabled`](oss_cors_core::RuleTable::not_enabled). Takes no lock, whoever writes meanwhile. A rule set that is not compiled is compiled here, which takes some microseconds.
    ///
    /// Load once per request and keep that table for the response; do not hold the guard across an await.
    pub fn load(&self, bucket: &str) -> TableGuard {
        match self.0.index.load().find(bucket) {
            None => self.0.tables.no_such_bucket(),
            Some(None) => self.0.tables.not_enabled(),
            Some(Some(set)) => self.0.tables.load(&set),
        }
    }

    /// Whether `bucket` is known, with rules or without.
    pub fn contains(&self, bucket: &str) -> bool {
        self.0.index.load().find(bucket).is_some()
    }

    /// The rules of `bucket` as they were set: `None` for an unknown bucket, `Some(None)` for one without rules.
    pub fn configuration(&self, bucket: &str) -> Option<Option<CorsConfiguration>> {
        self.0.index.load().find(bucket).map(|set| set.map(|set| unpack(set.packed())))
    }

    /// How many buckets are known.
    pub fn len(&self) -> usize {
        self.0.index.load().len()
    }

    /// Whether no bucket is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many different rule sets the buckets have.
    pub fn rule_sets(&self) -> usize {
        self.0.index.load().rule_sets()
    }

    /// Gives `bucket` these rules, as the next generation; one that is not known becomes known. Requests that have
    /// loaded its old table finish with it.
    ///
    /// # Errors
    ///
    /// Every fault that `profile` finds in `configuration`, or a name that is empty or over [`MAX_BUCKET_BYTES`].
    /// Then nothing changes.
    pub fn set(&self, bucket: &str, configuration: &CorsConfiguration, profile: Profile) -> Result<(), SetBucketError> {
        check(bucket, Some(configuration), profile)?;
        self.change(bucket, Some(&pack(configuration, profile)));
        Ok(())
    }

    /// Makes `bucket` known without rules (CORS is not enabled), as the next generation.
    ///
    /// # Errors
    ///
    /// A name that is empty or over [`MAX_BUCKET_BYTES`]. Then nothing changes.
    pub fn set_without_rules(&self, bucket: &str) -> Result<(), BucketNameError> {
        check_name(bucket)?;
        self.change(bucket, None);
        Ok(())
    }

    /// Forgets `bucket`, as the next generation, and what was wrong with its rules. `false` if it was not known: then
    /// there is no new generation.
    pub fn remove(&self, bucket: &str) -> bool {
        let mut writer = lock(&self.0.writer);
        let removed = writer.remove(bucket);
        let reported = removed.then(|| self.publish(&mut writer, |_| {}));
        drop(writer);
        reported.iter().for_each(|status| self.tell(status));
        // Its rules may never have been right.
        self.recovered(bucket);
        removed
    }

    /// Puts `buckets` in the place of all there were, as the next generation: a lookup finds either the old ones or
    /// these. `None` stands for a bucket without rules. Of several with one name the last counts.
    ///
    /// # Errors
    ///
    /// The faults of every bucket, of at most [`MAX_BUCKET_FAILURES`] of them. Then nothing changes.
    pub fn replace<N, C>(
        &self,
        buckets: impl IntoIterator<Item = (N, Option<C>)>,
        profile: Profile,
    ) -> Result<(), BucketErrors>
    where
        N: AsRef<str>,
        C: Borrow<CorsConfiguration>,
    {
        let mut built = Writer::building();
        let mut errors = Vec::new();
        for (bucket, configuration) in buckets {
            let (bucket, configuration) = (bucket.as_ref(), configuration.as_ref().map(Borrow::borrow));
            match check(bucket, configuration, profile) {
                Ok(()) => {
                    let packed = configuration.map(|configuration| pack(configuration, profile));
                    built.set(bucket, packed.as_deref(), keep);
                }
                Err(_) if errors.len() >= MAX_BUCKET_FAILURES => {}
                Err(faults) => errors.push(BucketError::new(cut(bucket, MAX_QUOTED).to_owned(), faults)),
            }
        }
        BucketErrors::check(errors)?;
        let mut writer = lock(&self.0.writer);
        std::mem::swap(&mut *writer, &mut built);
        let status = self.publish(&mut writer, |known| {
            known.source_failing = false;
            known.failures.clear();
        });
        drop(writer);
        self.tell(&status);
        Ok(())
    }

    fn change(&self, bucket: &str, packed: Option<&[u8]>) {
        // A large set is compiled before anyone has to wait.
        let kept = packed.and_then(keep);
        let mut writer = lock(&self.0.writer);
        writer.set(bucket, packed, |_| kept);
        let status = self.publish(&mut writer, |known| {
            known.failures.remove(bucket);
        });
        drop(writer);
        self.tell(&status);
    }

    fn tell(&self, status: &Status) {
        observe::stored(status, || self.generation());
    }

    /// Under the writer's lock, so that index, generation and time of two writers are never mixed.
    fn publish(&self, writer: &mut Writer, recovered: impl FnOnce(&mut Known)) -> Status {
        let former = self.0.index.swap(Arc::new(writer.index().clone()));
        match writer.forgotten() {
            Forgotten::These(numbers) => numbers.into_iter().for_each(|number| self.0.tables.forget(number)),
            Forgotten::All => {
                self.0.tables.forget_all();
                // Whoever lets go of it last frees all of it, which may take long: not one of the readers, who hold it
                // for the time of a lookup.
                while Arc::strong_count(&former) > 1 {
                    thread::yield_now();
                }
            }
        }
        let mut known = lock(&self.0.known);
        known.status.generation += 1;
        known.status.loaded = SystemTime::now();
        recovered(&mut known);
        known.settle();
        self.0.generation.store(known.status.generation, Ordering::Release);
        known.status.clone()
    }

    /// Notes that newer rules of `bucket` could not be loaded: those in force stay. `error` is reported by
    /// [`status`](Self::status) and [`failures`](Self::failures) until the bucket is set, removed or
    /// [`recovered`](Self::recovered), cut at 4 KiB.
    pub fn failed(&self, bucket: &str, error: impl Into<String>) {
        let (error, when) = (error.into(), SystemTime::now());
        let error = cut(&error, MAX_MESSAGE_BYTES);
        let message = format!("bucket `{}`: {error}", cut(bucket, MAX_QUOTED).escape_debug());
        let mut known = lock(&self.0.known);
        known.status.last_error = Some(LastError { message, when });
        if known.failures.len() < MAX_BUCKET_FAILURES || known.failures.contains_key(key(bucket)) {
            known.failures.insert(key(bucket).to_owned(), LastError { message: error.to_owned(), when });
        }
        known.settle();
        let status = known.status.clone();
        drop(known);
        observe::failed(&status);
    }

    /// Notes that the source of `bucket` is as it should be again, with the rules that are in force already.
    pub fn recovered(&self, bucket: &str) {
        let mut known = lock(&self.0.known);
        known.failures.remove(key(bucket));
        known.settle();
    }

    /// Notes that the source of all buckets cannot be read: the rules in force stay.
    pub fn source_failed(&self, error: impl Into<String>) {
        let mut known = lock(&self.0.known);
        known.status.last_error = Some(LastError { message: error.into(), when: SystemTime::now() });
        known.source_failing = true;
        known.settle();
        let status = known.status.clone();
        drop(known);
        observe::failed(&status);
    }

    /// Notes that the source of all buckets can be read again. What is wrong with single buckets stays.
    pub fn source_recovered(&self) {
        let mut known = lock(&self.0.known);
        known.source_failing = false;
        known.settle();
    }

    /// The buckets whose newer rules could not be loaded, by name, with why: at most [`MAX_BUCKET_FAILURES`]; of more,
    /// only [`Status::last_error`] tells.
    pub fn failures(&self) -> Vec<(String, LastError)> {
        let known = lock(&self.0.known);
        known.failures.iter().map(|(bucket, error)| (bucket.clone(), error.clone())).collect()
    }

    /// How often the buckets changed, counted from 1.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Where the rules in force came from, since when, and what went wrong last. It is failing while the source or any
    /// of the [`failures`](Self::failures) is.
    pub fn status(&self) -> Status {
        lock(&self.0.known).status.clone()
    }

    /// Keeps `resource` until the last clone is dropped: that is how a watch ends with its buckets.
    pub fn keep(&self, resource: impl Any + Send) {
        lock(&self.0.kept).push(Box::new(resource));
    }

    /// The same place, for whoever feeds it: does not keep it alive.
    pub fn downgrade(&self) -> WeakBuckets {
        WeakBuckets(Arc::downgrade(&self.0))
    }
}

/// A failing bucket's name need not be one that can be kept.
fn key(bucket: &str) -> &str {
    cut(bucket, MAX_BUCKET_BYTES)
}

/// A name that can be kept, and rules that `profile` takes.
fn check(bucket: &str, configuration: Option<&CorsConfiguration>, profile: Profile) -> Result<(), SetBucketError> {
    check_name(bucket)?;
    configuration.map_or(Ok(()), |configuration| configuration.check(profile))?;
    Ok(())
}

impl Default for Buckets {
    fn default() -> Self {
        Self::new()
    }
}

/// One line.
impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { generation, source, failing, .. } = self.status();
        write!(f, "Buckets(generation {generation}, {} buckets, from {source:?}", self.len())?;
        f.write_str(if failing { ", failing)" } else { ")" })
    }
}

/// [`Buckets`] that are not kept alive.
#[derive(Clone)]
pub struct WeakBuckets(Weak<Live>);

impl WeakBuckets {
    /// The buckets, unless their last clone is gone.
    pub fn upgrade(&self) -> Option<Buckets> {
        self.0.upgrade().map(Buckets)
    }
}

impl fmt::Debug for WeakBuckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakBuckets")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use oss_cors_core::CorsRule;

    #[test]
    fn a_lookup_waits_for_nobody() {
        let rule = CorsRule::new(["*"], ["GET"]);
        let buckets = Buckets::new();
        buckets.set("a", &CorsConfiguration::from_rules([rule]).response_vary(false), Profile::Oss).unwrap();
        let (done, finished) = mpsc::channel();
        let reader = buckets.clone();
        // As held by a writer in the midst of a change.
        let (_writer, _known) = (lock(&buckets.0.writer), lock(&buckets.0.known));
        thread::spawn(move || {
            let rules = [reader.load("a").rules().len(), reader.load("b").rules().len()];
            done.send((rules, reader.contains("a"), reader.len(), reader.generation())).unwrap();
        });
        assert_eq!(finished.recv_timeout(Duration::from_secs(10)), Ok(([1, 0], true, 1, 2)));
    }
}
