//! tower-http's layers around ours and inside of it, with the application's own body and with a wrapped one.
//!
//! What answers outside of our layer has no CORS headers of ours; what answers inside of it has them. A preflight is
//! answered before anything inside is asked.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use oss_cors_core::{CorsConfiguration, CorsRule, Profile};
use oss_cors_tower::OssCorsLayer;
use tower::util::option_layer;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::validate_request::ValidateRequestHeaderLayer;

const APP: &str = "https://app.example.com";

fn cors() -> OssCorsLayer {
    let rules = CorsConfiguration::from(CorsRule::new([APP], ["GET"])).response_vary(false);
    OssCorsLayer::from_configuration(&rules, Profile::Oss).expect("the rules are right")
}

/// Says `app`; at `/slow` nothing, for ever.
async fn app<B: From<&'static str>>(request: Request<Body>) -> Result<Response<B>, Infallible> {
    if request.uri().path() == "/slow" {
        pending::<()>().await;
    }
    Ok(Response::new("app".into()))
}

/// A body that cannot be made from bytes, but has a `Default`.
async fn boxed(request: Request<Body>) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    Ok(app::<Full<Bytes>>(request).await?.map(BodyExt::boxed_unsync))
}

struct Answer {
    status: u16,
    allow_origin: Vec<String>,
    body: String,
}

async fn ask<S, B>(service: &S, line: &str, headers: &[(&str, &str)]) -> Answer
where
    S: Service<Request<Body>, Response = Response<B>> + Clone,
    S::Error: std::fmt::Debug,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path).header("origin", APP);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let (head, body) = service.clone().oneshot(request).await.expect("an answer").into_parts();
    let allow_origin = head.headers.get_all("access-control-allow-origin").iter();
    Answer {
        status: head.status.as_u16(),
        allow_origin: allow_origin.map(|value| value.to_str().expect("text").to_owned()).collect(),
        body: String::from_utf8(body.collect().await.expect("a body").to_bytes().to_vec()).expect("text"),
    }
}

#[track_caller]
fn check(answer: &Answer, status: u16, allow_origin: &[&str], body: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (status, body));
    assert_eq!(answer.allow_origin, allow_origin);
}

const PREFLIGHT: &[(&str, &str)] = &[("access-control-request-method", "GET")];
const TOKEN: &[(&str, &str)] = &[("accept", "application/json")];

fn timeout() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(20))
}

/// The three around and inside of our layer, for one kind of body.
macro_rules! composed {
    ($cors:expr, $app:expr) => {{
        let cors = $cors;

        let outside = ServiceBuilder::new().layer(timeout()).layer(cors.clone()).service(service_fn($app));
        let inside = ServiceBuilder::new().layer(cors.clone()).layer(timeout()).service(service_fn($app));
        check(&ask(&outside, "GET /slow", &[]).await, 504, &[], "");
        check(&ask(&inside, "GET /slow", &[]).await, 504, &[APP], "");
        for service in [outside.boxed_clone(), inside.boxed_clone()] {
            check(&ask(&service, "GET /", &[]).await, 200, &[APP], "app");
            check(&ask(&service, "OPTIONS /slow", PREFLIGHT).await, 200, &[APP], "");
        }

        // An outer `CorsLayer` answers preflights itself, and its header is the last word; an inner one's is removed.
        let outside =
            ServiceBuilder::new().layer(CorsLayer::permissive()).layer(cors.clone()).service(service_fn($app));
        let inside = ServiceBuilder::new().layer(cors.clone()).layer(CorsLayer::permissive()).service(service_fn($app));
        check(&ask(&outside, "OPTIONS /", PREFLIGHT).await, 200, &["*"], "");
        check(&ask(&inside, "OPTIONS /", PREFLIGHT).await, 200, &[APP], "");
        check(&ask(&inside, "GET /", &[]).await, 200, &[APP], "app");
        assert_eq!(ask(&outside, "GET /", &[]).await.body, "app");

        let accept = "application/json";
        let outside = ServiceBuilder::new()
            .layer(ValidateRequestHeaderLayer::accept(accept))
            .layer(cors.clone())
            .service(service_fn($app));
        let inside = ServiceBuilder::new()
            .layer(cors)
            .layer(ValidateRequestHeaderLayer::accept(accept))
            .service(service_fn($app));
        let refused = [("accept", "text/plain")];
        check(&ask(&outside, "GET /", &refused).await, 406, &[], "");
        check(&ask(&inside, "GET /", &refused).await, 406, &[APP], "");
        check(&ask(&inside, "OPTIONS /", PREFLIGHT).await, 200, &[APP], "");
        check(&ask(&outside, "GET /", TOKEN).await, 200, &[APP], "app");
        check(&ask(&inside, "GET /", TOKEN).await, 200, &[APP], "app");
    }};
}

#[tokio::test]
async fn own_body() {
    composed!(cors(), app::<Body>);
}

#[tokio::test]
async fn full_body() {
    composed!(cors(), app::<Full<Bytes>>);
}

#[tokio::test]
async fn wrapped_body() {
    composed!(cors().wrap_body(), boxed);
}

// The body's type stays, so that a layer may be there or not, and a whole router may be inside of it.

#[tokio::test]
async fn optional_layer() {
    for (layer, allow_origin) in [(Some(cors()), &[APP][..]), (None, &[])] {
        let router = axum::Router::new().route("/", axum::routing::get("app")).layer(option_layer(layer));
        check(&ask(&router, "GET /", &[]).await, 200, allow_origin, "app");
    }
}

#[tokio::test]
async fn router_inside_as_a_make_service() {
    let router = axum::Router::new().route("/", axum::routing::get("app"));
    let mut make = axum::ServiceExt::<Request<Body>>::into_make_service(cors().layer(router));
    let service = make.call(()).await.expect("a service");
    check(&ask(&service, "GET /", &[]).await, 200, &[APP], "app");
    check(&ask(&service, "OPTIONS /unknown", PREFLIGHT).await, 200, &[APP], "");
    check(&ask(&service, "GET /unknown", &[]).await, 404, &[APP], "");
}

#[test]
fn handle_shows_and_replaces_the_rules() {
    let layer = cors();
    let handle = layer.handle().expect("one table");
    assert_eq!((handle.generation(), handle.load().rules().len()), (1, 1));
    handle.store(oss_cors_core::RuleTable::not_enabled());
    assert_eq!(layer.clone().wrap_body().handle().expect("one table").generation(), 2);
}
