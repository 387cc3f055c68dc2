//! The middleware: one decision per request.

use std::cell::RefCell;
use std::task::{Context, Poll};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use oss_cors_core::{CorsRequest, Decision};
use oss_cors_live::Policy;

use crate::baked::Baked;
use crate::future::ResponseFuture;
use crate::request::{RequestHeaders, field_line, host};
use crate::write::{CorsHeaders, RuleAnswer, accept, finish, refuse};

/// Answers preflights and writes CORS headers on what the inner service answers. Made by [`OssCors`](crate::OssCors),
/// one a worker.
#[derive(Debug)]
pub struct OssCorsMiddleware<S> {
    inner: S,
    policy: Policy,
    baked: RefCell<Baked>,
}

impl<S> OssCorsMiddleware<S> {
    pub(crate) fn new(inner: S, policy: Policy) -> Self {
        Self { inner, policy, baked: RefCell::new(Baked::new()) }
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
        let table = self.policy.table(|| (host(&request), request.uri().path()));
        let method = request.method().as_str().as_bytes();
        let origin = field_line(request.headers(), header::ORIGIN);
        let decided = if *request.method() == Method::OPTIONS {
            let request_method = field_line(request.headers(), header::ACCESS_CONTROL_REQUEST_METHOD);
            let request_headers = RequestHeaders(request.headers());
            self.policy.decide(&table, &CorsRequest::new(method, origin, request_method, request_headers))
        } else {
            // Most requests: nothing else is looked up for them.
            self.policy.decide_actual(&table, method, origin)
        };
        let reported = decided.reported;
        let mut baked = self.baked.borrow_mut();
        match decided.decision {
            Decision::Answer { rule, vary_origin } => {
                let response = match rule {
                    Ok(rule) => accept(RuleAnswer::new(baked.rule(&table, rule), &request), &request),
                    Err(refusal) => refuse(refusal, self.policy.explains_refusals(), &request),
                };
                ResponseFuture::answer(request.into_response(finish(response, vary_origin, reported)))
            }
            Decision::Forward { rule, vary_origin } => {
                let rule = rule.ok().and_then(|rule| RuleAnswer::new(baked.rule(&table, rule), &request));
                // The inner service may come back here with another request: nothing is held while it is called.
                drop((baked, table));
                let keep_inner = self.policy.keeps_inner_headers();
                let headers = CorsHeaders { rule, vary_origin, keep_inner, reported };
                ResponseFuture::forward(self.inner.call(request), headers)
            }
        }
    }
}
