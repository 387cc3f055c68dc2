//! What wakes the watching thread: bounded, however much happens while it is busy.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Woken by the operating system's events, by whoever wants a reload, and by the end of the last handle.
#[derive(Debug, Default)]
pub(crate) struct Wakeup {
    pending: Mutex<Pending>,
    woken: Condvar,
}

/// What has happened since the last look.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Nobody needs the watch any more.
    pub(crate) stop: bool,
    /// Someone wants to hear again what the files say.
    pub(crate) reload: bool,
    /// A watched folder may be another one by now, or events were lost.
    pub(crate) watches_lost: bool,
    /// Something happened to a file or to an entry on the path to it.
    pub(crate) touched: bool,
    /// What is known of who writes to a file, by its path without symbolic links.
    pub(crate) writers: HashMap<PathBuf, Writer>,
}

/// Who is writing to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// It was written to and not closed since.
    Open,
    /// It was closed after it was written.
    Closed,
    /// It was made elsewhere and moved to its place.
    Renamed,
    /// Nobody knows.
    Unknown,
}

impl Wakeup {
    pub(crate) fn wake(&self, change: impl FnOnce(&mut Pending)) {
        change(&mut self.lock());
        self.woken.notify_one();
    }

    /// Waits until something happens, but not beyond `latest`. What can come in any number waits for `earliest`.
    pub(crate) fn wait(&self, earliest: Instant, latest: Instant) -> Pending {
        let mut pending = self.lock();
        loop {
            let now = Instant::now();
            let until = if pending.watches_lost || pending.touched { earliest } else { latest.max(earliest) };
            if pending.stop || pending.reload || until <= now {
                let stop = pending.stop;
                return std::mem::replace(&mut pending, Pending { stop, ..Pending::default() });
            }
            pending = self.woken.wait_timeout(pending, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What is guarded is changed by plain assignments, so a panic elsewhere leaves it whole.
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
