//! The name of a bucket.

use std::fmt;

/// The most bytes of a bucket's name. Our choice: the longest name DNS knows; OSS and S3 take 63.
pub const MAX_BUCKET_BYTES: usize = 255;

/// A name that no bucket can have: empty, or longer than [`MAX_BUCKET_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketNameError {
    bytes: usize,
}

impl fmt::Display for BucketNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            0 => f.write_str("the bucket's name is empty; give it one"),
            bytes => write!(f, "the bucket's name has {bytes} bytes; at most {MAX_BUCKET_BYTES} are allowed"),
        }
    }
}

impl std::error::Error for BucketNameError {}

pub(super) fn check_name(bucket: &str) -> Result<(), BucketNameError> {
    if bucket.is_empty() || bucket.len() > MAX_BUCKET_BYTES {
        return Err(BucketNameError { bytes: bucket.len() });
    }
    Ok(())
}
