//! The service: one decision per request.

use std::cell::OnceCell;
use std::iter::Map;
use std::task::{Context, Poll};

use http::header::{self, GetAll, HeaderName, ValueIter};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use oss_cors_core::{AdapterOptions, AdapterRules, CorsRequest, Decision, FieldLine, allow_headers};
use tower_service::Service;

use crate::body::ResponseBody;
use crate::future::ResponseFuture;
use crate::write::{CorsHeaders, RuleHeaders, answer, host};

/// Answers preflights and writes CORS headers on what the inner service answers. Made by
/// [`OssCorsLayer`](crate::OssCorsLayer).
#[derive(Clone, Debug)]
pub struct OssCors<S> {
    inner: S,
    rules: AdapterRules,
    options: AdapterOptions,
}

impl<S> OssCors<S> {
    pub(crate) fn new(inner: S, rules: AdapterRules, options: AdapterOptions) -> Self {
        Self { inner, rules, options }
    }
}

impl<S, RequestBody, InnerBody> Service<Request<RequestBody>> for OssCors<S>
where
    S: Service<Request<RequestBody>, Response = Response<InnerBody>>,
{
    type Response = Response<ResponseBody<InnerBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // One load per request: what is decided here is written when the response comes, whatever is stored between.
        let table = self.rules.load(|| (host(&request), request.uri().path()));
        let found = OnceCell::new();
        let request_headers = RequestHeaders { headers: request.headers(), found: &found };
        let origin = Origin::of(request.headers());
        let method = request.method().as_str().as_bytes();
        let decision = if *request.method() == Method::OPTIONS {
            let request_method = field_line(request.headers(), header::ACCESS_CONTROL_REQUEST_METHOD);
            let asked = CorsRequest { method, origin: origin.line(), request_method, request_headers };
            self.rules.decided(&asked, self.options.decide(&table, &asked))
        } else {
            // Most requests: nothing else is looked up for them.
            let (request_method, request_headers) = (FieldLine::Absent, std::iter::empty());
            let asked = CorsRequest { method, origin: origin.line(), request_method, request_headers };
            self.rules.decided(&asked, table.decide(&asked))
        };
        let outcome = self.options.outcome(&decision);
        match decision {
            Decision::Answer { rule, vary_origin } => {
                let accepted = rule.map(|rule| (RuleHeaders::new(rule, origin.value), request_headers.allow_headers()));
                ResponseFuture::answer(answer(accepted, vary_origin, self.options, outcome, request))
            }
            Decision::Forward { rule, vary_origin } => {
                let rule = rule.ok().map(|rule| RuleHeaders::new(rule, origin.value));
                drop(table);
                let keep_inner = self.options.dangerously_keep_inner_headers;
                let written = |rule| CorsHeaders { rule, vary_origin, keep_inner, outcome };
                // Two arms, so that nothing of a rule's size is moved about where there is none.
                match rule {
                    Some(rule) => ResponseFuture::forward(self.inner.call(request), written(Some(rule))),
                    None => ResponseFuture::forward(self.inner.call(request), written(None)),
                }
            }
        }
    }
}

/// `Origin`: the one line, or the first of several, which no rule matches.
#[derive(Clone, Copy)]
struct Origin<'r> {
    value: Option<&'r HeaderValue>,
    several: bool,
}

impl<'r> Origin<'r> {
    #[inline]
    fn of(headers: &'r HeaderMap) -> Self {
        let mut lines = headers.get_all(header::ORIGIN).into_iter();
        let value = lines.next();
        Self { value, several: value.is_some() && lines.next().is_some() }
    }

    #[inline]
    fn line(self) -> FieldLine<'r> {
        match self.value {
            None => FieldLine::Absent,
            Some(_) if self.several => FieldLine::Several,
            Some(origin) => FieldLine::One(origin.as_bytes()),
        }
    }
}

fn field_line(headers: &HeaderMap, name: HeaderName) -> FieldLine<'_> {
    FieldLine::from_lines(headers.get_all(name).iter().map(HeaderValue::as_bytes))
}

/// The lines of `Access-Control-Request-Headers`, looked up when first needed, and walked as often as needed.
#[derive(Clone, Copy)]
struct RequestHeaders<'r, 'c> {
    headers: &'r HeaderMap,
    found: &'c OnceCell<GetAll<'r, HeaderValue>>,
}

impl<'r> RequestHeaders<'r, '_> {
    /// `Access-Control-Allow-Headers` for a preflight that a rule allowed.
    fn allow_headers(self) -> Option<HeaderValue> {
        // Names that a rule allowed are tokens; joined, they are a header value.
        allow_headers(self, HeaderValue::from_bytes)?.ok()
    }
}

impl<'r> IntoIterator for RequestHeaders<'r, '_> {
    type Item = &'r [u8];
    type IntoIter = Map<ValueIter<'r, HeaderValue>, fn(&'r HeaderValue) -> &'r [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        let found = self.found.get_or_init(|| self.headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS));
        found.iter().map(HeaderValue::as_bytes)
    }
}
