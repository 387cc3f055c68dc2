//! The comparison for people.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::compare::Comparison;
use super::group::{Change, Requests};
use super::judge::{Difference, ECHOED, Kind};
use super::universe::Candidate;
use crate::escape::Plain;
use crate::style::{ADVICE, ERROR, GOOD, HEADING, WARNING};

/// How many changes of one kind are told, and how many origins of a change are named.
const SHOWN: usize = 100;
const NAMED: usize = 4;

pub fn text(comparison: &Comparison) -> String {
    let Comparison { changes, vary, tried } = comparison;
    let mut text = String::new();
    for alike in changes.chunk_by(|one, next| one.kind.heading() == next.kind.heading()) {
        let gap = if text.is_empty() { "" } else { "\n" };
        let heading = alike.first().map(|change| change.kind.heading()).unwrap_or_default();
        let _ = writeln!(text, "{gap}{heading}");
        alike.iter().take(SHOWN).for_each(|change| describe(change, &mut text));
        if let Some(more) = alike.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "  and {more} more changes; --json tells them");
        }
    }
    if let Some(vary) = vary {
        let gap = if changes.is_empty() { "" } else { "\n" };
        let now = if *vary { "now carries" } else { "no longer carries" };
        text.push_str(&format!("{gap}{ADVICE}every response{ADVICE:#}\n  {now} Vary: Origin\n"));
    }
    if text.is_empty() {
        text.push_str(&format!("{GOOD}no request is answered differently{GOOD:#}\n"));
    }
    let _ = writeln!(
        text,
        "\ncompared {} origins, {} methods, {} request headers, near misses among them",
        tried.origins, tried.methods, tried.headers
    );
    if !tried.sampled.is_empty() {
        let _ =
            writeln!(text, "{WARNING}sampled{WARNING:#}: {}; other requests may differ too", tried.sampled.join(", "));
    }
    text
}

// Writing to a String never fails.
fn describe(change: &Change, text: &mut String) {
    let _ = writeln!(text, "  {HEADING}{}{HEADING:#}", named(&change.origins));
    for requests in &change.requests {
        let _ = writeln!(text, "    {}", sentence(requests));
    }
    let _ = writeln!(text, "    {}", change.kind.because());
    for Difference { header, before, after } in change.kind.differences() {
        let value = |value: &Option<String>| match value.as_deref() {
            None => "absent".to_owned(),
            Some(ECHOED) => ECHOED.to_owned(),
            Some(value) => format!("`{}`", Plain(value)),
        };
        let _ = writeln!(text, "    {header}: {} -> {}", value(before), value(after));
    }
}

/// The origins of a change in few words: entries first, near misses by name only where there is nothing else.
fn named(origins: &[Candidate]) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut entries: HashSet<&str> = HashSet::new();
    for origin in origins.iter().filter(|origin| !origin.near_miss) {
        // One of those that an entry stands for speaks for all.
        match &origin.stands_for {
            Some(entry) if !entries.insert(entry) => {}
            Some(entry) if entry == "*" => names.push(format!("any other origin (as {})", Plain(&origin.text))),
            Some(entry) => names.push(format!("{} (as {})", Plain(entry), Plain(&origin.text))),
            None => names.push(Plain(&origin.text).to_string()),
        }
    }
    let near: Vec<String> =
        origins.iter().filter(|origin| origin.near_miss).map(|origin| Plain(&origin.text).to_string()).collect();
    match (names.is_empty(), near.as_slice()) {
        (false, []) => shortened(&names),
        (true, _) => shortened(&near),
        (false, [one]) => format!("{}, and the near miss {one}", shortened(&names)),
        (false, [one, ..]) => format!("{}, and {} near misses such as {one}", shortened(&names), near.len()),
    }
}

fn shortened(names: &[String]) -> String {
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

fn sentence(requests: &Requests) -> String {
    let methods = requests.methods.iter().map(|method| Plain(method).to_string()).collect::<Vec<_>>().join(", ");
    let set = |names: &Vec<String>| {
        let joined = names.iter().map(|name| Plain(name).to_string()).collect::<Vec<_>>().join(" and ");
        if names.len() > 1 { format!("{joined} together") } else { joined }
    };
    let headers = requests.headers.iter().map(set).collect::<Vec<_>>().join(", ");
    match (requests.without_headers, headers.is_empty()) {
        (true, true) => format!("{methods}, without request headers"),
        (true, false) => format!("{methods}, without request headers or with {headers}"),
        (false, _) => format!("{methods}, with {headers}"),
    }
}

impl Kind {
    fn heading(&self) -> String {
        match self {
            Self::Allowed { .. } => format!("{ERROR}newly allowed{ERROR:#}"),
            Self::Widened { .. } => format!("{ERROR}allowed before, and now more{ERROR:#}"),
            Self::Refused { .. } => format!("{WARNING}newly refused{WARNING:#}"),
            Self::Altered { .. } => format!("{ADVICE}allowed as before, with other headers{ADVICE:#}"),
        }
    }

    fn because(&self) -> String {
        match self {
            Self::Allowed { before, rule } => format!("by new rule {rule}; before, {}", before.mismatch()),
            Self::Refused { before, reason } => format!("by old rule {before} before; now {}", reason.mismatch()),
            Self::Widened { before, rule, .. } | Self::Altered { before, rule, .. } => {
                format!("by new rule {rule}; before by old rule {before}")
            }
        }
    }
}
