//! The request as borrowed bytes.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use oss_cors_core::FieldLine;

#[inline]
pub(crate) fn field_line(headers: &HeaderMap, name: HeaderName) -> FieldLine<'_> {
    FieldLine::from_lines(headers.get_all(name).map(HeaderValue::as_bytes))
}

/// The lines of `Access-Control-Request-Headers`, walked as often as needed.
#[derive(Clone, Copy)]
pub(crate) struct RequestHeaders<'a>(pub(crate) &'a HeaderMap);

impl<'a> IntoIterator for RequestHeaders<'a> {
    type Item = &'a [u8];
    type IntoIter = std::iter::Map<std::slice::Iter<'a, HeaderValue>, fn(&'a HeaderValue) -> &'a [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).map(HeaderValue::as_bytes)
    }
}

/// The host the request was sent to, with its port: HTTP/2 has it in the URI, HTTP/1 in a header.
pub(crate) fn host(request: &ServiceRequest) -> &str {
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A user may stand before the host.
    let authority = request.uri().authority().and_then(|authority| authority.as_str().rsplit('@').next());
    authority.or_else(header).unwrap_or_default()
}
