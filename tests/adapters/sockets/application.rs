//! The same application three times: of axum's routes, as a plain hyper service, and of actix's routes.

use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, ServiceConfig};
use axum::Router;
use axum::http::header::{CONTENT_RANGE, VARY};
use axum::response::AppendHeaders;
use axum::routing::{any, get};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tokio::sync::{Notify, mpsc};

/// Paths that answer with these `Vary` lines and no body.
const VARIES: &[(&str, &[&str])] = &[
    ("/two", &["Accept-Encoding", "accept-language, x-a"]),
    ("/origin", &["Accept", "origin, ORIGIN"]),
    ("/empty", &["", " , "]),
    ("/star", &["Accept", "*"]),
    ("/only-star", &["*"]),
];

/// A running application, as a test sees it.
#[derive(Clone)]
pub(crate) struct Application {
    /// How often `/calls` was asked for.
    pub(crate) calls: Arc<AtomicUsize>,
    /// `/slow` has been asked for, and may answer.
    pub(crate) entered: Arc<Notify>,
    pub(crate) go: Arc<Notify>,
    /// Told of each stream that `/stream` opens.
    opened: mpsc::UnboundedSender<Feed>,
}

/// What goes into a stream.
pub(crate) type Feed = mpsc::UnboundedSender<Frame<Bytes>>;

impl Application {
    /// Comes with the streams that will be opened.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Feed>) {
        let (opened, streams) = mpsc::unbounded_channel();
        (Self { calls: Arc::default(), entered: Arc::default(), go: Arc::default(), opened }, streams)
    }

    pub(crate) fn axum(self) -> Router {
        let Self { calls, entered, go, opened } = self;
        let slow = async move || {
            entered.notify_one();
            go.notified().await;
            "slow"
        };
        // HTTP/1 sends no trailers but those that are announced.
        let stream = move || ready(([("trailer", "x-sum")], axum::body::Body::new(Frames::new(&opened))));
        let router = Router::new()
            .route("/ok", get("ok"))
            .route("/part", get((StatusCode::PARTIAL_CONTENT, [(CONTENT_RANGE, "bytes 0-3/8")], "part")))
            .route("/same", get(StatusCode::NOT_MODIFIED))
            .route("/broken", get((StatusCode::INTERNAL_SERVER_ERROR, "broken")))
            .route("/any", any("any"))
            .route("/calls", any(move || ready(calls.fetch_add(1, Ordering::Relaxed).to_string())))
            .route("/slow", get(slow))
            .route("/stream", get(stream))
            .fallback((StatusCode::NOT_FOUND, "none"));
        VARIES.iter().fold(router, |router, (path, values)| {
            let lines: Vec<_> = values.iter().map(|value| (VARY, *value)).collect();
            router.route(path, get(move || ready((AppendHeaders(lines.clone()), ""))))
        })
    }

    pub(crate) async fn hyper(self, request: Request<Incoming>) -> Result<Response<HyperBody>, Infallible> {
        let (status, body) = match (request.method().as_str(), request.uri().path()) {
            ("GET", "/ok") => (200, "ok"),
            ("HEAD", "/ok") => (200, ""),
            ("GET", "/part") => (206, "part"),
            ("GET", "/same") => (304, ""),
            ("GET", "/broken") => (500, "broken"),
            (_, "/ok") => (405, ""),
            (_, "/any") => (200, "any"),
            (_, "/calls") => {
                let calls = self.calls.fetch_add(1, Ordering::Relaxed).to_string();
                return Ok(Response::new(Either::Left(Full::from(calls))));
            }
            ("GET", "/slow") => {
                self.entered.notify_one();
                self.go.notified().await;
                (200, "slow")
            }
            ("GET", "/stream") => {
                let response = Response::builder().header("trailer", "x-sum");
                return Ok(response.body(Either::Right(Frames::new(&self.opened))).expect("the header is one"));
            }
            (_, path) => {
                let Some((_, values)) = VARIES.iter().find(|(varies, _)| *varies == path) else {
                    return Ok(answered(404, "none").map(Either::Left));
                };
                let response = values.iter().fold(Response::builder(), |response, value| response.header(VARY, *value));
                return Ok(response.body(Either::Left(Full::default())).expect("the headers are some"));
            }
        };
        Ok(answered(status, body).map(Either::Left))
    }

    pub(crate) fn actix(self, config: &mut ServiceConfig) {
        let Self { calls, entered, go, opened } = self;
        let answered = |status: u16, body: &'static str| {
            move || {
                let status = actix_web::http::StatusCode::from_u16(status).expect("a status");
                ready(HttpResponse::build(status).body(body))
            }
        };
        let slow = move || {
            let (entered, go) = (entered.clone(), go.clone());
            async move {
                entered.notify_one();
                go.notified().await;
                "slow"
            }
        };
        let stream = move || ready(HttpResponse::Ok().body(Frames::new(&opened)));
        let ok = web::resource("/ok").route(web::get().to(answered(200, "ok")));
        config
            .service(ok.route(web::head().to(answered(200, "ok"))))
            .route("/part", web::get().to(answered(206, "part")))
            .route("/same", web::get().to(answered(304, "")))
            .route("/broken", web::get().to(answered(500, "broken")))
            .route("/any", web::to(answered(200, "any")))
            .route("/calls", web::to(move || ready(calls.fetch_add(1, Ordering::Relaxed).to_string())))
            .route("/slow", web::get().to(slow))
            .route("/stream", web::get().to(stream))
            .default_service(web::to(answered(404, "none")));
        for (path, values) in VARIES {
            let vary = move || {
                let mut response = HttpResponse::Ok();
                for value in *values {
                    response.append_header(("vary", *value));
                }
                ready(response.finish())
            };
            config.route(path, web::get().to(vary));
        }
    }
}

pub(crate) type HyperBody = Either<Full<Bytes>, Frames>;

pub(crate) fn answered(status: u16, body: &'static str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::from(body)).expect("the status is one")
}

/// A body that the test feeds. It has no `Default`.
pub(crate) struct Frames(mpsc::UnboundedReceiver<Frame<Bytes>>);

impl Frames {
    fn new(opened: &mpsc::UnboundedSender<Feed>) -> Self {
        let (feed, frames) = mpsc::unbounded_channel();
        opened.send(feed).expect("the test waits for it");
        Self(frames)
    }

    pub(crate) fn ended() -> Self {
        Self(mpsc::unbounded_channel().1)
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

impl MessageBody for Frames {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| Some(Ok(frame?.into_data().expect("actix has no trailers"))))
    }
}
