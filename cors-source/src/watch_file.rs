//! One rule file, watched: what it says is in force within a second.

use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use oss_cors_core::{CorsConfiguration, Profile, RuleFile};
use oss_cors_live::{CorsHandle, WeakCorsHandle};

use crate::changes::RuleChanges;
use crate::error::{LoadError, LoadErrorKind};
use crate::event::WatchEvent;
use crate::listener::Listener;
use crate::log;
use crate::watch::{self, Bell, Key, Site, Spot, Survey, Verdict};

/// Loads the rule file at `path` under [`Profile::Oss`] and keeps the handle up to date with it. [`FileWatch`] tells
/// how, and has settings.
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
///   writes; another file renamed over it; deleted and made anew, as editors do; a symbolic link at the path or above it
///   pointed elsewhere, as Kubernetes swaps the `..data` of a mounted ConfigMap; a folder that appears or comes back.
/// - A file is taken when it was the same for a while: 50 ms after its writer closed it, 600 ms while a writer has it
///   open, 200 ms where that is not known. A writer that pauses for longer can be taken for done, and half of a file in
///   YAML, TOML or JSON lines may be whole by itself: write to another file and rename it, which is always safe. When a
///   file grows within 10 s of being taken, [`WatchEvent::Growing`] tells so.
/// - A file that is wrong, unreadable or gone changes nothing: the rules in force stay. It is reported once, as long as it
///   says the same, with all its faults, and its repair is noticed.
/// - A file that says what is in force already is no new generation.
/// - The path is refused, never waited for, where it is no regular file, or over
///   [`MAX_FILE_BYTES`](oss_cors_core::MAX_FILE_BYTES).
/// - The last clone of the handle that is dropped ends the watch and its thread.
///
/// The kernel tells of changes (the `notify` crate); where it cannot, the path is looked at every 250 ms, and every
/// 500 ms all the same where it can, because it tells nothing of what another machine writes to a network filesystem.
///
/// What happens is in [`CorsHandle::status`], passed to [`on_event`](Self::on_event), and logged through `tracing` (feature
/// `tracing`, on by default): a reload, a failure with each fault on its own line, a repair, a deletion, a file that grew.
/// With the feature `advice` the lints of what is in force are logged once for each generation.
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

    /// Looks at the path at this interval, from 20 ms to a day, and asks the kernel nothing. A change is in force 200 ms after
    /// the look that sees it. By default the kernel tells.
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_every = Some(interval.min(watch::LONGEST_INTERVAL));
        self
    }

    /// What to do with news, such as to log it. Called on the watching thread, which looks at nothing meanwhile. By
    /// default nothing: then [`CorsHandle::status`] tells.
    ///
    /// Do not move a clone of the handle into it, which would never be the last; [`CorsHandle::downgrade`] is for that.
    #[must_use]
    pub fn on_event(mut self, mut listener: impl FnMut(&WatchEvent) + Send + 'static) -> Self {
        self.listener = Listener::new(move |_, event| listener(event));
        self
    }

    /// Loads the file, and watches it from then on. Waits up to a second for a file that was written just now.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has faults, all of which are reported; or the thread cannot be started.
    pub fn start(self) -> Result<WatchedFile, LoadError> {
        let Self { path, profile, poll_every, mut listener } = self;
        listener.source = path.display().to_string();
        let failed = |error: io::Error| LoadError::new(&path, LoadErrorKind::Io(error));
        let absolute = absolute(&path).map_err(failed)?;
        let (print, rules) = match watch::first_look(|| survey(&path, &absolute), profile).remove(&None) {
            Some((print, Verdict::Rules(rules))) => (print, rules),
            Some((_, Verdict::Wrong(error))) => return Err(error),
            _ => return Err(failed(io::ErrorKind::NotFound.into())),
        };
        let handle = CorsHandle::new(rules.table()).with_source(path.display().to_string()).without_reload_events();
        log::lints(&listener.source, None, rules.configuration(), profile);
        let site = FileSite {
            handle: handle.downgrade(),
            table: handle.load().id(),
            configuration: rules.into_configuration(),
            is_failing: false,
            path: path.clone(),
            absolute,
            profile,
            listener,
        };
        let (bell, end) = watch::start(site, [(None, print)], [], poll_every).map_err(failed)?;
        handle.keep(end);
        Ok(WatchedFile { handle, bell })
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
    bell: Arc<Bell>,
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

    /// Has the file read again at once, as on SIGHUP, and what comes of it reported even if it is not new. Does not wait
    /// for it; a file that is being written is still not taken before it is at rest.
    pub fn reload(&self) {
        self.bell.ring(|news| news.reload = true);
    }
}

fn survey(path: &Path, absolute: &Path) -> Survey {
    let mut survey = Survey::default();
    let end = survey.ways.add(absolute);
    survey.spots.insert(None, Spot::File { path: path.to_owned(), end });
    survey
}

struct FileSite {
    handle: WeakCorsHandle,
    /// What the watch has put in force last.
    configuration: CorsConfiguration,
    table: u64,
    is_failing: bool,
    /// As it was given.
    path: PathBuf,
    absolute: PathBuf,
    profile: Profile,
    listener: Listener,
}

impl Site for FileSite {
    fn survey(&mut self) -> Survey {
        survey(&self.path, &self.absolute)
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn take(&mut self, _: &Key, verdict: Verdict, asked: bool) {
        let Some(handle) = self.handle.upgrade() else { return };
        let event = match verdict {
            Verdict::Rules(rules) => self.load(&handle, rules, asked),
            Verdict::Wrong(error) => Some(self.fail(&handle, error)),
            Verdict::Gone | Verdict::Listed => None,
        };
        // A listener that runs long must not keep the watch alive.
        drop(handle);
        event.iter().for_each(|event| self.listener.tell(None, event));
        if let Some(WatchEvent::Loaded { .. }) = event {
            log::lints(&self.listener.source, None, &self.configuration, self.profile);
        }
    }

    fn polling(&mut self, why: String) {
        self.listener.tell(None, &WatchEvent::Polling { why });
    }

    fn growing(&mut self, _: &Key, path: &Path, after: Duration) {
        self.listener.tell(None, &WatchEvent::Growing { path: path.to_owned(), after });
    }

    fn panicked(&mut self, message: String) {
        let Some(handle) = self.handle.upgrade() else { return };
        let event = self.fail(&handle, LoadError::new(&self.path, LoadErrorKind::Panicked(message)));
        drop(handle);
        self.listener.tell(None, &event);
    }
}

impl FileSite {
    fn load(&mut self, handle: &CorsHandle, rules: RuleFile, asked: bool) -> Option<WatchEvent> {
        let was_failing = std::mem::take(&mut self.is_failing);
        // Someone else may have put another table in force.
        if *rules.configuration() == self.configuration && handle.load().id() == self.table {
            if was_failing {
                handle.recovered();
                return Some(WatchEvent::Recovered);
            }
            return asked.then_some(WatchEvent::Unchanged);
        }
        let table = rules.table();
        self.table = table.id();
        handle.store(table);
        let configuration = rules.into_configuration();
        let changes = RuleChanges::between(&self.configuration, &configuration);
        self.configuration = configuration;
        Some(WatchEvent::Loaded { generation: handle.generation(), changes })
    }

    fn fail(&mut self, handle: &CorsHandle, error: LoadError) -> WatchEvent {
        self.is_failing = true;
        handle.failed(error.to_string());
        if error.is_missing() { WatchEvent::Missing } else { WatchEvent::Failed { error } }
    }
}
