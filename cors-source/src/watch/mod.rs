//! The thread behind every watch: it looks, waits until what it sees is at rest, and has it judged.
//!
//! ```text
//!   kernel --Notices--\                      Way: which folders to listen in
//!   reload, last drop --> Bell --> look --> Sight of each file --at rest--> Site: compile, store, tell
//!   the clock --------/
//! ```
//!
//! Events are only hints. Whatever wakes the thread, it follows the path anew and reads what is there, so an event that
//! is lost, late or about something else costs time at most.

mod bell;
mod notices;
mod sight;
mod way;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use oss_cors_core::{Profile, RuleFile};

use crate::error::{LoadError, LoadErrorKind};
use crate::file;
use crate::text::caught;
pub(crate) use bell::Bell;
use bell::Writer;
use notices::{NoNotices, Notices};
pub(crate) use sight::Print;
use sight::Sight;
pub(crate) use way::{Folder, Ways};

/// How long a file must be the same before it counts, by what is known of its writer. What is not known may be a
/// writer's pause; and a change is to take effect within a second of the last write.
const REST_AFTER_CLOSE: Duration = Duration::from_millis(50);
const REST: Duration = Duration::from_millis(200);
const REST_WHILE_OPEN: Duration = Duration::from_millis(600);

/// How long what is wrong or missing must stay so before it is reported: between two steps of an editor every file is.
const REST_OF_FAULTS: Duration = Duration::from_millis(300);

/// A file that is replaced again and again, each time whole, is taken after this time as it is.
const LONGEST_UNREST: Duration = Duration::from_millis(500);

/// How often to look although the kernel tells: events get lost, and network filesystems have none of other machines.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often to look where the kernel does not tell.
const POLL_EVERY: Duration = Duration::from_millis(250);

/// The longest interval on request: a clock cannot tell every time.
pub(crate) const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Before the watch begins anew after a panic: one that comes back at once must not keep a core busy.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// A file that grows within this time after it was taken may have been taken while its writer paused.
const GROWING_WITHIN: Duration = Duration::from_secs(10);

/// Between two looks, however much happens.
const BREATH: Duration = Duration::from_millis(20);

/// What is looked at: a bucket's file, or with `None` the watched path itself.
pub(crate) type Key = Option<String>;

/// What a watch is about: where to look, and what becomes of what was seen.
pub(crate) trait Site: Send + 'static {
    /// What there is to look at now.
    fn survey(&mut self) -> Survey;

    /// Which rules about rules apply.
    fn profile(&self) -> Profile;

    /// `verdict` is at rest, and new or `asked` for by a reload.
    fn take(&mut self, key: &Key, verdict: Verdict, asked: bool);

    /// As [`WatchEvent::Polling`](crate::WatchEvent::Polling).
    fn polling(&mut self, why: String);

    /// As [`WatchEvent::Growing`](crate::WatchEvent::Growing).
    fn growing(&mut self, key: &Key, path: &Path, after: Duration);

    /// The watch panicked, and begins anew in a moment: then every verdict is taken again.
    fn panicked(&mut self, message: String);
}

#[derive(Default)]
pub(crate) struct Survey {
    pub(crate) ways: Ways,
    pub(crate) spots: BTreeMap<Key, Spot>,
    /// Whether what is not among the spots is gone, rather than out of sight.
    pub(crate) is_whole: bool,
}

/// Where to look for one key.
pub(crate) enum Spot {
    File {
        /// What it is called.
        path: PathBuf,
        /// Where it is: without symbolic links.
        end: PathBuf,
    },
    /// Seen already, and no file to read.
    Seen { path: PathBuf, print: Print },
}

pub(crate) enum Verdict {
    Rules(RuleFile),
    Wrong(LoadError),
    /// What was a spot is none any more.
    Gone,
    /// A folder that can be listed.
    Listed,
}

/// What is there at the start. Files that were written just now get a second to settle; nothing is reported yet.
pub(crate) fn first_look(mut survey: impl FnMut() -> Survey, profile: Profile) -> BTreeMap<Key, (Print, Verdict)> {
    let mut before = BTreeMap::new();
    for _ in 0..ROUNDS {
        let sights = survey().spots.into_iter().map(|(key, spot)| (key, spot.look(None).print));
        let prints: BTreeMap<Key, Print> = sights.collect();
        if prints.iter().all(|(key, print)| print.is_old() || before.get(key) == Some(print)) {
            break;
        }
        before = prints;
        thread::sleep(REST);
    }
    let spots = survey().spots.into_iter();
    spots
        .map(|(key, spot)| {
            let Sight { print, bytes } = spot.look(None);
            let verdict = spot.verdict(&print, bytes.as_deref(), profile);
            (key, (print, verdict))
        })
        .collect()
}

/// At most so many looks before the first load, [`REST`] apart.
const ROUNDS: u32 = 5;

/// Ends the watch when it is dropped: kept by the handle that the watch feeds.
pub(crate) struct End(Arc<Bell>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.ring(|news| news.stop = true);
    }
}

/// Starts the thread. `loaded` is what is in force already, and `judged` what was found wrong: both may be gone by now.
/// With `poll_every` it does without the kernel's news.
pub(crate) fn start(
    site: impl Site,
    loaded: impl IntoIterator<Item = (Key, Print)>,
    judged: impl IntoIterator<Item = (Key, Print)>,
    poll_every: Option<Duration>,
) -> io::Result<(Arc<Bell>, End)> {
    let bell = Arc::<Bell>::default();
    let mut watch = Watch {
        site,
        bell: Arc::clone(&bell),
        poll_every,
        folders: BTreeSet::new(),
        notices: None,
        no_notices: None,
        items: loaded
            .into_iter()
            .map(|(key, print)| (key, Item::loaded(print)))
            .chain(judged.into_iter().map(|(key, print)| (key, Item::judged(print))))
            .collect(),
        writers: HashMap::new(),
        spent: Duration::ZERO,
    };
    // Here, so that what is written from now on is heard.
    let ways = watch.site.survey().ways;
    watch.listen(&ways, false);
    thread::Builder::new().name("cors-watch".to_owned()).spawn(|| watch.run())?;
    let end = End(Arc::clone(&bell));
    Ok((bell, end))
}

struct Watch<S> {
    site: S,
    bell: Arc<Bell>,
    poll_every: Option<Duration>,
    /// Those that news was to come from when it was asked for last.
    folders: BTreeSet<Folder>,
    notices: Option<Notices>,
    no_notices: Option<WhyNot>,
    items: BTreeMap<Key, Item>,
    /// Of the items that are not at rest.
    writers: HashMap<PathBuf, Writer>,
    /// How long the last look took, without what came of it.
    spent: Duration,
}

/// Why the kernel does not tell.
enum WhyNot {
    New(String),
    Reported,
}

/// What was seen for one key.
struct Item {
    print: Print,
    /// When it was first seen so.
    since: Instant,
    judged: Option<Print>,
    /// Since when it is other than judged.
    unrest: Option<Instant>,
    asked: bool,
    /// What was put in force last, and when.
    taken: Option<(Print, Instant)>,
}

impl<S: Site> Watch<S> {
    /// Until nobody needs the watch any more.
    fn run(mut self) {
        while let Err(message) = caught(|| self.watch()) {
            // Should that panic too, it is tried again all the same.
            let _ = caught(|| self.begin_anew(message));
            let soon = Instant::now() + RESTART_AFTER;
            if self.bell.wait(soon, soon).stop {
                return;
            }
        }
    }

    /// Nothing of a broken look is left, and every verdict is taken again.
    fn begin_anew(&mut self, message: String) {
        self.folders.clear();
        (self.notices, self.no_notices) = (None, None);
        self.writers.clear();
        self.items.values_mut().for_each(|item| item.judged = None);
        self.site.panicked(message);
    }

    fn watch(&mut self) {
        let (mut earliest, mut latest) = (Instant::now(), Instant::now());
        loop {
            let news = self.bell.wait(earliest, latest);
            if news.stop {
                return;
            }
            self.writers.extend(news.writers);
            let began = Instant::now();
            let survey = self.site.survey();
            self.spent = began.elapsed();
            let is_new = self.listen(&survey.ways, news.watches_lost);
            if let Some(why) = self.no_notices.as_mut().and_then(WhyNot::tell) {
                self.site.polling(why);
            }
            let due = self.look(&survey, news.reload);
            let now = Instant::now();
            // A folder of very many files must not keep a core busy.
            earliest = now + self.spent.max(BREATH);
            latest = now + self.interval().max(self.spent * 20);
            latest = due.map_or(latest, |due| due.min(latest));
            // What changed before the kernel was asked to tell is seen now.
            latest = if is_new { earliest } else { latest };
        }
    }

    fn interval(&self) -> Duration {
        match (self.poll_every, &self.notices) {
            (Some(interval), _) => interval,
            (None, None) => POLL_EVERY,
            (None, Some(_)) => LOOK_EVERY,
        }
    }

    /// Asks the kernel for news of these ways, unless it was asked for the same before.
    fn listen(&mut self, ways: &Ways, again: bool) -> bool {
        if self.poll_every.is_some() || (self.folders == ways.folders && !again) {
            return false;
        }
        self.folders.clone_from(&ways.folders);
        self.notices = None;
        match Notices::of(ways, &self.bell) {
            Ok(notices) => {
                self.notices = Some(notices);
                self.no_notices = None;
            }
            // The next look finds another way.
            Err(NoNotices::Gone) => self.folders.clear(),
            Err(NoNotices::Failed(why)) => drop(self.no_notices.get_or_insert(WhyNot::New(why))),
        }
        self.notices.is_some()
    }

    /// Looks at everything once. Returns when the next look is due, if something is not at rest.
    fn look(&mut self, survey: &Survey, reload: bool) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let mut restless = HashSet::new();
        for (key, spot) in &survey.spots {
            if let Some(due) = self.look_at(key, Some(spot), reload) {
                next = Some(next.map_or(due, |next| next.min(due)));
                restless.extend(spot.end());
            }
        }
        let absent = self.items.iter_mut().filter(|(key, _)| !survey.spots.contains_key(*key));
        let mut gone = Vec::new();
        for (key, item) in absent {
            if survey.is_whole {
                gone.push(key.clone());
            } else {
                // Whatever was not at rest begins anew when it is in sight again.
                item.since = Instant::now();
            }
        }
        for key in &gone {
            match self.look_at(key, None, reload) {
                Some(due) => next = Some(next.map_or(due, |next| next.min(due))),
                None => drop(self.items.remove(key)),
            }
        }
        self.writers.retain(|path, _| restless.contains(path.as_path()));
        next
    }

    /// When to look again, if it is not at rest.
    fn look_at(&mut self, key: &Key, spot: Option<&Spot>, reload: bool) -> Option<Instant> {
        let known = self.items.get(key).filter(|item| item.is_judged() && !item.asked && !reload);
        let began = Instant::now();
        let sight = spot.map_or_else(|| Print::Missing.into(), |spot| spot.look(known.map(|item| &item.print)));
        let now = Instant::now();
        self.spent += now - began;
        let item = self.items.entry(key.clone()).or_insert_with(|| Item::new(sight.print.clone()));
        item.asked |= reload;
        if item.print != sight.print || sight.print == Print::Moving {
            item.print = sight.print;
            item.since = now;
        }
        if item.is_judged() && !item.asked {
            item.unrest = None;
            return None;
        }
        let writer = spot.and_then(Spot::end).and_then(|end| self.writers.get(end));
        let rest = match writer {
            Some(Writer::Closed | Writer::Placed) => REST_AFTER_CLOSE,
            Some(Writer::Busy) => REST_WHILE_OPEN,
            Some(Writer::Unknown) | None => REST,
        };
        let unrest = *item.unrest.get_or_insert(now);
        let is_whole = writer == Some(&Writer::Placed) && item.print != Print::Moving;
        let since = item.since;
        if now < since + rest && !(is_whole && now >= unrest + LONGEST_UNREST) {
            return Some(since + rest);
        }
        let verdict = match spot {
            Some(spot) => spot.verdict(&item.print, sight.bytes.as_deref(), self.site.profile()),
            None => Verdict::Gone,
        };
        if matches!(verdict, Verdict::Wrong(_) | Verdict::Gone) && now < since + REST_OF_FAULTS {
            return Some(since + REST_OF_FAULTS);
        }
        let grew = sight.bytes.as_deref().and_then(|bytes| item.grew_after(unrest, bytes));
        item.judged = Some(item.print.clone());
        item.unrest = None;
        if let Verdict::Rules(_) = verdict {
            item.taken = Some((item.print.clone(), now));
        }
        let asked = std::mem::take(&mut item.asked);
        if let (Some(after), Some(spot)) = (grew, spot) {
            self.site.growing(key, spot.path(), after);
        }
        self.site.take(key, verdict, asked);
        None
    }
}

impl WhyNot {
    /// The first time.
    fn tell(&mut self) -> Option<String> {
        match std::mem::replace(self, Self::Reported) {
            Self::New(why) => Some(why),
            Self::Reported => None,
        }
    }
}

impl Item {
    fn new(print: Print) -> Self {
        Self { print, since: Instant::now(), judged: None, unrest: None, asked: false, taken: None }
    }

    /// Taken, and still to be looked at once by the thread.
    fn loaded(print: Print) -> Self {
        Self { taken: Some((print, Instant::now())), ..Self::new(Print::Missing) }
    }

    /// Found wrong, which is reported.
    fn judged(print: Print) -> Self {
        Self { judged: Some(print.clone()), ..Self::new(print) }
    }

    /// How long after it was taken, if that was soon and it still begins as it did then. It has been other since `unrest`.
    fn grew_after(&self, unrest: Instant, bytes: &[u8]) -> Option<Duration> {
        let (print, taken) = self.taken.as_ref()?;
        let after = unrest.saturating_duration_since(*taken);
        (after < GROWING_WITHIN && print.is_beginning_of(bytes)).then_some(after)
    }

    fn is_judged(&self) -> bool {
        self.judged.as_ref().is_some_and(|judged| judged.says_the_same(&self.print))
    }
}

impl Spot {
    fn end(&self) -> Option<&Path> {
        match self {
            Self::File { end, .. } => Some(end),
            Self::Seen { .. } => None,
        }
    }

    fn look(&self, known: Option<&Print>) -> Sight {
        match self {
            Self::File { end, .. } => Sight::of(end, known),
            Self::Seen { print, .. } => print.clone().into(),
        }
    }

    fn path(&self) -> &Path {
        let (Self::File { path, .. } | Self::Seen { path, .. }) = self;
        path
    }

    /// A file that makes its reader panic is wrong, and no matter of the others.
    fn verdict(&self, print: &Print, bytes: Option<&[u8]>, profile: Profile) -> Verdict {
        caught(|| self.read(print, bytes, profile))
            .unwrap_or_else(|message| Verdict::Wrong(LoadError::new(self.path(), LoadErrorKind::Panicked(message))))
    }

    fn read(&self, print: &Print, bytes: Option<&[u8]>, profile: Profile) -> Verdict {
        let path = self.path();
        let wrong = |kind| Verdict::Wrong(LoadError::new(path, kind));
        match (print, bytes) {
            (_, Some(bytes)) => match file::parse(path, bytes, profile) {
                Ok(rules) => Verdict::Rules(rules),
                Err(error) => Verdict::Wrong(error),
            },
            (Print::Listed, None) => Verdict::Listed,
            (Print::Several(paths), None) => wrong(LoadErrorKind::SeveralFiles(paths.clone())),
            (Print::Unreadable(kind, why), None) => wrong(LoadErrorKind::Io(io::Error::new(*kind, why.clone()))),
            // Content comes with its bytes: only what is judged already is not read again.
            (Print::Missing | Print::Content(..) | Print::Moving, None) => {
                let why = "there is nothing at the path";
                wrong(LoadErrorKind::Io(io::Error::new(io::ErrorKind::NotFound, why)))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "a test")]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// One file. Panics when the thread asks what there is for the first time, and as often as `takes` says when it takes.
    struct Panicky {
        path: PathBuf,
        surveys: u8,
        takes: u32,
        reported: Sender<String>,
    }

    impl Site for Panicky {
        fn survey(&mut self) -> Survey {
            let mut survey = Survey::default();
            let end = survey.ways.add(&self.path);
            survey.spots.insert(None, Spot::File { path: self.path.clone(), end });
            // The first one is asked for by `start`.
            match self.surveys {
                0 => self.surveys = 1,
                1 => {
                    self.surveys = 2;
                    panic!("survey\n");
                }
                _ => {}
            }
            survey
        }

        fn profile(&self) -> Profile {
            Profile::Oss
        }

        fn take(&mut self, _: &Key, verdict: Verdict, _: bool) {
            if let Some(less) = self.takes.checked_sub(1) {
                self.takes = less;
                panic!("take\n");
            }
            let taken = matches!(verdict, Verdict::Rules(_));
            let _ = self.reported.send(format!("taken {taken}"));
        }

        fn polling(&mut self, _: String) {}

        fn growing(&mut self, _: &Key, _: &Path, _: Duration) {}

        fn panicked(&mut self, message: String) {
            let _ = self.reported.send(message);
        }
    }

    /// What is reported until the file is taken.
    fn reported(news: &Receiver<String>) -> Vec<String> {
        let mut reported = Vec::new();
        while reported.last().is_none_or(|last: &String| !last.starts_with("taken")) {
            let line = news.recv_timeout(Duration::from_secs(20)).expect("it goes on");
            reported.push(line);
        }
        reported
    }

    #[test]
    fn a_panic_is_told_and_the_watch_begins_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cors.json");
        let rules = |origin: &str| format!(r#"[{{"AllowedOrigin": "{origin}", "AllowedMethod": "GET"}}]"#);
        std::fs::write(&path, rules("https://a.example.com")).expect("written");
        let (sender, news) = channel();
        let site = Panicky { path: path.clone(), surveys: 0, takes: 2, reported: sender };
        let (bell, end) = start(site, [], [], None).expect("a thread");
        assert_eq!(reported(&news), ["survey\\n", "take\\n", "take\\n", "taken true"]);
        std::fs::write(&path, rules("https://b.example.com")).expect("written");
        assert_eq!(reported(&news), ["taken true"], "and what comes later is seen");
        drop((bell, end));
        // The thread has ended with its site.
        while news.recv_timeout(Duration::from_secs(20)).is_ok() {}
        assert!(matches!(news.try_recv(), Err(std::sync::mpsc::TryRecvError::Disconnected)));
    }
}
