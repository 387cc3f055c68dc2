//! What a source in etcd tells of its life.

use std::fmt;

use oss_cors_core::ConfigErrors;

use super::error::{EtcdError, faults};
use crate::log::Level;
use crate::text::quoted;

/// Something happened to the rules in etcd. `name` is the key or, under a prefix, the bucket.
///
/// `Display` is for a log: text from etcd in it is escaped, and cut at 128 bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EtcdEvent {
    /// New rules are in force.
    Loaded {
        /// Whose.
        name: String,
        /// etcd's revision of them.
        revision: i64,
    },
    /// The rules are bad; those in force stay, and a bucket that had none refuses. Reported once for each content.
    Failed {
        /// Whose.
        name: String,
        /// etcd's revision of them.
        revision: i64,
        /// All their faults.
        errors: ConfigErrors,
    },
    /// After bad rules, or none: those that are in force stand in etcd again.
    Recovered {
        /// Whose.
        name: String,
        /// etcd's revision of them.
        revision: i64,
    },
    /// The key is gone. A bucket is gone with it; the rules of a single key stay in force.
    Deleted {
        /// Whose.
        name: String,
        /// The revision of the deletion, or that at which it was noticed.
        revision: i64,
    },
    /// A key under the prefix that names no bucket: nothing follows the prefix, or no UTF-8.
    Ignored {
        /// What follows the prefix.
        name: String,
        /// etcd's revision of it.
        revision: i64,
    },
    /// etcd does not answer any more. The rules in force stay, and it is asked again until it does. Reported once, and again
    /// when the kind of the error changes.
    Disconnected {
        /// Why.
        error: EtcdError,
    },
    /// etcd answers again, and its rules are in force: all of them were read again.
    Reconnected {
        /// Who.
        endpoint: String,
        /// The revision of etcd.
        revision: i64,
    },
    /// The rules of the start are from the cache, because etcd gave none. It is asked until it does.
    StartedFromCache {
        /// Why.
        error: EtcdError,
    },
    /// The cache file could not be written; the older one stays. It is tried again at the next change.
    CacheFailed {
        /// Why.
        error: EtcdError,
    },
}

impl EtcdEvent {
    /// How loud it is in a log.
    pub(super) fn level(&self) -> Level {
        match self {
            Self::Loaded { .. } | Self::Recovered { .. } | Self::Reconnected { .. } => Level::Info,
            Self::Deleted { .. } | Self::Ignored { .. } | Self::StartedFromCache { .. } | Self::CacheFailed { .. } => {
                Level::Warn
            }
            Self::Failed { .. } | Self::Disconnected { .. } => Level::Error,
        }
    }
}

impl fmt::Display for EtcdEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded { name, revision } => write!(f, "loaded `{}` of revision {revision}", quoted(name)),
            Self::Failed { name, revision, errors } => {
                let head = format!("kept the old rules, `{}` of revision {revision} is wrong:", quoted(name));
                f.write_str(&faults(&head, errors))
            }
            Self::Recovered { name, revision } => {
                write!(f, "`{}` of revision {revision} is what is in force", quoted(name))
            }
            Self::Deleted { name, revision } => write!(f, "`{}` is deleted as of revision {revision}", quoted(name)),
            Self::Ignored { name, revision } => {
                write!(f, "ignored the key `{}` of revision {revision}: it names no bucket", quoted(name))
            }
            Self::Disconnected { error } => write!(f, "etcd is lost: {error}"),
            Self::Reconnected { endpoint, revision } => {
                write!(f, "etcd at `{}` answers, at revision {revision}", quoted(endpoint))
            }
            Self::StartedFromCache { error } => write!(f, "started from the cache: {error}"),
            Self::CacheFailed { error } => error.fmt(f),
        }
    }
}
