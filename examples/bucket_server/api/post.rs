//! PostObject: an upload by a form, as a browser sends it.

use axum::response::IntoResponse;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer::{Answer, xml};
use super::conditions::refusal;
use super::kept::{digest, record, written};
use super::policy::{self, Upload};
use crate::call::{Call, Payload};
use crate::error::{ApiError, INVALID_OBJECT_NAME, malformed_form};
use crate::form::{Fields, Form};
use crate::server::Server;
use crate::signature::is_s3;
use crate::store::Record;
use crate::target::is_key;
use crate::xml::Xml;

pub async fn post(server: &Server, call: &mut Call, bucket: &str) -> Answer {
    let Payload::Form(Ok(head)) = &call.payload else {
        return Err(malformed_form("The body is not multipart/form-data."));
    };
    let key = head.key().ok_or_else(|| malformed_form("The form has no field `key`."))?;
    if !is_key(&key) {
        return Err(INVALID_OBJECT_NAME);
    }
    let form = call.form(server, server.limits.max_object_bytes).await?;
    if let Some(encoded) = form.fields.get("policy") {
        let field = |name: &str| match name {
            "bucket" => Some(bucket.to_owned()),
            "key" => Some(key.clone()),
            name => form.fields.get(name).map(str::to_owned),
        };
        let all_named = is_s3(&form.fields).then_some(&form.fields);
        policy::check(encoded, &Upload { field: &field, all_named, size: form.file.len() as u64 })?;
    }
    let fields = headers(&form)?;
    let (mut record, refusal) = (Record { key: key.clone(), ..record(&fields)? }, refusal(&fields)?);
    digest(&mut record, &form.file);
    let object = server.store.put(bucket, record, form.file.clone(), refusal).await?;
    let mut headers = written(&object)?;
    if let Some(page) = redirect(&form, bucket, &key, &object.record.etag) {
        headers.insert(header::LOCATION, page);
        return Ok((StatusCode::SEE_OTHER, headers).into_response());
    }
    let location = if call.target.virtual_host {
        format!("http://{}/{key}", call.host)
    } else {
        format!("http://{}/{bucket}/{key}", call.host)
    };
    if let Ok(location) = HeaderValue::try_from(&location) {
        headers.insert(header::LOCATION, location);
    }
    Ok(match form.fields.get("success_action_status") {
        Some("200") => (StatusCode::OK, headers).into_response(),
        Some("201") => {
            let body = xml(Xml::document("PostResponse", |xml| {
                xml.text("Bucket", bucket)
                    .text("Location", location)
                    .text("Key", key)
                    .text("ETag", &object.record.etag);
            }));
            (StatusCode::CREATED, headers, body).into_response()
        }
        _ => (StatusCode::NO_CONTENT, headers).into_response(),
    })
}

/// Where the browser goes on, if the form says so.
fn redirect(form: &Form, bucket: &str, key: &str, etag: &str) -> Option<HeaderValue> {
    let page: Uri = form.fields.get("success_action_redirect")?.parse().ok()?;
    page.scheme()?;
    let reported = [("bucket", bucket), ("key", key), ("etag", etag)];
    let reported = reported.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    let separator = if page.query().is_some() { '&' } else { '?' };
    HeaderValue::try_from(format!("{page}{separator}{}", reported.join("&"))).ok()
}

/// The fields that are the headers of an object put in another way.
fn headers(form: &Form) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    let content_type = form.content_type.iter().map(|value| (header::CONTENT_TYPE.as_str(), value.as_str()));
    for (name, value) in content_type.chain(Fields::iter(&form.fields)) {
        // `acl` is S3's name of `x-amz-acl`. What is no header's name is no header.
        let name = if name == "acl" { "x-amz-acl" } else { name };
        let Ok(name) = HeaderName::try_from(name) else { continue };
        let invalid = |_| malformed_form(format!("The field `{name}` is no header's value."));
        headers.insert(&name, HeaderValue::from_bytes(value.as_bytes()).map_err(invalid)?);
    }
    Ok(headers)
}
