//! What a log has of watched rules although nobody listens: the shortest forms are loud.

use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use oss_cors_actix::OssCors;
use oss_cors_live::BucketNaming;
use oss_cors_tower::{FolderWatch, OssCorsLayer};
use tracing::Level;

use crate::support::watched::{BAD, Place, answer, rules, soon, within_a_second};

/// All that is logged in this process, as the usual collector of a service writes it.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    let collector = tracing_subscriber::fmt().with_max_level(Level::INFO).with_ansi(false).without_time();
    collector.with_writer(move || writer.clone()).init();
    log
});

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines about what is at `path`, without it. Every line that has the path begins with a level: nothing that is
/// logged spans two.
fn lines(path: &Path) -> Vec<String> {
    let source = format!(" source={}", path.display());
    let text = String::from_utf8(LOG.0.lock().expect("no panic").clone()).expect("UTF-8");
    let of_ours = text.lines().filter(|line| line.contains(&*path.display().to_string()));
    let lines = of_ours.map(|line| {
        assert!(["INFO", "WARN", "ERROR"].iter().any(|level| line.trim_start().starts_with(level)), "{line}");
        assert!(line.contains(" oss_cors: ") && line.contains(&source), "{line}");
        line.trim().replace(&source, "").replace(" oss_cors:", "").replace(&*path.display().to_string(), "PATH")
    });
    lines.collect()
}

/// Waits until as many lines are there that are no lints, and compares them; no line has an escaped one in it.
#[track_caller]
fn logged(path: &Path, expected: &[&str]) {
    let told = || lines(path).into_iter().filter(|line| !is_lint(line)).collect::<Vec<_>>();
    soon("the log", || told().len() >= expected.len());
    let told = told();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (line, expected) in told.iter().zip(expected) {
        assert!(line.starts_with(expected) && !line.contains("\\n"), "{line}, not {expected}");
    }
}

/// Its code comes after the level.
fn is_lint(line: &str) -> bool {
    line.split(' ').nth(1).is_some_and(|code| code.contains('-') && code.ends_with(':'))
}

#[track_caller]
fn warned(path: &Path, times: usize) {
    soon("the lints", || lines(path).iter().filter(|line| line.starts_with("WARN vary-off")).count() == times);
}

#[test]
fn a_file() {
    LazyLock::force(&LOG);
    let place = Place::new();
    let path = place.path("cors.xml");
    place.write("cors.xml", rules("first"));
    let layer = OssCorsLayer::watch_file(&path).expect("the rules are right");
    let handle = layer.handle().expect("one for all");
    logged(&path, &[]);
    warned(&path, 1);

    let mut expected = vec![
        "ERROR the rules in force stay: the rule file `PATH` is wrong:",
        "ERROR line 1, column 30: rule 1, AllowedOrigin 1 `https://*.*.com`: more than one `*`",
        "ERROR line 1, column 76: rule 1, AllowedMethod 1 `PATCH`: ",
    ];
    place.write("cors.xml", BAD);
    logged(&path, &expected);
    place.write("cors.xml", rules("first"));
    expected.push("INFO recovered: the rules in force are what the file says");
    logged(&path, &expected);
    warned(&path, 1);

    place.write("cors.xml", rules("second"));
    within_a_second("other rules", || answer(&handle.load()) == "second");
    expected.push("INFO generation 2 is in force: 1 rule added, 1 rule removed");
    logged(&path, &expected);
    warned(&path, 2);
    place.remove("cors.xml");
    expected.push("ERROR the rules in force stay: there is nothing at the path any more");
    logged(&path, &expected);
}

#[test]
fn a_folder() {
    LazyLock::force(&LOG);
    let place = Place::new();
    place.folder("rules");
    let path = place.path("rules");
    place.write("rules/photos.xml", rules("photos"));
    place.write("rules/videos.xml", BAD);
    let naming = BucketNaming::path;
    assert!(OssCorsLayer::watch_folder(&path, naming()).is_err(), "a wrong file is no start unless that is tolerated");
    logged(&path, &[]);

    let watch = FolderWatch::new(&path).tolerate_bad_files();
    let cors = OssCors::watch_folder_with(watch, naming()).expect("it is tolerated");
    let buckets = cors.buckets().expect("each has its own");
    let mut expected = vec![
        "ERROR the rules in force stay: the rule file `PATH/videos.xml` is wrong: bucket=videos",
        "ERROR line 1, column 30: rule 1, AllowedOrigin 1 `https://*.*.com`: more than one `*`",
        "ERROR line 1, column 76: rule 1, AllowedMethod 1 `PATCH`: ",
    ];
    logged(&path, &expected);
    let failures = buckets.failures();
    assert!(matches!(&failures[..], [(bucket, _)] if bucket == "videos") && buckets.status().failing, "{failures:?}");
    assert!(buckets.contains("videos") && answer(&buckets.load("videos")).is_empty());
    assert_eq!(answer(&buckets.load("photos")), "photos");
    warned(&path, 1);

    // It is told once.
    std::thread::sleep(std::time::Duration::from_secs(1));
    logged(&path, &expected);
    place.write("rules/videos.xml", rules("videos"));
    within_a_second("the repair", || answer(&buckets.load("videos")) == "videos");
    expected.push("INFO generation 3 is in force: 1 rule added");
    logged(&path, &expected);
    assert!(lines(&path).last().is_some_and(|line| line.contains("bucket=videos")));
    place.remove("rules/photos.xml");
    expected.push("WARN the bucket is gone with its file bucket=photos");
    logged(&path, &expected);
    assert!(!buckets.status().failing);
}

#[test]
fn a_file_that_is_wrong_is_tolerated_until_it_goes() {
    let place = Place::new();
    place.folder("rules");
    place.write("rules/bad.xml", BAD);
    let layer = FolderWatch::new(place.path("rules")).tolerate_bad_files();
    let layer = OssCorsLayer::watch_folder_with(layer, BucketNaming::path()).expect("it is tolerated");
    let buckets = layer.buckets().expect("each has its own");
    assert!(buckets.contains("bad") && layer.handle().is_none());
    place.remove("rules/bad.xml");
    within_a_second("it is gone", || !buckets.contains("bad") && !buckets.status().failing);
    // The folder itself is no matter of one file.
    place.remove_folder("rules");
    let missing = FolderWatch::new(place.path("none")).tolerate_bad_files().start();
    assert!(missing.is_err());
}
