//! Copies: of an object, and of a part of one into a multipart upload.

use bytes::Bytes;
use http::HeaderValue;

use super::answer::{Answer, may, xml};
use super::conditions::{Conditions, parse, refusal};
use super::kept::record;
use crate::acl::Permission;
use crate::call::Call;
use crate::dates;
use crate::error::{
    ACCESS_DENIED, ApiError, INVALID_RANGE, NO_SUCH_VERSION, NOT_MODIFIED, PRECONDITION_FAILED, invalid_argument,
    invalid_request,
};
use crate::server::Server;
use crate::store::{Object, Record, now};
use crate::target::{decode, is_bucket_name, is_key};
use crate::xml::Xml;

pub async fn copy(server: &Server, call: &mut Call, bucket: &str, key: &str) -> Answer {
    let Source { bucket: from, object, bytes } = source(server, call).await?;
    let old = Record::clone(&object.record);
    let replace = call.own_header("metadata-directive").is_some_and(|directive| directive == "REPLACE");
    if !replace && from == bucket && old.key == key {
        return Err(invalid_request("An object is copied onto itself without new metadata."));
    }
    let (given, refusal) = (record(&call.headers)?, refusal(&call.headers)?);
    let (headers, meta) = if replace { (given.headers, given.meta) } else { (old.headers, old.meta) };
    let record = Record { key: key.to_owned(), headers, meta, modified: now(), acl: given.acl, ..old };
    let copied = server.store.put(bucket, record, bytes, refusal).await?;
    Ok(xml(result("CopyObjectResult", &copied)))
}

/// The answer to a copy.
pub fn result(root: &str, copied: &Object) -> String {
    Xml::document(root, |xml| {
        xml.text("LastModified", dates::listed(copied.record.modified())).text("ETag", &copied.record.etag);
    })
}

/// What is to be copied.
pub struct Source {
    bucket: String,
    object: Object,
    /// All of the object, or the range that is asked for.
    pub bytes: Bytes,
}

pub async fn source(server: &Server, call: &Call) -> Result<Source, ApiError> {
    let text = call.own_header("copy-source").and_then(|source| source.to_str().ok()).unwrap_or_default();
    let invalid = || invalid_argument("x-oss-copy-source", text, "Not `/bucket/key`, percent-encoded.");
    let (path, version) = text.split_once("?versionId=").unwrap_or((text, "null"));
    let path = decode(path.strip_prefix('/').unwrap_or(path)).ok_or_else(invalid)?;
    let (bucket, key) = path.split_once('/').ok_or_else(invalid)?;
    if !is_bucket_name(bucket) || !is_key(key) {
        return Err(invalid());
    }
    if version != "null" {
        return Err(NO_SUCH_VERSION);
    }
    server.store.bucket(bucket)?;
    if !may(server, call.caller, bucket, key, Permission::Read) {
        return Err(ACCESS_DENIED);
    }
    let (object, bytes) = server.store.load(bucket, key).await?;
    for prefix in ["x-oss-copy-source-", "x-amz-copy-source-"] {
        let checked = Conditions { headers: &call.headers, prefix }.check(&object.record);
        // Nothing is read by the client that it could have already.
        checked.map_err(|error| if error.code == NOT_MODIFIED.code { PRECONDITION_FAILED } else { error })?;
    }
    let range = call.own_header("copy-source-range").map(|range: &HeaderValue| range.to_str().unwrap_or_default());
    let bytes = match range {
        None => bytes,
        Some(text) => {
            let range = parse(text).and_then(|range| range.as_range(object.size).ok()).ok_or(INVALID_RANGE)?;
            let range = usize::try_from(range.start).ok().zip(usize::try_from(range.end).ok());
            let part = range.and_then(|(start, end)| bytes.get(start..end)).ok_or(INVALID_RANGE)?;
            bytes.slice_ref(part)
        }
    };
    Ok(Source { bucket: bucket.to_owned(), object, bytes })
}
