//! What is kept with an object's bytes, and what its writer is answered.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::acl::Acl;
use crate::digest::{crc64, md5};
use crate::error::{ApiError, INTERNAL_ERROR, invalid_argument};
use crate::store::{Object, Record, now};

/// The headers that are kept with an object, and that a query can replace in the answer (`response-content-type`).
pub const KEPT: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::EXPIRES,
];

/// What a request wants to be kept with an object's bytes.
pub fn record(headers: &HeaderMap) -> Result<Record, ApiError> {
    let text = |name: &HeaderName, value: &HeaderValue| {
        let text = std::str::from_utf8(value.as_bytes()).map(str::to_owned);
        text.map_err(|_| invalid_argument(name.as_str(), "", "A header that is kept must be UTF-8."))
    };
    let mut record = Record { acl: Acl::from_headers(headers)?, modified: now(), ..Record::default() };
    for (name, value) in headers {
        let own = name.as_str().strip_prefix("x-oss-meta-").or_else(|| name.as_str().strip_prefix("x-amz-meta-"));
        if let Some(own) = own {
            record.meta.push((own.to_owned(), text(name, value)?));
        } else if KEPT.contains(name) {
            // A signature covers the first line at most.
            if headers.get_all(name).iter().nth(1).is_some() {
                return Err(invalid_argument(name.as_str(), "", "The header is there twice; send one line."));
            }
            record.headers.push((name.to_string(), text(name, value)?));
        }
    }
    // How the body came, not what it is.
    for (_, value) in record.headers.iter_mut().filter(|(name, _)| name == header::CONTENT_ENCODING.as_str()) {
        let codings: Vec<_> = value.split(',').map(str::trim).filter(|coding| *coding != "aws-chunked").collect();
        *value = codings.join(", ");
    }
    record.headers.retain(|(_, value)| !value.is_empty());
    Ok(record)
}

/// Entity tag and checksum of the bytes. In lower case: clients of S3 compare tags with digests of their own.
pub fn digest(record: &mut Record, bytes: &[u8]) {
    record.etag = format!("\"{}\"", hex::encode(md5(bytes)));
    record.crc64 = crc64(bytes);
}

/// The headers of the answer to whoever wrote an object, or a part of one.
pub fn written(object: &Object) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, value(&object.record.etag)?);
    headers.insert("x-oss-hash-crc64ecma", value(&object.record.crc64)?);
    // The MD5 of an object that was put whole.
    if let Ok(digest) = hex::decode(object.record.etag.trim_matches('"')) {
        headers.insert("content-md5", value(&BASE64_STANDARD.encode(digest))?);
    }
    Ok(headers)
}

pub fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| INTERNAL_ERROR)
}
