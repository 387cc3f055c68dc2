//! The service: one decision per request.

use std::iter::{Flatten, Map};
use std::option;
use std::task::{Context, Poll};

use cors_core::{AdapterOptions, CorsHandle, CorsRequest, Decision, FieldLine};
use http::header::{self, GetAll, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use tower_service::Service;

use crate::body::ResponseBody;
use crate::future::ResponseFuture;
use crate::write::{CorsHeaders, answer};

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
        // One load per request: what is decided here is headers when the response comes, whatever is stored between.
        let table = self.handle.load();
        let decision = with_cors_request(&request, |request| self.options.decide(&table, request));
        let outcome = self.options.outcome(&decision);
        match decision {
            Decision::Answer { rule, vary_origin } => {
                ResponseFuture::answer(answer(rule, vary_origin, self.options, outcome, request))
            }
            Decision::Forward { rule, vary_origin } => {
                let headers = CorsHeaders::new(rule.ok(), vary_origin, self.options, outcome, request.headers());
                drop(table);
                ResponseFuture::forward(self.inner.call(request), headers)
            }
        }
    }
}

/// Looks up no more than the kind of request needs: most are no `OPTIONS`.
fn with_cors_request<B, T>(request: &Request<B>, decide: impl FnOnce(&CorsRequest<'_, RequestHeaders<'_>>) -> T) -> T {
    let headers = request.headers();
    let origin = field_line(headers, header::ORIGIN);
    let may_be_preflight = request.method() == Method::OPTIONS && !origin.is_absent();
    let request_headers = may_be_preflight.then(|| headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS));
    decide(&CorsRequest {
        method: request.method().as_str().as_bytes(),
        origin,
        request_method: if may_be_preflight {
            field_line(headers, header::ACCESS_CONTROL_REQUEST_METHOD)
        } else {
            FieldLine::Absent
        },
        request_headers: RequestHeaders(request_headers.as_ref()),
    })
}

fn field_line(headers: &HeaderMap, name: HeaderName) -> FieldLine<'_> {
    FieldLine::from_lines(headers.get_all(name).iter().map(HeaderValue::as_bytes))
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
