//! Runs the built command as people do, and compares all that it says with transcripts kept in `tests/cli`.
//!
//! A transcript (`*.console`) is what a terminal would show: `$ command`, its output, each line of standard error after
//! `! `, and `[exit code]` where it is not 0. Lines that begin with `-- ` are ours. Commands run in a fresh copy of
//! `tests/cli`, by `sh`. `SNAPSHOTS=overwrite cargo test -p oss-cors` writes what is said now; read it before it is kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]
#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use oss_cors_advice::LintCode;
use snapbox::{Assert, Data};

fn transcripts() -> Vec<PathBuf> {
    let mut transcripts: Vec<PathBuf> = fs::read_dir(folder())
        .expect("tests/cli")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "console"))
        .collect();
    transcripts.sort();
    assert!(!transcripts.is_empty(), "no transcript in tests/cli");
    transcripts
}

fn folder() -> PathBuf {
    root().join("tests/cli")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

#[test]
fn transcripts_read_as_kept() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    let mut failures = Vec::new();
    for path in transcripts() {
        let copy = Copy::of(&folder());
        let kept = fs::read_to_string(&path).expect("a transcript");
        let expected = Data::read_from(&path, None).raw();
        if let Err(difference) = assert.try_eq(Some(&"transcript"), replayed(&kept, &copy.0).into(), expected) {
            failures.push(format!("{}\n{difference}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What the pages show of the command is what it says.
#[test]
fn the_pages_show_real_output() {
    let assert = Assert::new().action_env("SNAPSHOTS");
    let mut failures = Vec::new();
    let mut shown = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).expect("a page");
        let mut parts = page.split("```console\n");
        let mut today = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (kept, rest) = part.split_once("```").expect("the end of a block");
            let copy = Copy::of(&folder());
            today.push_str(&format!("```console\n{}```{rest}", replayed(kept, &copy.0)));
            shown += 1;
        }
        let expected = Data::read_from(&path, None).raw();
        if let Err(difference) = assert.try_eq(Some(&"page"), today.into(), expected) {
            failures.push(format!("{}\n{difference}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(shown > 3, "the pages show {shown} transcripts");
}

/// The README and everything in `docs`.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("docs").map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

/// A lint that no transcript shows could change its words, or be lost, without anybody noticing.
#[test]
fn every_lint_is_shown() {
    let all: String = transcripts().iter().map(|path| fs::read_to_string(path).expect("a transcript")).collect();
    let missing: Vec<&str> =
        LintCode::all().iter().map(|code| code.as_str()).filter(|code| !all.contains(&format!("[{code}]"))).collect();
    assert!(missing.is_empty(), "no transcript shows {missing:?}");
}

/// The transcript as it reads today: its commands and comments as kept, with what the commands say now, and a blank line
/// between.
fn replayed(transcript: &str, directory: &Path) -> String {
    let mut parts = vec![String::new()];
    for line in transcript.lines() {
        let Some(part) = parts.last_mut() else { continue };
        if let Some(command) = line.strip_prefix("$ ") {
            part.push_str(&format!("{line}\n{}", said_by(command, directory)));
            parts.push(String::new());
        } else if line.starts_with("-- ") {
            part.push_str(&format!("{line}\n"));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn said_by(command: &str, directory: &Path) -> String {
    let output = shell(command, directory).output().expect("sh");
    let mut said = String::from_utf8(output.stdout).expect("UTF-8");
    if !said.is_empty() && !said.ends_with('\n') {
        said.push_str("\\ no line break at the end\n");
    }
    for line in String::from_utf8(output.stderr).expect("UTF-8").lines() {
        said.push_str(&format!("! {line}\n"));
    }
    match output.status.code() {
        Some(0) => {}
        Some(code) => said.push_str(&format!("[{code}]\n")),
        None => said.push_str("[killed]\n"),
    }
    said
}

/// `command` with the built `oss-cors` first in the path, and nothing around that changes what it says.
fn shell(command: &str, directory: &Path) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_oss-cors"));
    let mut path = OsString::from(binary.parent().expect("a directory"));
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).current_dir(directory).env("PATH", path).stdin(Stdio::null());
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "CI"] {
        shell.env_remove(variable);
    }
    shell.env("TERM", "xterm").env("LC_ALL", "C");
    shell
}

/// A copy of a folder, removed at the end: what a command writes changes nothing of ours.
struct Copy(PathBuf);

impl Copy {
    fn of(folder: &Path) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("oss-cors-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let copy = std::env::temp_dir().join(name);
        copy_into(folder, &copy);
        Self(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).expect("an entry");
        let to = to.join(name);
        if from.is_dir() {
            copy_into(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a copy");
        }
    }
}
