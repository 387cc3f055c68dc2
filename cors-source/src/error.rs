//! Why rules could not be loaded.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use cors_core::ConfigErrors;

/// A rule file that could not be read, or that has faults.
///
/// `Display` tells everything, one fault a line; `Debug` too, because that is what a `main` that returns it prints.
pub struct LoadError {
    path: PathBuf,
    kind: LoadErrorKind,
}

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file could not be read.
    Io(io::Error),
    /// The file was read and is wrong: all its faults.
    Config(ConfigErrors),
}

impl LoadError {
    pub(crate) fn new(path: &Path, kind: LoadErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What went wrong.
    pub fn kind(&self) -> &LoadErrorKind {
        &self.kind
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            LoadErrorKind::Io(error) => write!(f, "cannot read the rule file `{path}`: {error}"),
            LoadErrorKind::Config(errors) => {
                write!(f, "the rule file `{path}` is wrong:")?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
        }
    }
}

impl fmt::Debug for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// No `source`: `Display` has told it already, and an error is printed once.
impl std::error::Error for LoadError {}
