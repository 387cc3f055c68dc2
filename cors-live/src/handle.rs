//! The live table: one pointer, swapped whole, and what is known of how it came here.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use oss_cors_core::RuleTable;

use crate::guard::TableGuard;
use crate::observe;
use crate::status::{LastError, Status, lock};

/// A shared place for the table in force. Clones share it.
///
/// Load once per request and keep that table for the response; do not hold the guard across an await.
#[derive(Clone)]
pub struct CorsHandle(Arc<Live>);

struct Live {
    table: ArcSwap<RuleTable>,
    generation: AtomicU64,
    /// Locked by whoever stores or asks for the status, never by a request.
    status: Mutex<Status>,
    /// What feeds the handle, such as the watch on a file: it ends when the last clone is dropped.
    kept: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl CorsHandle {
    /// A handle that starts with `table`, as generation 1.
    pub fn new(table: impl Into<Arc<RuleTable>>) -> Self {
        Self(Arc::new(Live {
            table: ArcSwap::new(table.into()),
            generation: AtomicU64::new(1),
            status: Mutex::new(Status::new()),
            kept: Mutex::default(),
        }))
    }

    /// Names where the tables come from, such as a path: for [`Status::source`].
    #[must_use]
    pub fn with_source(self, source: impl Into<String>) -> Self {
        let mut status = lock(&self.0.status);
        status.source = Some(source.into());
        let status = release(status);
        observe::named(&status, || self.generation());
        self
    }

    /// Leaves the log of reloads to whoever feeds the handle and has more to say, as the watches of `oss-cors-source` do:
    /// there are no events about them from here. Counters stay.
    #[must_use]
    pub fn without_reload_events(self) -> Self {
        lock(&self.0.status).logged_elsewhere = true;
        self
    }

    /// The table in force. Wait-free.
    #[inline]
    pub fn load(&self) -> TableGuard {
        TableGuard::new(self.0.table.load())
    }

    /// Puts `table` in force, as the next generation. Requests that have loaded the old one finish with it.
    pub fn store(&self, table: impl Into<Arc<RuleTable>>) {
        let table = table.into();
        // Under the lock, so that table, generation and time of two writers are never mixed.
        let mut status = lock(&self.0.status);
        self.0.table.store(table);
        status.generation += 1;
        status.loaded = SystemTime::now();
        status.set_failing(false);
        self.0.generation.store(status.generation, Ordering::Release);
        observe::stored(&release(status), || self.generation());
    }

    /// Notes that newer rules could not be loaded: those in force stay. `error` is reported by [`status`](Self::status).
    pub fn failed(&self, error: impl Into<String>) {
        let mut status = lock(&self.0.status);
        status.last_error = Some(LastError { message: error.into(), when: SystemTime::now() });
        status.set_failing(true);
        observe::failed(&release(status));
    }

    /// Notes that the source is as it should be again, with the rules that are in force already.
    pub fn recovered(&self) {
        lock(&self.0.status).set_failing(false);
    }

    /// How many tables have been in force, the first included.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Where the rules in force came from, since when, and what went wrong last.
    pub fn status(&self) -> Status {
        lock(&self.0.status).clone()
    }

    /// Keeps `resource` until the last clone of this handle is dropped: that is how a watch ends with its handle.
    pub fn keep(&self, resource: impl Any + Send) {
        lock(&self.0.kept).push(Box::new(resource));
    }

    /// The same place, for whoever feeds it: does not keep it alive.
    pub fn downgrade(&self) -> WeakCorsHandle {
        WeakCorsHandle(Arc::downgrade(&self.0))
    }
}

/// What was locked, for whoever must not be called in the lock.
fn release(locked: MutexGuard<'_, Status>) -> Status {
    locked.clone()
}

impl From<RuleTable> for CorsHandle {
    fn from(table: RuleTable) -> Self {
        Self::new(table)
    }
}

/// One line.
impl fmt::Debug for CorsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Status { generation, source, failing, .. } = self.status();
        write!(f, "CorsHandle(generation {generation}, {} rules, from {source:?}", self.load().rules().len())?;
        f.write_str(if failing { ", failing)" } else { ")" })
    }
}

/// A [`CorsHandle`] that does not keep the table alive.
#[derive(Clone)]
pub struct WeakCorsHandle(Weak<Live>);

impl WeakCorsHandle {
    /// The handle, unless its last clone is gone.
    pub fn upgrade(&self) -> Option<CorsHandle> {
        self.0.upgrade().map(CorsHandle)
    }
}

impl fmt::Debug for WeakCorsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakCorsHandle")
    }
}
