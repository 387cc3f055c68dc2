//! Live rules over time: no decision by anything but a good file, no change that comes late, nothing that is left behind.
//!
//! `SOAK_SECONDS` makes the first test longer than its 20 s.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]
#![cfg(unix)]

#[path = "support/watched.rs"]
mod watched;

use std::fs::{self, File};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use oss_cors_core::{CorsRequest, Decision, FieldLine, Profile, RuleFile, RuleTable};
use oss_cors_live::CorsHandle;
use oss_cors_source::{FileWatch, WatchedFile, watch_file, watch_folder};
use watched::{BAD, Place, Told, within_a_second};

/// One at a time: they measure the process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many good files there are. Each is told apart by any single answer.
const GOOD: usize = 4;

/// The good file `number`. Half of it, and any mixture of two, would answer otherwise: every rule carries the number, and
/// the preflight of one rule and the actual request of another have to agree.
fn good(number: usize) -> String {
    let rule = |origin: &str| {
        format!(
            "  <CORSRule>\n    <AllowedOrigin>https://{origin}.example.com</AllowedOrigin>\n    \
             <AllowedMethod>GET</AllowedMethod>\n    <AllowedHeader>x-{number}</AllowedHeader>\n    \
             <ExposeHeader>{origin}-{number}</ExposeHeader>\n    <MaxAgeSeconds>{number}</MaxAgeSeconds>\n  \
             </CORSRule>\n"
        )
    };
    format!("<CORSConfiguration>\n{}{}</CORSConfiguration>\n", rule("first"), rule("last"))
}

/// Everything that the table says to a few requests.
fn decisions(table: &RuleTable) -> String {
    let told = |decision: Decision<'_>| match decision {
        Decision::Forward { rule: Ok(rule), .. } => format!("{:?} {:?}", rule.expose_headers(), rule.max_age()),
        Decision::Answer { rule: Ok(rule), .. } => format!("{:?} {:?}", rule.number(), rule.max_age()),
        Decision::Forward { rule: Err(why), .. } => format!("{why:?}"),
        Decision::Answer { rule: Err(why), .. } => format!("{why:?}"),
    };
    let mut all = Vec::new();
    for origin in ["https://first.example.com", "https://last.example.com", "https://none.example.com"] {
        all.push(told(table.decide(&CorsRequest::actual(b"GET", origin.as_bytes()))));
        for number in 0..GOOD {
            let header = format!("x-{number}");
            all.push(told(table.decide(&CorsRequest::new(
                b"OPTIONS",
                FieldLine::One(origin.as_bytes()),
                FieldLine::One(b"GET"),
                [header.as_bytes()].into_iter(),
            ))));
        }
    }
    all.join("; ")
}

#[test]
fn readers_see_good_tables_alone() {
    let _alone = alone();
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let place = Place::new();
    place.write("cors.xml", good(0));
    let told = Told::default();
    let tell = told.clone();
    let watch = FileWatch::new(place.path("cors.xml")).on_event(move |event| tell.add(event.to_string()));
    let handle = watch.start().expect("good").into_handle();
    let expected: Vec<String> = (0..GOOD)
        .map(|number| {
            let file = RuleFile::parse(good(number).as_bytes(), None, Profile::Oss).expect("good");
            decisions(&file.table())
        })
        .collect();
    assert!((1..GOOD).all(|number| expected[number] != expected[number - 1]));
    let running = AtomicBool::new(true);
    let read = AtomicU64::new(0);
    let written = thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while running.load(Ordering::Relaxed) {
                    let decided = decisions(&handle.load());
                    if !expected.contains(&decided) {
                        // Ends the writer too, which the scope waits for.
                        running.store(false, Ordering::Relaxed);
                        panic!("no good table decides so: {decided}");
                    }
                    read.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let stop = StopOnDrop(&running);
        let written = write(&place, &handle, &expected, Duration::from_secs(seconds), &running);
        drop(stop);
        written
    });
    let Written { good, bad, slowest } = written;
    let read = read.into_inner();
    println!("{read} reads, {good} good files, {bad} others; the slowest was in force after {slowest:?}");
    assert!(read > 1000 && good >= seconds as usize && bad >= seconds as usize);
    within_a_second("each good file is one generation", || handle.generation() == 1 + good as u64);
    assert!(told.count("the rules in force stay") > 0, "the bad ones were seen");
}

/// The readers stop too when the writer fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

struct Written {
    good: usize,
    bad: usize,
    slowest: Duration,
}

/// Bad, truncated and vanishing files, and in between good ones that must answer within a second.
fn write(
    place: &Place,
    handle: &CorsHandle,
    expected: &[String],
    for_so_long: Duration,
    running: &AtomicBool,
) -> Written {
    let start = Instant::now();
    let mut written = Written { good: 0, bad: 0, slowest: Duration::ZERO };
    let name = "cors.xml";
    for round in 0.. {
        if start.elapsed() > for_so_long || !running.load(Ordering::Relaxed) {
            break;
        }
        let next = good((round + 1) % GOOD);
        match round % 5 {
            0 => place.write(name, BAD),
            1 => place.replace(name, BAD),
            // Truncated, and left so for a while.
            2 => place.write(name, &next[..next.len() / 2]),
            3 => place.remove(name),
            _ => place.write(name, ""),
        }
        written.bad += 1;
        // Sometimes long enough to be told, mostly not.
        sleep(Duration::from_millis(if round % 3 == 0 { 400 } else { 20 }));
        match round % 4 {
            0 => place.write(name, &next),
            1 => place.replace(name, &next),
            2 => {
                let (first, last) = next.split_at(next.len() / 3);
                let mut file = File::create(place.path(name)).expect("truncated");
                file.write_all(first.as_bytes()).expect("written");
                sleep(Duration::from_millis(20));
                file.write_all(last.as_bytes()).expect("written");
            }
            _ => {
                let _ = fs::remove_file(place.path(name));
                place.write(name, &next);
            }
        }
        let done = Instant::now();
        within_a_second("the good file answers", || decisions(&handle.load()) == expected[(round + 1) % GOOD]);
        written.slowest = written.slowest.max(done.elapsed());
        written.good += 1;
    }
    written
}

#[test]
fn ten_thousand_reloads_leave_nothing() {
    let _alone = alone();
    let place = Place::new();
    place.write("cors.xml", good(1));
    let file = FileWatch::new(place.path("cors.xml")).start().expect("good");
    let other = Arc::new(RuleTable::not_enabled());
    reload(&file, &other, 1000);
    let before = resident();
    reload(&file, &other, 10_000);
    let after = resident();
    println!("{before} KiB resident, {after} KiB after 10,000 reloads");
    assert!(after < before + 2048, "{before} KiB resident, {after} KiB after 10,000 reloads");
    // It is in none of the generations that are gone.
    assert_eq!(Arc::strong_count(&other), 1);
}

/// Each time the file is read, parsed, compiled and put in force, for someone else has put `other` there.
fn reload(file: &WatchedFile, other: &Arc<RuleTable>, times: u64) {
    let handle = file.handle();
    for _ in 0..times {
        let generation = handle.generation();
        handle.store(Arc::clone(other));
        file.reload();
        let start = Instant::now();
        while handle.generation() < generation + 2 {
            assert!(start.elapsed() < watched::A_SECOND, "not reloaded");
            thread::yield_now();
        }
    }
}

#[test]
fn a_thousand_failed_reloads_leave_nothing() {
    let _alone = alone();
    let place = Place::new();
    place.write("cors.xml", good(1));
    let failed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&failed);
    let watch = FileWatch::new(place.path("cors.xml")).on_event(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let file = watch.start().expect("good");
    place.write("cors.xml", BAD);
    within_a_second("it is told", || failed.load(Ordering::Relaxed) == 1);
    let fail = |times: usize| {
        for _ in 0..times {
            let before = failed.load(Ordering::Relaxed);
            file.reload();
            let start = Instant::now();
            while failed.load(Ordering::Relaxed) == before {
                assert!(start.elapsed() < watched::A_SECOND, "not told again");
                thread::yield_now();
            }
        }
    };
    fail(100);
    let before = resident();
    fail(1000);
    let after = resident();
    assert!(after < before + 1024, "{before} KiB resident, {after} KiB after 1000 failed reloads");
}

/// In KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("the resident set");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn watches_that_end_leave_no_thread_and_no_file_open() {
    let _alone = alone();
    let place = Place::new();
    place.folder("rules");
    place.write("rules/cors.xml", good(1));
    let count = |what: &str| fs::read_dir(format!("/proc/self/{what}")).expect("Linux").count();
    let before = (count("task"), count("fd"));
    let files: Vec<_> = (0..10).map(|_| watch_file(place.path("rules/cors.xml")).expect("good")).collect();
    let folders: Vec<_> = (0..10).map(|_| watch_folder(place.path("rules")).expect("good")).collect();
    let during = (count("task"), count("fd"));
    // Two threads and an inotify instance each; some threads of the tests before this one may have ended meanwhile.
    assert!(during.0 >= before.0 + 30 && during.1 >= before.1 + 20, "{before:?} before, {during:?} during");
    drop((files, folders));
    within_a_second("all of it is gone", || count("task") <= before.0 && count("fd") <= before.1);
}
