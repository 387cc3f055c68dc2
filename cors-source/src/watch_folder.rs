//! A folder of rule files, watched: a bucket for each file, named after it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs, io};

use oss_cors_core::{Buckets, CorsConfiguration, Format, Profile, WeakBuckets};

use crate::changes::RuleChanges;
use crate::error::{LoadError, LoadErrorKind, LoadErrors};
use crate::event::WatchEvent;
use crate::listener::Listener;
use crate::watch::{self, Fingerprint, Folder, Key, Loaded, Location, Outcome, Scan, Target, Wakeup, WatchedPaths};

/// Loads every rule file of the folder at `path` under [`Profile::Oss`] and keeps the buckets up to date with them.
/// [`FolderWatch`] says how, and has settings.
///
/// ```no_run
/// let buckets = oss_cors_source::watch_folder("rules")?; // rules/photos.xml, rules/videos.json
/// let table = buckets.load("photos");
/// # Ok::<(), oss_cors_source::LoadErrors>(())
/// ```
///
/// # Errors
///
/// As [`FolderWatch::start`].
pub fn watch_folder(path: impl AsRef<Path>) -> Result<Buckets, LoadErrors> {
    Ok(FolderWatch::new(path).start()?.into_buckets())
}

/// How to watch a folder of rule files.
///
/// A file `photos.xml` (or `.json`, `.yaml`, `.yml`, `.toml`) is the bucket `photos`. Files with other extensions, and
/// hidden ones, are none: swap files, backups, the `..data` of a mounted ConfigMap. Folders below are not looked into.
///
/// Each file is watched as by [`FileWatch`](crate::FileWatch), with one thread for all; what is said there about a file
/// that is being written holds here too. Beyond that:
///
/// - A new file is a new bucket. A file that is deleted takes its bucket with it: requests for it are then refused as
///   for any bucket that is not known.
/// - When the folder itself is gone or cannot be listed, or another stands in its place that is empty (a volume that is
///   not mounted), all rules in force stay.
/// - A file that is wrong leaves its bucket as it is. A new bucket whose first file is wrong is known and has no rules:
///   it refuses.
/// - Two files for one bucket, `photos.xml` and `photos.json`, are wrong.
/// - What is wrong is in [`Buckets::status`] and [`Buckets::failures`].
/// - Files are compared every 500 ms, or less often where that takes longer than 25 ms: for changes that the operating
///   system does not report.
pub struct FolderWatch {
    path: PathBuf,
    profile: Profile,
    poll_every: Option<Duration>,
    listener: Listener,
}

impl FolderWatch {
    /// Of the folder at `path`; a relative one counts from the working directory at the start.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        Self { path, profile: Profile::default(), poll_every: None, listener: Listener::default() }
    }

    /// As [`FileWatch::profile`](crate::FileWatch::profile), for every file.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// As [`FileWatch::poll_every`](crate::FileWatch::poll_every).
    #[must_use]
    pub fn poll_every(mut self, interval: Duration) -> Self {
        self.poll_every = Some(interval.min(watch::LONGEST_INTERVAL));
        self
    }

    /// As [`FileWatch::on_event`](crate::FileWatch::on_event); the bucket is part of the event.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(&WatchEvent) + Send + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Loads the files, and watches the folder from then on. Waits up to a second for files that were written just now.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed, or any file cannot be read or has faults: all of them. Or the thread cannot be
    /// started.
    pub fn start(self) -> Result<WatchedFolder, LoadErrors> {
        let Self { path, profile, poll_every, listener } = self;
        let failed = |error: io::Error| LoadErrors::from(LoadError::new(&path, LoadErrorKind::Io(error)));
        let absolute = absolute(&path).map_err(failed)?;
        let mut errors = Vec::new();
        let mut rules: Vec<(String, Option<CorsConfiguration>)> = Vec::new();
        let mut loaded: Vec<(Key, Fingerprint)> = Vec::new();
        for (key, Loaded { outcome, fingerprint }) in watch::first_load(|| scan(&path, &absolute, &mut None), profile) {
            match (&key, outcome) {
                (Some(bucket), Outcome::Rules(file)) => rules.push((bucket.clone(), Some(file.into_configuration()))),
                (_, Outcome::Invalid(error)) => errors.push(error),
                _ => {}
            }
            loaded.push((key, fingerprint));
        }
        LoadErrors::check(errors)?;
        let buckets = Buckets::new().with_source(path.display().to_string());
        buckets.replace(rules, profile).map_err(|errors| failed(io::Error::other(errors)))?;
        let target = FolderTarget {
            buckets: buckets.downgrade(),
            folder: None,
            failing: BTreeSet::new(),
            panic: None,
            path: path.clone(),
            absolute,
            profile,
            listener,
        };
        let (wakeup, end) = watch::start(target, loaded, poll_every).map_err(failed)?;
        buckets.keep(end);
        Ok(WatchedFolder { buckets, wakeup })
    }
}

impl fmt::Debug for FolderWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, profile, poll_every, .. } = self;
        let mut fields = f.debug_struct("FolderWatch");
        fields.field("path", path).field("profile", profile).field("poll_every", poll_every).finish_non_exhaustive()
    }
}

/// A folder of rule files that is being watched, for whoever asks for reloads. Counts as a clone of its buckets.
#[derive(Clone, Debug)]
pub struct WatchedFolder {
    buckets: Buckets,
    wakeup: Arc<Wakeup>,
}

impl WatchedFolder {
    /// The rules in force.
    pub fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// The rules in force, without the means to ask for a reload.
    pub fn into_buckets(self) -> Buckets {
        self.buckets
    }

    /// As [`WatchedFile::reload`](crate::WatchedFile::reload), of all files. That nothing changed is reported once.
    pub fn reload(&self) {
        self.wakeup.wake(|pending| pending.reload = true);
    }
}

/// `known` is the folder that was seen last.
fn scan(path: &Path, absolute: &Path, known: &mut Option<Folder>) -> Scan {
    let mut scan = Scan::default();
    let resolved = scan.paths.add(absolute);
    let fingerprint = match list(&resolved) {
        Err(error) => error.into(),
        Ok(buckets) => {
            let folder = scan.paths.add_whole(resolved.clone());
            if buckets.is_empty() && known.as_ref().is_some_and(|known| *known != folder) {
                Fingerprint::Missing
            } else {
                *known = Some(folder);
                scan.is_whole = true;
                for (bucket, names) in buckets {
                    let location = location(path, &resolved, &names, &mut scan.paths);
                    scan.locations.insert(Some(bucket), location);
                }
                Fingerprint::Listed
            }
        }
    };
    scan.locations.insert(None, Location::Known { path: path.to_owned(), fingerprint });
    scan
}

/// The names of the rule files, by bucket.
fn list(folder: &Path) -> io::Result<BTreeMap<String, Vec<Name>>> {
    let mut buckets: BTreeMap<String, Vec<Name>> = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let text = entry.file_name();
        if let Some(bucket) = bucket(&text) {
            let is_link = entry.file_type()?.is_symlink();
            buckets.entry(bucket.to_owned()).or_default().push(Name { text, is_link });
        }
    }
    Ok(buckets)
}

struct Name {
    text: OsString,
    is_link: bool,
}

/// Of a rule file's name: what stands before a known extension. Hidden files are none.
fn bucket(name: &OsStr) -> Option<&str> {
    let path = Path::new(name);
    Format::from_extension(path.extension()?.to_str()?)?;
    path.file_stem()?.to_str().filter(|stem| !stem.starts_with('.'))
}

fn location(path: &Path, resolved: &Path, names: &[Name], paths: &mut WatchedPaths) -> Location {
    match names {
        [name] => {
            let entry = resolved.join(&name.text);
            let resolved = if name.is_link { paths.add(&entry) } else { entry };
            Location::File { path: path.join(&name.text), resolved }
        }
        several => {
            let mut files: Vec<PathBuf> = several.iter().map(|name| path.join(&name.text)).collect();
            files.sort();
            Location::Known {
                path: files.first().cloned().unwrap_or_default(),
                fingerprint: Fingerprint::Several(files),
            }
        }
    }
}

struct FolderTarget {
    buckets: WeakBuckets,
    /// That which was seen last.
    folder: Option<Folder>,
    failing: BTreeSet<Key>,
    /// Of the watch itself: the same one is reported once.
    panic: Option<String>,
    /// As it was given.
    path: PathBuf,
    absolute: PathBuf,
    profile: Profile,
    listener: Listener,
}

impl Target for FolderTarget {
    fn scan(&mut self) -> Scan {
        scan(&self.path, &self.absolute, &mut self.folder)
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn apply(&mut self, key: &Key, outcome: Outcome, asked: bool) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        let event = match key {
            Some(bucket) => self.bucket(&buckets, bucket, outcome),
            None => self.folder(&buckets, outcome, asked),
        };
        // A listener that runs long must not keep the watch alive.
        drop(buckets);
        event.iter().for_each(|event| self.listener.notify(event));
    }

    fn growing(&mut self, key: &Key, path: &Path, after: Duration) {
        self.listener.notify(&WatchEvent::Growing { bucket: key.clone(), path: path.to_owned(), after });
    }

    fn polling(&mut self, reason: String) {
        self.listener.notify(&WatchEvent::Polling { reason });
    }

    fn panicked(&mut self, message: String) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        self.failing.insert(None);
        if self.panic.as_ref() == Some(&message) {
            return;
        }
        self.panic = Some(message.clone());
        let error = LoadError::panicked(&self.path, message);
        buckets.source_failed(error.to_string());
        drop(buckets);
        self.listener.notify(&WatchEvent::Failed { bucket: None, error: error.into() });
    }
}

impl FolderTarget {
    fn folder(&mut self, buckets: &Buckets, outcome: Outcome, asked: bool) -> Option<WatchEvent> {
        self.panic = None;
        let Outcome::Invalid(error) = outcome else {
            if self.failing.remove(&None) {
                buckets.source_recovered();
                return Some(WatchEvent::Recovered { bucket: None });
            }
            return asked.then_some(WatchEvent::Unchanged);
        };
        self.failing.insert(None);
        buckets.source_failed(error.to_string());
        Some(if error.is_missing() {
            WatchEvent::Deleted { bucket: None }
        } else {
            WatchEvent::Failed { bucket: None, error: error.into() }
        })
    }

    fn bucket(&mut self, buckets: &Buckets, name: &str, outcome: Outcome) -> Option<WatchEvent> {
        let bucket = Some(name.to_owned());
        match outcome {
            Outcome::Rules(rules) => {
                let old = buckets.configuration(name).flatten();
                let new = rules.into_configuration();
                if old.as_ref() == Some(&new) {
                    buckets.recovered(name);
                    return self.failing.remove(&bucket).then_some(WatchEvent::Recovered { bucket });
                }
                // It was found right already, under the same profile.
                buckets.set(name, &new, self.profile).ok()?;
                self.failing.remove(&bucket);
                let changes = RuleChanges::between(&old.unwrap_or_default(), &new);
                Some(WatchEvent::Reloaded { bucket, generation: buckets.generation(), changes, revision: None })
            }
            Outcome::Invalid(error) => {
                self.failing.insert(bucket.clone());
                if !buckets.contains(name) {
                    // No bucket can be refused for its name: one that is too long is no file name either.
                    buckets.set_without_rules(name).ok()?;
                }
                buckets.failed(name, error.to_string());
                Some(WatchEvent::Failed { bucket, error: error.into() })
            }
            Outcome::Gone => {
                self.failing.remove(&bucket);
                buckets.remove(name).then_some(WatchEvent::Deleted { bucket })
            }
            Outcome::Listed => None,
        }
    }
}
