//! The middleware: one decision per request.

use std::cell::RefCell;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use oss_cors_core::{AdapterOptions, AdapterRules, CorsRequest, Decision, FieldLine};

use crate::baked::Baked;
use crate::future::ResponseFuture;
use crate::write::{CorsHeaders, RuleHeaders, answer, host};

/// Answers preflights and writes CORS headers on what the inner service answers. Made by [`OssCors`](crate::OssCors),
/// one a worker.
#[derive(Debug)]
pub struct OssCorsMiddleware<S> {
    inner: S,
    rules: AdapterRules,
    options: AdapterOptions,
    baked: RefCell<Baked>,
}

impl<S> OssCorsMiddleware<S> {
    pub(crate) fn new(inner: S, rules: AdapterRules, options: AdapterOptions) -> Self {
        Self { inner, rules, options, baked: RefCell::new(Baked::new()) }
    }
}

impl<S, B> Service<ServiceRequest> for OssCorsMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = actix_web::Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // One load per request: what is decided here is written when the response comes, whatever is stored between.
        let table = self.rules.load(|| (host(&request), request.uri().path()));
        let decision =
            with_cors_request(&request, |asked| self.rules.decided(asked, self.options.decide(&table, asked)));
        let outcome = self.options.outcome(&decision);
        let mut baked = self.baked.borrow_mut();
        match decision {
            Decision::Answer { rule, vary_origin } => {
                let rule = rule.map(|rule| baked.rule(&table, rule));
                ResponseFuture::answer(answer(rule, vary_origin, self.options, outcome, request))
            }
            Decision::Forward { rule, vary_origin } => {
                let rule = rule.ok().map(|rule| RuleHeaders::new(baked.rule(&table, rule), request.headers()));
                // The inner service may come back here with another request: nothing is held while it is called.
                drop((baked, table));
                let keep_inner = self.options.dangerously_keep_inner_headers;
                let headers = CorsHeaders { rule, vary_origin, keep_inner, outcome };
                ResponseFuture::forward(self.inner.call(request), headers)
            }
        }
    }
}

/// Looks up no more than the kind of request needs: most are no `OPTIONS`.
fn with_cors_request<T>(request: &ServiceRequest, decide: impl FnOnce(&CorsRequest<'_, RequestHeaders<'_>>) -> T) -> T {
    let headers = request.headers();
    let origin = field_line(headers, header::ORIGIN);
    let may_be_preflight = *request.method() == Method::OPTIONS && !origin.is_absent();
    decide(&CorsRequest {
        method: request.method().as_str().as_bytes(),
        origin,
        request_method: if may_be_preflight {
            field_line(headers, header::ACCESS_CONTROL_REQUEST_METHOD)
        } else {
            FieldLine::Absent
        },
        request_headers: RequestHeaders(headers),
    })
}

fn field_line(headers: &HeaderMap, name: HeaderName) -> FieldLine<'_> {
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
