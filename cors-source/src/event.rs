//! What a watch tells whoever listens.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::changes::RuleChanges;
use crate::error::LoadError;
use crate::log::Level;
use crate::text::quoted;

/// Something happened to watched rules. `Display` is for a log: the first line says it, errors follow one a line.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchEvent {
    /// New rules are in force.
    Loaded {
        /// Their generation.
        generation: u64,
        /// What they change against those that the watch has put in force before.
        changes: RuleChanges,
    },
    /// The rules in force stay: the file is wrong or cannot be read. Reported once, as long as it says the same.
    Failed {
        /// Everything that is wrong.
        error: LoadError,
    },
    /// The rules in force stay: the file is gone, or of a watched folder all of it. Reported once.
    Missing,
    /// After a failure the file says again what is in force.
    Recovered,
    /// A reload that was asked for found what is in force already.
    Unchanged,
    /// The file of a bucket is gone from its folder: so is the bucket.
    Removed,
    /// A file grew soon after its rules were put in force, and still begins as it did then. Perhaps its writer had paused
    /// in the middle, and a part of the rules was in force: write to another file and rename it, which is safe. What the
    /// whole file says comes next.
    Growing {
        /// The file.
        path: PathBuf,
        /// How long after it was taken.
        after: Duration,
    },
    /// From now on changes are looked for at intervals: the kernel does not tell of them. They still take effect within
    /// a second.
    Polling {
        /// Why the kernel does not tell.
        why: String,
    },
}

impl WatchEvent {
    /// How loud it is in a log.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Loaded { .. } | Self::Recovered | Self::Unchanged => Level::Info,
            Self::Removed | Self::Growing { .. } | Self::Polling { .. } => Level::Warn,
            Self::Failed { .. } | Self::Missing => Level::Error,
        }
    }
}

impl fmt::Display for WatchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { generation, changes } => write!(f, "generation {generation} is in force: {changes}"),
            Self::Failed { error } => write!(f, "the rules in force stay: {error}"),
            Self::Missing => f.write_str("the rules in force stay: there is nothing at the path any more"),
            Self::Recovered => f.write_str("recovered: the rules in force are what the file says"),
            Self::Unchanged => f.write_str("no change"),
            Self::Growing { path, after } => write!(
                f,
                "the file `{}` grew {:.1} s after it was taken, so a part of its rules may have been in force; write to \
                 another file and rename it",
                quoted(&path.to_string_lossy()),
                after.as_secs_f32()
            ),
            Self::Removed => f.write_str("the bucket is gone with its file"),
            Self::Polling { why } => write!(f, "changes are looked for at intervals, the kernel does not tell: {why}"),
        }
    }
}
