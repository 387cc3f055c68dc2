//! Rule files on a real filesystem, and what a watch makes of them.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oss_cors_core::{CorsRequest, Decision, RuleTable};
use tempfile::TempDir;

/// The longest time from a change to its effect.
pub(crate) const A_SECOND: Duration = Duration::from_secs(1);

/// Rules that answer with `name`: see [`answer`].
pub(crate) fn rules(name: &str) -> String {
    format!(
        "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin>\
         <AllowedMethod>GET</AllowedMethod><ExposeHeader>{name}</ExposeHeader></CORSRule></CORSConfiguration>\n"
    )
}

/// Rules with two faults.
pub(crate) const BAD: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.*.com</AllowedOrigin>\
                              <AllowedMethod>PATCH</AllowedMethod></CORSRule></CORSConfiguration>\n";

/// Which [`rules`] answer; empty if none.
pub(crate) fn answer(table: &RuleTable) -> String {
    match table.decide(&CorsRequest::actual(b"GET", b"https://app.example.com")) {
        Decision::Forward { rule: Ok(rule), .. } => {
            rule.expose_headers().and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

/// Waits for it, and fails after a second.
#[track_caller]
pub(crate) fn within_a_second(what: &str, holds: impl FnMut() -> bool) {
    within(A_SECOND, what, holds);
}

/// Waits for what is told of a change or a fault: it need not be there as fast as the change itself.
#[track_caller]
pub(crate) fn soon(what: &str, holds: impl FnMut() -> bool) {
    within(10 * A_SECOND, what, holds);
}

#[track_caller]
fn within(most: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < most, "not within {most:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a watch has told, one line for each event.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn add(&self, line: String) {
        self.0.lock().expect("no test panics here").push(line);
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().expect("no test panics here").clone()
    }

    /// How many lines contain `text`.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.all().iter().filter(|line| line.contains(text)).count()
    }
}

/// A folder of its own, deleted at the end.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("a file");
    }

    /// Another file takes its place, as a careful writer does.
    pub(crate) fn replace(&self, name: &str, text: impl AsRef<[u8]>) {
        let new = format!("{name}.new");
        self.write(&new, text);
        self.rename(&new, name);
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("renamed");
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("removed");
    }

    pub(crate) fn folder(&self, name: &str) {
        fs::create_dir_all(self.path(name)).expect("a folder");
    }

    pub(crate) fn remove_folder(&self, name: &str) {
        fs::remove_dir_all(self.path(name)).expect("removed");
    }

    pub(crate) fn link(&self, target: impl AsRef<Path>, name: &str) {
        std::os::unix::fs::symlink(target, self.path(name)).expect("a link");
    }

    /// The link is replaced by another, in one step.
    pub(crate) fn relink(&self, target: impl AsRef<Path>, name: &str) {
        let new = format!("{name}.new");
        self.link(target, &new);
        self.rename(&new, name);
    }

    /// As the kubelet writes a ConfigMap: a folder for this version, and `..data` swapped to it; the old one goes.
    pub(crate) fn config_map(&self, folder: &str, version: usize, files: &[(&str, String)]) {
        let data = format!("..2026_11_02_{version}");
        self.folder(&format!("{folder}/{data}"));
        for (name, text) in files {
            self.write(&format!("{folder}/{data}/{name}"), text);
        }
        self.relink(&data, &format!("{folder}/..data"));
        let old = format!("{folder}/..2026_11_02_{}", version - 1);
        if self.path(&old).exists() {
            self.remove_folder(&old);
        }
        for (name, _) in files {
            if fs::symlink_metadata(self.path(&format!("{folder}/{name}"))).is_err() {
                self.link(Path::new("..data").join(name), &format!("{folder}/{name}"));
            }
        }
    }
}

/// Rules in YAML that are right after every line that ends a rule.
pub(crate) fn yaml(names: &[&str]) -> String {
    let mut text = "CORSRule:\n".to_owned();
    for name in names {
        write!(
            text,
            "- AllowedOrigin: [https://{name}.example.com]\n  AllowedMethod: [GET]\n  ExposeHeader: [{name}]\n"
        )
        .expect("text takes all");
    }
    text
}
