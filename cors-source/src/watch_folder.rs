//! A folder of rule files, watched: a bucket for each file, named after it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs, io};

use oss_cors_core::{CorsConfiguration, Format, Profile};
use oss_cors_live::{Buckets, WeakBuckets};

use crate::changes::RuleChanges;
use crate::error::{LoadError, LoadErrorKind, LoadErrors};
use crate::event::WatchEvent;
use crate::listener::Listener;
use crate::log;
use crate::watch::{self, Bell, Folder, Key, Print, Site, Spot, Survey, Verdict, Ways};

/// Loads every rule file of the folder at `path` under [`Profile::Oss`] and keeps the buckets up to date with them.
/// [`FolderWatch`] tells how, and has settings.
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
/// Each file is watched as by [`FileWatch`](crate::FileWatch), with the same thread for all. Beyond that:
///
/// - A new file is a new bucket. A file that is deleted takes its bucket with it: requests for it are then refused as
///   for any bucket that is not known.
/// - When the folder itself is gone or cannot be listed, or another stands in its place that is empty (a volume that is
///   not mounted), all rules in force stay.
/// - A file that is wrong leaves its bucket as it is. A new bucket whose first file is wrong is known and has no rules:
///   it refuses.
/// - Two files for one bucket, `photos.xml` and `photos.json`, are wrong.
/// - What is wrong is in [`Buckets::status`] and [`Buckets::failures`].
/// - Files are compared every 500 ms, or less often where that takes longer than 25 ms: the kernel tells of their
///   changes, and this is for what it does not tell.
pub struct FolderWatch {
    path: PathBuf,
    profile: Profile,
    poll_every: Option<Duration>,
    tolerant: bool,
    listener: Listener,
}

impl FolderWatch {
    /// Of the folder at `path`; a relative one counts from the working directory at the start.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref().to_owned();
        Self { path, profile: Profile::default(), poll_every: None, tolerant: false, listener: Listener::default() }
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

    /// Starts although files are wrong: their buckets are known and refuse, as a new bucket whose first file is wrong,
    /// until they are repaired. [`Buckets::failures`] has them, and each is reported. By default one wrong file is no start.
    #[must_use]
    pub fn tolerate_bad_files(mut self) -> Self {
        self.tolerant = true;
        self
    }

    /// As [`FileWatch::on_event`](crate::FileWatch::on_event), with the bucket that it is about: `None` for the folder
    /// as a whole.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(Option<&str>, &WatchEvent) + Send + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Loads the files, and watches the folder from then on. Waits up to a second for files that were written just now.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed, or any file cannot be read or has faults, unless that is
    /// [tolerated](Self::tolerate_bad_files): all of them are reported. Or the thread cannot be started.
    pub fn start(self) -> Result<WatchedFolder, LoadErrors> {
        let Self { path, profile, poll_every, tolerant, mut listener } = self;
        listener.source = path.display().to_string();
        let failed = |error: io::Error| LoadErrors::from(LoadError::new(&path, LoadErrorKind::Io(error)));
        let absolute = absolute(&path).map_err(failed)?;
        let mut errors = Vec::new();
        let mut loaded: Vec<(Key, Print)> = Vec::new();
        let mut bad: Vec<(String, Print, LoadError)> = Vec::new();
        let mut rules: Vec<(String, Option<CorsConfiguration>)> = Vec::new();
        for (key, (print, verdict)) in watch::first_look(|| survey(&path, &absolute, &mut None), profile) {
            match (key, verdict) {
                (Some(bucket), Verdict::Rules(file)) => {
                    loaded.push((Some(bucket.clone()), print));
                    rules.push((bucket, Some(file.into_configuration())));
                }
                (Some(bucket), Verdict::Wrong(error)) if tolerant => {
                    rules.push((bucket.clone(), None));
                    bad.push((bucket, print, error));
                }
                (_, Verdict::Wrong(error)) => errors.push(error),
                _ => {}
            }
        }
        LoadErrors::check(errors)?;
        let buckets = Buckets::new().with_source(path.display().to_string()).without_reload_events();
        let all = rules.iter().map(|(bucket, rules)| (bucket, rules.as_ref()));
        buckets.replace(all, profile).map_err(|errors| failed(io::Error::other(errors)))?;
        let linted = rules.iter().filter_map(|(bucket, rules)| Some((bucket, rules.as_ref()?))).take(MOST_LINTED);
        linted.for_each(|(bucket, rules)| log::lints(&listener.source, Some(bucket), rules, profile));
        let mut failing = BTreeSet::new();
        let mut judged = Vec::new();
        for (bucket, print, error) in bad {
            buckets.failed(&bucket, error.to_string());
            listener.tell(Some(&bucket), &WatchEvent::Failed { error });
            failing.insert(Some(bucket.clone()));
            judged.push((Some(bucket), print));
        }
        let site = FolderSite {
            buckets: buckets.downgrade(),
            folder: None,
            failing,
            path: path.clone(),
            absolute,
            profile,
            listener,
        };
        let (bell, end) = watch::start(site, loaded, judged, poll_every).map_err(failed)?;
        buckets.keep(end);
        Ok(WatchedFolder { buckets, bell })
    }
}

impl fmt::Debug for FolderWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, profile, poll_every, tolerant, .. } = self;
        let mut fields = f.debug_struct("FolderWatch");
        fields.field("tolerate_bad_files", tolerant);
        fields.field("path", path).field("profile", profile).field("poll_every", poll_every).finish_non_exhaustive()
    }
}

/// A folder of rule files that is being watched, for whoever asks for reloads. Counts as a clone of its buckets.
#[derive(Clone, Debug)]
pub struct WatchedFolder {
    buckets: Buckets,
    bell: Arc<Bell>,
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
        self.bell.ring(|news| news.reload = true);
    }
}

/// At the start, the lints of very many files are of no use to anyone.
const MOST_LINTED: usize = 100;

/// `known` is the folder that was seen last.
fn survey(path: &Path, absolute: &Path, known: &mut Option<Folder>) -> Survey {
    let mut survey = Survey::default();
    let end = survey.ways.add(absolute);
    let print = match list(&end) {
        Err(error) => error.into(),
        Ok(buckets) => {
            let folder = survey.ways.add_whole(end.clone());
            if buckets.is_empty() && known.as_ref().is_some_and(|known| *known != folder) {
                Print::Missing
            } else {
                *known = Some(folder);
                survey.is_whole = true;
                for (bucket, names) in buckets {
                    let spot = spot(path, &end, &names, &mut survey.ways);
                    survey.spots.insert(Some(bucket), spot);
                }
                Print::Listed
            }
        }
    };
    survey.spots.insert(None, Spot::Seen { path: path.to_owned(), print });
    survey
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

fn spot(path: &Path, end: &Path, names: &[Name], ways: &mut Ways) -> Spot {
    match names {
        [name] => {
            let entry = end.join(&name.text);
            let end = if name.is_link { ways.add(&entry) } else { entry };
            Spot::File { path: path.join(&name.text), end }
        }
        several => {
            let mut paths: Vec<PathBuf> = several.iter().map(|name| path.join(&name.text)).collect();
            paths.sort();
            Spot::Seen { path: paths.first().cloned().unwrap_or_default(), print: Print::Several(paths) }
        }
    }
}

struct FolderSite {
    buckets: WeakBuckets,
    /// That which was seen last.
    folder: Option<Folder>,
    failing: BTreeSet<Key>,
    /// As it was given.
    path: PathBuf,
    absolute: PathBuf,
    profile: Profile,
    listener: Listener,
}

impl Site for FolderSite {
    fn survey(&mut self) -> Survey {
        survey(&self.path, &self.absolute, &mut self.folder)
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn take(&mut self, key: &Key, verdict: Verdict, asked: bool) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        let event = match key {
            Some(bucket) => self.bucket(&buckets, bucket, verdict),
            None => self.folder(&buckets, verdict, asked),
        };
        // A listener that runs long must not keep the watch alive.
        drop(buckets);
        event.iter().for_each(|event| self.listener.tell(key.as_deref(), event));
        let rules = match (&event, key) {
            (Some(WatchEvent::Loaded { .. }), Some(bucket)) => {
                self.buckets.upgrade().and_then(|buckets| buckets.configuration(bucket).flatten())
            }
            _ => None,
        };
        if let Some(rules) = rules {
            log::lints(&self.listener.source, key.as_deref(), &rules, self.profile);
        }
    }

    fn polling(&mut self, why: String) {
        self.listener.tell(None, &WatchEvent::Polling { why });
    }

    fn growing(&mut self, key: &Key, path: &Path, after: Duration) {
        self.listener.tell(key.as_deref(), &WatchEvent::Growing { path: path.to_owned(), after });
    }

    fn panicked(&mut self, message: String) {
        let Some(buckets) = self.buckets.upgrade() else { return };
        let error = LoadError::new(&self.path, LoadErrorKind::Panicked(message));
        let event = self.folder(&buckets, Verdict::Wrong(error), false);
        drop(buckets);
        event.iter().for_each(|event| self.listener.tell(None, event));
    }
}

impl FolderSite {
    fn folder(&mut self, buckets: &Buckets, verdict: Verdict, asked: bool) -> Option<WatchEvent> {
        let Verdict::Wrong(error) = verdict else {
            if self.failing.remove(&None) {
                buckets.source_recovered();
                return Some(WatchEvent::Recovered);
            }
            return asked.then_some(WatchEvent::Unchanged);
        };
        self.failing.insert(None);
        buckets.source_failed(error.to_string());
        Some(if error.is_missing() { WatchEvent::Missing } else { WatchEvent::Failed { error } })
    }

    fn bucket(&mut self, buckets: &Buckets, bucket: &str, verdict: Verdict) -> Option<WatchEvent> {
        let key = Some(bucket.to_owned());
        let was_failing = self.failing.remove(&key);
        match verdict {
            Verdict::Rules(rules) => {
                let old = buckets.configuration(bucket).flatten();
                let new = rules.into_configuration();
                if old.as_ref() == Some(&new) {
                    buckets.recovered(bucket);
                    return was_failing.then_some(WatchEvent::Recovered);
                }
                // It was found right already, under the same profile.
                buckets.set(bucket, &new, self.profile).ok()?;
                let changes = RuleChanges::between(&old.unwrap_or_default(), &new);
                Some(WatchEvent::Loaded { generation: buckets.generation(), changes })
            }
            Verdict::Wrong(error) => {
                self.failing.insert(key);
                if !buckets.contains(bucket) {
                    // No bucket can be refused for its name: one that is too long is no file name either.
                    buckets.set_without_rules(bucket).ok()?;
                }
                buckets.failed(bucket, error.to_string());
                Some(WatchEvent::Failed { error })
            }
            Verdict::Gone => buckets.remove(bucket).then_some(WatchEvent::Removed),
            Verdict::Listed => None,
        }
    }
}
