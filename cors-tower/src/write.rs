//! A decision onto a response.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use oss_cors_core::{
    AdapterOptions, Outcome, Refusal, RefusalBody, Rule, is_cors_response_header, merge_vary, request_id,
};

/// What goes onto the inner service's response. Taken from the table at the request, so that the table need not be
/// held until the response comes.
pub(crate) struct CorsHeaders {
    pub(crate) rule: Option<RuleHeaders>,
    pub(crate) vary_origin: bool,
    pub(crate) keep_inner: bool,
    pub(crate) outcome: Option<Outcome>,
}

pub(crate) struct RuleHeaders {
    rule: Rule,
    /// The request's own value, not a copy of its text; `None` for `*`.
    origin: Option<HeaderValue>,
}

impl CorsHeaders {
    /// Leaves nothing behind: a response is written once.
    #[inline]
    pub(crate) fn write<B>(&mut self, response: &mut Response<B>) {
        if let Some(outcome) = self.outcome {
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
            vary_origin(headers);
        }
    }
}

impl RuleHeaders {
    /// A rule matched, so there is an `origin`.
    #[inline]
    pub(crate) fn new(rule: &Rule, origin: Option<&HeaderValue>) -> Self {
        Self { rule: rule.clone(), origin: if rule.any_origin() { None } else { origin.cloned() } }
    }

    #[inline]
    fn write(&mut self, headers: &mut HeaderMap) {
        let origin = self.origin.take().unwrap_or(HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.rule.allow_methods().clone());
        if let Some(expose_headers) = self.rule.expose_headers() {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose_headers.clone());
        }
        if let Some(max_age) = self.rule.max_age() {
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, max_age.clone());
        }
        if self.rule.allow_credentials() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// A preflight's answer: with the headers of the rule that matched and Allow-Headers, or refused.
pub(crate) fn answer<B>(
    accepted: Result<(RuleHeaders, Option<HeaderValue>), Refusal>,
    vary_origin: bool,
    options: AdapterOptions,
    outcome: Option<Outcome>,
    request: Request<B>,
) -> Response<Bytes> {
    let mut response = match accepted {
        Ok((rule, allow_headers)) => accept(rule, allow_headers, request),
        Err(refusal) => refuse(refusal, options.refusal_body, &request),
    };
    if vary_origin {
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(outcome) = outcome {
        response.extensions_mut().insert(outcome);
    }
    response
}

/// Written into the request's own header map, which is large enough already: it saves two allocations.
fn accept<B>(mut rule: RuleHeaders, allow_headers: Option<HeaderValue>, request: Request<B>) -> Response<Bytes> {
    let mut headers = request.into_parts().0.headers;
    headers.clear();
    rule.write(&mut headers);
    if let Some(allow_headers) = allow_headers {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allow_headers);
    }
    let mut response = Response::new(Bytes::new());
    *response.headers_mut() = headers;
    response
}

fn refuse<B>(refusal: Refusal, body: RefusalBody, request: &Request<B>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
    if body == RefusalBody::Xml {
        let xml = refusal.to_xml(&request_id(), host(request));
        *response.body_mut() = xml.into();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    response
}

/// The host the request was sent to, with its port: HTTP/2 has it in the URI, HTTP/1 in a header.
pub(crate) fn host<B>(request: &Request<B>) -> &str {
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A user may stand before the host.
    let authority = request.uri().authority().and_then(|authority| authority.as_str().rsplit('@').next());
    authority.or_else(header).unwrap_or_default()
}

/// Removes the headers by which an application answers CORS itself. Most responses have none, and looking at the
/// names they have costs less than asking for each.
#[inline]
fn remove_inner(headers: &mut HeaderMap) {
    if headers.is_empty() || !headers.keys().any(|name| is_cors_response_header(name.as_str())) {
        return;
    }
    let inner: Vec<_> = headers.keys().filter(|name| is_cors_response_header(name.as_str())).cloned().collect();
    for name in inner {
        headers.remove(name);
    }
}

#[inline]
fn vary_origin(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY);
    let merged = match lines.iter().next() {
        None => Some(HeaderValue::from_static("Origin")),
        Some(_) => {
            merge_vary(VaryLines(&lines)).and_then(|value| HeaderValue::from_maybe_shared(Bytes::from(value)).ok())
        }
    };
    if let Some(merged) = merged {
        headers.insert(header::VARY, merged);
    }
}

#[derive(Clone, Copy)]
struct VaryLines<'a, 'm>(&'a header::GetAll<'m, HeaderValue>);

impl<'m> IntoIterator for VaryLines<'_, 'm> {
    type Item = &'m [u8];
    type IntoIter = std::iter::Map<header::ValueIter<'m, HeaderValue>, fn(&HeaderValue) -> &[u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(HeaderValue::as_bytes)
    }
}
