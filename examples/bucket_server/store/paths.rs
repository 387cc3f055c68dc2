//! Where everything stands. Nothing of a path is written by a client but names of buckets, which are checked: of an
//! object only the hash of its key, of an upload only the id that it was given.
//!
//! ```text
//! buckets/NAME/bucket              its record, written first and deleted first
//! buckets/NAME/cors.xml            its rules
//! buckets/NAME/objects/SHA256      the objects, by the hash of their keys
//! buckets/NAME/uploads/ID/upload   what an upload will be
//! buckets/NAME/uploads/ID/00042    a part of it
//! ```

use object_store::path::Path;

use crate::digest::sha256_hex;

pub fn bucket(bucket: &str) -> Path {
    Path::from_iter(["buckets", bucket, "bucket"])
}

pub fn rules(bucket: &str) -> Path {
    Path::from_iter(["buckets", bucket, "cors.xml"])
}

pub fn object(bucket: &str, key: &str) -> Path {
    Path::from_iter(["buckets", bucket, "objects", &sha256_hex(key.as_bytes())])
}

pub fn upload(bucket: &str, id: &str) -> Path {
    Path::from_iter(["buckets", bucket, "uploads", id, "upload"])
}

pub fn part(bucket: &str, id: &str, number: u16) -> Path {
    Path::from_iter(["buckets", bucket, "uploads", id, &format!("{number:05}")])
}

/// What a path is of.
pub enum Kind<'a> {
    Bucket,
    Rules,
    Object,
    Upload(&'a str),
    Part(&'a str, u16),
}

/// The bucket that a path belongs to, and what it is.
pub fn parse(path: &Path) -> Option<(&str, Kind<'_>)> {
    let parts: Vec<&str> = path.as_ref().split('/').collect();
    match *parts.as_slice() {
        ["buckets", bucket, "bucket"] => Some((bucket, Kind::Bucket)),
        ["buckets", bucket, "cors.xml"] => Some((bucket, Kind::Rules)),
        ["buckets", bucket, "objects", _] => Some((bucket, Kind::Object)),
        ["buckets", bucket, "uploads", id, "upload"] => Some((bucket, Kind::Upload(id))),
        ["buckets", bucket, "uploads", id, number] => Some((bucket, Kind::Part(id, number.parse().ok()?))),
        _ => None,
    }
}
