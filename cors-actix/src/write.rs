//! A decision onto a response.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use oss_cors_core::{
    AdapterOptions, Outcome, Refusal, RefusalBody, allow_headers, is_cors_response_header, merge_vary, request_id,
};

use crate::baked::BakedRule;
use crate::middleware::RequestHeaders;

/// What goes onto the inner service's response. Taken from the table at the request, so that the table need not be
/// held until the response comes.
#[derive(Clone)]
pub(crate) struct CorsHeaders {
    pub(crate) rule: Option<RuleHeaders>,
    pub(crate) vary_origin: bool,
    pub(crate) keep_inner: bool,
    pub(crate) outcome: Option<Outcome>,
}

#[derive(Clone)]
pub(crate) struct RuleHeaders {
    rule: Rc<BakedRule>,
    /// The request's own value, not a copy of its text; `None` for `*`.
    origin: Option<HeaderValue>,
}

impl CorsHeaders {
    #[inline]
    pub(crate) fn write<B>(self, response: &mut HttpResponse<B>) {
        if let Some(outcome) = self.outcome {
            response.extensions_mut().insert(outcome);
        }
        let headers = response.headers_mut();
        if !self.keep_inner {
            remove_inner(headers);
        }
        if let Some(rule) = self.rule {
            rule.write(headers);
        }
        if self.vary_origin {
            vary_origin(headers);
        }
    }
}

impl RuleHeaders {
    /// A rule matched, so the request has exactly one Origin.
    #[inline]
    pub(crate) fn new(rule: Rc<BakedRule>, request: &HeaderMap) -> Self {
        let origin = if rule.any_origin { None } else { request.get(header::ORIGIN).cloned() };
        Self { rule, origin }
    }

    #[inline]
    fn write(self, headers: &mut HeaderMap) {
        let origin = self.origin.unwrap_or(HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.rule.allow_methods.clone());
        if let Some(expose_headers) = &self.rule.expose_headers {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose_headers.clone());
        }
        if let Some(max_age) = &self.rule.max_age {
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        if self.rule.allow_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// A preflight's answer.
pub(crate) fn answer(
    rule: Result<Rc<BakedRule>, Refusal>,
    vary_origin: bool,
    options: AdapterOptions,
    outcome: Option<Outcome>,
    request: ServiceRequest,
) -> ServiceResponse<BoxBody> {
    let mut response = match rule {
        Ok(rule) => accepted(rule, request.headers()),
        Err(refusal) => refused(refusal, options.refusal_body, &request),
    };
    if vary_origin {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(outcome) = outcome {
        response.extensions_mut().insert(outcome);
    }
    request.into_response(response)
}

fn accepted(rule: Rc<BakedRule>, request: &HeaderMap) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    RuleHeaders::new(rule, request).write(headers);
    // Names that a rule allowed are tokens; joined, they are a header value.
    let allow_headers = allow_headers(RequestHeaders(request), HeaderValue::from_bytes).and_then(Result::ok);
    if let Some(allow_headers) = allow_headers {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allow_headers);
    }
    response
}

fn refused(refusal: Refusal, body: RefusalBody, request: &ServiceRequest) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    match body {
        RefusalBody::Empty => HttpResponse::new(status),
        RefusalBody::Xml => HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "application/xml"))
            .body(refusal.to_xml(&request_id(), host(request))),
    }
}

/// The host the request was sent to, with its port: HTTP/2 has it in the URI, HTTP/1 in a header.
pub(crate) fn host(request: &ServiceRequest) -> &str {
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A user may stand before the host.
    let authority = request.uri().authority().and_then(|authority| authority.as_str().rsplit('@').next());
    authority.or_else(header).unwrap_or_default()
}

/// Removes the headers by which an application answers CORS itself. Most responses have none, and looking at the
/// names they have costs less than asking for each.
fn remove_inner(headers: &mut HeaderMap) {
    if !headers.keys().any(|name| is_cors_response_header(name.as_str())) {
        return;
    }
    let inner: Vec<HeaderName> =
        headers.keys().filter(|name| is_cors_response_header(name.as_str())).cloned().collect();
    for name in inner {
        headers.remove(name);
    }
}

fn vary_origin(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY).map(HeaderValue::as_bytes);
    let merged = match lines.len() {
        0 => Some(HeaderValue::from_static("Origin")),
        _ => merge_vary(lines).and_then(|value| HeaderValue::try_from(value).ok()),
    };
    if let Some(merged) = merged {
        headers.insert(header::VARY, merged);
    }
}
