//! A watched rule file: every way of changing it, on a real filesystem, told by the kernel and by polling.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Weak};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::watched::{A_SECOND, BAD, Place, Told, answer, rules, soon, within_a_second, yaml};
use oss_cors_core::{MAX_FILE_BYTES, Profile, RuleFile};
use oss_cors_source::{FileWatch, WatchEvent, WatchedFile, watch_file};

/// Longer than any fault has to stay before it is told.
const QUIET: Duration = Duration::from_millis(700);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    /// The kernel tells.
    Notices,
    /// Asked for.
    Polling,
}

/// A watched file and what was told about it.
struct Watched {
    file: WatchedFile,
    told: Told,
}

impl Watched {
    fn start(path: &Path, mode: Mode) -> Self {
        let told = Told::default();
        let tell = told.clone();
        let mut watch = FileWatch::new(path).on_event(move |event| tell.add(event.to_string()));
        if mode == Mode::Polling {
            watch = watch.poll_every(Duration::from_millis(100));
        }
        Self { file: watch.start().expect("the rules are right"), told }
    }

    fn answer(&self) -> String {
        answer(&self.file.handle().load())
    }

    #[track_caller]
    fn answers(&self, name: &str) {
        within_a_second(&format!("`{name}` answers, told {:?}", self.told.all()), || self.answer() == name);
    }

    #[track_caller]
    fn is_told(&self, text: &str) {
        soon(&format!("`{text}` is told, not {:?}", self.told.all()), || self.told.count(text) > 0);
    }

    fn generation(&self) -> u64 {
        self.file.handle().generation()
    }

    fn is_failing(&self) -> bool {
        self.file.handle().status().failing
    }
}

/// A file `cors.xml` that answers `first`, changed by `change`, answers `second` within a second, in either mode; nothing
/// else was ever in force, and no fault was told.
#[track_caller]
fn changed(prepare: impl Fn(&Place), change: impl Fn(&Place)) {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        prepare(&place);
        let watched = Watched::start(&place.path("cors.xml"), mode);
        assert_eq!(watched.answer(), "first");
        change(&place);
        watched.answers("second");
        watched.is_told("generation 2");
        let told = watched.told.all();
        assert_eq!(told, ["generation 2 is in force: 1 rule added, 1 rule removed"], "{mode:?}");
        assert!(!watched.is_failing());
    }
}

fn first_file(place: &Place) {
    place.write("cors.xml", rules("first"));
}

// Ways of changing a file.

#[test]
fn written_in_place() {
    changed(first_file, |place| place.write("cors.xml", rules("second")));
}

#[test]
fn written_in_place_to_the_same_length() {
    let other = |place: &Place| place.write("cors.xml", rules("first-").replace("first-", "second"));
    changed(|place| place.write("cors.xml", rules("first")), other);
    // Neither length nor file differ: only time and bytes.
    let place = Place::new();
    place.write("cors.xml", rules("one"));
    let watched = Watched::start(&place.path("cors.xml"), Mode::Polling);
    for name in ["two", "six", "ten"] {
        place.write("cors.xml", rules(name));
        watched.answers(name);
    }
    assert_eq!(watched.generation(), 4);
}

#[test]
fn written_in_several_writes() {
    changed(first_file, |place| {
        let text = rules("second");
        let mut file = File::create(place.path("cors.xml")).expect("truncated");
        for part in text.as_bytes().chunks(text.len() / 5) {
            sleep(Duration::from_millis(30));
            file.write_all(part).expect("written");
        }
    });
}

#[test]
fn opened_anew_for_each_of_several_writes() {
    changed(first_file, |place| {
        let text = rules("second");
        File::create(place.path("cors.xml")).expect("truncated");
        for part in text.as_bytes().chunks(text.len() / 5) {
            sleep(Duration::from_millis(30));
            let mut file = OpenOptions::new().append(true).open(place.path("cors.xml")).expect("opened");
            file.write_all(part).expect("written");
        }
    });
}

#[test]
fn overwritten_without_truncation() {
    changed(first_file, |place| {
        let text = rules("second");
        let file = OpenOptions::new().write(true).open(place.path("cors.xml")).expect("opened");
        let half = text.len() / 2;
        file.write_all_at(&text.as_bytes()[half..], half as u64).expect("the second half");
        sleep(Duration::from_millis(30));
        file.write_all_at(&text.as_bytes()[..half], 0).expect("the first half");
    });
}

#[test]
fn half_a_file_that_parses_is_not_taken() {
    for (mode, pause) in [(Mode::Notices, 300), (Mode::Polling, 40)] {
        let place = Place::new();
        place.write("cors.yaml", yaml(&["old"]));
        let watched = Watched::start(&place.path("cors.yaml"), mode);
        let text = yaml(&["app", "other"]);
        let half = text.find("- AllowedOrigin: [https://other").expect("the second rule");
        let half_file = RuleFile::parse(&text.as_bytes()[..half], None, Profile::Oss);
        half_file.expect("the first half is right in itself");
        let mut file = File::create(place.path("cors.yaml")).expect("truncated");
        file.write_all(&text.as_bytes()[..half]).expect("the first half");
        sleep(Duration::from_millis(pause));
        file.write_all(&text.as_bytes()[half..]).expect("the second half");
        drop(file);
        watched.answers("app");
        assert_eq!(watched.file.handle().load().rules().len(), 2, "{mode:?}");
        assert_eq!(watched.generation(), 2, "{mode:?}");
    }
}

/// What no time to wait can exclude is told at least.
#[test]
fn a_file_that_grows_soon_after_it_was_taken_is_told() {
    let append = |place: &Place, text: &str| {
        let mut file = OpenOptions::new().append(true).open(place.path("cors.yaml")).expect("opened");
        file.write_all(text.as_bytes()).expect("written");
    };
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        let text = yaml(&["app", "other"]);
        let (half, rest) = text.split_at(text.find("- AllowedOrigin: [https://other").expect("the second rule"));
        // At the start, and later.
        place.write("cors.yaml", half);
        let watched = Watched::start(&place.path("cors.yaml"), mode);
        let has = |rules: usize| {
            within_a_second("the file is in force", || watched.file.handle().load().rules().len() == rules);
        };
        append(&place, rest);
        has(2);
        place.write("cors.yaml", half);
        has(1);
        append(&place, rest);
        has(2);
        watched.is_told("generation 4");
        let told = watched.told.all();
        assert_eq!(told.iter().filter(|line| line.contains("grew")).count(), 2, "{mode:?}: {told:?}");
        assert!(told.iter().all(|line| !line.contains("grew") || line.contains("rename it")), "{told:?}");
        // What begins otherwise has not grown, nor what is shorter.
        place.write("cors.yaml", yaml(&["second", "app", "other"]));
        has(3);
        place.write("cors.yaml", yaml(&["second"]));
        has(1);
        assert_eq!(watched.told.count("grew"), 2, "{:?}", watched.told.all());
    }
}

#[test]
fn a_writer_that_never_closes() {
    changed(first_file, |place| {
        let mut file = File::create(place.path("cors.xml")).expect("truncated");
        file.write_all(rules("second").as_bytes()).expect("written");
        std::mem::forget(file);
    });
}

#[test]
fn another_file_renamed_over_it() {
    changed(first_file, |place| place.replace("cors.xml", rules("second")));
}

#[test]
fn a_file_moved_in_from_another_folder() {
    changed(first_file, |place| {
        place.folder("elsewhere");
        place.write("elsewhere/made", rules("second"));
        place.rename("elsewhere/made", "cors.xml");
    });
}

#[test]
fn an_editor_that_swaps_files() {
    changed(first_file, |place| {
        // What vim does with `backupcopy=no`.
        place.write(".cors.xml.swp", "b0VIM");
        place.write("4913", "");
        place.remove("4913");
        place.rename("cors.xml", "cors.xml~");
        sleep(Duration::from_millis(50));
        place.write("cors.xml", rules("second"));
        place.remove("cors.xml~");
        place.remove(".cors.xml.swp");
    });
}

#[test]
fn deleted_and_made_again() {
    changed(first_file, |place| {
        place.remove("cors.xml");
        sleep(Duration::from_millis(50));
        place.write("cors.xml", rules("second"));
    });
}

#[test]
fn the_file_becomes_a_link() {
    changed(first_file, |place| {
        place.write("real.xml", rules("second"));
        place.relink("real.xml", "cors.xml");
    });
}

#[test]
fn the_file_behind_a_link_in_another_folder() {
    let linked = |place: &Place| {
        place.folder("elsewhere");
        place.write("elsewhere/real.xml", rules("first"));
        place.link("elsewhere/real.xml", "cors.xml");
    };
    changed(linked, |place| place.write("elsewhere/real.xml", rules("second")));
    changed(linked, |place| place.replace("elsewhere/real.xml", rules("second")));
}

#[test]
fn a_config_map() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        let version = |version: usize| {
            place.config_map("mount", version, &[("cors.xml", rules(&format!("version-{version}")))]);
        };
        place.folder("mount");
        version(1);
        let watched = Watched::start(&place.path("mount/cors.xml"), mode);
        for number in 2..=5 {
            version(number);
            watched.answers(&format!("version-{number}"));
        }
        assert_eq!(watched.generation(), 5, "{mode:?}: {:?}", watched.told.all());
        assert_eq!(watched.told.count("the rules in force stay"), 0, "{mode:?}");
    }
}

/// `cors.xml` is reached through `current`, as releases are deployed.
fn release(place: &Place) {
    for (folder, name) in [("release-1", "first"), ("release-2", "second")] {
        place.folder(&format!("{folder}/config"));
        place.write(&format!("{folder}/config/rules.xml"), rules(name));
    }
    place.link("release-1", "current");
    place.link("current/config/rules.xml", "cors.xml");
}

#[test]
fn a_link_above_it_pointed_elsewhere() {
    changed(release, |place| place.relink("release-2", "current"));
    changed(release, |place| {
        place.remove("current");
        sleep(Duration::from_millis(30));
        place.link(place.path("release-2"), "current");
    });
}

#[test]
fn a_folder_above_it_replaced() {
    changed(release, |place| {
        place.rename("release-1/config", "release-1/old");
        place.rename("release-2/config", "release-1/config");
    });
    // One further up, of which no event tells.
    changed(release, |place| {
        place.rename("release-1", "release-0");
        place.rename("release-2", "release-1");
    });
}

#[test]
fn a_folder_that_goes_and_comes_back() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        place.folder("a/b");
        place.write("a/b/cors.xml", rules("first"));
        let watched = Watched::start(&place.path("a/b/cors.xml"), mode);
        for (round, name) in [(1, "second"), (2, "third")] {
            let before = watched.answer();
            place.remove_folder("a");
            within_a_second("the loss is told", || watched.told.count("nothing at the path") == round);
            assert_eq!(watched.answer(), before);
            place.folder("a");
            sleep(Duration::from_millis(100));
            place.folder("a/b");
            place.write("a/b/cors.xml", rules(name));
            watched.answers(name);
            // It is watched again.
            place.write("a/b/cors.xml", rules("more"));
            watched.answers("more");
        }
    }
}

#[test]
fn a_change_of_which_no_event_tells() {
    // As on a network filesystem: the folder is watched, and the write comes from elsewhere.
    let linked = |place: &Place| {
        first_file(place);
        place.folder("elsewhere");
        fs::hard_link(place.path("cors.xml"), place.path("elsewhere/same")).expect("a hard link");
    };
    changed(linked, |place| place.write("elsewhere/same", rules("second")));
}

#[test]
fn a_file_that_is_replaced_all_the_time() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    let start = Instant::now();
    let mut number = 0;
    while watched.generation() == 1 {
        assert!(start.elapsed() < A_SECOND, "none of {number} was taken");
        number += 1;
        place.replace("cors.xml", rules(&format!("number-{number}")));
        sleep(Duration::from_millis(10));
    }
    watched.answers(&format!("number-{number}"));
}

// What is wrong.

#[test]
fn a_bad_file_keeps_the_rules_and_its_repair_is_noticed() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        first_file(&place);
        let watched = Watched::start(&place.path("cors.xml"), mode);
        place.write("cors.xml", BAD);
        watched.is_told("the rules in force stay");
        let told = watched.told.all();
        assert!(told[0].contains("more than one `*`") && told[0].contains("`PATCH`"), "all faults: {told:?}");
        assert_eq!((watched.answer().as_str(), watched.generation(), watched.is_failing()), ("first", 1, true));
        let status = watched.file.handle().status();
        assert!(told[0].ends_with(&status.last_error.expect("an error").message));
        place.write("cors.xml", rules("second"));
        watched.is_told("generation 2");
        assert_eq!((watched.answer().as_str(), watched.generation(), watched.is_failing()), ("second", 2, false));
    }
}

#[test]
fn repaired_to_what_is_in_force() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        first_file(&place);
        let watched = Watched::start(&place.path("cors.xml"), mode);
        place.replace("cors.xml", BAD);
        watched.is_told("the rules in force stay");
        place.replace("cors.xml", rules("first"));
        watched.is_told("recovered");
        assert_eq!((watched.answer().as_str(), watched.generation(), watched.is_failing()), ("first", 1, false));
    }
}

#[test]
fn the_same_fault_is_told_once() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    for _ in 0..4 {
        place.replace("cors.xml", BAD);
        watched.is_told("`PATCH`");
        sleep(QUIET / 2);
    }
    sleep(QUIET);
    assert_eq!(watched.told.all().len(), 1);
    place.replace("cors.xml", BAD.replace("PATCH", "TRACE"));
    watched.is_told("`TRACE`");
}

#[test]
fn deletion_keeps_the_rules_and_is_told_once() {
    for mode in [Mode::Notices, Mode::Polling] {
        let place = Place::new();
        first_file(&place);
        let watched = Watched::start(&place.path("cors.xml"), mode);
        place.remove("cors.xml");
        watched.is_told("nothing at the path");
        sleep(QUIET);
        assert_eq!(watched.told.all().len(), 1, "{mode:?}");
        assert_eq!((watched.answer().as_str(), watched.is_failing()), ("first", true));
        first_file(&place);
        watched.is_told("recovered");
        assert_eq!((watched.generation(), watched.is_failing()), (1, false));
    }
}

#[test]
fn what_says_the_same_is_no_new_generation() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    place.write("cors.xml", rules("first"));
    sleep(QUIET);
    place.replace("cors.xml", format!("<!-- a comment -->\n{}", rules("first")));
    sleep(QUIET);
    assert_eq!((watched.generation(), watched.told.all().len()), (1, 0));
}

/// What stands in the file's place is refused and never waited for.
#[track_caller]
fn refused(change: impl Fn(&Place), error: &str) {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    place.remove("cors.xml");
    change(&place);
    watched.is_told(error);
    assert_eq!(watched.answer(), "first");
    let at_start = FileWatch::new(place.path("cors.xml")).start().expect_err("refused").to_string();
    assert!(at_start.contains(error), "{at_start}");
    if place.path("cors.xml").is_dir() {
        place.remove_folder("cors.xml");
    } else {
        place.remove("cors.xml");
    }
    place.write("cors.xml", rules("second"));
    watched.answers("second");
}

#[test]
fn a_folder_in_its_place() {
    refused(|place| place.folder("cors.xml"), "it is a folder");
}

#[test]
fn a_pipe_in_its_place() {
    let pipe = |place: &Place| {
        let made = Command::new("mkfifo").arg(place.path("cors.xml")).status().expect("mkfifo");
        assert!(made.success());
    };
    refused(pipe, "neither a file nor a folder");
}

#[test]
fn a_device_in_its_place() {
    refused(|place| place.link("/dev/zero", "cors.xml"), "neither a file nor a folder");
}

#[test]
fn a_loop_of_links() {
    let turning = |place: &Place| {
        place.link("other", "cors.xml");
        place.link("cors.xml", "other");
    };
    refused(turning, "symbolic link");
}

#[test]
fn a_file_that_is_too_large() {
    let large = |place: &Place| {
        let file = File::create(place.path("cors.xml")).expect("a file");
        file.set_len(MAX_FILE_BYTES as u64 * 1000).expect("room for nothing");
    };
    refused(large, "larger than 16 MiB");
}

#[test]
fn a_link_to_nothing() {
    let place = Place::new();
    place.link("nowhere.xml", "cors.xml");
    let error = watch_file(place.path("cors.xml")).expect_err("there is none").to_string();
    assert!(error.contains("there is nothing at the path"), "{error}");
}

#[test]
fn a_bad_file_at_the_start() {
    let place = Place::new();
    place.write("cors.xml", BAD);
    let error = watch_file(place.path("cors.xml")).expect_err("two faults");
    assert_eq!(error.path(), place.path("cors.xml"));
    assert_eq!(error.to_string().lines().count(), 3, "{error}");
}

// The watch itself.

#[test]
fn a_reload_that_is_asked_for() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    watched.file.reload();
    watched.is_told("no change");
    place.write("cors.xml", BAD);
    watched.is_told("`PATCH`");
    watched.file.reload();
    within_a_second("the fault is told again", || watched.told.count("`PATCH`") == 2);
    place.remove("cors.xml");
    watched.is_told("nothing at the path");
    watched.file.reload();
    within_a_second("the loss is told again", || watched.told.count("nothing at the path") == 2);
}

#[test]
fn a_reload_of_a_file_that_is_not_yet_at_rest() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Polling);
    watched.file.reload();
    watched.is_told("no change");
    // The same bytes in another file, which is old.
    place.write("cors.xml.new", rules("first"));
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    File::open(place.path("cors.xml.new")).and_then(|file| file.set_modified(long_ago)).expect("an old file");
    place.rename("cors.xml.new", "cors.xml");
    watched.file.reload();
    within_a_second("it is told again", || watched.told.all().len() == 2);
    assert_eq!(watched.told.all(), ["no change", "no change"]);
}

#[test]
fn a_reload_brings_the_file_back_in_force() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    let other = RuleFile::parse(rules("other").as_bytes(), None, Profile::Oss).expect("right");
    watched.file.handle().store(other.table());
    assert_eq!(watched.answer(), "other");
    watched.file.reload();
    watched.answers("first");
    assert_eq!(watched.generation(), 3);
}

#[test]
fn the_profile_holds_for_reloads() {
    let place = Place::new();
    let patch = |name| rules(name).replace("<AllowedMethod>", "<AllowedMethod>PATCH</AllowedMethod><AllowedMethod>");
    place.write("cors.xml", patch("first"));
    assert!(watch_file(place.path("cors.xml")).is_err());
    let watch = FileWatch::new(place.path("cors.xml")).profile(Profile::Extended);
    let handle = watch.start().expect("right").into_handle();
    place.write("cors.xml", patch("second"));
    within_a_second("the second answers", || answer(&handle.load()) == "second");
}

#[test]
fn the_changes_are_told() {
    let place = Place::new();
    first_file(&place);
    let watched = Watched::start(&place.path("cors.xml"), Mode::Notices);
    place.write("cors.xml", rules("first").replace("https://*.example.com", "https://new.example.com"));
    watched.is_told("generation 2 is in force: 1 rule added, 1 rule removed, newly allowed: `https://new.example.com`");
}

#[test]
fn the_last_handle_ends_the_watch() {
    let place = Place::new();
    first_file(&place);
    let (watch, held) = watch_with_token(&place);
    let handle = watch.start().expect("right").into_handle();
    let other = handle.clone();
    drop(handle);
    place.write("cors.xml", rules("second"));
    within_a_second("the second answers", || answer(&other.load()) == "second");
    assert!(held.upgrade().is_some(), "one handle is left");
    drop(other);
    within_a_second("the watch ends", || held.upgrade().is_none());
}

#[test]
fn a_watch_ends_that_is_not_due_to_look() {
    let place = Place::new();
    first_file(&place);
    let (watch, held) = watch_with_token(&place);
    let handle = watch.poll_every(Duration::from_secs(3600)).start().expect("right").into_handle();
    sleep(QUIET);
    drop(handle);
    within_a_second("the watch ends", || held.upgrade().is_none());
}

/// The token lives as long as the watching thread.
fn watch_with_token(place: &Place) -> (FileWatch, Weak<()>) {
    let token = Arc::new(());
    let held = Arc::downgrade(&token);
    (FileWatch::new(place.path("cors.xml")).on_event(move |_| drop(Arc::clone(&token))), held)
}

#[test]
fn a_listener_that_panics_does_not_end_the_watch() {
    let place = Place::new();
    first_file(&place);
    let watch = FileWatch::new(place.path("cors.xml")).on_event(|event| {
        if matches!(event, WatchEvent::Loaded { generation: 2, .. }) {
            // A panic without its backtrace, which takes a while.
            std::panic::resume_unwind(Box::new("as this test wants it"));
        }
    });
    let handle = watch.start().expect("right").into_handle();
    for name in ["second", "third"] {
        place.write("cors.xml", rules(name));
        within_a_second(name, || answer(&handle.load()) == name);
    }
}

#[test]
fn a_relative_path_stays_where_it_was() {
    // `cargo test` runs in the package's folder; a path up to the root and down again is relative too.
    let place = Place::new();
    first_file(&place);
    let here = std::env::current_dir().expect("a folder");
    let up: std::path::PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(place.path("cors.xml").strip_prefix("/").expect("absolute"));
    assert!(relative.is_relative());
    let watched = Watched::start(&relative, Mode::Notices);
    place.write("cors.xml", rules("second"));
    watched.answers("second");
    assert_eq!(watched.file.handle().status().source.as_deref(), relative.to_str());
}

/// Where the kernel has no watch to give, changes are polled for, and that is told.
///
/// In a process of its own, which may open one file at a time beside those it was given: the kernel's watch takes three.
#[test]
fn polling_when_watching_fails() {
    const CHILD: &str = "WATCH_FILE_TEST_WITHOUT_NOTICES";
    if let Ok(path) = std::env::var(CHILD) {
        let watched = Watched::start(Path::new(&path), Mode::Notices);
        watched.is_told("changes are looked for at intervals");
        println!("ready");
        watched.answers("second");
        println!("seen: {:?}", watched.told.all());
        return;
    }
    let place = Place::new();
    first_file(&place);
    let name = "file::polling_when_watching_fails";
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 4; exec \"$0\" --exact --nocapture \"$1\""])
        .arg(std::env::current_exe().expect("this test"))
        .arg(name)
        .env(CHILD, place.path("cors.xml"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("piped")));
    let ready = lines.by_ref().map_while(Result::ok).find(|line| line.contains("ready"));
    assert!(ready.is_some(), "the child watches");
    place.write("cors.xml", rules("second"));
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(child.wait().expect("ended").success(), "{rest:?}");
    let told = rest.iter().find(|line| line.starts_with("seen: ")).expect("the child told");
    assert!(told.contains("Too many open files") && told.contains("generation 2"), "{told}");
}
