//! What a watch is about: where to look, and what becomes of what was found there.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use oss_cors_core::{Profile, RuleFile};

use super::paths::WatchedPaths;
use super::snapshot::{Fingerprint, Snapshot};
use crate::error::{LoadError, LoadErrorKind};
use crate::file;
use crate::panics::caught;

/// What is looked at: a bucket's file, or with `None` the watched path itself.
pub(crate) type Key = Option<String>;

/// Whoever has the rules that are watched.
pub(crate) trait Target: Send + 'static {
    /// What there is to look at now.
    fn scan(&mut self) -> Scan;

    /// Which rules about rules apply.
    fn profile(&self) -> Profile;

    /// `outcome` has settled, and is new or was `asked` for by a reload.
    fn apply(&mut self, key: &Key, outcome: Outcome, asked: bool);

    /// As [`WatchEvent::Growing`](crate::WatchEvent::Growing).
    fn growing(&mut self, key: &Key, path: &Path, after: Duration);

    /// As [`WatchEvent::Polling`](crate::WatchEvent::Polling).
    fn polling(&mut self, reason: String);

    /// The watch panicked, and starts again in a moment: then every outcome is applied again.
    fn panicked(&mut self, message: String);
}

#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) paths: WatchedPaths,
    pub(crate) locations: BTreeMap<Key, Location>,
    /// Whether what is not among the locations is gone, rather than out of sight.
    pub(crate) is_whole: bool,
}

/// Where to look for one key.
pub(crate) enum Location {
    File {
        /// As it was given.
        path: PathBuf,
        /// Without symbolic links.
        resolved: PathBuf,
    },
    /// It is known already what is there, and it is no file to read.
    Known { path: PathBuf, fingerprint: Fingerprint },
}

pub(crate) enum Outcome {
    Rules(RuleFile),
    Invalid(LoadError),
    /// What had a location has none any more.
    Gone,
    /// A folder that can be listed.
    Listed,
}

impl Location {
    pub(super) fn path(&self) -> &Path {
        let (Self::File { path, .. } | Self::Known { path, .. }) = self;
        path
    }

    pub(super) fn resolved(&self) -> Option<&Path> {
        match self {
            Self::File { resolved, .. } => Some(resolved),
            Self::Known { .. } => None,
        }
    }

    /// What is there; a file is not read again if it is as `known`.
    pub(super) fn look(&self, known: Option<&Fingerprint>) -> Snapshot {
        match self {
            Self::File { resolved, .. } => Snapshot::of(resolved, known),
            Self::Known { fingerprint, .. } => fingerprint.clone().into(),
        }
    }

    /// What the snapshot says. Never panics: a file that makes its reader panic concerns no other file.
    pub(super) fn outcome(&self, fingerprint: &Fingerprint, bytes: Option<&[u8]>, profile: Profile) -> Outcome {
        caught(|| self.read(fingerprint, bytes, profile))
            .unwrap_or_else(|message| Outcome::Invalid(LoadError::panicked(self.path(), message)))
    }

    fn read(&self, fingerprint: &Fingerprint, bytes: Option<&[u8]>, profile: Profile) -> Outcome {
        let invalid = |kind| Outcome::Invalid(LoadError::new(self.path(), kind));
        match (fingerprint, bytes) {
            (_, Some(bytes)) => match file::parse(self.path(), bytes, profile) {
                Ok(rules) => Outcome::Rules(rules),
                Err(error) => Outcome::Invalid(error),
            },
            (Fingerprint::Listed, None) => Outcome::Listed,
            (Fingerprint::Several(paths), None) => invalid(LoadErrorKind::SeveralFiles(paths.clone())),
            (Fingerprint::Unreadable(kind, reason), None) => {
                invalid(LoadErrorKind::Io(io::Error::new(*kind, reason.clone())))
            }
            // Content comes with its bytes: only what was applied already is not read again.
            (Fingerprint::Missing | Fingerprint::Content { .. } | Fingerprint::Changing, None) => {
                let reason = "there is nothing at the path";
                invalid(LoadErrorKind::Io(io::Error::new(io::ErrorKind::NotFound, reason)))
            }
        }
    }
}
