//! What a watch reports while it runs.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use oss_cors_core::ConfigErrors;

use crate::changes::RuleChanges;
use crate::error::LoadError;
#[cfg(feature = "etcd")]
use crate::etcd::EtcdError;
use crate::text::quoted;

/// Something happened to watched rules: those of a file, of a folder or of etcd.
///
/// `bucket` is the bucket that an event is about. It is `None` where the source has only one rule set, and for what
/// concerns a folder or a prefix as a whole.
///
/// `Display` is for a log. The first line has the message, faults follow one a line; text from others is escaped.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchEvent {
    /// New rules are in force.
    #[non_exhaustive]
    Reloaded {
        /// Whose rules.
        bucket: Option<String>,
        /// The generation of the handle, or of all buckets.
        generation: u64,
        /// What they change against those that were in force before.
        changes: RuleChanges,
        /// etcd's revision of the rules; `None` for files.
        revision: Option<i64>,
    },
    /// The rules in force stay, because the newer ones are wrong or cannot be read. A bucket that had no rules refuses.
    /// Reported once, as long as the source says the same.
    #[non_exhaustive]
    Failed {
        /// Whose rules.
        bucket: Option<String>,
        /// Everything that is wrong.
        error: WatchError,
    },
    /// After a failure: the source has again the rules that are in force.
    #[non_exhaustive]
    Recovered {
        /// Whose rules.
        bucket: Option<String>,
    },
    /// The file or the key is gone. A bucket is gone with it. The rules of a single file or key stay in force, and so do
    /// all rules of a folder that is gone. Reported once.
    #[non_exhaustive]
    Deleted {
        /// Whose rules.
        bucket: Option<String>,
    },
    /// A reload that was asked for found the rules that are in force already.
    Unchanged,
    /// A file grew soon after its rules were put in force, and begins as it was then. Perhaps its writer had paused
    /// in the middle, and a part of the rules was in force: write to another file and rename it, which is safe. The
    /// rules of the whole file are loaded next.
    #[non_exhaustive]
    Growing {
        /// Whose rules.
        bucket: Option<String>,
        /// The file.
        path: PathBuf,
        /// The time from the load to the growth.
        after: Duration,
    },
    /// From now on changes are looked for at intervals, because the operating system does not report them. They still
    /// take effect within a second.
    #[non_exhaustive]
    Polling {
        /// Why the operating system does not report them.
        reason: String,
    },
    /// An entry of the source that names no bucket is left out: in etcd a key where nothing follows the prefix, or
    /// something that is too long or no UTF-8.
    #[non_exhaustive]
    Ignored {
        /// What stands for the bucket's name.
        name: String,
    },
    /// etcd does not answer. The rules in force stay, and it is asked again until it does. Reported once, and again
    /// when the kind of the error changes.
    #[non_exhaustive]
    Disconnected {
        /// Why.
        error: WatchError,
    },
    /// etcd answers again, and its rules are in force.
    #[non_exhaustive]
    Reconnected {
        /// Which endpoint.
        endpoint: String,
    },
    /// The rules of the start are from the cache, because etcd gave none. It is asked until it does.
    #[non_exhaustive]
    StartedFromCache {
        /// Why.
        error: WatchError,
    },
    /// The cache of etcd's rules could not be written; the older one stays. It is tried again at the next change.
    #[non_exhaustive]
    CacheFailed {
        /// Why.
        error: WatchError,
    },
}

/// Why newer rules are not in force.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchError {
    /// Of a file or a folder.
    File(LoadError),
    /// Of etcd.
    #[cfg(feature = "etcd")]
    Etcd(EtcdError),
}

impl WatchEvent {
    /// The bucket that the event is about.
    pub fn bucket(&self) -> Option<&str> {
        match self {
            Self::Reloaded { bucket, .. }
            | Self::Failed { bucket, .. }
            | Self::Recovered { bucket, .. }
            | Self::Deleted { bucket, .. }
            | Self::Growing { bucket, .. } => bucket.as_deref(),
            _ => None,
        }
    }
}

impl WatchError {
    /// The faults of the rules, each with its place, if they could be read.
    pub fn faults(&self) -> Option<&ConfigErrors> {
        match self {
            Self::File(error) => error.faults(),
            #[cfg(feature = "etcd")]
            Self::Etcd(error) => error.faults(),
        }
    }
}

impl From<LoadError> for WatchError {
    fn from(error: LoadError) -> Self {
        Self::File(error)
    }
}

#[cfg(feature = "etcd")]
impl From<EtcdError> for WatchError {
    fn from(error: EtcdError) -> Self {
        Self::Etcd(error)
    }
}

impl fmt::Display for WatchEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(bucket) = self.bucket() {
            write!(f, "bucket `{}`: ", quoted(bucket))?;
        }
        match self {
            Self::Reloaded { generation, changes, revision, .. } => {
                write!(f, "generation {generation} is in force: {changes}")?;
                revision.map_or(Ok(()), |revision| write!(f, " (revision {revision})"))
            }
            Self::Failed { error, .. } => write!(f, "the rules in force stay: {error}"),
            Self::Recovered { .. } => f.write_str("recovered: the source has the rules that are in force"),
            Self::Deleted { bucket: Some(_) } => f.write_str("deleted, as its rules are"),
            Self::Deleted { bucket: None } => f.write_str("the rules in force stay: there are none at the source"),
            Self::Unchanged => f.write_str("no change"),
            Self::Growing { path, after, .. } => write!(
                f,
                "the file `{}` grew {:.1} s after its rules were put in force: a part of the rules may have been in \
                 force; write to another file and rename it",
                quoted(&path.to_string_lossy()),
                after.as_secs_f32()
            ),
            Self::Polling { reason } => {
                write!(f, "changes are looked for at intervals, the operating system does not report them: {reason}")
            }
            Self::Ignored { name } => write!(f, "ignored `{}`: it names no bucket", quoted(name)),
            Self::Disconnected { error } => write!(f, "etcd does not answer, the rules in force stay: {error}"),
            Self::Reconnected { endpoint } => write!(f, "etcd answers at `{}`", quoted(endpoint)),
            Self::StartedFromCache { error } => write!(f, "started from the cache: {error}"),
            Self::CacheFailed { error } => error.fmt(f),
        }
    }
}

impl fmt::Display for WatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            #[cfg(feature = "etcd")]
            Self::Etcd(error) => error.fmt(f),
        }
    }
}

/// No `source`: `Display` has the whole message already, and an error is printed once.
impl std::error::Error for WatchError {}
