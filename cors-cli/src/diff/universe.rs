//! The requests that two files are compared over: what either mentions, what its wildcards stand for, and near misses.

use std::collections::HashSet;

use oss_cors_core::{CorsConfiguration, CorsRule};

/// At most so many entries are looked at, of both files together: of two files with 20 rules of 200 origins, all.
const MOST_ORIGINS: usize = 10_000;
/// At most so many methods, and so many header names.
const MOST_NAMES: usize = 2_000;

/// What is tried of one kind, the mentioned first.
pub struct Candidates {
    pub tried: Vec<Candidate>,
    /// Where the files have more entries than are looked at: how many are, of how many.
    pub thinned: Option<(usize, usize)>,
}

/// One text to try.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub text: String,
    /// The entry with a `*` that it stands for.
    pub stands_for: Option<String>,
    /// Whether no entry was written for it: it only looks like one that is.
    pub near_miss: bool,
}

impl Candidate {
    fn near_miss(text: String) -> Self {
        Self { text, stands_for: None, near_miss: true }
    }
}

/// Collects texts, each once; one that is mentioned is never a mere near miss.
#[derive(Default)]
struct Collector {
    seen: HashSet<String>,
    mentioned: Vec<Candidate>,
    near: Vec<Candidate>,
}

impl Collector {
    fn mention(&mut self, text: &str, stands_for: Option<&str>) {
        if self.seen.insert(text.to_owned()) {
            let stands_for = stands_for.map(str::to_owned);
            self.mentioned.push(Candidate { text: text.to_owned(), stands_for, near_miss: false });
        }
    }

    fn near(&mut self, text: String) {
        // Entries are collected before their near misses, so that an entry is never taken for one.
        if !self.seen.contains(&text) {
            self.seen.insert(text.clone());
            self.near.push(Candidate::near_miss(text));
        }
    }

    fn finish(mut self, entries: &Entries<'_>) -> Candidates {
        self.mentioned.append(&mut self.near);
        let (kept, known) = (entries.kept.len(), entries.known);
        Candidates { tried: self.mentioned, thinned: (kept < known).then_some((kept, known)) }
    }
}

/// The entries of one kind in both files, each once. Where there are too many, those that only one file has come first,
/// and the others are thinned evenly.
struct Entries<'a> {
    kept: Vec<&'a str>,
    known: usize,
}

impl<'a> Entries<'a> {
    fn new([old, new]: [&'a CorsConfiguration; 2], of: fn(&CorsRule) -> &Vec<String>, most: usize) -> Self {
        let written = |file: &'a CorsConfiguration| file.rules.iter().flat_map(of).map(String::as_str);
        let mut seen = HashSet::new();
        let all: Vec<&str> = written(old).chain(written(new)).filter(|entry| seen.insert(*entry)).collect();
        let known = all.len();
        if known <= most {
            return Self { kept: all, known };
        }
        let (before, after): (HashSet<&str>, HashSet<&str>) = (written(old).collect(), written(new).collect());
        let (both, one): (Vec<&str>, Vec<&str>) =
            all.into_iter().partition(|entry| before.contains(entry) && after.contains(entry));
        let mut kept = thinned(one, most);
        let left = most - kept.len();
        kept.extend(thinned(both, left));
        Self { kept, known }
    }

    fn iter(&self) -> impl Iterator<Item = &'a str> {
        self.kept.iter().copied()
    }
}

fn thinned(entries: Vec<&str>, most: usize) -> Vec<&str> {
    let count = entries.len();
    if count <= most {
        return entries;
    }
    // Bresenham's: `most` of `count`.
    let kept = |index: usize| (index + 1) * most / count > index * most / count;
    entries.into_iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, entry)| entry).collect()
}

/// The origins that either file mentions, what their wildcards stand for, and near misses.
pub fn origins(files: [&CorsConfiguration; 2]) -> Candidates {
    let mut all = Collector::default();
    let entries = Entries::new(files, |rule| &rule.allowed_origins, MOST_ORIGINS);
    for entry in entries.iter() {
        match entry.split_once('*') {
            None => all.mention(entry, None),
            Some(("", "")) => all.mention(UNMENTIONED_ORIGIN, Some("*")),
            Some((before, after)) => {
                for text in stand_ins(before, after) {
                    all.mention(&text, Some(entry));
                }
            }
        }
    }
    all.near(UNMENTIONED_ORIGIN.to_owned());
    all.near("null".to_owned());
    for entry in entries.iter() {
        near_origins(entry).into_iter().for_each(|text| all.near(text));
    }
    all.finish(&entries)
}

/// An origin that no file mentions (RFC 2606 keeps the name free).
const UNMENTIONED_ORIGIN: &str = "https://unmentioned.example";

/// Origins that a wildcard stands for; of those that no browser could send only the first, where nothing else is.
fn stand_ins(before: &str, after: &str) -> Vec<String> {
    // A port, a label, two labels, the end of a label.
    let fillers = if before.ends_with(':') { ["3000", "80", ""] } else { ["a", "a.b", "a-"] };
    let all = fillers.map(|filler| format!("{before}{filler}{after}"));
    let possible: Vec<String> = all.iter().filter(|text| is_origin(text)).cloned().collect();
    if possible.is_empty() { all.into_iter().take(1).collect() } else { possible }
}

/// What is easily taken for `entry`: by people who write rules, and by those who look for a gap in them.
fn near_origins(entry: &str) -> Vec<String> {
    let plain = entry.replacen('*', if entry.contains(":*") { "3000" } else { "a" }, 1);
    let Some((scheme, rest)) = plain.split_once("://") else { return Vec::new() };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, Some(port)),
        _ => (rest, None),
    };
    let other_scheme = if scheme == "https" { "http" } else { "https" };
    let with_port = |scheme: &str, host: &str| match port {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    };
    let mut near = vec![
        with_port(other_scheme, host),
        match port {
            Some(_) => format!("{scheme}://{host}"),
            None => format!("{scheme}://{host}:8443"),
        },
        with_port(scheme, &format!("a.{host}")),
        with_port(scheme, &format!("evil{host}")),
        with_port(scheme, &format!("{host}.evil.example")),
    ];
    // The domain itself against `*.`, and a host against its domain.
    if let Some((_, domain)) = host.split_once('.').filter(|(_, domain)| domain.contains('.')) {
        near.extend([with_port(scheme, domain), with_port(scheme, &format!("evil{domain}"))]);
    }
    near.retain(|text| is_origin(text));
    near
}

/// Whether a browser could send it: a scheme, a host without empty labels, perhaps a port.
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (host, port) = rest.rsplit_once(':').unwrap_or((rest, "1"));
    let labels = host.split('.').all(|label| {
        let inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        !label.is_empty() && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(inside)
    });
    !scheme.is_empty() && labels && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The methods that either file mentions, those of OSS, and one that OSS does not have.
pub fn methods(files: [&CorsConfiguration; 2]) -> Candidates {
    let mut all = Collector::default();
    let entries = Entries::new(files, |rule| &rule.allowed_methods, MOST_NAMES);
    for entry in entries.iter() {
        all.mention(entry, None);
    }
    for method in ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"] {
        all.near(method.to_owned());
    }
    all.finish(&entries)
}

/// The request headers that either file mentions, what their wildcards stand for, and names beside them.
pub fn headers(files: [&CorsConfiguration; 2]) -> Candidates {
    let mut all = Collector::default();
    let entries = Entries::new(files, |rule| &rule.allowed_headers, MOST_NAMES);
    for entry in entries.iter() {
        match entry.split_once('*') {
            None => all.mention(entry, None),
            Some(("", "")) => all.mention("x-unmentioned", Some("*")),
            Some((before, after)) => all.mention(&format!("{before}a{after}"), Some(entry)),
        }
    }
    for name in ["x-unmentioned", "authorization", "content-type"] {
        all.near(name.to_owned());
    }
    for entry in entries.iter() {
        // What `x-oss-*` looks as if it covered.
        if let Some((before, after)) = entry.split_once('*').filter(|(before, _)| !before.is_empty()) {
            all.near(format!("{}{after}", before.trim_end_matches('-')));
        }
    }
    all.finish(&entries)
}
