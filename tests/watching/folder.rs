//! A watched folder of rule files: a bucket for each, on a real filesystem.

use std::fs;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use crate::support::watched::{BAD, Place, Told, answer, rules, soon, within_a_second, yaml};
use oss_cors_core::Profile;
use oss_cors_live::Buckets;
use oss_cors_source::{FolderWatch, LoadError, LoadErrorKind, LoadErrors, WatchedFolder, watch_folder};

/// Longer than any fault has to stay before it is told.
const QUIET: Duration = Duration::from_millis(700);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Notices,
    Polling,
}

struct Watched {
    folder: WatchedFolder,
    told: Told,
}

impl Watched {
    fn start(place: &Place, mode: Mode) -> Self {
        let told = Told::default();
        let tell = told.clone();
        let mut watch = FolderWatch::new(place.path("rules"))
            .on_event(move |bucket, event| tell.add(format!("{}: {event}", bucket.unwrap_or("all"))));
        if mode == Mode::Polling {
            watch = watch.poll_every(Duration::from_millis(100));
        }
        Self { folder: watch.start().expect("the rules are right"), told }
    }

    fn buckets(&self) -> &Buckets {
        self.folder.buckets()
    }

    fn answer(&self, bucket: &str) -> String {
        answer(&self.buckets().load(bucket))
    }

    #[track_caller]
    fn answers(&self, bucket: &str, name: &str) {
        let what = format!("`{name}` answers for `{bucket}`, told {:?}", self.told.all());
        within_a_second(&what, || self.answer(bucket) == name);
    }

    #[track_caller]
    fn is_told(&self, text: &str) {
        soon(&format!("`{text}` is told, not {:?}", self.told.all()), || self.told.count(text) > 0);
    }

    fn is_failing(&self) -> bool {
        self.buckets().status().failing
    }
}

/// Two buckets, `photos` and `videos`, that answer with their names; in either mode.
#[track_caller]
fn each(test: impl Fn(&Place, &Watched)) {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        place.folder("rules");
        place.write("rules/photos.xml", rules("photos"));
        place.write("rules/videos.xml", rules("videos"));
        let watched = Watched::start(&place, mode);
        assert_eq!((watched.answer("photos"), watched.answer("videos")), ("photos".into(), "videos".into()));
        test(&place, &watched);
    }
}

#[test]
fn one_of_the_files_changes() {
    each(|place, watched| {
        place.write("rules/photos.xml", rules("in-place"));
        watched.answers("photos", "in-place");
        place.replace("rules/photos.xml", rules("renamed"));
        watched.answers("photos", "renamed");
        watched.is_told("photos: generation 4 is in force: 1 rule added, 1 rule removed");
        assert_eq!(watched.answer("videos"), "videos");
        assert_eq!(watched.told.all().len(), 2, "{:?}", watched.told.all());
    });
}

#[test]
fn a_bucket_comes_and_goes() {
    each(|place, watched| {
        assert!(!watched.buckets().contains("new"));
        place.write("rules/new.xml", rules("new"));
        watched.answers("new", "new");
        place.remove("rules/new.xml");
        within_a_second("it is gone", || !watched.buckets().contains("new"));
        watched.is_told("new: the bucket is gone with its file");
        // The last ones too, while their folder stays.
        place.remove("rules/photos.xml");
        place.remove("rules/videos.xml");
        within_a_second("all are gone", || watched.buckets().is_empty());
        assert!(!watched.is_failing());
    });
}

#[test]
fn a_file_is_renamed() {
    each(|place, watched| {
        place.rename("rules/photos.xml", "rules/pictures.xml");
        watched.answers("pictures", "photos");
        within_a_second(&format!("the old one is gone {:?}", watched.told.all()), || {
            !watched.buckets().contains("photos")
        });
    });
}

#[test]
fn a_file_between_two_steps_of_an_editor_keeps_its_bucket() {
    each(|place, watched| {
        let buckets = watched.buckets().clone();
        let stop = Arc::new(());
        let running = Arc::downgrade(&stop);
        let looking = std::thread::spawn(move || {
            let mut always = true;
            while running.upgrade().is_some() {
                always &= buckets.contains("photos");
            }
            always
        });
        for round in 0..3 {
            place.rename("rules/photos.xml", "rules/photos.xml~");
            sleep(Duration::from_millis(50));
            place.write("rules/photos.xml", rules(&format!("round-{round}")));
            watched.answers("photos", &format!("round-{round}"));
        }
        drop(stop);
        assert!(looking.join().expect("no panic"));
    });
}

#[test]
fn a_bad_file_keeps_its_bucket_as_it_is() {
    each(|place, watched| {
        place.write("rules/photos.xml", BAD);
        watched.is_told("photos: the rules in force stay");
        assert!(watched.told.count("`PATCH`") == 1 && watched.is_failing());
        assert_eq!(watched.buckets().failures().len(), 1);
        assert_eq!(watched.answer("photos"), "photos");
        place.write("rules/videos.xml", rules("others-go-on"));
        watched.answers("videos", "others-go-on");
        place.write("rules/photos.xml", rules("photos"));
        watched.is_told("photos: recovered");
        assert!(!watched.is_failing());
    });
}

#[test]
fn a_new_bucket_whose_file_is_bad_refuses() {
    each(|place, watched| {
        place.write("rules/new.xml", BAD);
        watched.is_told("new: the rules in force stay");
        assert_eq!(watched.buckets().configuration("new"), Some(None), "known, and without rules");
        assert_eq!(watched.answer("new"), "");
        place.write("rules/new.xml", rules("new"));
        watched.answers("new", "new");
    });
}

#[test]
fn an_empty_file_is_bad() {
    each(|place, watched| {
        place.write("rules/photos.xml", "");
        watched.is_told("the file is empty");
        assert_eq!(watched.answer("photos"), "photos");
    });
}

#[test]
fn two_files_for_one_bucket_are_wrong() {
    each(|place, watched| {
        place.write("rules/photos.yaml", yaml(&["app"]));
        watched.is_told("not the only one of its bucket");
        assert_eq!(watched.answer("photos"), "photos");
        place.remove("rules/photos.xml");
        watched.answers("photos", "app");
        assert!(!watched.is_failing());
    });
}

#[test]
fn other_files_are_no_buckets() {
    each(|place, watched| {
        for name in
            [".photos.xml.swp", ".xml", "4913", "photos.xml~", "#photos.xml#", ".#photos.xml", "README", "a.txt"]
        {
            place.write(&format!("rules/{name}"), BAD);
        }
        place.folder("rules/..2026");
        sleep(QUIET);
        assert_eq!((watched.buckets().len(), watched.told.all().len()), (2, 0), "{:?}", watched.told.all());
    });
}

#[test]
fn the_folder_goes_and_comes_back() {
    each(|place, watched| {
        place.remove_folder("rules");
        watched.is_told("all: the rules in force stay: there is nothing at the path");
        assert!(watched.is_failing());
        sleep(QUIET);
        assert_eq!(watched.told.all().len(), 1, "told once: {:?}", watched.told.all());
        assert_eq!((watched.answer("photos"), watched.answer("videos")), ("photos".into(), "videos".into()));
        place.folder("rules.new");
        place.write("rules.new/photos.xml", rules("back"));
        place.rename("rules.new", "rules");
        watched.answers("photos", "back");
        watched.is_told("all: recovered");
        within_a_second("the other is gone", || !watched.buckets().contains("videos"));
        assert!(!watched.is_failing());
    });
}

#[test]
fn an_empty_folder_in_its_place_keeps_the_rules() {
    each(|place, watched| {
        // As where a volume is no longer mounted.
        place.folder("empty");
        place.rename("rules", "volume");
        place.rename("empty", "rules");
        watched.is_told("all: the rules in force stay");
        assert_eq!(watched.buckets().len(), 2);
        place.rename("rules", "empty");
        place.rename("volume", "rules");
        watched.is_told("all: recovered");
        assert_eq!(watched.buckets().len(), 2);
    });
}

#[test]
fn the_folder_is_another_at_once() {
    each(|place, watched| {
        place.folder("next");
        place.write("next/photos.xml", rules("next"));
        place.rename("rules", "before");
        place.rename("next", "rules");
        watched.answers("photos", "next");
    });
}

#[test]
fn a_link_to_the_folder_is_pointed_elsewhere() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        for release in ["release-1", "release-2"] {
            place.folder(release);
            place.write(&format!("{release}/photos.xml"), rules(release));
        }
        place.link("release-1", "rules");
        let watched = Watched::start(&place, mode);
        place.relink("release-2", "rules");
        watched.answers("photos", "release-2");
        place.write("release-2/photos.xml", rules("written"));
        watched.answers("photos", "written");
    }
}

#[test]
fn a_config_map() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        let version = |number: usize| {
            let files = ["photos", "videos"].map(|bucket| rules(&format!("{bucket}-{number}")));
            let [photos, videos] = files;
            place.config_map("rules", number, &[("photos.xml", photos), ("videos.xml", videos)]);
        };
        place.folder("rules");
        version(1);
        let watched = Watched::start(&place, mode);
        for number in 2..=4 {
            version(number);
            watched.answers("photos", &format!("photos-{number}"));
            watched.answers("videos", &format!("videos-{number}"));
        }
        // A key that is deleted from the map.
        fs::remove_file(place.path("rules/videos.xml")).expect("a link");
        within_a_second("it is gone", || !watched.buckets().contains("videos"));
        assert_eq!(watched.told.count("the rules in force stay"), 0, "{:?}", watched.told.all());
    }
}

#[test]
fn a_link_to_nothing_is_bad() {
    each(|place, watched| {
        place.relink("nowhere.xml", "rules/photos.xml");
        watched.is_told("photos: the rules in force stay");
        assert_eq!(watched.answer("photos"), "photos");
    });
}

#[test]
fn a_reload_that_is_asked_for() {
    each(|place, watched| {
        watched.folder.reload();
        watched.is_told("all: no change");
        place.write("rules/photos.xml", BAD);
        watched.is_told("`PATCH`");
        assert!(watched.buckets().remove("videos"), "by someone else");
        watched.folder.reload();
        within_a_second("the fault is told again", || watched.told.count("`PATCH`") == 2);
        watched.answers("videos", "videos");
    });
}

#[test]
fn the_last_clone_ends_the_watch() {
    let place = Place::new();
    place.folder("rules");
    let token = Arc::new(());
    let held = Arc::downgrade(&token);
    let watch = FolderWatch::new(place.path("rules")).on_event(move |_, _| drop(Arc::clone(&token)));
    let buckets = watch.start().expect("an empty folder is one").into_buckets();
    assert!(buckets.is_empty());
    place.write("rules/first.xml", rules("first"));
    within_a_second("the first comes", || answer(&buckets.load("first")) == "first");
    drop(buckets);
    within_a_second("the watch ends", || held.upgrade().is_none());
}

#[test]
fn many_files() {
    let place = Place::new();
    place.folder("rules");
    for number in 0..1000 {
        place.write(&format!("rules/bucket-{number}.xml"), rules(&format!("rules-{number}")));
    }
    let watched = Watched::start(&place, Mode::Notices);
    assert_eq!(watched.buckets().len(), 1000);
    for number in [0, 999, 500] {
        place.replace(&format!("rules/bucket-{number}.xml"), rules("other"));
        watched.answers(&format!("bucket-{number}"), "other");
    }
}

#[test]
fn all_that_is_wrong_at_the_start_is_told() {
    let place = Place::new();
    place.folder("rules");
    place.write("rules/a.xml", BAD);
    place.write("rules/b.xml", rules("b"));
    place.write("rules/b.json", "{}");
    place.write("rules/c.toml", "");
    place.folder("rules/d.xml");
    place.write("rules/e control\n.xml", BAD);
    let errors: LoadErrors = watch_folder(place.path("rules")).expect_err("five are wrong");
    let names: Vec<_> = errors.iter().filter_map(|error| error.path().file_name()?.to_str()).collect();
    assert_eq!(names, ["a.xml", "b.json", "c.toml", "d.xml", "e control\n.xml"], "{errors}");
    let kinds: Vec<_> = errors.iter().map(LoadError::kind).collect();
    assert!(matches!(
        kinds[..],
        [
            LoadErrorKind::Config(_),
            LoadErrorKind::SeveralFiles(_),
            LoadErrorKind::Config(_),
            LoadErrorKind::Io(_),
            LoadErrorKind::Config(_)
        ]
    ));
    assert!(!errors.to_string().contains("control\n"), "a name stays in its line: {errors}");
    let missing = watch_folder(place.path("none")).expect_err("no folder").to_string();
    assert!(missing.contains("there is nothing at the path"), "{missing}");
    let file = watch_folder(place.path("rules/b.xml")).expect_err("a file").to_string();
    assert!(file.contains("Not a directory"), "{file}");
}

#[test]
fn the_profile_holds_for_all_files() {
    let place = Place::new();
    place.folder("rules");
    place.write("rules/photos.xml", rules("photos").replace("GET", "PATCH"));
    assert!(watch_folder(place.path("rules")).is_err());
    let folder = FolderWatch::new(place.path("rules")).profile(Profile::Extended).start().expect("right");
    assert!(folder.buckets().contains("photos"));
}
