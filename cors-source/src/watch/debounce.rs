//! How long a file must stay the same before it is loaded.
//!
//! YAML, TOML and JSON lines can be cut off where the first part is whole in itself, so time is all there is to tell a
//! file from its half. A file that is renamed to its place is never half.

use std::time::{Duration, Instant};

use super::snapshot::{Fingerprint, Snapshot};
use super::wakeup::Writer;

/// How long a file must be the same before it counts, by what is known of its writer. Where nothing is known, it may
/// have paused; and a change is to take effect within a second of the last write.
const AFTER_CLOSE: Duration = Duration::from_millis(50);
pub(super) const BY_DEFAULT: Duration = Duration::from_millis(200);
const WHILE_OPEN: Duration = Duration::from_millis(600);

/// How long what is invalid or missing must stay so before it is reported: between two steps of an editor every file is.
pub(super) const OF_FAULTS: Duration = Duration::from_millis(300);

/// A file that is replaced again and again, each time as a whole, is loaded after this time as it is.
const LONGEST: Duration = Duration::from_millis(500);

/// A file that grows within this time after it was loaded may have been loaded while its writer paused.
const GROWING_WITHIN: Duration = Duration::from_secs(10);

/// What was seen for one key.
pub(super) struct Tracked {
    fingerprint: Fingerprint,
    /// Since when it is so.
    since: Instant,
    applied: Option<Fingerprint>,
    /// Since when it is other than applied.
    unsettled_since: Option<Instant>,
    asked: bool,
    loaded: Option<Loaded>,
}

/// The last content whose rules were put in force.
struct Loaded {
    fingerprint: Fingerprint,
    at: Instant,
}

impl Tracked {
    pub(super) fn new(fingerprint: Fingerprint) -> Self {
        let now = Instant::now();
        Self { fingerprint, since: now, applied: None, unsettled_since: None, asked: false, loaded: None }
    }

    /// Loaded already.
    pub(super) fn loaded(fingerprint: Fingerprint) -> Self {
        let mut tracked = Self::new(fingerprint);
        tracked.applied(true);
        tracked
    }

    pub(super) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// A reload was asked for: the outcome is to be applied although it is the same.
    pub(super) fn ask(&mut self) {
        self.asked = true;
    }

    /// The fingerprint, if nothing is to be done as long as it stays the same.
    pub(super) fn settled(&self) -> Option<&Fingerprint> {
        (self.is_applied() && !self.asked).then_some(&self.fingerprint)
    }

    /// Takes notice of what was seen.
    pub(super) fn saw(&mut self, snapshot: &Snapshot) {
        if self.fingerprint != snapshot.fingerprint || snapshot.fingerprint == Fingerprint::Changing {
            self.fingerprint = snapshot.fingerprint.clone();
            self.since = Instant::now();
        }
        if self.settled().is_some() {
            self.unsettled_since = None;
        } else {
            self.unsettled_since.get_or_insert_with(Instant::now);
        }
    }

    /// Out of sight: whatever was not settled begins anew when it is in sight again.
    pub(super) fn out_of_sight(&mut self) {
        self.since = Instant::now();
    }

    /// When the file counts, if not yet.
    pub(super) fn due(&self, writer: Option<Writer>) -> Option<Instant> {
        let still = match writer {
            Some(Writer::Closed | Writer::Renamed) => AFTER_CLOSE,
            Some(Writer::Open) => WHILE_OPEN,
            Some(Writer::Unknown) | None => BY_DEFAULT,
        };
        let is_whole = writer == Some(Writer::Renamed) && self.fingerprint != Fingerprint::Changing;
        let waited = |unsettled: Instant| unsettled.elapsed() >= LONGEST;
        if is_whole && self.unsettled_since.is_some_and(waited) { None } else { self.due_after(still) }
    }

    /// When a fault counts, if not yet.
    pub(super) fn fault_due(&self) -> Option<Instant> {
        self.due_after(OF_FAULTS)
    }

    fn due_after(&self, still: Duration) -> Option<Instant> {
        let due = self.since + still;
        (Instant::now() < due).then_some(due)
    }

    /// How long after its load the file has grown, if that was soon, and it still begins as it did.
    pub(super) fn grew_after(&self, bytes: &[u8]) -> Option<Duration> {
        let loaded = self.loaded.as_ref()?;
        let after = self.unsettled_since?.saturating_duration_since(loaded.at);
        (after < GROWING_WITHIN && loaded.fingerprint.is_beginning_of(bytes)).then_some(after)
    }

    /// The outcome is about to be applied. Whether a reload was asked for.
    pub(super) fn applied(&mut self, is_loaded: bool) -> bool {
        self.applied = Some(self.fingerprint.clone());
        self.unsettled_since = None;
        if is_loaded {
            self.loaded = Some(Loaded { fingerprint: self.fingerprint.clone(), at: Instant::now() });
        }
        std::mem::take(&mut self.asked)
    }

    /// Nothing that was applied counts any more.
    pub(super) fn forget(&mut self) {
        self.applied = None;
    }

    fn is_applied(&self) -> bool {
        self.applied.as_ref().is_some_and(|applied| applied.same_content(&self.fingerprint))
    }
}
