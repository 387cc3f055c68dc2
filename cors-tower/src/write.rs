//! A decision onto a response.

use bytes::Bytes;
use cors_core::{
    AdapterOptions, Outcome, Refusal, RefusalBody, Rule, allow_headers, is_cors_response_header, merge_vary, request_id,
};
use http::header::{self, Entry, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};

/// What goes onto the inner service's response. Taken from the table at the request, so that the table need not be
/// held until the response comes.
pub(crate) struct CorsHeaders {
    rule: Option<RuleHeaders>,
    vary_origin: bool,
    keep_inner: bool,
    outcome: Option<Outcome>,
}

struct RuleHeaders {
    allow_origin: HeaderValue,
    allow_methods: HeaderValue,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    allow_credentials: bool,
}

impl CorsHeaders {
    pub(crate) fn new(
        rule: Option<&Rule>,
        vary_origin: bool,
        options: AdapterOptions,
        outcome: Option<Outcome>,
        request: &HeaderMap,
    ) -> Self {
        Self {
            rule: rule.map(|rule| RuleHeaders::new(rule, request)),
            vary_origin,
            keep_inner: options.dangerously_keep_inner_headers,
            outcome,
        }
    }

    /// Leaves nothing behind: a response is written once.
    pub(crate) fn write<B>(&mut self, response: &mut Response<B>) {
        if let Some(outcome) = self.outcome {
            response.extensions_mut().insert(outcome);
        }
        let headers = response.headers_mut();
        if !self.keep_inner {
            remove_inner(headers);
        }
        if let Some(rule) = self.rule.take() {
            rule.write(headers);
        }
        if self.vary_origin {
            vary_origin(headers);
        }
    }
}

impl RuleHeaders {
    fn new(rule: &Rule, request: &HeaderMap) -> Self {
        // The request's own value, not a copy of its text. A rule matched, so the request has exactly one.
        let origin = if rule.any_origin() { None } else { request.get(header::ORIGIN).cloned() };
        Self {
            allow_origin: origin.unwrap_or(HeaderValue::from_static("*")),
            allow_methods: rule.allow_methods().clone(),
            expose_headers: rule.expose_headers().cloned(),
            max_age: rule.max_age().cloned(),
            allow_credentials: rule.allow_credentials(),
        }
    }

    fn write(self, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.allow_origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods);
        if let Some(expose_headers) = self.expose_headers {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose_headers);
        }
        if let Some(max_age) = self.max_age {
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, max_age);
        }
        if self.allow_credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// A preflight's answer. It is written into the request's own header map, which is large enough already.
pub(crate) fn answer<B>(
    rule: Result<&Rule, Refusal>,
    vary_origin: bool,
    options: AdapterOptions,
    outcome: Option<Outcome>,
    request: Request<B>,
) -> Response<Bytes> {
    let mut response = match rule {
        Ok(rule) => accepted(rule, request),
        Err(refusal) => refused(refusal, options.refusal_body, request),
    };
    if vary_origin {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(outcome) = outcome {
        response.extensions_mut().insert(outcome);
    }
    response
}

fn accepted<B>(rule: &Rule, request: Request<B>) -> Response<Bytes> {
    let (request, _) = request.into_parts();
    let mut headers = request.headers;
    let requested = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let allow_headers = allow_headers(requested.iter().map(HeaderValue::as_bytes))
        // Names that a rule allowed are tokens; joined, they are a header value.
        .and_then(|names| HeaderValue::from_maybe_shared(Bytes::from(names)).ok());
    let rule = RuleHeaders::new(rule, &headers);
    headers.clear();
    rule.write(&mut headers);
    if let Some(allow_headers) = allow_headers {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allow_headers);
    }
    let mut response = Response::new(Bytes::new());
    *response.headers_mut() = headers;
    response
}

fn refused<B>(refusal: Refusal, body: RefusalBody, request: Request<B>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    if body == RefusalBody::Xml {
        let xml = refusal.to_xml(&request_id(), host(&request));
        *response.body_mut() = xml.into();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    response
}

/// The host the request was sent to: HTTP/2 has it in the URI, HTTP/1 in a header.
fn host<B>(request: &Request<B>) -> &str {
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    request.uri().host().or_else(header).unwrap_or_default()
}

/// Removes the headers by which an application answers CORS itself. Most responses have none, and looking at the
/// names they have costs less than asking for each.
fn remove_inner(headers: &mut HeaderMap) {
    if !headers.keys().any(|name| is_cors_response_header(name.as_str())) {
        return;
    }
    let inner: Vec<_> = headers.keys().filter(|name| is_cors_response_header(name.as_str())).cloned().collect();
    for name in inner {
        headers.remove(name);
    }
}

fn vary_origin(headers: &mut HeaderMap) {
    match headers.entry(header::VARY) {
        Entry::Vacant(entry) => {
            entry.insert(HeaderValue::from_static("Origin"));
        }
        Entry::Occupied(mut entry) => {
            let lines = VaryLines(&entry);
            let merged = merge_vary(lines).and_then(|value| HeaderValue::from_maybe_shared(Bytes::from(value)).ok());
            if let Some(merged) = merged {
                entry.insert(merged);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct VaryLines<'a, 'm>(&'a header::OccupiedEntry<'m, HeaderValue>);

impl<'a> IntoIterator for VaryLines<'a, '_> {
    type Item = &'a [u8];
    type IntoIter = std::iter::Map<header::ValueIter<'a, HeaderValue>, fn(&HeaderValue) -> &[u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(HeaderValue::as_bytes)
    }
}
