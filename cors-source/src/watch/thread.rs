//! The watching thread.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::debounce::Tracked;
use super::kernel_events::{KernelEvents, NoKernelEvents};
use super::paths::{Folder, WatchedPaths};
use super::snapshot::Fingerprint;
use super::target::{Key, Location, Outcome, Scan, Target};
use super::wakeup::{Wakeup, Writer};
use crate::error::LoadError;
use crate::panics::caught;

/// How often to look although the operating system reports changes: events get lost, and network filesystems have none
/// of other machines.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often to look where the operating system does not report changes.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// The longest interval on request: a clock cannot represent every time.
pub(crate) const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Between two looks, however much happens.
const PAUSE: Duration = Duration::from_millis(20);

/// Before the watch starts again after a panic: one that comes back at once must not keep a core busy.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// Ends the watch when it is dropped: kept by the handle that the watch feeds.
pub(crate) struct End(Arc<Wakeup>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.wake(|pending| pending.stop = true);
    }
}

/// Starts the thread. `loaded` is what the target has already: it may have changed by now. With `poll_every` it does
/// without the operating system's events.
pub(crate) fn start(
    target: impl Target,
    loaded: impl IntoIterator<Item = (Key, Fingerprint)>,
    poll_every: Option<Duration>,
) -> io::Result<(Arc<Wakeup>, End)> {
    let wakeup = Arc::<Wakeup>::default();
    let mut watch = Watch {
        target,
        wakeup: Arc::clone(&wakeup),
        poll_every,
        folders: BTreeSet::new(),
        events: None,
        no_events: None,
        tracked: loaded.into_iter().map(|(key, fingerprint)| (key, Tracked::loaded(fingerprint))).collect(),
        writers: HashMap::new(),
        spent: Duration::ZERO,
    };
    // Here, so that what is written from now on is noticed.
    let paths = watch.target.scan().paths;
    watch.listen(&paths, false);
    thread::Builder::new().name("cors-watch".to_owned()).spawn(|| watch.run())?;
    let end = End(Arc::clone(&wakeup));
    Ok((wakeup, end))
}

struct Watch<T> {
    target: T,
    wakeup: Arc<Wakeup>,
    poll_every: Option<Duration>,
    /// Those for which events were asked for last.
    folders: BTreeSet<Folder>,
    events: Option<KernelEvents>,
    no_events: Option<NoEvents>,
    tracked: BTreeMap<Key, Tracked>,
    /// Of the files that have not settled.
    writers: HashMap<PathBuf, Writer>,
    /// How long the last look took, without what came of it.
    spent: Duration,
}

/// Why the operating system does not report changes.
enum NoEvents {
    New(String),
    Reported,
}

impl<T: Target> Watch<T> {
    /// Until nobody needs the watch any more.
    fn run(mut self) {
        while let Err(message) = caught(|| self.watch()) {
            // If that panics too, it is tried again all the same.
            let _ = caught(|| self.restart(message));
            let soon = Instant::now() + RESTART_AFTER;
            if self.wakeup.wait(soon, soon).stop {
                return;
            }
        }
    }

    /// Begins from nothing, so that no state of a broken look is left; every outcome is applied again.
    fn restart(&mut self, message: String) {
        self.events = None;
        self.no_events = None;
        self.folders.clear();
        self.writers.clear();
        self.tracked.values_mut().for_each(Tracked::forget);
        self.target.panicked(message);
    }

    fn watch(&mut self) {
        let (mut earliest, mut latest) = (Instant::now(), Instant::now());
        loop {
            let pending = self.wakeup.wait(earliest, latest);
            if pending.stop {
                return;
            }
            self.writers.extend(pending.writers);
            let began = Instant::now();
            let scan = self.target.scan();
            self.spent = began.elapsed();
            let is_new = self.listen(&scan.paths, pending.watches_lost);
            if let Some(reason) = self.no_events.as_mut().and_then(NoEvents::report) {
                self.target.polling(reason);
            }
            let due = self.look(&scan, pending.reload);
            let now = Instant::now();
            // A folder of very many files must not keep a core busy.
            earliest = now + self.spent.max(PAUSE);
            latest = now + self.interval().max(self.spent * 20);
            latest = due.map_or(latest, |due| due.min(latest));
            // What changed before events were asked for is seen now.
            latest = if is_new { earliest } else { latest };
        }
    }

    fn interval(&self) -> Duration {
        match (self.poll_every, &self.events) {
            (Some(interval), _) => interval,
            (None, None) => POLL_EVERY,
            (None, Some(_)) => LOOK_EVERY,
        }
    }

    /// Asks for the events of these paths, unless that was done before.
    fn listen(&mut self, paths: &WatchedPaths, again: bool) -> bool {
        if self.poll_every.is_some() || (self.folders == paths.folders && !again) {
            return false;
        }
        self.folders.clone_from(&paths.folders);
        self.events = None;
        match KernelEvents::of(paths, &self.wakeup) {
            Ok(events) => {
                self.events = Some(events);
                self.no_events = None;
            }
            // The next look finds another path.
            Err(NoKernelEvents::Gone) => self.folders.clear(),
            Err(NoKernelEvents::Failed(reason)) => drop(self.no_events.get_or_insert(NoEvents::New(reason))),
        }
        self.events.is_some()
    }

    /// Looks at everything once. Returns when the next look is due, if something has not settled.
    fn look(&mut self, scan: &Scan, reload: bool) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let mut unsettled = HashSet::new();
        for (key, location) in &scan.locations {
            if let Some(due) = self.look_at(key, Some(location), reload) {
                next = Some(next.map_or(due, |next| next.min(due)));
                unsettled.extend(location.resolved());
            }
        }
        let absent = self.tracked.iter_mut().filter(|(key, _)| !scan.locations.contains_key(*key));
        let mut gone = Vec::new();
        for (key, tracked) in absent {
            if scan.is_whole {
                gone.push(key.clone());
            } else {
                tracked.out_of_sight();
            }
        }
        for key in &gone {
            match self.look_at(key, None, reload) {
                Some(due) => next = Some(next.map_or(due, |next| next.min(due))),
                None => drop(self.tracked.remove(key)),
            }
        }
        self.writers.retain(|path, _| unsettled.contains(path.as_path()));
        next
    }

    /// When to look again, if it has not settled.
    fn look_at(&mut self, key: &Key, location: Option<&Location>, reload: bool) -> Option<Instant> {
        let known = self.tracked.get(key).and_then(Tracked::settled).filter(|_| !reload);
        let began = Instant::now();
        let snapshot = location.map_or_else(|| Fingerprint::Missing.into(), |location| location.look(known));
        self.spent += began.elapsed();
        let writer = location.and_then(Location::resolved).and_then(|path| self.writers.get(path)).copied();
        let fingerprint = || snapshot.fingerprint.clone();
        let tracked = self.tracked.entry(key.clone()).or_insert_with(|| Tracked::new(fingerprint()));
        if reload {
            tracked.ask();
        }
        tracked.saw(&snapshot);
        if tracked.settled().is_some() {
            return None;
        }
        if let Some(due) = tracked.due(writer) {
            return Some(due);
        }
        let bytes = snapshot.bytes.as_deref();
        let outcome = match location {
            Some(location) => location.outcome(tracked.fingerprint(), bytes, self.target.profile()),
            None => Outcome::Gone,
        };
        if let (Outcome::Invalid(_) | Outcome::Gone, Some(due)) = (&outcome, tracked.fault_due()) {
            return Some(due);
        }
        let grew = bytes.and_then(|bytes| tracked.grew_after(bytes));
        let asked = tracked.applied(matches!(outcome, Outcome::Rules(_)));
        if let (Some(after), Some(location)) = (grew, location) {
            self.target.growing(key, location.path(), after);
        }
        if let Err(message) = caught(|| self.target.apply(key, outcome, asked)) {
            // Applied as an error, so that the others go on: it is looked at again when its file changes.
            let path = location.map_or(Path::new(key.as_deref().unwrap_or_default()), Location::path);
            self.target.apply(key, Outcome::Invalid(LoadError::panicked(path, message)), asked);
        }
        None
    }
}

impl NoEvents {
    /// The first time.
    fn report(&mut self) -> Option<String> {
        match std::mem::replace(self, Self::Reported) {
            Self::New(reason) => Some(reason),
            Self::Reported => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Mutex;

    use oss_cors_core::Profile;

    use super::*;

    /// Panics where it is asked to, without the backtrace, which takes a while.
    struct Panicking {
        path: PathBuf,
        log: Log,
        /// How many times each of them is left to panic.
        scans: usize,
        applications: usize,
    }

    type Log = Arc<Mutex<Vec<String>>>;

    fn panic_once(left: &mut usize, message: &'static str) {
        if *left > 0 {
            *left -= 1;
            std::panic::resume_unwind(Box::new(message));
        }
    }

    impl Panicking {
        fn log(&self, line: impl Into<String>) {
            self.log.lock().unwrap().push(line.into());
        }
    }

    impl Target for Panicking {
        fn scan(&mut self) -> Scan {
            // The first one is that of the start.
            if !self.log.lock().unwrap().is_empty() {
                panic_once(&mut self.scans, "in a scan");
            }
            self.log("scan");
            let mut scan = Scan::default();
            for name in ["a", "b"] {
                let path = self.path.join(name);
                let resolved = scan.paths.add(&path);
                scan.locations.insert(Some(name.to_owned()), Location::File { path, resolved });
            }
            scan
        }

        fn profile(&self) -> Profile {
            Profile::Oss
        }

        fn apply(&mut self, key: &Key, outcome: Outcome, _: bool) {
            let key = key.clone().unwrap_or_default();
            if let Outcome::Invalid(error) = &outcome {
                return self.log(format!("{key}: {error}"));
            }
            panic_once(&mut self.applications, "in an application");
            self.log(format!("{key}: loaded"));
        }

        fn growing(&mut self, _: &Key, _: &Path, _: Duration) {}

        fn polling(&mut self, _: String) {}

        fn panicked(&mut self, message: String) {
            self.log(format!("panicked: {message}"));
        }
    }

    /// What happens, without the scans, until `b` is loaded and `last` was logged.
    fn log_of(scans: usize, applications: usize, last: &str) -> Vec<String> {
        const RULES: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin>\
                             <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            fs::write(folder.path().join(name), RULES).unwrap();
        }
        let log = Log::default();
        let target = Panicking { path: folder.path().to_owned(), log: Arc::clone(&log), scans, applications };
        let (_wakeup, end) = start(target, [], Some(Duration::from_millis(20))).unwrap();
        let began = Instant::now();
        loop {
            let lines: Vec<String> = log.lock().unwrap().iter().filter(|line| *line != "scan").cloned().collect();
            if lines.iter().any(|line| line.contains(last)) && lines.iter().any(|line| line == "b: loaded") {
                drop(end);
                return lines;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{lines:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_panic_is_reported_and_the_watch_starts_again() {
        let lines = log_of(2, 0, "a: loaded");
        assert_eq!(lines, ["panicked: in a scan", "panicked: in a scan", "a: loaded", "b: loaded"]);
    }

    #[test]
    fn a_panic_with_one_file_concerns_no_other() {
        let lines = log_of(0, 1, "please report");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("a: loading `") && lines[0].contains("panicked: in an application"), "{lines:?}");
        assert_eq!(lines[1], "b: loaded");
    }
}
