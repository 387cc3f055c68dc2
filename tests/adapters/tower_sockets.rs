//! The tower layer over real sockets, in HTTP/1 and HTTP/2: around axum routers and around plain hyper services.
//!
//! An answer is compared whole: a CORS or `Vary` header that is not named must be absent.

use std::convert::Infallible;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use crate::support::client::{HOST, Site, check, cors_lines, forbidden, lines, refusal, request};
use axum::Router;
use axum::http::header::{CONTENT_RANGE, VARY};
use axum::response::AppendHeaders;
use axum::routing::{any, get};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use oss_cors_core::{Mismatch, Outcome, Profile, Refusal, RuleFile, RuleTable, Unmatched};
use oss_cors_live::{CorsHandle, RefusalBody};
use oss_cors_tower::OssCorsLayer;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tower::make::Shared;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;

type BoxError = Box<dyn Error + Send + Sync>;

const RULES: &str = "
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>https://app.example.com</AllowedOrigin>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedMethod>PUT</AllowedMethod>
    <AllowedMethod>HEAD</AllowedMethod>
    <AllowedHeader>content-type</AllowedHeader>
    <AllowedHeader>x-oss-*</AllowedHeader>
    <ExposeHeader>ETag</ExposeHeader>
    <ExposeHeader>x-oss-request-id</ExposeHeader>
    <MaxAgeSeconds>600</MaxAgeSeconds>
  </CORSRule>
  <ResponseVary>true</ResponseVary>
</CORSConfiguration>";

/// Everything for everyone, and no `Vary`.
const OPEN_RULES: &str = "
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>*</AllowedOrigin>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedHeader>*</AllowedHeader>
  </CORSRule>
</CORSConfiguration>";

const APP: &str = "origin: https://app.example.com";
const OTHER: &str = "origin: https://other.example.com";
const FOR_PUT: &str = "access-control-request-method: PUT";
const FOR_GET: &str = "access-control-request-method: GET";
const WITH_HEADERS: &str = "access-control-request-headers: X-Oss-Date,content-type";

const MATCHED: &[&str] = &[
    "access-control-allow-methods: GET, PUT, HEAD",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 600",
    "vary: Origin",
];
const ACCEPTED: &[&str] = &[
    "access-control-allow-headers: x-oss-date, content-type",
    "access-control-allow-methods: GET, PUT, HEAD",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 600",
    "vary: Origin",
];
const OPEN: &[&str] = &["access-control-allow-methods: GET", "access-control-allow-origin: *"];
const ONLY_VARY: &[&str] = &["vary: Origin"];
const NOTHING: &[&str] = &[];

const NOT_ALLOWED: &str = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of \
                           Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers \
                           are not whitelisted by the resource's CORS spec.";
const NOT_ENABLED: &str = "CORSResponse: CORS is not enabled for this bucket.";
const NO_ORIGIN: &str = "Insufficient information. Origin request header needed.";
const NO_METHOD: &str = "Insufficient information. Request Access-Control-Request-Method header needed.";

/// What both applications answer: the request, the status, the body.
const STATUSES: &[(&str, u16, &str)] = &[
    ("GET /ok", 200, "ok"),
    ("HEAD /ok", 200, ""),
    ("GET /part", 206, "part"),
    ("GET /same", 304, ""),
    ("GET /none", 404, "none"),
    ("PUT /ok", 405, ""),
    ("GET /broken", 500, "broken"),
];

fn router() -> Router {
    Router::new()
        .route("/ok", get("ok"))
        .route("/part", get((StatusCode::PARTIAL_CONTENT, [(CONTENT_RANGE, "bytes 0-3/8")], "part")))
        .route("/same", get(StatusCode::NOT_MODIFIED))
        .route("/broken", get((StatusCode::INTERNAL_SERVER_ERROR, "broken")))
        .fallback((StatusCode::NOT_FOUND, "none"))
}

async fn application(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match (request.method().as_str(), request.uri().path()) {
        ("GET", "/ok") => (200, "ok"),
        ("HEAD", "/ok") => (200, ""),
        ("GET", "/part") => (206, "part"),
        ("GET", "/same") => (304, ""),
        ("GET", "/broken") => (500, "broken"),
        (_, "/ok") => (405, ""),
        _ => (404, "none"),
    };
    Ok(answered(status, body))
}

// Every status is decorated alike, whatever the layer is put around.

#[tokio::test]
async fn axum_layer() {
    every_status(&axum_sites(router().layer(cors())).await).await;
}

#[tokio::test]
async fn axum_layer_in_a_service_builder() {
    let layers = ServiceBuilder::new().layer(cors()).layer(RequestBodyLimitLayer::new(4));
    let sites = axum_sites(router().layer(layers)).await;
    every_status(&sites).await;
    for site in sites {
        check(site.put("/ok", &[APP], "12345").await, 413, MATCHED, "length limit exceeded");
    }
}

#[tokio::test]
async fn axum_router_inside_of_the_layer() {
    every_status(&hyper_sites(cors().layer(router())).await).await;
    // `axum::serve` takes no body but axum's own.
    let own_body = |response: Response<_>| response.map(axum::body::Body::new);
    let app = ServiceBuilder::new().map_response(own_body).layer(cors()).service(router());
    every_status(&axum_sites(app).await).await;
}

#[tokio::test]
async fn hyper_service() {
    every_status(&hyper_sites(cors().layer(service_fn(application))).await).await;
}

async fn every_status(sites: &[Site]) {
    for site in sites {
        for (line, status, body) in STATUSES {
            check(site.ask(line, &[APP]).await, *status, MATCHED, body);
            check(site.ask(line, &[OTHER]).await, *status, ONLY_VARY, body);
            check(site.ask(line, &[]).await, *status, ONLY_VARY, body);
        }
        for path in ["/ok", "/none"] {
            let line = format!("OPTIONS {path}");
            check(site.ask(&line, &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
            check(site.ask(&line, &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
        }
    }
}

#[tokio::test]
async fn axum_nested_routers() {
    let files = Router::new().route("/a", get("a")).fallback((StatusCode::NOT_FOUND, "no file")).layer(cors());
    let app = Router::new().route("/", get("root")).nest("/files", files).fallback((StatusCode::NOT_FOUND, "none"));
    for site in axum_sites(app).await {
        check(site.ask("GET /files/a", &[APP]).await, 200, MATCHED, "a");
        check(site.ask("PUT /files/a", &[APP]).await, 405, MATCHED, "");
        check(site.ask("GET /files/b", &[APP]).await, 404, MATCHED, "no file");
        check(site.ask("OPTIONS /files/a", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("OPTIONS /files/b", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("GET /", &[APP]).await, 200, NOTHING, "root");
        check(site.ask("OPTIONS /", &[APP, FOR_PUT]).await, 405, NOTHING, "");
        check(site.ask("GET /none", &[APP]).await, 404, NOTHING, "none");
    }
}

#[tokio::test]
async fn axum_routes_after_the_layer_are_not_covered() {
    for site in axum_sites(router().layer(cors()).route("/later", get("later"))).await {
        check(site.ask("GET /ok", &[APP]).await, 200, MATCHED, "ok");
        check(site.ask("GET /later", &[APP]).await, 200, NOTHING, "later");
    }
}

// On the wire.

/// At a path that is no route: to the answers at a route, axum adds an `Allow` of its own.
#[tokio::test]
async fn preflight_on_the_wire() {
    let axum = axum_sites(router().layer(cors())).await;
    let hyper = hyper_sites(cors().layer(service_fn(application))).await;
    for [site, _] in [axum, hyper] {
        let accepted = [
            "HTTP/1.1 200 OK",
            "access-control-allow-headers: x-oss-date, content-type",
            "access-control-allow-methods: GET, PUT, HEAD",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: ETag, x-oss-request-id",
            "access-control-max-age: 600",
            "connection: close",
            "content-length: 0",
            "vary: Origin",
            "",
        ];
        assert_eq!(site.wire(&["OPTIONS /none HTTP/1.1", APP, FOR_PUT, WITH_HEADERS]).await, accepted);
        let refused = [
            "HTTP/1.1 403 Forbidden",
            "connection: close",
            "content-length: 409",
            "content-type: application/xml",
            "vary: Origin",
            &forbidden(NOT_ALLOWED),
        ];
        assert_eq!(site.wire(&["OPTIONS /none HTTP/1.1", OTHER, FOR_PUT]).await, refused);
    }
}

#[tokio::test]
async fn refused_preflight_without_a_body() {
    for site in axum_sites(router().layer(cors().refusal_body(RefusalBody::Empty))).await {
        let answer = site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await;
        assert_eq!(answer.header("content-type"), None);
        check(answer, 403, ONLY_VARY, "");
    }
}

/// HTTP/2 has the port in the URI, where a user may stand as well.
#[tokio::test]
async fn host_of_a_refusal_has_its_port() {
    let [_, http2] = axum_sites(router().layer(cors())).await;
    let answer = http2.ask("OPTIONS http://user@bucket.example.com:8080/ok", &[OTHER, FOR_PUT]).await;
    check(answer, 403, ONLY_VARY, &forbidden(NOT_ALLOWED).replace(HOST, "bucket.example.com:8080"));
}

/// The client announces a body and sends none of it: only a service that does not read it can answer.
#[tokio::test]
async fn preflight_is_answered_before_its_body_comes() {
    let [site, _] = hyper_sites(cors().layer(service_fn(application))).await;
    for origin in [APP, OTHER] {
        let wire = site.wire(&["OPTIONS /ok HTTP/1.1", "content-length: 1000000", origin, FOR_PUT]).await;
        let expected = if origin == APP { "HTTP/1.1 200 OK" } else { "HTTP/1.1 403 Forbidden" };
        assert_eq!(wire.first().map(String::as_str), Some(expected));
    }
}

// Bodies.

#[tokio::test]
async fn streams_go_through_frame_by_frame() {
    let (opened, mut streams) = mpsc::unbounded_channel();
    let stream = move || {
        let (sender, frames) = mpsc::unbounded_channel();
        opened.send(sender).expect("the test waits for it");
        Frames(frames)
    };
    let hyper = {
        let stream = stream.clone();
        let service = service_fn(move |_: Request<Incoming>| {
            // HTTP/1 sends no trailers but those that are announced.
            let response = Response::builder().header("trailer", "x-sum").body(stream());
            std::future::ready(response)
        });
        hyper_sites(cors().layer(service)).await
    };
    let handler = move || std::future::ready(([("trailer", "x-sum")], axum::body::Body::new(stream())));
    let axum = axum_sites(Router::new().route("/", get(handler)).layer(cors())).await;

    for site in hyper.into_iter().chain(axum) {
        let mut response = site.send("GET /", &[APP, "te: trailers"], "").await.expect("an answer");
        assert_eq!((response.status().as_u16(), cors_lines(response.headers())), (200, lines(MATCHED)));
        let stream = streams.recv().await.expect("the application was called");
        for text in ["one", "two"] {
            stream.send(Frame::data(Bytes::from(text))).expect("the stream is open");
            // The next is sent only when this one has come: nobody collects them.
            let frame = response.frame().await.expect("a frame").expect("no error");
            assert_eq!(frame.into_data().ok(), Some(Bytes::from(text)));
        }
        let trailers = HeaderMap::from_iter([("x-sum".parse().expect("a name"), HeaderValue::from_static("6"))]);
        stream.send(Frame::trailers(trailers.clone())).expect("the stream is open");
        drop(stream);
        let frame = response.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_trailers().ok(), Some(trailers));
        assert!(response.frame().await.is_none());
    }
}

#[tokio::test]
async fn preflight_reaches_neither_the_application_nor_its_own_body() {
    let calls = AtomicUsize::new(0);
    let service = cors().layer(service_fn(async |_: Request<Unpolled>| {
        calls.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(answered(200, "ok"))
    }));
    for (method, origin, expected) in [("OPTIONS", APP, 0), ("OPTIONS", OTHER, 0), ("GET", APP, 1), ("GET", OTHER, 2)] {
        let request = request(&format!("{method} /"), &[origin, FOR_PUT], Unpolled);
        service.clone().oneshot(request).await.expect("an answer");
        assert_eq!(calls.load(Ordering::Relaxed), expected, "{method} {origin}");
    }
}

// The application's own headers.

#[tokio::test]
async fn inner_cors_layer_is_overruled() {
    let app = |inner: CorsLayer| Router::new().route("/", any("any")).layer(inner).layer(cors());
    for site in axum_sites(app(CorsLayer::permissive())).await {
        check(site.ask("GET /", &[APP]).await, 200, MATCHED, "any");
        check(site.ask("GET /", &[OTHER]).await, 200, ONLY_VARY, "any");
        check(site.ask("GET /", &[]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("OPTIONS /", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
        // No preflight: the inner layer answers it, and its CORS headers go all the same.
        check(site.ask("OPTIONS /", &[APP]).await, 200, ONLY_VARY, "");
    }
    // This one mirrors the origin, allows credentials, and knows that it varies.
    let varies = "vary: origin, access-control-request-method, access-control-request-headers";
    for site in axum_sites(app(CorsLayer::very_permissive())).await {
        let matched: Vec<&str> =
            MATCHED.iter().map(|line| if *line == "vary: Origin" { varies } else { line }).collect();
        check(site.ask("GET /", &[APP]).await, 200, &matched, "any");
        check(site.ask("GET /", &[OTHER]).await, 200, &[varies], "any");
    }
}

#[tokio::test]
async fn inner_cors_layer_is_kept_when_asked_for() {
    let cors = cors().dangerously_keep_inner_headers(true);
    let app = Router::new().route("/", any("any")).layer(CorsLayer::permissive()).layer(cors);
    let inner = ["access-control-allow-origin: *", "access-control-expose-headers: *", "vary: Origin"];
    for site in axum_sites(app).await {
        check(site.ask("GET /", &[APP]).await, 200, MATCHED, "any");
        check(site.ask("GET /", &[OTHER]).await, 200, &inner, "any");
        check(site.ask("OPTIONS /", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
    }
}

#[tokio::test]
async fn vary_is_one_field() {
    let routes = || {
        let vary = |values: [&'static str; 2]| get((AppendHeaders(values.map(|value| (VARY, value))), ""));
        Router::new()
            .route("/two", vary(["Accept-Encoding", "accept-language, x-a"]))
            .route("/origin", vary(["Accept", "origin, ORIGIN"]))
            .route("/empty", vary(["", " , "]))
            .route("/star", vary(["Accept", "*"]))
            .route("/only-star", get(([(VARY, "*")], "")))
    };
    for site in axum_sites(routes().layer(cors())).await {
        check(site.ask("GET /two", &[]).await, 200, &["vary: Accept-Encoding, accept-language, x-a, Origin"], "");
        check(site.ask("GET /origin", &[]).await, 200, &["vary: Accept, origin"], "");
        check(site.ask("GET /empty", &[]).await, 200, &["vary: Origin"], "");
        check(site.ask("GET /star", &[]).await, 200, &["vary: *"], "");
        check(site.ask("GET /only-star", &[]).await, 200, &["vary: *"], "");
    }
    for site in axum_sites(routes().layer(OssCorsLayer::new(table(OPEN_RULES)))).await {
        let two = ["vary: Accept-Encoding", "vary: accept-language, x-a"];
        check(site.ask("GET /two", &[]).await, 200, &two, "");
        check(site.ask("GET /two", &[APP]).await, 200, &[OPEN, &two].concat(), "");
        check(site.ask("GET /only-star", &[]).await, 200, &["vary: *"], "");
    }
}

// Errors and panics.

#[tokio::test]
async fn inner_error_is_returned_as_it_is() {
    #[derive(Debug, PartialEq)]
    struct Broken(u8);

    let service = cors().layer(service_fn(async |_: Request<()>| Err::<Response<Full<Bytes>>, _>(Broken(7))));
    // The type is the inner service's own: nothing is boxed.
    let result: Result<_, Broken> = service.oneshot(request("GET /", &[APP], ())).await;
    assert_eq!(result.expect_err("the inner error"), Broken(7));
}

#[tokio::test]
async fn inner_error_ends_its_connection_alone() {
    let service = service_fn(async |request: Request<Incoming>| match request.uri().path() {
        "/broken" => Err(BoxError::from("broken")),
        _ => Ok(answered(200, "ok")),
    });
    for site in hyper_sites(cors().layer(service)).await {
        site.send("GET /broken", &[APP], "").await.expect_err("no answer");
        check(site.ask("GET /ok", &[APP]).await, 200, MATCHED, "ok");
    }
}

#[tokio::test]
async fn inner_panic_caught_outside() {
    let axum = {
        let panicking = async || -> &'static str { panic!("on purpose") };
        router().route("/panic", get(panicking)).layer(cors()).layer(CatchPanicLayer::new())
    };
    let hyper = ServiceBuilder::new().layer(CatchPanicLayer::new()).layer(cors()).service_fn(|request| {
        // Before there is a future.
        assert!(Request::<Incoming>::uri(&request).path() != "/panic", "on purpose");
        application(request)
    });
    for site in axum_sites(axum).await.into_iter().chain(hyper_sites(hyper).await) {
        for _ in 0..2 {
            // What is answered outside of the layer has no CORS headers.
            check(site.ask("GET /panic", &[APP]).await, 500, NOTHING, "Service panicked");
            check(site.ask("GET /ok", &[APP]).await, 200, MATCHED, "ok");
        }
    }
}

// Choices.

#[tokio::test]
async fn options_that_are_no_preflight() {
    let app = || Router::new().route("/", any("any"));
    for site in axum_sites(app().layer(cors())).await {
        check(site.ask("OPTIONS /", &[]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[APP]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[FOR_PUT]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[APP, FOR_GET, WITH_HEADERS]).await, 200, ACCEPTED, "");
    }
    for site in axum_sites(app().layer(cors().answer_every_options(true))).await {
        check(site.ask("OPTIONS /", &[]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_ORIGIN));
        check(site.ask("OPTIONS /", &[APP]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_METHOD));
        check(site.ask("OPTIONS /", &[FOR_PUT]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_ORIGIN));
        check(site.ask("OPTIONS /", &[APP, FOR_GET, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("GET /", &[APP]).await, 200, MATCHED, "any");
    }
}

#[tokio::test]
async fn outcome_is_reported_when_asked_for() {
    let reported = async |layer: OssCorsLayer, line: &str, headers: &[&str]| {
        let request = request(line, headers, axum::body::Body::empty());
        let response = router().layer(layer).oneshot(request).await.expect("an answer");
        response.extensions().get::<Outcome>().copied()
    };
    let not_allowed = Refusal::NotAllowed(Mismatch::Origin);
    for (line, headers, outcome) in [
        ("GET /ok", &[APP][..], Some(Outcome::Forwarded(Ok(1)))),
        ("GET /none", &[APP], Some(Outcome::Forwarded(Ok(1)))),
        ("DELETE /ok", &[APP], Some(Outcome::Forwarded(Err(Unmatched::Method)))),
        ("GET /ok", &[OTHER], Some(Outcome::Forwarded(Err(Unmatched::Origin)))),
        ("GET /ok", &[], None),
        ("OPTIONS /ok", &[APP, FOR_PUT], Some(Outcome::Answered(Ok(1)))),
        ("OPTIONS /ok", &[OTHER, FOR_PUT], Some(Outcome::Answered(Err(not_allowed)))),
    ] {
        assert_eq!(reported(cors().report_outcome(true), line, headers).await, outcome, "{line} {headers:?}");
        assert_eq!(reported(cors(), line, headers).await, None, "{line} {headers:?}");
    }
}

#[tokio::test]
async fn table_is_swapped_while_a_request_is_in_flight() {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, go) = (entered.clone(), go.clone());
        async move || {
            entered.notify_one();
            go.notified().await;
            "slow"
        }
    };
    let handle = CorsHandle::new(table(RULES));
    let app = router().route("/slow", get(slow)).layer(OssCorsLayer::from_handle(handle.clone()));
    for site in axum_sites(app).await {
        handle.store(table(RULES));
        let in_flight = tokio::spawn(async move { site.ask("GET /slow", &[APP]).await });
        entered.notified().await;
        handle.store(table(OPEN_RULES));
        check(site.ask("GET /ok", &[APP]).await, 200, OPEN, "ok");
        go.notify_one();
        check(in_flight.await.expect("no panic"), 200, MATCHED, "slow");
        check(site.ask("OPTIONS /ok", &[OTHER, FOR_GET]).await, 200, OPEN, "");

        handle.store(RuleTable::not_enabled());
        check(site.ask("GET /ok", &[APP]).await, 200, NOTHING, "ok");
        check(site.ask("OPTIONS /ok", &[APP, FOR_PUT]).await, 403, NOTHING, &forbidden(NOT_ENABLED));
        handle.store(RuleTable::no_such_bucket());
        let no_bucket = refusal("NoSuchBucket", "The specified bucket does not exist.");
        check(site.ask("OPTIONS /ok", &[APP, FOR_PUT]).await, 404, NOTHING, &no_bucket);
    }
}

// Odd requests: not even `*` matches them, and nothing of them comes back.

#[tokio::test]
async fn odd_origins() {
    let long = |length: usize| format!("origin: https://{}", "a".repeat(length - "https://".len()));
    let sites = axum_sites(router().layer(OssCorsLayer::new(table(OPEN_RULES)))).await;
    for site in sites {
        for origins in [
            &[APP, APP][..],
            &[APP, OTHER],
            &["origin:"],
            &["origin: https://caf\u{e9}.example.com"],
            &["origin: https://a.example.com https://b.example.com\u{80}"],
            &["origin: https://a.example.com\thttps://b.example.com"],
            &[&long(1025)],
            &[&long(10_000)],
        ] {
            check(site.ask("GET /ok", origins).await, 200, NOTHING, "ok");
            let preflight = [origins, &[FOR_GET]].concat();
            check(site.ask("OPTIONS /ok", &preflight).await, 403, NOTHING, &forbidden(NOT_ALLOWED));
        }
        check(site.ask("GET /ok", &[&long(1024)]).await, 200, OPEN, "ok");
    }
}

#[tokio::test]
async fn odd_preflights() {
    let names = |bytes: usize| format!("access-control-request-headers: {}", "x-a,".repeat(bytes / 4));
    for site in axum_sites(router().layer(OssCorsLayer::new(table(OPEN_RULES)))).await {
        for headers in [
            &[FOR_GET, FOR_GET][..],
            &[FOR_GET, FOR_PUT],
            &["access-control-request-method:"],
            &["access-control-request-method: get"],
            &["access-control-request-method: G\u{e9}T"],
            &[FOR_GET, &names(10 * 1024)],
            &[FOR_GET, &names(5 * 1024), &names(5 * 1024)],
            &[FOR_GET, "access-control-request-headers: x-a, b c"],
            &[FOR_GET, "access-control-request-headers: x-a: 1"],
            &[FOR_GET, "access-control-request-headers: caf\u{e9}"],
        ] {
            let preflight = [&[APP], headers].concat();
            check(site.ask("OPTIONS /ok", &preflight).await, 403, NOTHING, &forbidden(NOT_ALLOWED));
        }
    }
}

// What the layer does not ask for: `Send` of anything, an error that is one, a body with a `Default`.

#[tokio::test]
async fn nothing_need_be_send() {
    let service = cors().layer(service_fn(async |request: Request<Rc<()>>| {
        let held = request.into_body();
        tokio::task::yield_now().await;
        drop(held);
        Ok::<_, Rc<str>>(Response::new(Frames(mpsc::unbounded_channel().1)))
    }));
    let response = service.oneshot(request("GET /", &[APP], Rc::new(()))).await.expect("an answer");
    assert_eq!(cors_lines(response.headers()), lines(MATCHED));
}

/// A body that the test feeds. It has no `Default`.
struct Frames(mpsc::UnboundedReceiver<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// A body that must not be polled.
struct Unpolled;

impl Body for Unpolled {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("a preflight's body was polled")
    }
}

// Rules and answers.

fn cors() -> OssCorsLayer {
    OssCorsLayer::new(table(RULES))
}

fn table(rules: &str) -> RuleTable {
    RuleFile::parse(rules.as_bytes(), None, Profile::Oss).expect("the rules are right").table()
}

fn answered(status: u16, body: &'static str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::from(body)).expect("the status is one")
}

// Servers.

async fn axum_sites<S>(app: S) -> [Site; 2]
where
    S: Service<axum::extract::Request, Response = axum::response::Response, Error = Infallible, Future: Send>,
    S: Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let sites = Site::both(listener.local_addr().expect("a bound socket has an address"));
    tokio::spawn(async { axum::serve(listener, Shared::new(app)).await });
    sites
}

async fn hyper_sites<S, B>(service: S) -> [Site; 2]
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let sites = Site::both(listener.local_addr().expect("a bound socket has an address"));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = TowerToHyperService::new(service.clone());
            let serving = async {
                let builder = auto::Builder::new(TokioExecutor::new());
                builder.serve_connection(TokioIo::new(stream), service).await
            };
            tokio::spawn(serving);
        }
    });
    sites
}
