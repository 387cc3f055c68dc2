//! Why buckets were not replaced: which of them have faults.

use std::fmt;

use crate::error::ConfigErrors;

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

/// A bucket and what is wrong with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketError {
    bucket: String,
    errors: ConfigErrors,
}

impl BucketError {
    pub(super) fn new(bucket: String, errors: ConfigErrors) -> Self {
        Self { bucket, errors }
    }

    /// The name, at most [`MAX_QUOTED`](crate::MAX_QUOTED) bytes of it.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Every fault of its rules.
    pub fn errors(&self) -> &ConfigErrors {
        &self.errors
    }
}

/// One fault a line, each with the bucket's name.
impl fmt::Display for BucketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let line = if index > 0 { "\n" } else { "" };
            write!(f, "{line}bucket `{}`: {error}", self.bucket.escape_debug())?;
        }
        Ok(())
    }
}

impl std::error::Error for BucketError {}
