//! How an object stands in its file: a line of JSON, then the bytes. One file, so that both are always of one put.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::acl::Acl;
use crate::dates;

/// The most bytes that an object's record may take.
pub const MAX_RECORD_BYTES: usize = 64 << 10;

/// What a bucket is, beside its rules and objects.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct BucketRecord {
    /// In seconds since 1970.
    pub created: u64,
    pub acl: Acl,
}

/// What is known of an object beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub key: String,
    /// In double quotes, as in the header.
    pub etag: String,
    pub crc64: String,
    /// In seconds since 1970: HTTP knows no finer time.
    pub modified: u64,
    pub multipart: bool,
    /// Content-Type and what else is sent with the object, by name in lower case.
    pub headers: Vec<(String, String)>,
    /// The user's own, by name in lower case without `x-oss-meta-`.
    pub meta: Vec<(String, String)>,
    /// `None`: as the bucket says.
    pub acl: Option<Acl>,
}

/// An object in the index: valid for exactly one version of its file.
#[derive(Clone, Debug)]
pub struct Object {
    pub record: Arc<Record>,
    pub size: u64,
    /// How many bytes of the file stand before those of the object.
    pub offset: u64,
    /// The entity tag of the file, not of the object.
    pub version: Option<String>,
}

/// An upload that was begun.
#[derive(Clone)]
pub struct Upload {
    /// What the object will be.
    pub record: Record,
    pub parts: BTreeMap<u16, Object>,
}

impl Record {
    pub fn modified(&self) -> SystemTime {
        dates::recorded(self.modified)
    }

    /// The line, its end included. A record is text and numbers, which JSON always holds.
    pub fn line(&self) -> Bytes {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line.into()
    }

    /// The record at the beginning of a file, and how many bytes it takes.
    pub fn read(file: &[u8]) -> Option<(Self, u64)> {
        let end = file.iter().position(|byte| *byte == b'\n')?;
        let (line, _) = file.split_at_checked(end)?;
        Some((serde_json::from_slice(line).ok()?, end as u64 + 1))
    }
}

/// Now, as records have it.
pub fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
