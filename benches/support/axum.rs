//! One request through axum's `Router::layer`, which clones the service for every request.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Waker};

use ::tower::Service;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{HeaderMap, Request};

use super::requests::Asked;
use super::rules::Setup;
use super::{Subject, Work, tower};

pub fn work(setup: &Setup, asked: &Asked, _: &HeaderMap, subject: Subject) -> Work {
    let router = Router::new().route("/photos/b.txt", get(async || {}));
    let mut router: Router = match subject {
        Subject::Bare | Subject::Floor => router,
        Subject::Ours => router.layer(tower::ours(setup)),
        Subject::Peer => router.layer(tower::peer(setup)),
    };
    let request = asked.request();
    Box::new(move || {
        let (head, ()) = black_box(request.clone()).into_parts();
        let request = Request::from_parts(head, Body::empty());
        let response =
            pin!(Service::<Request<Body>>::call(&mut router, request)).poll(&mut Context::from_waker(Waker::noop()));
        assert!(response.is_ready());
        black_box(&response);
    })
}
