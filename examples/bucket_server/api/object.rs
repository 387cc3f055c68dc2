//! Single objects.

use axum::body::Body;
use axum::response::IntoResponse;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::bucket::{acl_answer, asked_acl};
use super::conditions::{Conditions, range};
use super::{Answer, copy, no_content};
use crate::Server;
use crate::acl::Acl;
use crate::body::{crc64, md5};
use crate::call::Call;
use crate::error::{
    ApiError, FILE_ALREADY_EXISTS, INTERNAL_ERROR, NOT_MODIFIED, PRECONDITION_FAILED, invalid_argument,
    invalid_request, not_implemented,
};
use crate::signature::{Caller, Family};
use crate::store::{Object, Record, now};

/// The headers that are kept with an object, and that a query can replace in the answer (`response-content-type`).
const KEPT: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::EXPIRES,
];

/// GetObject and HeadObject.
pub async fn get(server: &Server, call: &Call, bucket: &str, key: &str) -> Answer {
    // Replaced between lookup and reading: look again, but not for ever.
    for _ in 0..8 {
        let object = server.store.object(bucket, key)?;
        let mut headers = headers(&object, call)?;
        match (Conditions { headers: &call.headers, prefix: "" }).check(&object.record) {
            Err(error) if error.status == NOT_MODIFIED.status => return Ok((headers, error).into_response()),
            checked => checked?,
        }
        let ranged = match range(&call.headers, &object) {
            Ok(range) => range,
            Err(error) => {
                let headers = [(header::CONTENT_RANGE, format!("bytes */{}", object.size))];
                return Ok((headers, error).into_response());
            }
        };
        let status = if ranged.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        if let Some(range) = &ranged {
            let text = format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), object.size);
            headers.insert(header::CONTENT_RANGE, HeaderValue::try_from(text).map_err(|_| INTERNAL_ERROR)?);
        }
        let range = ranged.unwrap_or(0..object.size);
        headers.insert(header::CONTENT_LENGTH, (range.end - range.start).into());
        if call.method == Method::HEAD {
            return Ok((status, headers).into_response());
        }
        if let Some(stream) = server.store.stream(bucket, &object, range).await? {
            return Ok((status, headers, Body::from_stream(stream)).into_response());
        }
    }
    Err(INTERNAL_ERROR)
}

/// PutObject and CopyObject.
pub async fn put(server: &Server, call: &mut Call, bucket: &str, key: &str) -> Answer {
    if call.own_header("copy-source").is_some() {
        return copy::copy(server, call, bucket, key).await;
    }
    if call.headers.contains_key(header::IF_MATCH) || call.own_header("callback").is_some() {
        return Err(not_implemented("If-Match or x-oss-callback on PutObject"));
    }
    let mut record = Record { key: key.to_owned(), ..record(&call.headers)? };
    let refusal = if call.headers.contains_key(header::IF_NONE_MATCH) {
        Some(PRECONDITION_FAILED)
    } else {
        call.own_header("forbid-overwrite").filter(|value| *value == "true").map(|_| FILE_ALREADY_EXISTS)
    };
    let body = call.body(server, server.limits.max_object_bytes).await?;
    digest(&mut record, &body.bytes);
    let object = server.store.put(bucket, record, body.bytes.clone(), refusal).await?;
    Ok((written(&object)?, StatusCode::OK).into_response())
}

/// Also where there is none.
pub async fn delete(server: &Server, bucket: &str, key: &str) -> Answer {
    server.store.delete(bucket, key).await?;
    Ok(no_content())
}

pub fn acl(server: &Server, call: &Call, bucket: &str, key: &str) -> Answer {
    let own = server.store.object(bucket, key)?.record.acl;
    let bucket = server.store.bucket(bucket)?.acl;
    Ok(acl_answer(call.family, own.map_or("default", Acl::name), own.unwrap_or(bucket)))
}

pub async fn put_acl(server: &Server, call: &mut Call, bucket: &str, key: &str) -> Answer {
    let acl = asked_acl(server, call).await?;
    server.store.set_acl(bucket, key, acl).await?;
    Ok(StatusCode::OK.into_response())
}

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

/// The headers of the answer to whoever reads it.
fn headers(object: &Object, call: &Call) -> Result<HeaderMap, ApiError> {
    let record = &object.record;
    let mut headers = written(object)?;
    headers.insert(header::LAST_MODIFIED, value(&httpdate::fmt_http_date(record.modified()))?);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    for (name, text) in &record.headers {
        headers.insert(HeaderName::try_from(name).map_err(|_| INTERNAL_ERROR)?, value(text)?);
    }
    for (name, text) in &record.meta {
        let name = format!("{}meta-{name}", call.family.prefix());
        headers.append(HeaderName::try_from(name).map_err(|_| INTERNAL_ERROR)?, value(text)?);
    }
    for name in KEPT {
        let parameter = format!("response-{name}");
        let Some(text) = call.query.filled(&parameter) else { continue };
        // Whoever finds a public object could make a page of it.
        if call.caller == Caller::Anonymous {
            return Err(invalid_request("Only signed requests may replace headers of the answer."));
        }
        let invalid = |_| invalid_argument(&parameter, text, "Not a value of a header.");
        headers.insert(name, HeaderValue::from_bytes(text.as_bytes()).map_err(invalid)?);
    }
    if call.family == Family::Oss {
        let kind = if record.multipart { "Multipart" } else { "Normal" };
        headers.insert("x-oss-object-type", HeaderValue::from_static(kind));
        headers.insert("x-oss-storage-class", HeaderValue::from_static("Standard"));
    }
    Ok(headers)
}

fn value(text: &str) -> Result<HeaderValue, ApiError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| INTERNAL_ERROR)
}
