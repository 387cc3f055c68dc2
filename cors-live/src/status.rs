//! What is known of the rules in force, and of how they came to be so.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// What is known of the rules in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How many tables have been in force, the first included.
    pub generation: u64,
    /// Where they come from, if it was named.
    pub source: Option<String>,
    /// When the rules in force were put there.
    pub loaded: SystemTime,
    /// Whether the last attempt to load failed: the source has other rules than those in force, or none.
    pub failing: bool,
    /// Since when it is failing without a break, whatever the errors were; `None` while it is not.
    pub failing_since: Option<SystemTime>,
    /// What went wrong last. It stays after a repair; `failing` tells whether it is still so.
    pub last_error: Option<LastError>,
    /// Whoever feeds the rules logs what becomes of them.
    pub(crate) logged_elsewhere: bool,
}

/// An attempt to load rules that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LastError {
    /// The whole error, one fault a line.
    pub message: String,
    /// When it was seen.
    pub when: SystemTime,
}

impl Status {
    pub(crate) fn new() -> Self {
        let loaded = SystemTime::now();
        Self {
            generation: 1,
            source: None,
            loaded,
            failing: false,
            failing_since: None,
            last_error: None,
            logged_elsewhere: false,
        }
    }

    /// Keeps the beginning of a time of failures.
    pub(crate) fn set_failing(&mut self, failing: bool) {
        self.failing = failing;
        self.failing_since = failing.then(|| self.failing_since.unwrap_or_else(SystemTime::now));
    }
}

/// What is guarded is changed by plain assignments, so a panic elsewhere leaves it whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
