//! One request through a tower service, in process, polled by hand: no runtime, no socket.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ::tower::{Layer, Service};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use oss_cors_live::RefusalBody;
use oss_cors_tower::OssCorsLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::oracle;
use super::requests::{Asked, cors_headers};
use super::rules::{REQUEST_HEADERS, Setup, header_names};
use super::{Subject, Work};

/// Answers with the same response every time.
#[derive(Clone)]
struct App(HeaderMap);

impl<B> Service<Request<B>> for App {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        let mut response = Response::new(Full::default());
        if !self.0.is_empty() {
            *response.headers_mut() = self.0.clone();
        }
        ready(Ok(response))
    }
}

/// Writes the right answer to one request from constants. It looks at the request's Origin, and at nothing else.
#[derive(Clone)]
struct Floor {
    app: App,
    answered: bool,
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Floor {
    fn new(setup: &Setup, asked: &Asked, app: App) -> Self {
        let verdict = verdict(setup, asked);
        let constant = |(name, value): (String, Vec<u8>)| {
            let value: &'static str = String::from_utf8(value).expect("ascii").leak();
            (HeaderName::try_from(name).expect("a name"), HeaderValue::from_static(value))
        };
        let status = verdict.refusal.map_or(200, |(status, _)| status);
        Self {
            app,
            answered: verdict.answered,
            status: StatusCode::from_u16(status).expect("a status"),
            headers: oracle::written(&verdict, &[], false).into_iter().map(constant).collect(),
        }
    }
}

impl Service<Request<()>> for Floor {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let mut response = Response::new(Full::default());
        *response.status_mut() = self.status;
        let mut origin = request.headers().get(http::header::ORIGIN).cloned();
        if self.answered && !self.headers.is_empty() {
            *response.headers_mut() = request.into_parts().0.headers;
            response.headers_mut().clear();
        } else if !self.answered && !self.app.0.is_empty() {
            *response.headers_mut() = self.app.0.clone();
        }
        for (name, value) in &self.headers {
            let own = (*name == http::header::ACCESS_CONTROL_ALLOW_ORIGIN).then(|| origin.take()).flatten();
            response.headers_mut().insert(name, own.unwrap_or_else(|| value.clone()));
        }
        ready(Ok(response))
    }
}

pub fn ours(setup: &Setup) -> OssCorsLayer {
    OssCorsLayer::new(setup.table()).refusal_body(RefusalBody::Empty)
}

/// One policy that allows what the rules allow. It cannot tell them apart, and does not check request headers.
pub fn peer(setup: &Setup) -> CorsLayer {
    let value = |text: &String| HeaderValue::from_str(text).expect("a header value");
    // With its own `Vary`, which it writes by default: a list of origins needs it in front of any cache.
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(setup.peer_origins.iter().map(value)))
        .allow_methods([Method::GET, Method::PUT, Method::POST])
        .allow_headers(
            header_names(REQUEST_HEADERS)
                .iter()
                .map(|name| HeaderName::try_from(name).expect("a name"))
                .collect::<Vec<_>>(),
        )
        .expose_headers([http::header::ETAG, HeaderName::from_static("x-oss-request-id")])
        .max_age(std::time::Duration::from_secs(600))
}

pub fn work(setup: &Setup, asked: &Asked, app: &HeaderMap, subject: Subject) -> Work {
    let app = App(app.clone());
    match subject {
        Subject::Bare => repeat(app, asked),
        Subject::Peer => repeat(peer(setup).layer(app), asked),
        Subject::Floor => repeat(Floor::new(setup, asked, app), asked),
        Subject::Ours => {
            let service = ours(setup).layer(app.clone());
            check(setup, asked, &app.0, service.clone());
            repeat(service, asked)
        }
    }
}

fn repeat<S, B>(mut service: S, asked: &Asked) -> Work
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible> + 'static,
{
    let request = asked.request();
    Box::new(move || {
        let response = pin!(service.call(black_box(request.clone()))).poll(&mut Context::from_waker(Waker::noop()));
        black_box(&response);
        assert!(response.is_ready());
    })
}

/// What is fast must be right: the oracle's answer.
pub fn check<S, B>(setup: &Setup, asked: &Asked, app: &HeaderMap, mut service: S)
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
{
    let answer = pin!(service.call(asked.request())).poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Ok(response)) = answer else { panic!("not ready") };
    let got = cors_headers(response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    expect(setup, asked, app, response.status().as_u16(), &got);
}

pub fn expect(
    setup: &Setup,
    asked: &Asked,
    app: &HeaderMap,
    status: u16,
    got: &std::collections::BTreeMap<String, Vec<u8>>,
) {
    let verdict = verdict(setup, asked);
    let app: Vec<_> = if verdict.answered {
        vec![]
    } else {
        app.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
    };
    let written = oracle::written(&verdict, &app, false);
    let expected = cors_headers(written.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
    assert_eq!(got, &expected, "{asked:?}");
    assert_eq!(status, verdict.refusal.map_or(200, |(status, _)| status), "{asked:?}");
}

fn verdict(setup: &Setup, asked: &Asked) -> oracle::Verdict {
    let headers: Vec<_> =
        asked.cors.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
    let bucket = oracle::Bucket::Rules(&setup.configuration);
    oracle::verdict(bucket, asked.method.as_str().as_bytes(), &headers, false)
}
