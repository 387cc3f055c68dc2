//! Why rules could not be loaded.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use oss_cors_core::ConfigErrors;

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
    /// More than one file of a folder is named after the bucket: none of them counts.
    SeveralFiles(Vec<PathBuf>),
    /// Looking at the file or loading it panicked, with this message. That is a defect of this library.
    Panicked(String),
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

    /// Whether there is no file at all.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(&self.kind, LoadErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(&self.path);
        match &self.kind {
            LoadErrorKind::Io(error) => write!(f, "cannot read the rule file `{path}`: {error}"),
            LoadErrorKind::Config(errors) => {
                write!(f, "the rule file `{path}` is wrong:")?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
            LoadErrorKind::Panicked(message) => {
                write!(f, "loading `{path}` panicked: {message}; please report this")
            }
            LoadErrorKind::SeveralFiles(paths) => {
                write!(f, "the rule file `{path}` is not the only one of its bucket; keep one of them:")?;
                paths.iter().try_for_each(|path| write!(f, "\n  `{}`", Shown(path)))
            }
        }
    }
}

/// A path in one line, whatever it is called: anyone who may write to a folder chooses the names in it.
struct Shown<'a>(&'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_string_lossy().chars().try_for_each(|found| match found {
            found if found.is_control() => write!(f, "{}", found.escape_debug()),
            found => write!(f, "{found}"),
        })
    }
}

impl fmt::Debug for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// No `source`: `Display` has shown it already, and an error is printed once.
impl std::error::Error for LoadError {}

/// Every file of a folder that could not be loaded, in the order of their buckets. Never empty.
pub struct LoadErrors(Vec<LoadError>);

impl LoadErrors {
    /// `Ok` for no error at all.
    pub(crate) fn check(errors: Vec<LoadError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The files' errors.
    pub fn iter(&self) -> std::slice::Iter<'_, LoadError> {
        self.0.iter()
    }
}

impl From<LoadError> for LoadErrors {
    fn from(error: LoadError) -> Self {
        Self(vec![error])
    }
}

impl<'a> IntoIterator for &'a LoadErrors {
    type Item = &'a LoadError;
    type IntoIter = std::slice::Iter<'a, LoadError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One file after the other.
impl fmt::Display for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display), because this is what a `main` that returns the error prints.
impl fmt::Debug for LoadErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for LoadErrors {}
