//! Which files the arguments name: a file, each rule file of a folder, or what a pattern matches.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use glob::{GlobResult, MatchOptions};
use oss_cors_core::Format;
use walkdir::{DirEntry, Error, WalkDir};

use crate::escape;

/// The shell leaves a pattern to us where nothing matches it, where it is quoted, and on Windows always.
const AS_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What an argument led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    File(PathBuf),
    /// Where no file is, or none can be looked for, and why.
    Nothing {
        path: PathBuf,
        why: String,
    },
}

/// Each file once, in the order of the arguments, those of a folder by name. An argument that leads to no file is
/// reported: a check of nothing would pass.
pub fn find(arguments: &[PathBuf], recursive: bool) -> Vec<Found> {
    let mut seen = HashSet::new();
    let mut found: Vec<Found> = arguments.iter().flat_map(|argument| led_to(argument, recursive)).collect();
    found.retain(|found| match found {
        Found::File(path) => seen.insert(path.clone()),
        Found::Nothing { .. } => true,
    });
    found
}

fn led_to(argument: &Path, recursive: bool) -> Vec<Found> {
    if argument.is_dir() {
        return some_of(argument, in_folder(argument, recursive), || no_rule_file(argument, recursive));
    }
    // A name with `[` in it is still a name.
    if argument.as_os_str() == "-" || argument.symlink_metadata().is_ok() {
        return vec![Found::File(argument.to_owned())];
    }
    // What is no pattern is a file that is missing; reading it says so.
    let missing = || vec![Found::File(argument.to_owned())];
    let Some(pattern) = argument.to_str().filter(|text| text.contains(['*', '?', '['])) else { return missing() };
    let Ok(paths) = glob::glob_with(pattern, AS_A_SHELL) else { return missing() };
    let nothing = || format!("no file matches `{}`", escape::file_name(argument));
    some_of(argument, paths.flat_map(|path| matched(path, recursive)).collect(), nothing)
}

fn some_of(argument: &Path, found: Vec<Found>, otherwise: impl FnOnce() -> String) -> Vec<Found> {
    if found.is_empty() { vec![Found::Nothing { path: argument.to_owned(), why: otherwise() }] } else { found }
}

fn no_rule_file(folder: &Path, recursive: bool) -> String {
    let below = if recursive { "" } else { "; --recursive looks in the folders below it too" };
    format!("no .xml, .json, .yaml, .yml or .toml file in `{}`{below}", escape::file_name(folder))
}

fn matched(path: GlobResult, recursive: bool) -> Vec<Found> {
    match path {
        Ok(path) if path.is_dir() => in_folder(&path, recursive),
        Ok(path) => vec![Found::File(path)],
        Err(error) => vec![unreadable(error.path(), error.error())],
    }
}

/// The files with a known extension, as a server watches a folder: links are followed, hidden files are not rule files.
fn in_folder(folder: &Path, recursive: bool) -> Vec<Found> {
    let depth = if recursive { usize::MAX } else { 1 };
    let walk = WalkDir::new(folder).follow_links(true).max_depth(depth).sort_by_file_name();
    let seen = walk.into_iter().filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
    seen.filter_map(|entry| match entry {
        Ok(entry) => is_rule_file(&entry).then(|| Found::File(entry.into_path())),
        Err(error) => unread(folder, &error),
    })
    .collect()
}

fn is_rule_file(entry: &DirEntry) -> bool {
    entry.file_type().is_file() && has_known_extension(entry.path())
}

fn has_known_extension(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).and_then(Format::from_extension).is_some()
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

fn unread(folder: &Path, error: &Error) -> Option<Found> {
    let path = error.path().unwrap_or(folder);
    match error.io_error() {
        // A link to nothing, or a file that has gone: ours only by a rule file's name.
        Some(gone) if gone.kind() == ErrorKind::NotFound => {
            let ours = has_known_extension(path) && !path.file_name().is_some_and(is_hidden);
            ours.then(|| unreadable(path, gone))
        }
        Some(error) => Some(unreadable(path, error)),
        None => {
            let why = format!("the link `{}` leads back to a folder above it", escape::file_name(path));
            Some(Found::Nothing { path: path.to_owned(), why })
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Found {
    let why = format!("cannot read `{}`: {error}", escape::file_name(path));
    Found::Nothing { path: path.to_owned(), why }
}
