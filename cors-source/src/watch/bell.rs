//! What wakes the watching thread: bounded, however much happens while it is busy.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Rung by the kernel's events, by whoever wants a reload, and by the end of the last handle.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    news: Mutex<News>,
    rung: Condvar,
}

/// What has happened since the last look.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Nobody needs the watch any more.
    pub(crate) stop: bool,
    /// Someone asks again what the files say.
    pub(crate) reload: bool,
    /// A watched folder may be another one by now, or events were lost.
    pub(crate) watches_lost: bool,
    /// Something happened to a file or to an entry on the way to it.
    pub(crate) touched: bool,
    /// What the kernel says of who writes to a file, by its path without symbolic links.
    pub(crate) writers: HashMap<PathBuf, Writer>,
}

/// Who is writing to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// It was written to and not closed since.
    Busy,
    /// It was closed after it was written.
    Closed,
    /// It was made elsewhere and moved to its place.
    Placed,
    /// Nobody knows.
    Unknown,
}

impl Bell {
    pub(crate) fn ring(&self, tell: impl FnOnce(&mut News)) {
        tell(&mut self.lock());
        self.rung.notify_one();
    }

    /// Waits until there is news, but not beyond `latest`. What can come in any number waits for `earliest`.
    pub(crate) fn wait(&self, earliest: Instant, latest: Instant) -> News {
        let mut news = self.lock();
        loop {
            let now = Instant::now();
            let until = if news.watches_lost || news.touched { earliest } else { latest.max(earliest) };
            if news.stop || news.reload || until <= now {
                let stop = news.stop;
                return std::mem::replace(&mut news, News { stop, ..News::default() });
            }
            news = self.rung.wait_timeout(news, until - now).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What is guarded is changed by plain assignments, so a panic elsewhere leaves it whole.
    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
