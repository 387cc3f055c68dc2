//! The service: one decision per request.

use std::iter::{Flatten, Map};
use std::option;
use std::task::{Context, Poll};

use bytes::Bytes;
use cors_core::{AdapterOptions, CorsHandle, CorsRequest, Decision, FieldLine, allow_headers};
use http::header::{self, GetAll};
use http::{HeaderValue, Method, Request, Response};
use tower_service::Service;

use crate::body::ResponseBody;
use crate::future::ResponseFuture;
use crate::write::{CorsHeaders, RuleHeaders, answer};

/// Answers preflights and writes CORS headers on what the inner service answers. Made by
/// [`OssCorsLayer`](crate::OssCorsLayer).
#[derive(Clone, Debug)]
pub struct OssCors<S> {
    inner: S,
    handle: CorsHandle,
    options: AdapterOptions,
}

impl<S> OssCors<S> {
    pub(crate) fn new(inner: S, handle: CorsHandle, options: AdapterOptions) -> Self {
        Self { inner, handle, options }
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
        let table = self.handle.load();
        let lines = Lines::of(&request);
        let decision = self.options.decide(&table, &lines.cors_request());
        let outcome = self.options.outcome(&decision);
        match decision {
            Decision::Answer { rule, vary_origin } => {
                let accepted = rule.map(|rule| (RuleHeaders::new(rule, lines.origin), lines.allow_headers()));
                ResponseFuture::answer(answer(accepted, vary_origin, self.options, outcome, request))
            }
            Decision::Forward { rule, vary_origin } => {
                let keep_inner = self.options.dangerously_keep_inner_headers;
                let written = |rule| CorsHeaders { rule, vary_origin, keep_inner, outcome };
                // Two arms, so that nothing of a rule's size is moved about where there is no rule.
                match rule {
                    Ok(rule) => {
                        let rule = RuleHeaders::new(rule, lines.origin);
                        drop(table);
                        ResponseFuture::forward(self.inner.call(request), written(Some(rule)))
                    }
                    Err(_) => {
                        drop(table);
                        ResponseFuture::forward(self.inner.call(request), written(None))
                    }
                }
            }
        }
    }
}

/// What the rules look at, looked up once, and no more than the kind of request needs: most are no `OPTIONS`.
struct Lines<'r> {
    method: &'r Method,
    /// The one `Origin`, or the first of several, which no rule matches.
    origin: Option<&'r HeaderValue>,
    several_origins: bool,
    preflight: Option<PreflightLines<'r>>,
}

struct PreflightLines<'r> {
    request_method: FieldLine<'r>,
    request_headers: GetAll<'r, HeaderValue>,
}

impl<'r> Lines<'r> {
    fn of<B>(request: &'r Request<B>) -> Self {
        let (method, headers) = (request.method(), request.headers());
        let mut origins = headers.get_all(header::ORIGIN).into_iter();
        let origin = origins.next();
        let may_be_preflight = origin.is_some() && *method == Method::OPTIONS;
        Self {
            method,
            origin,
            several_origins: origin.is_some() && origins.next().is_some(),
            preflight: may_be_preflight.then(|| PreflightLines {
                request_method: FieldLine::from_lines(
                    headers.get_all(header::ACCESS_CONTROL_REQUEST_METHOD).iter().map(HeaderValue::as_bytes),
                ),
                request_headers: headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS),
            }),
        }
    }

    fn cors_request(&self) -> CorsRequest<'_, RequestHeaders<'_>> {
        CorsRequest {
            method: self.method.as_str().as_bytes(),
            origin: match self.origin {
                None => FieldLine::Absent,
                Some(_) if self.several_origins => FieldLine::Several,
                Some(origin) => FieldLine::One(origin.as_bytes()),
            },
            request_method: self.preflight.as_ref().map_or(FieldLine::Absent, |lines| lines.request_method),
            request_headers: self.request_headers(),
        }
    }

    fn request_headers(&self) -> RequestHeaders<'_> {
        RequestHeaders(self.preflight.as_ref().map(|lines| &lines.request_headers))
    }

    /// `Access-Control-Allow-Headers` for a preflight that a rule allowed.
    fn allow_headers(&self) -> Option<HeaderValue> {
        let names = allow_headers(self.request_headers())?;
        // Names that a rule allowed are tokens; joined, they are a header value.
        HeaderValue::from_maybe_shared(Bytes::from(names)).ok()
    }
}

/// The lines of `Access-Control-Request-Headers`, found once and walked as often as needed.
#[derive(Clone, Copy)]
struct RequestHeaders<'a>(Option<&'a GetAll<'a, HeaderValue>>);

impl<'a> IntoIterator for RequestHeaders<'a> {
    type Item = &'a [u8];
    type IntoIter = Map<Flatten<option::IntoIter<&'a GetAll<'a, HeaderValue>>>, fn(&'a HeaderValue) -> &'a [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter().flatten().map(HeaderValue::as_bytes)
    }
}
