//! The kernel's news of changed folders. Only hints: the thread that they wake looks for itself.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, mem};

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind, RenameMode};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::bell::{Bell, News, Writer};
use super::way::Ways;

/// Rings the bell until it is dropped.
pub(crate) struct Notices(Option<RecommendedWatcher>);

/// Why there are none.
pub(crate) enum NoNotices {
    /// A folder has gone in the meantime: look again.
    Gone,
    /// Those of this system or of this file's filesystem cannot be had.
    Failed(String),
}

impl Notices {
    /// A new watcher for each set of folders: no event of an earlier one, which may have stood at the same path, can be
    /// taken for one of these.
    pub(crate) fn of(ways: &Ways, bell: &Arc<Bell>) -> Result<Self, NoNotices> {
        let relevant = Relevant {
            folders: ways.folders.iter().map(|folder| folder.path.clone()).collect(),
            names: ways.names.clone(),
            whole: ways.whole.clone(),
        };
        let bell = Arc::clone(bell);
        let mut watcher = notify::recommended_watcher(move |event| relevant.tell(event, &bell))?;
        // notify 8 panics where it could not start its own thread, and again when it is dropped then.
        let watched = catch_unwind(AssertUnwindSafe(|| {
            ways.folders.iter().try_for_each(|folder| watcher.watch(&folder.path, RecursiveMode::NonRecursive))
        }));
        match watched {
            Ok(Ok(())) => Ok(Self(Some(watcher))),
            Ok(Err(error)) => {
                drop(Self(Some(watcher)));
                Err(error.into())
            }
            Err(_) => {
                mem::forget(watcher);
                Err(NoNotices::Failed("no thread could be started for them".to_owned()))
            }
        }
    }
}

impl Drop for Notices {
    fn drop(&mut self) {
        let watcher = self.0.take();
        // notify 8 panics where its thread has ended before: there is nothing left to end.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(watcher)));
    }
}

impl From<notify::Error> for NoNotices {
    fn from(error: notify::Error) -> Self {
        match error.kind {
            ErrorKind::PathNotFound => Self::Gone,
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound => Self::Gone,
            ErrorKind::Io(error) => Self::Failed(error.to_string()),
            ErrorKind::MaxFilesWatch => Self::Failed("the limit of inotify watches is reached".to_owned()),
            other => Self::Failed(format!("{other:?}")),
        }
    }
}

/// Which events count: those of other files in the same folders do not wake anyone.
struct Relevant {
    folders: HashSet<PathBuf>,
    names: HashSet<PathBuf>,
    whole: HashSet<PathBuf>,
}

impl Relevant {
    fn tell(&self, event: notify::Result<Event>, bell: &Bell) {
        match event {
            Ok(event) if event.need_rescan() => bell.ring(|news| news.watches_lost = true),
            Ok(event) if is_reading(event.kind) => {}
            Ok(event) => {
                let of_folder = event.paths.iter().any(|path| self.folders.contains(path));
                let paths: Vec<&PathBuf> = event.paths.iter().filter(|path| self.is_entry(path)).collect();
                if of_folder || !paths.is_empty() {
                    bell.ring(|news| {
                        news.touched = true;
                        news.watches_lost |=
                            of_folder && !matches!(event.kind, EventKind::Modify(ModifyKind::Metadata(_)));
                        paths.into_iter().for_each(|path| note(news, path, event.kind));
                    });
                }
            }
            Err(_) => bell.ring(|news| news.watches_lost = true),
        }
    }

    fn is_entry(&self, path: &Path) -> bool {
        self.names.contains(path) || path.parent().is_some_and(|folder| self.whole.contains(folder))
    }
}

/// As the thread itself does.
fn is_reading(kind: EventKind) -> bool {
    matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

fn note(news: &mut News, path: &Path, kind: EventKind) {
    let writer = match kind {
        EventKind::Modify(ModifyKind::Data(_)) => Writer::Busy,
        EventKind::Access(_) => Writer::Closed,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Writer::Placed,
        EventKind::Create(_) | EventKind::Remove(_) => Writer::Unknown,
        _ => return,
    };
    if news.writers.len() < MOST_WRITERS {
        news.writers.insert(path.to_owned(), writer);
    }
}

/// Of so many files the kernel's word about their writers is kept between two looks; of more, nothing is known.
const MOST_WRITERS: usize = 10_000;

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::expect_used, reason = "a test")]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::{Duration, Instant};

    use super::*;

    const LONG: Duration = Duration::from_secs(5);
    const SHORT: Duration = Duration::from_millis(100);

    /// Listens on the way to `cors.xml` in a folder of its own.
    struct Listening {
        folder: tempfile::TempDir,
        bell: Arc<Bell>,
        _notices: Notices,
    }

    impl Listening {
        fn new(prepare: impl FnOnce(&Path)) -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            prepare(folder.path());
            let mut ways = Ways::default();
            ways.add(&folder.path().join("cors.xml"));
            let bell = Arc::new(Bell::default());
            let Ok(notices) = Notices::of(&ways, &bell) else { panic!("inotify") };
            Self { folder, bell, _notices: notices }
        }

        /// What is reported in the time after `change`.
        fn news(&self, time: Duration, change: impl FnOnce(&Path)) -> News {
            change(self.folder.path());
            let now = Instant::now();
            self.bell.wait(now, now + time)
        }
    }

    fn file(folder: &Path) {
        fs::write(folder.join("cors.xml"), "one").expect("a file");
    }

    fn mounted(folder: &Path) {
        fs::create_dir_all(folder.join("elsewhere/..1")).expect("folders");
        fs::write(folder.join("elsewhere/..1/cors.xml"), "one").expect("a file");
        symlink("..1", folder.join("elsewhere/..data")).expect("a link");
        symlink("elsewhere/..data/cors.xml", folder.join("cors.xml")).expect("a link");
    }

    #[track_caller]
    fn rings(prepare: fn(&Path), change: fn(&Path)) {
        let news = Listening::new(prepare).news(LONG, change);
        assert!(news.touched || news.watches_lost);
    }

    #[test]
    fn what_changes_the_file_or_the_way_to_it_rings() {
        rings(file, file);
        rings(|_| (), file);
        rings(file, |folder| fs::remove_file(folder.join("cors.xml")).expect("removed"));
        rings(file, |folder| fs::rename(folder.join("cors.xml"), folder.join("other")).expect("renamed"));
        rings(mounted, |folder| fs::write(folder.join("elsewhere/..1/cors.xml"), "two").expect("written"));
        rings(mounted, |folder| {
            fs::create_dir(folder.join("elsewhere/..2")).expect("a folder");
            symlink("..2", folder.join("elsewhere/new")).expect("a link");
            fs::rename(folder.join("elsewhere/new"), folder.join("elsewhere/..data")).expect("renamed");
        });
        rings(mounted, |folder| fs::rename(folder.join("elsewhere"), folder.join("away")).expect("renamed"));
        rings(mounted, |folder| fs::remove_dir_all(folder.join("elsewhere/..1")).expect("removed"));
    }

    #[test]
    fn other_files_and_readers_do_not() {
        let listening = Listening::new(file);
        let news = listening.news(SHORT, |folder| {
            fs::write(folder.join("other.xml"), "one").expect("a file");
            fs::read(folder.join("cors.xml")).expect("read");
        });
        assert!(!news.touched && !news.watches_lost);
    }

    /// What is reported of the writer last.
    #[track_caller]
    fn writer(change: fn(&Path), expected: Writer) {
        let listening = Listening::new(file);
        let path = listening.folder.path().join("cors.xml");
        let start = Instant::now();
        let mut reported = listening.news(LONG, change).writers.get(&path).copied();
        while reported != Some(expected) {
            assert!(start.elapsed() < LONG, "{reported:?}");
            reported = listening.news(SHORT, |_| ()).writers.get(&path).copied().or(reported);
        }
    }

    #[test]
    fn who_writes_is_known() {
        writer(file, Writer::Closed);
        writer(
            |folder| {
                let mut file = fs::OpenOptions::new().append(true).open(folder.join("cors.xml")).expect("opened");
                std::io::Write::write_all(&mut file, b"two").expect("written");
                mem::forget(file);
            },
            Writer::Busy,
        );
        writer(
            |folder| {
                fs::write(folder.join("new"), "two").expect("a file");
                fs::rename(folder.join("new"), folder.join("cors.xml")).expect("renamed");
            },
            Writer::Placed,
        );
    }
}
