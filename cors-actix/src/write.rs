//! A decision onto a response.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use oss_cors_core::{AllowOrigin, CorsHeader, Outcome, Refusal, allow_headers, is_cors_response_header, merge_vary};
use oss_cors_live::request_id;

use crate::baked::BakedRule;
use crate::request::{RequestHeaders, host};

/// What goes onto the inner service's response. Taken from the table at the request, so that the table need not be
/// held until the response comes.
#[derive(Clone)]
pub(crate) struct CorsHeaders {
    pub(crate) rule: Option<RuleAnswer>,
    pub(crate) vary_origin: bool,
    pub(crate) keep_inner: bool,
    pub(crate) reported: Option<Outcome>,
}

/// A rule that matched a request.
#[derive(Clone)]
pub(crate) struct RuleAnswer {
    rule: Rc<BakedRule>,
    /// The request's own value, not a copy of its text.
    allow_origin: AllowOrigin<HeaderValue>,
}

impl CorsHeaders {
    #[inline]
    pub(crate) fn write<B>(self, response: &mut HttpResponse<B>) {
        if let Some(outcome) = self.reported {
            response.extensions_mut().insert(outcome);
        }
        let headers = response.headers_mut();
        if !self.keep_inner {
            remove_inner(headers);
        }
        if let Some(rule) = self.rule {
            rule.write(headers, self.keep_inner);
        }
        if self.vary_origin {
            vary_origin(headers);
        }
    }
}

impl RuleAnswer {
    /// `None` for a request without `Origin`, which no rule matches.
    #[inline]
    pub(crate) fn new(rule: Rc<BakedRule>, request: &ServiceRequest) -> Option<Self> {
        let allow_origin = match rule.allow_origin(|| request.headers().get(header::ORIGIN).cloned()) {
            AllowOrigin::Any => AllowOrigin::Any,
            AllowOrigin::Echo(origin) => AllowOrigin::Echo(origin?),
        };
        Some(Self { rule, allow_origin })
    }

    /// `replaces`: `headers` may have some of these already.
    #[inline]
    fn write(self, headers: &mut HeaderMap, replaces: bool) {
        self.rule.write(self.allow_origin, |name, value| {
            let name = header_name(name);
            if replaces {
                headers.remove(&name);
            }
            // Beside nothing of that name it does what `insert` does, which looks for what was there: 70 instructions.
            headers.append(name, value);
        });
    }
}

#[inline]
fn header_name(header: CorsHeader) -> HeaderName {
    match header {
        CorsHeader::AllowOrigin => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        CorsHeader::AllowMethods => header::ACCESS_CONTROL_ALLOW_METHODS,
        CorsHeader::AllowHeaders => header::ACCESS_CONTROL_ALLOW_HEADERS,
        CorsHeader::ExposeHeaders => header::ACCESS_CONTROL_EXPOSE_HEADERS,
        CorsHeader::MaxAge => header::ACCESS_CONTROL_MAX_AGE,
        CorsHeader::AllowCredentials => header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    }
}

pub(crate) fn accept(rule: Option<RuleAnswer>, request: &ServiceRequest) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::OK);
    let headers = response.headers_mut();
    if let Some(rule) = rule {
        rule.write(headers, false);
    }
    // Names that a rule allowed are tokens; joined, they are a header value.
    let lines = RequestHeaders(request.headers());
    if let Some(allow_headers) = allow_headers(lines, HeaderValue::from_bytes).and_then(Result::ok) {
        headers.append(header_name(CorsHeader::AllowHeaders), allow_headers);
    }
    response
}

pub(crate) fn refuse(refusal: Refusal, explain: bool, request: &ServiceRequest) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    if !explain {
        return HttpResponse::new(status);
    }
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "application/xml"))
        .body(refusal.to_xml(&request_id(), host(request)))
}

/// What every preflight's answer gets besides.
pub(crate) fn finish(mut response: HttpResponse, vary_origin: bool, reported: Option<Outcome>) -> HttpResponse {
    if vary_origin {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(outcome) = reported {
        response.extensions_mut().insert(outcome);
    }
    response
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
