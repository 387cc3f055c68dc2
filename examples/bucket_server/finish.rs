//! Outermost: what every answer has, and the body of an error, which names the request as the header does.

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use oss_cors_tower::oss_cors_core::Outcome;
use oss_cors_tower::oss_cors_live::request_id;

use crate::error::ApiError;
use crate::query::Query;
use crate::signature::Family;
use crate::target;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-oss-request-id");
const S3_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");
const EC: HeaderName = HeaderName::from_static("x-oss-ec");
/// The body of an error to `HEAD`, which has none, in base64.
const ERR: HeaderName = HeaderName::from_static("x-oss-err");

pub async fn finish(request: Request, next: Next) -> Response {
    let head = request.method() == Method::HEAD;
    let host = target::host(request.uri(), request.headers()).to_owned();
    let family = Family::of(request.headers(), &Query::parse(request.uri().query().unwrap_or_default()));
    let mut response = next.run(request).await;
    let id = request_id();
    let error = match response.extensions().get() {
        Some(Outcome::Answered(Err(refusal))) => Some(ApiError::from(*refusal)),
        _ => response.extensions_mut().remove(),
    };
    if let Some(error) = error {
        write_error(&mut response, &error, &id, &host, head);
    }
    let length = response.body().size_hint().exact();
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("AliyunOSS"));
    // Hex digits are a header's value.
    if let Ok(id) = HeaderValue::try_from(id) {
        if family == Family::S3 {
            headers.insert(S3_REQUEST_ID, id.clone());
        }
        headers.insert(REQUEST_ID, id);
    }
    if head {
        if let Some(length) = length {
            headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        *response.body_mut() = Body::empty();
    }
    response
}

fn write_error(response: &mut Response, error: &ApiError, id: &str, host: &str, head: bool) {
    let headers = response.headers_mut();
    if let Some(ec) = error.ec {
        headers.insert(EC, HeaderValue::from_static(ec));
    }
    // RFC 9110, section 15.4.5: a 304 has no body.
    if error.status == StatusCode::NOT_MODIFIED {
        return;
    }
    let xml = error.to_xml(id, host);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if head && let Ok(encoded) = HeaderValue::try_from(BASE64_STANDARD.encode(&xml)) {
        headers.insert(ERR, encoded);
    }
    *response.body_mut() = xml.into();
}
