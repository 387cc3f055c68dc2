//! The service: one decision per request.

use std::cell::OnceCell;
use std::fmt;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use http::{Method, Request, Response, header};
use oss_cors_core::{CorsRequest, Decision};
use oss_cors_live::Policy;
use tower_service::Service;

use crate::body::{Bodies, SameBody};
use crate::future::ResponseFuture;
use crate::request::{Origin, RequestHeaders, field_line, host};
use crate::write::{CorsHeaders, RuleAnswer, accept, finish, refuse};

/// Answers preflights and writes CORS headers on what the inner service answers. Made by
/// [`OssCorsLayer`](crate::OssCorsLayer).
///
/// `W` says of which type the response's body is: [`SameBody`] or [`WrappedBody`](crate::WrappedBody).
pub struct OssCors<S, W = SameBody> {
    inner: S,
    policy: Policy,
    bodies: PhantomData<fn() -> W>,
}

impl<S, W> OssCors<S, W> {
    pub(crate) fn new(inner: S, policy: Policy) -> Self {
        Self { inner, policy, bodies: PhantomData }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to be changed.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Clone, W> Clone for OssCors<S, W> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.policy.clone())
    }
}

impl<S: fmt::Debug, W> fmt::Debug for OssCors<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OssCors").field("inner", &self.inner).field("policy", &self.policy).finish()
    }
}

impl<S, W, RequestBody, InnerBody> Service<Request<RequestBody>> for OssCors<S, W>
where
    S: Service<Request<RequestBody>, Response = Response<InnerBody>>,
    W: Bodies<InnerBody>,
{
    type Response = Response<W::Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, W>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // One load per request: what is decided here is written when the response comes, whatever is stored between.
        let table = self.policy.table(|| (host(&request), request.uri().path()));
        let found = OnceCell::new();
        let request_headers = RequestHeaders { headers: request.headers(), found: &found };
        let origin = Origin::of(request.headers());
        let method = request.method().as_str().as_bytes();
        let decided = if *request.method() == Method::OPTIONS {
            let request_method = field_line(request.headers(), header::ACCESS_CONTROL_REQUEST_METHOD);
            self.policy.decide(&table, &CorsRequest::new(method, origin.line(), request_method, request_headers))
        } else {
            // Most requests: nothing else is looked up for them.
            self.policy.decide_actual(&table, method, origin.line())
        };
        let reported = decided.reported;
        match decided.decision {
            Decision::Answer { rule, vary_origin } => {
                let answer = |rule| origin.value.map(|origin| RuleAnswer::new(rule, origin));
                let accepted = rule.map(|rule| (answer(rule), request_headers.allow_headers()));
                let response = match accepted {
                    Ok((rule, allow_headers)) => accept(rule, allow_headers, request),
                    Err(refusal) => refuse(refusal, self.policy.explains_refusals(), &request),
                };
                ResponseFuture::answer(finish(response, vary_origin, reported))
            }
            Decision::Forward { rule, vary_origin } => {
                let rule = rule.ok().zip(origin.value).map(|(rule, origin)| RuleAnswer::new(rule, origin));
                drop(table);
                let keep_inner = self.policy.keeps_inner_headers();
                let written = |rule| CorsHeaders { rule, vary_origin, keep_inner, reported };
                // Two arms, so that nothing of a rule's size is moved about where there is none.
                match rule {
                    Some(rule) => ResponseFuture::forward(self.inner.call(request), written(Some(rule))),
                    None => ResponseFuture::forward(self.inner.call(request), written(None)),
                }
            }
        }
    }
}
