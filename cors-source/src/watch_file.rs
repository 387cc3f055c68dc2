//! One rule file, watched: what it says is in force within a second.

use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use oss_cors_core::{CorsConfiguration, CorsHandle, Profile, RuleFile, WeakCorsHandle};

use crate::changes::RuleChanges;
use crate::error::{LoadError, LoadErrorKind};
use crate::event::WatchEvent;
use crate::listener::Listener;
use crate::watch::{self, Key, Loaded, Location, Outcome, Scan, Target, Wakeup};

/// Loads the rule file at `path` under [`Profile::Oss`] and keeps the handle up to date with it. [`FileWatch`] says how,
/// and has settings.
///
/// ```no_run
/// let handle = oss_cors_source::watch_file("cors.xml")?;
/// let table = handle.load();
/// # Ok::<(), oss_cors_source::LoadError>(())
/// ```
///
/// # Errors
///
/// As [`FileWatch::start`].
pub fn watch_file(path: impl AsRef<Path>) -> Result<CorsHandle, LoadError> {
    Ok(FileWatch::new(path).start()?.into_handle())
}

/// How to watch a rule file.
///
/// A thread of its own, no async runtime, keeps a [`CorsHandle`] up to date:
///
/// - A change is in force within a second of the last write, however it was made: written in place, in one or several
///   writes; another file renamed over it; deleted and created again, as editors do; a symbolic link at the path or above
///   it pointed elsewhere, as Kubernetes swaps the `..data` of a mounted ConfigMap; a folder that appears or comes back.
/// - A file that is wrong, unreadable or gone changes nothing: the rules in force stay. It is reported once, as long as
///   it says the same, with all its faults, and its repair is noticed.
/// - A file with the rules that are in force already is no new generation.
/// - The path is refused, never waited for, where it is no regular file, or over
///   [`MAX_FILE_BYTES`](oss_cors_core::MAX_FILE_BYTES).
/// - The last clone of the handle that is dropped ends the watch and its thread.
/// - A panic while a file is loaded is reported as a failure of that file. A panic elsewhere is reported, and the watch
///   starts again.
///
/// The operating system reports changes (the `notify` crate). Where it cannot, the path is looked at every 250 ms, and
/// every 500 ms all the same where it can, because it does not report what another machine writes to a network filesystem.
///
/// # A file that is being written
///
/// It is loaded when it has stayed the same for a while: 50 ms after its writer closed it, 600 ms while a writer has it
/// open, 200 ms where that is not known (with [`poll_every`](Self::poll_every), on network filesystems, and outside of
/// Linux).
///
/// What is shorter than that is never seen. A writer that pauses for longer can be taken at its word:
///
/// - An XML or JSON document that is cut off is refused, because it is no whole document.
/// - **The first part of a YAML, TOML or JSON lines file can be whole in itself, and is loaded then.**
/// - A file that is overwritten without being emptied first can be a mixture of old and new, in every format.
///
/// **A file that is written elsewhere and renamed to its place is safe in every format.** When a file grows within ten
/// seconds of its load, [`WatchEvent::Growing`] is reported, and logged as a warning with feature `tracing`; its whole
/// content is loaded next.
///
/// What happens is in [`CorsHandle::status`], and reported to [`on_event`](Self::on_event).
pub struct FileWatch {
    path: PathBuf,
    profile: Profile,
    poll_every: Option<Duration>,
    listener: Listener,
}

impl FileWatch {
    /// Of the file at `path`; a relative one counts from the working directory at the start.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        Self { path, profile: Profile::default(), poll_every: None, listener: Listener::default() }
    }

    /// Which rules about rules apply. By default [`Profile::Oss`].
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Looks at the path at this interval, from 20 ms to a day, and does without the operating system's events. A change
    /// is in force 200 ms after the look that sees it.
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_every = Some(interval.min(watch::LONGEST_INTERVAL));
        self
    }

    /// What to do with events, such as to log them. Called on the watching thread, which looks at nothing meanwhile. A
    /// panic in it is caught. By default nothing: then [`CorsHandle::status`] tells.
    ///
    /// Do not move a clone of the handle into it, which would never be the last; [`CorsHandle::downgrade`] is for that.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(&WatchEvent) + Send + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Loads the file, and watches it from then on. Waits up to a second for a file that was written just now.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has faults, all of which are in the error; or the thread cannot be started.
    pub fn start(self) -> Result<WatchedFile, LoadError> {
        let Self { path, profile, poll_every, listener } = self;
        let failed = |error: io::Error| LoadError::new(&path, LoadErrorKind::Io(error));
        let absolute = absolute(&path).map_err(failed)?;
        let first = watch::first_load(|| scan(&path, &absolute), profile).remove(&None);
        let Some(Loaded { outcome, fingerprint }) = first else {
            return Err(failed(io::ErrorKind::NotFound.into()));
        };
        let rules = match outcome {
            Outcome::Rules(rules) => rules,
            Outcome::Invalid(error) => return Err(error),
            Outcome::Gone | Outcome::Listed => return Err(failed(io::ErrorKind::NotFound.into())),
        };
        let handle = CorsHandle::new(rules.table()).with_source(path.display().to_string());
        let target = FileTarget {
            handle: handle.downgrade(),
            table: handle.load().id(),
            configuration: rules.into_configuration(),
            failure: None,
            path: path.clone(),
            absolute,
            profile,
            listener,
        };
        let (wakeup, end) = watch::start(target, [(None, fingerprint)], poll_every).map_err(failed)?;
        handle.keep(end);
        Ok(WatchedFile { handle, wakeup })
    }
}

impl fmt::Debug for FileWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, profile, poll_every, .. } = self;
        let mut fields = f.debug_struct("FileWatch");
        fields.field("path", path).field("profile", profile).field("poll_every", poll_every).finish_non_exhaustive()
    }
}

/// A rule file that is being watched, for whoever asks for reloads. Counts as a clone of its handle.
#[derive(Clone, Debug)]
pub struct WatchedFile {
    handle: CorsHandle,
    wakeup: Arc<Wakeup>,
}

impl WatchedFile {
    /// The rules in force.
    pub fn handle(&self) -> &CorsHandle {
        &self.handle
    }

    /// The rules in force, without the means to ask for a reload.
    pub fn into_handle(self) -> CorsHandle {
        self.handle
    }

    /// Has the file read again at once, as on SIGHUP, and the outcome reported even if it is not new. Does not wait for
    /// it; a file that is being written is still not loaded before it has settled.
    pub fn reload(&self) {
        self.wakeup.wake(|pending| pending.reload = true);
    }
}

fn scan(path: &Path, absolute: &Path) -> Scan {
    let mut scan = Scan::default();
    let resolved = scan.paths.add(absolute);
    scan.locations.insert(None, Location::File { path: path.to_owned(), resolved });
    scan
}

struct FileTarget {
    handle: WeakCorsHandle,
    /// What the watch has put in force last.
    configuration: CorsConfiguration,
    table: u64,
    failure: Option<Failure>,
    /// As it was given.
    path: PathBuf,
    absolute: PathBuf,
    profile: Profile,
    listener: Listener,
}

#[derive(PartialEq)]
enum Failure {
    Rules,
    /// Its message: the same one is reported once.
    Panic(String),
}

impl Target for FileTarget {
    fn scan(&mut self) -> Scan {
        scan(&self.path, &self.absolute)
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn apply(&mut self, _: &Key, outcome: Outcome, asked: bool) {
        let Some(handle) = self.handle.upgrade() else { return };
        let event = match outcome {
            Outcome::Rules(rules) => self.load(&handle, rules, asked),
            Outcome::Invalid(error) => Some(self.fail(&handle, error)),
            Outcome::Gone | Outcome::Listed => None,
        };
        // A listener that runs long must not keep the watch alive.
        drop(handle);
        event.iter().for_each(|event| self.listener.notify(event));
    }

    fn growing(&mut self, _: &Key, path: &Path, after: Duration) {
        self.listener.notify(&WatchEvent::Growing { bucket: None, path: path.to_owned(), after });
    }

    fn polling(&mut self, reason: String) {
        self.listener.notify(&WatchEvent::Polling { reason });
    }

    fn panicked(&mut self, message: String) {
        let Some(handle) = self.handle.upgrade() else { return };
        let failure = Some(Failure::Panic(message.clone()));
        if self.failure == failure {
            return;
        }
        self.failure = failure;
        let error = LoadError::panicked(&self.path, message);
        handle.failed(error.to_string());
        drop(handle);
        self.listener.notify(&WatchEvent::Failed { bucket: None, error: error.into() });
    }
}

impl FileTarget {
    fn load(&mut self, handle: &CorsHandle, rules: RuleFile, asked: bool) -> Option<WatchEvent> {
        // Someone else may have put another table in force.
        if *rules.configuration() == self.configuration && handle.load().id() == self.table {
            if self.failure.take().is_some() {
                handle.recovered();
                return Some(WatchEvent::Recovered { bucket: None });
            }
            return asked.then_some(WatchEvent::Unchanged);
        }
        let table = rules.table();
        self.table = table.id();
        handle.store(table);
        self.failure = None;
        let configuration = rules.into_configuration();
        let changes = RuleChanges::between(&self.configuration, &configuration);
        self.configuration = configuration;
        Some(WatchEvent::Reloaded { bucket: None, generation: handle.generation(), changes, revision: None })
    }

    fn fail(&mut self, handle: &CorsHandle, error: LoadError) -> WatchEvent {
        self.failure = Some(Failure::Rules);
        handle.failed(error.to_string());
        if error.is_missing() {
            WatchEvent::Deleted { bucket: None }
        } else {
            WatchEvent::Failed { bucket: None, error: error.into() }
        }
    }
}
