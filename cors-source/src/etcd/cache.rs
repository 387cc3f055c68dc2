//! The last good rules in a file, for a start without etcd.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oss_cors_core::{CorsConfiguration, Format, Profile, RuleFile};
use oss_cors_live::MAX_BUCKET_BYTES;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::connection::Scope;
use super::error::EtcdError;
use super::event::EtcdEvent;
use super::listener::Events;
use crate::text::quoted;

/// What the cache holds: rules by name, which is the bucket or, for a single key, empty. `None`: a bucket without rules.
pub(super) type Rules = Vec<(String, Option<CorsConfiguration>)>;

/// The most bytes that are read or written.
const MAX_CACHE_BYTES: usize = 1 << 30;

/// A burst of changes is written once.
const WRITE_AFTER: Duration = Duration::from_millis(200);

/// The form of the file, of which [`Document::version`] is the number.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    version: u32,
    /// The key or the prefix that the rules come from.
    key: String,
    /// Each rule set once, as XML.
    rule_sets: Vec<String>,
    /// Which of them each name has.
    rules: BTreeMap<String, Option<usize>>,
}

impl Document {
    pub(super) fn new(scope: &Scope, rules: impl IntoIterator<Item = (String, Option<CorsConfiguration>)>) -> Self {
        let mut known = HashMap::new();
        let mut rule_sets = Vec::new();
        let mut place = |rules: CorsConfiguration| {
            *known.entry(rules.to_xml()).or_insert_with_key(|xml| {
                rule_sets.push(xml.clone());
                rule_sets.len() - 1
            })
        };
        let rules = rules.into_iter().map(|(name, rules)| (name, rules.map(&mut place))).collect();
        Self { version: VERSION, key: scope.text().to_owned(), rule_sets, rules }
    }
}

/// Writes what is `current` at each change, until that is nothing. The rules of the start are a change.
pub(super) async fn keep<F>(path: PathBuf, changed: Arc<Notify>, events: Events, current: F)
where
    F: Fn() -> Option<Document> + Send + Sync + 'static,
{
    let current = Arc::new(current);
    let mut pause = WRITE_AFTER;
    loop {
        changed.notified().await;
        sleep(pause).await;
        let since = Instant::now();
        let (path, current) = (path.clone(), Arc::clone(&current));
        match spawn_blocking(move || Some(write(&path, &current()?))).await {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(error))) => events.tell(&EtcdEvent::CacheFailed { error }),
            // All handles are gone, or the runtime is.
            Ok(None) | Err(_) => return,
        }
        // A million buckets take their time: no more than a tenth of it.
        pause = WRITE_AFTER.max(since.elapsed() * 9);
    }
}

/// As a whole or not at all, readable by the owner alone: whoever may write it decides about the rules.
fn write(path: &Path, document: &Document) -> Result<(), EtcdError> {
    let failed = |reason: &dyn Display| EtcdError::cache(path, format!("cannot write it: {reason}"));
    let bytes = serde_json::to_vec(document).map_err(|error| failed(&error))?;
    if bytes.len() > MAX_CACHE_BYTES {
        return Err(failed(&format!("{} bytes; at most {MAX_CACHE_BYTES} are allowed", bytes.len())));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = temporary_prefix(path);
    let written =
        tempfile::Builder::new().prefix(&prefix).suffix(TEMPORARY).rand_bytes(RANDOM).tempfile_in(folder).and_then(
            |mut file| {
                file.write_all(&bytes)?;
                // Before it takes the old one's place: after a power cut there is one or the other.
                file.as_file().sync_all()?;
                Ok(file.persist(path)?)
            },
        );
    clear(folder, &prefix);
    written.map(|_| ()).map_err(|error| failed(&error))
}

/// How the names of this cache's temporary files end.
const TEMPORARY: &str = ".tmp";

/// A file that was not written to for so long belongs to nobody any more.
const LEFT_BEHIND_AFTER: Duration = Duration::from_secs(60);

/// How the names of this cache's temporary files begin: others may have theirs in the same folder.
fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Removes what a process that was killed while it wrote has left behind. What cannot be removed does no harm.
fn clear(folder: &Path, prefix: &OsStr) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let prefix = prefix.as_encoded_bytes();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let random = name.strip_prefix(prefix).and_then(|name| name.strip_suffix(TEMPORARY.as_bytes()));
        let is_ours =
            random.is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_alphanumeric));
        let age = || entry.metadata().ok().filter(fs::Metadata::is_file)?.modified().ok()?.elapsed().ok();
        if is_ours && age().is_some_and(|age| age > LEFT_BEHIND_AFTER) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// How many letters and digits stand between the prefix and the suffix.
const RANDOM: usize = 6;

/// The rules of `scope` that were written last.
pub(super) fn read(path: &Path, scope: &Scope, profile: Profile) -> Result<Rules, EtcdError> {
    let failed = |reason: &str| EtcdError::cache(path, reason);
    let corrupt = |reason: &str| EtcdError::cache(path, format!("corrupt, delete it: {reason}"));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_CACHE_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| failed(&format!("cannot read it: {error}")))?;
    if bytes.len() > MAX_CACHE_BYTES {
        return Err(failed(&format!("larger than {MAX_CACHE_BYTES} bytes; delete it")));
    }
    let document: Document = serde_json::from_slice(&bytes).map_err(|error| corrupt(&error.to_string()))?;
    if document.version != VERSION {
        return Err(failed(&format!("of version {}, not {VERSION}; delete it", document.version)));
    }
    if document.key != scope.text() {
        return Err(failed(&format!("has the rules of `{}`; name another file", quoted(&document.key))));
    }
    let rule_set = |xml: &String| match RuleFile::parse(xml.as_bytes(), Some(Format::Xml), profile) {
        Ok(file) => Ok(file.into_configuration()),
        Err(errors) => Err(corrupt(&errors.to_string())),
    };
    let rule_sets: Vec<CorsConfiguration> = document.rule_sets.iter().map(rule_set).collect::<Result<_, _>>()?;
    let named = |(name, place): (String, Option<usize>)| match place.map(|place| rule_sets.get(place)) {
        Some(None) => Err(corrupt("a rule set is missing")),
        rules => Ok((name, rules.flatten().cloned())),
    };
    let rules: Rules = document.rules.into_iter().map(named).collect::<Result<_, _>>()?;
    let whole = match scope {
        Scope::Key(_) => matches!(rules.as_slice(), [(name, Some(_))] if name.is_empty()),
        Scope::Prefix(_) => rules.iter().all(|(name, _)| (1..=MAX_BUCKET_BYTES).contains(&name.len())),
    };
    if whole { Ok(rules) } else { Err(corrupt("other names than those of the rules")) }
}
