//! A rule file as it was read: its name, its bytes, and its format as far as the name tells.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use oss_cors_core::{FaultyFile, Format, MAX_FILE_BYTES, Profile, RuleFile};

use crate::escape;
use crate::finding::Finding;

#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Source {
    /// Reads `path`, `-` from standard input. A byte more than rule files may have at most: enough to know that there
    /// is too much.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        match read(path) {
            Ok(bytes) => Ok(Self { path: path.to_owned(), bytes }),
            Err(error) => Err(SourceError::Unreadable { path: path.to_owned(), error }),
        }
    }

    /// For people.
    pub fn name(&self) -> String {
        escape::file_name(&self.path)
    }

    /// As given: for programs.
    pub fn json_name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn extension(&self) -> Option<&str> {
        self.path.extension()?.to_str()
    }

    pub fn parse(&self, profile: Profile) -> Result<RuleFile, FaultyFile> {
        RuleFile::parse_or_draft(&self.bytes, self.extension().and_then(Format::from_extension), profile)
    }

    /// For verbs that need rules: a file that does not load is an error, with all its faults.
    pub fn load(path: &Path, profile: Profile) -> Result<RuleFile, SourceError> {
        let source = Self::read(path)?;
        source.parse(profile).map_err(|faulty| {
            let findings = faulty.errors().iter().map(Finding::error).collect();
            SourceError::Faulty { source, findings }
        })
    }
}

/// Why there is no file, or why there are no rules in it.
#[derive(Debug)]
pub enum SourceError {
    Unreadable {
        path: PathBuf,
        error: io::Error,
    },
    /// The file was read, and does not load.
    Faulty {
        source: Source,
        findings: Vec<Finding>,
    },
    /// Standard input is named twice, and can be read once.
    StandardInputTwice,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => write!(f, "cannot read `{}`: {error}", escape::file_name(path)),
            Self::Faulty { source, .. } => write!(f, "the rule file `{}` does not load", source.name()),
            Self::StandardInputTwice => f.write_str("standard input can be read once; name a file instead of one `-`"),
        }
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    if path.as_os_str() == "-" {
        io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Standard input can be read once.
pub fn only_once(one: &Path, other: &Path) -> Result<(), SourceError> {
    let stdin = |path: &Path| path.as_os_str() == "-";
    if stdin(one) && stdin(other) { Err(SourceError::StandardInputTwice) } else { Ok(()) }
}
