//! A decision onto a response.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use oss_cors_core::{AllowOrigin, CorsHeader, Outcome, Refusal, Rule, header_name, remove_inner, write_vary_origin};
use oss_cors_live::request_id;

use crate::request::host;

/// What goes onto the inner service's response. Taken from the table at the request, so that the table need not be
/// held until the response comes.
pub(crate) struct CorsHeaders {
    pub(crate) rule: Option<RuleAnswer>,
    pub(crate) vary_origin: bool,
    pub(crate) keep_inner: bool,
    pub(crate) reported: Option<Outcome>,
}

/// A rule that matched a request.
pub(crate) struct RuleAnswer {
    rule: Rule,
    /// The request's own value, not a copy of its text.
    allow_origin: AllowOrigin<HeaderValue>,
}

impl CorsHeaders {
    /// Leaves nothing behind: a response is written once.
    #[inline]
    pub(crate) fn write<B>(&mut self, response: &mut Response<B>) {
        if let Some(outcome) = self.reported {
            response.extensions_mut().insert(outcome);
        }
        let headers = response.headers_mut();
        if !self.keep_inner {
            remove_inner(headers);
        }
        if let Some(rule) = &mut self.rule {
            rule.write(headers);
        }
        if self.vary_origin {
            write_vary_origin(headers);
        }
    }
}

impl RuleAnswer {
    /// `origin` is the one that matched.
    #[inline]
    pub(crate) fn new(rule: &Rule, origin: &HeaderValue) -> Self {
        Self { rule: rule.clone(), allow_origin: rule.headers().allow_origin(|| origin.clone()) }
    }

    fn write(&mut self, headers: &mut HeaderMap) {
        let allow_origin = std::mem::replace(&mut self.allow_origin, AllowOrigin::Any);
        self.rule.headers().write(allow_origin, |name, value| {
            headers.insert(header_name(name), value);
        });
    }
}

/// Written into the request's own header map, which is large enough already: it saves two allocations.
pub(crate) fn accept<B>(
    rule: Option<RuleAnswer>,
    allow_headers: Option<HeaderValue>,
    mut request: Request<B>,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    std::mem::swap(response.headers_mut(), request.headers_mut());
    let headers = response.headers_mut();
    headers.clear();
    if let Some(mut rule) = rule {
        rule.write(headers);
    }
    if let Some(allow_headers) = allow_headers {
        headers.insert(header_name(CorsHeader::AllowHeaders), allow_headers);
    }
    response
}

pub(crate) fn refuse<B>(refusal: Refusal, explain: bool, request: &Request<B>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    if explain {
        let xml = refusal.to_xml(&request_id(), host(request));
        *response.body_mut() = xml.into();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    response
}

/// What every preflight's answer gets besides.
pub(crate) fn finish(mut response: Response<Bytes>, vary_origin: bool, reported: Option<Outcome>) -> Response<Bytes> {
    if vary_origin {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(outcome) = reported {
        response.extensions_mut().insert(outcome);
    }
    response
}
