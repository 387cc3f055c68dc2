//! Single objects.

use axum::body::Body;
use axum::response::IntoResponse;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::answer::{Answer, no_content};
use super::bucket::{acl_answer, asked_acl};
use super::conditions::{Conditions, range, refusal};
use super::copy;
use super::kept::{KEPT, digest, record, value, written};
use crate::acl::Acl;
use crate::call::Call;
use crate::error::{ApiError, INTERNAL_ERROR, NOT_MODIFIED, invalid_argument, invalid_request, not_implemented};
use crate::server::Server;
use crate::signature::{Caller, Family};
use crate::store::{Object, Record};

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
    if call.own_header("callback").is_some() {
        return Err(not_implemented("x-oss-callback"));
    }
    let mut record = Record { key: key.to_owned(), ..record(&call.headers)? };
    let refusal = refusal(&call.headers)?;
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
