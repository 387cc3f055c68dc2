//! Why buckets were not replaced: which of them have faults.

use std::fmt;

use oss_cors_core::ConfigErrors;

use super::name::BucketNameError;

/// The faults of every bucket that has some, in the order of the buckets. Never empty.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketErrors(Vec<BucketError>);

impl BucketErrors {
    /// `Ok` for no fault at all.
    pub(super) fn check(errors: Vec<BucketError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }

    /// The buckets with faults, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, BucketError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a BucketErrors {
    type Item = &'a BucketError;
    type IntoIter = std::slice::Iter<'a, BucketError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One fault a line.
impl fmt::Display for BucketErrors {
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
impl fmt::Debug for BucketErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BucketErrors {}

/// A bucket and why it could not be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketError {
    bucket: String,
    error: SetBucketError,
}

impl BucketError {
    pub(super) fn new(bucket: String, error: SetBucketError) -> Self {
        Self { bucket, error }
    }

    /// The name, at most [`MAX_QUOTED`](oss_cors_core::MAX_QUOTED) bytes of it.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What is wrong with its name or its rules.
    pub fn error(&self) -> &SetBucketError {
        &self.error
    }
}

/// One fault a line, each with the bucket's name.
impl fmt::Display for BucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bucket = self.bucket.escape_debug();
        match &self.error {
            SetBucketError::Name(error) => write!(f, "bucket `{bucket}`: {error}"),
            SetBucketError::Rules(errors) => {
                for (index, error) in errors.iter().enumerate() {
                    let line = if index > 0 { "\n" } else { "" };
                    write!(f, "{line}bucket `{bucket}`: {error}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for BucketError {}

/// Why [`Buckets::set`](crate::Buckets::set) changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetBucketError {
    /// No bucket can have this name.
    Name(BucketNameError),
    /// Every fault of the rules.
    Rules(ConfigErrors),
}

impl From<BucketNameError> for SetBucketError {
    fn from(error: BucketNameError) -> Self {
        Self::Name(error)
    }
}

impl From<ConfigErrors> for SetBucketError {
    fn from(errors: ConfigErrors) -> Self {
        Self::Rules(errors)
    }
}

impl fmt::Display for SetBucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => error.fmt(f),
            Self::Rules(errors) => errors.fmt(f),
        }
    }
}

impl std::error::Error for SetBucketError {}
