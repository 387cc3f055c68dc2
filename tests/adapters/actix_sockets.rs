//! The actix middleware over real sockets, in HTTP/1 and HTTP/2: around an app, a scope and a resource.
//!
//! An answer is compared whole: a CORS or `Vary` header that is not named must be absent.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use crate::support::client::{HOST, Site, check, cors_lines, forbidden, lines, refusal};
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{ErrorBadRequest, ErrorImATeapot, InternalError};
use actix_web::middleware::{DefaultHeaders, Next, from_fn};
use actix_web::web::{self, PayloadConfig, ServiceConfig};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpResponse, HttpServer, ResponseError, test as in_memory};
use bytes::Bytes;
use http::HeaderValue;
use http_body_util::BodyExt;
use oss_cors_actix::{DecoratedError, OssCors};
use oss_cors_core::{Mismatch, Outcome, Profile, Refusal, RuleFile, RuleTable, Unmatched};
use oss_cors_live::{CorsHandle, RefusalBody};
use tokio::sync::{Notify, mpsc};

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

/// What the application answers: the request, the status, the body.
const STATUSES: &[(&str, u16, &str)] = &[
    ("GET /ok", 200, "ok"),
    ("HEAD /ok", 200, ""),
    ("GET /part", 206, "part"),
    ("GET /same", 304, ""),
    ("GET /none", 404, "none"),
    ("PUT /ok", 405, ""),
    ("GET /broken", 500, "broken"),
];

fn routes(config: &mut ServiceConfig) {
    let answered = |status: u16, body: &'static str| {
        move || {
            let status = actix_web::http::StatusCode::from_u16(status).expect("a status");
            ready(HttpResponse::build(status).body(body))
        }
    };
    let ok = web::resource("/ok").route(web::get().to(answered(200, "ok"))).route(web::head().to(answered(200, "ok")));
    config
        .service(ok)
        .route("/part", web::get().to(answered(206, "part")))
        .route("/same", web::get().to(answered(304, "")))
        .route("/broken", web::get().to(answered(500, "broken")))
        .default_service(web::to(answered(404, "none")));
}

/// A server of its own, on a free port, with this app.
macro_rules! sites {
    ($app:expr) => {{
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let sites = Site::both(listener.local_addr().expect("a bound socket has an address"));
        let server = HttpServer::new(move || $app).workers(1).disable_signals();
        actix_web::rt::spawn(server.listen_auto_h2c(listener).expect("the server listens").run());
        sites
    }};
}

// Every status is decorated alike, whatever the middleware is put around.

#[actix_web::test]
async fn app() {
    let cors = cors();
    every_status(&sites!(App::new().configure(routes).wrap(cors.clone())), "").await;
}

#[actix_web::test]
async fn scope() {
    let cors = cors();
    let sites = sites!(App::new().service(web::scope("/in").configure(routes).wrap(cors.clone())).configure(routes));
    every_status(&sites, "/in").await;
    for site in sites {
        check(site.ask("GET /ok", &[APP]).await, 200, NOTHING, "ok");
        check(site.ask("GET /none", &[APP]).await, 404, NOTHING, "none");
        check(site.ask("OPTIONS /ok", &[APP, FOR_PUT]).await, 405, NOTHING, "");
    }
}

#[actix_web::test]
async fn resource() {
    let cors = cors();
    let covered = || web::resource("/a").route(web::get().to(async || "a"));
    for site in sites!(App::new().service(covered().wrap(cors.clone())).configure(routes)) {
        check(site.ask("GET /a", &[APP]).await, 200, MATCHED, "a");
        check(site.ask("GET /a", &[OTHER]).await, 200, ONLY_VARY, "a");
        check(site.ask("PUT /a", &[APP]).await, 405, MATCHED, "");
        check(site.ask("OPTIONS /a", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("OPTIONS /a", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
        check(site.ask("GET /ok", &[APP]).await, 200, NOTHING, "ok");
        check(site.ask("GET /none", &[APP]).await, 404, NOTHING, "none");
    }
}

async fn every_status(sites: &[Site], prefix: &str) {
    for site in sites {
        for (line, status, body) in STATUSES {
            let line = &line.replace('/', &format!("{prefix}/"));
            check(site.ask(line, &[APP]).await, *status, MATCHED, body);
            check(site.ask(line, &[OTHER]).await, *status, ONLY_VARY, body);
            check(site.ask(line, &[]).await, *status, ONLY_VARY, body);
        }
        for path in ["/ok", "/none"] {
            let line = format!("OPTIONS {prefix}{path}");
            check(site.ask(&line, &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
            check(site.ask(&line, &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
        }
    }
}

// On the wire.

#[actix_web::test]
async fn preflight_on_the_wire() {
    let cors = cors();
    let [site, _] = sites!(App::new().configure(routes).wrap(cors.clone()));
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
    assert_eq!(site.wire(&["OPTIONS /ok HTTP/1.1", APP, FOR_PUT, WITH_HEADERS]).await, accepted);
    let refused = [
        "HTTP/1.1 403 Forbidden",
        "connection: close",
        "content-length: 409",
        "content-type: application/xml",
        "vary: Origin",
        &forbidden(NOT_ALLOWED),
    ];
    assert_eq!(site.wire(&["OPTIONS /ok HTTP/1.1", OTHER, FOR_PUT]).await, refused);
}

#[actix_web::test]
async fn refused_preflight_without_a_body() {
    let cors = cors().refusal_body(RefusalBody::Empty);
    for site in sites!(App::new().configure(routes).wrap(cors.clone())) {
        let answer = site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await;
        assert_eq!(answer.header("content-type"), None);
        check(answer, 403, ONLY_VARY, "");
    }
}

/// HTTP/2 has the port in the URI, where a user may stand as well.
#[actix_web::test]
async fn host_of_a_refusal_has_its_port() {
    let cors = cors();
    let [_, http2] = sites!(App::new().configure(routes).wrap(cors.clone()));
    let answer = http2.ask("OPTIONS http://user@bucket.example.com:8080/ok", &[OTHER, FOR_PUT]).await;
    check(answer, 403, ONLY_VARY, &forbidden(NOT_ALLOWED).replace(HOST, "bucket.example.com:8080"));
}

/// The client announces a body and sends none of it: only a service that does not read it can answer.
#[actix_web::test]
async fn preflight_is_answered_before_its_body_comes() {
    let cors = cors();
    let [site, _] = sites!(App::new().configure(routes).wrap(cors.clone()));
    for (origin, expected) in [(APP, "HTTP/1.1 200 OK"), (OTHER, "HTTP/1.1 403 Forbidden")] {
        let wire = site.wire(&["OPTIONS /ok HTTP/1.1", "content-length: 1000000", origin, FOR_PUT]).await;
        assert_eq!(wire.first().map(String::as_str), Some(expected));
    }
}

#[actix_web::test]
async fn preflight_does_not_reach_the_application() {
    let (cors, calls) = (cors(), Arc::new(AtomicUsize::new(0)));
    let called = {
        let calls = calls.clone();
        move || ready(calls.fetch_add(1, Ordering::Relaxed).to_string())
    };
    for site in sites!(App::new().default_service(web::to(called.clone())).wrap(cors.clone())) {
        calls.store(0, Ordering::Relaxed);
        for (method, origin, expected) in
            [("OPTIONS", APP, 0), ("OPTIONS", OTHER, 0), ("GET", APP, 1), ("GET", OTHER, 2)]
        {
            site.ask(&format!("{method} /"), &[origin, FOR_PUT]).await;
            assert_eq!(calls.load(Ordering::Relaxed), expected, "{method} {origin}");
        }
    }
}

#[actix_web::test]
async fn streams_go_through_frame_by_frame() {
    let (opened, mut streams) = mpsc::unbounded_channel();
    let stream = move || {
        let (sender, frames) = mpsc::unbounded_channel();
        opened.send(sender).expect("the test waits for it");
        ready(HttpResponse::Ok().body(Frames(frames)))
    };
    let cors = cors();
    for site in sites!(App::new().route("/", web::get().to(stream.clone())).wrap(cors.clone())) {
        let mut response = site.send("GET /", &[APP], "").await.expect("an answer");
        assert_eq!((response.status().as_u16(), cors_lines(response.headers())), (200, lines(MATCHED)));
        let stream = streams.recv().await.expect("the application was called");
        for text in ["one", "two"] {
            stream.send(Bytes::from(text)).expect("the stream is open");
            // The next is sent only when this one has come: nobody collects them.
            let frame = response.frame().await.expect("a frame").expect("no error");
            assert_eq!(frame.into_data().ok(), Some(Bytes::from(text)));
        }
        drop(stream);
        assert_eq!(response.collect().await.expect("no error").to_bytes(), Bytes::new());
    }
}

// The application's own headers.

#[actix_web::test]
async fn inner_cors_headers_are_overruled() {
    let inner = || {
        DefaultHeaders::new()
            .add(("access-control-allow-origin", "*"))
            .add(("access-control-allow-credentials", "true"))
            .add(("access-control-allow-headers", "*"))
            .add(("access-control-allow-private-network", "true"))
            .add(("access-control-max-age", "5"))
            .add(("vary", "Accept"))
    };
    let replaced = |lines: &[&'static str]| [&lines[..lines.len() - 1], &["vary: Accept, Origin"]].concat();
    let (strict, keeping) = (cors(), cors().dangerously_keep_inner_headers(true));
    for site in sites!(App::new().configure(routes).wrap(inner()).wrap(strict.clone())) {
        check(site.ask("GET /ok", &[APP]).await, 200, &replaced(MATCHED), "ok");
        check(site.ask("GET /none", &[APP]).await, 404, &replaced(MATCHED), "none");
        check(site.ask("GET /ok", &[OTHER]).await, 200, &["vary: Accept, Origin"], "ok");
        check(site.ask("GET /ok", &[]).await, 200, &["vary: Accept, Origin"], "ok");
        check(site.ask("OPTIONS /ok", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
    }
    let kept = [
        "access-control-allow-credentials: true",
        "access-control-allow-headers: *",
        "access-control-allow-origin: *",
        "access-control-allow-private-network: true",
        "access-control-max-age: 5",
        "vary: Accept, Origin",
    ];
    for site in sites!(App::new().configure(routes).wrap(inner()).wrap(keeping.clone())) {
        check(site.ask("GET /ok", &[OTHER]).await, 200, &kept, "ok");
        check(site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
    }
}

#[actix_web::test]
async fn vary_is_one_field() {
    fn routes(config: &mut ServiceConfig) {
        let vary = |values: &'static [&str]| {
            web::get().to(move || {
                let mut response = HttpResponse::Ok();
                for value in values {
                    response.append_header(("vary", *value));
                }
                ready(response.finish())
            })
        };
        config
            .route("/two", vary(&["Accept-Encoding", "accept-language, x-a"]))
            .route("/origin", vary(&["Accept", "origin, ORIGIN"]))
            .route("/empty", vary(&["", " , "]))
            .route("/star", vary(&["Accept", "*"]))
            .route("/only-star", vary(&["*"]));
    }
    let (cors, open) = (cors(), OssCors::new(table(OPEN_RULES)));
    for site in sites!(App::new().configure(routes).wrap(cors.clone())) {
        check(site.ask("GET /two", &[]).await, 200, &["vary: Accept-Encoding, accept-language, x-a, Origin"], "");
        check(site.ask("GET /origin", &[]).await, 200, &["vary: Accept, origin"], "");
        check(site.ask("GET /empty", &[]).await, 200, &["vary: Origin"], "");
        check(site.ask("GET /star", &[]).await, 200, &["vary: *"], "");
        check(site.ask("GET /only-star", &[]).await, 200, &["vary: *"], "");
    }
    for site in sites!(App::new().configure(routes).wrap(open.clone())) {
        let two = ["vary: Accept-Encoding", "vary: accept-language, x-a"];
        check(site.ask("GET /two", &[]).await, 200, &two, "");
        check(site.ask("GET /two", &[APP]).await, 200, &[OPEN, &two].concat(), "");
        check(site.ask("GET /only-star", &[]).await, 200, &["vary: *"], "");
    }
}

// Errors and panics.

/// Fails instead of calling what is inside of it.
async fn fail(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match request.path() {
        "/teapot" => Err(ErrorImATeapot("short and stout")),
        "/denied" => {
            let response = HttpResponse::Unauthorized()
                .insert_header(("www-authenticate", "Basic"))
                .insert_header(("access-control-allow-origin", "*"))
                .insert_header(("access-control-allow-credentials", "true"))
                .append_header(("vary", "Accept"))
                .append_header(("vary", "Cookie"))
                .body("who are you?");
            Err(InternalError::from_response("denied", response).into())
        }
        "/sold-out" => Err(SoldOut.into()),
        _ => next.call(request).await,
    }
}

#[derive(Debug, PartialEq)]
struct SoldOut;

impl fmt::Display for SoldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sold out")
    }
}

impl ResponseError for SoldOut {
    fn status_code(&self) -> actix_web::http::StatusCode {
        actix_web::http::StatusCode::GONE
    }
}

#[actix_web::test]
async fn errors_of_inner_middleware() {
    let cors = cors();
    for site in sites!(App::new().configure(routes).wrap(from_fn(fail)).wrap(cors.clone())) {
        let varies = "vary: Accept, Cookie, Origin";
        let denied_matched = [&MATCHED[..MATCHED.len() - 1], &[varies]].concat();
        for (path, status, matched, unmatched, body) in [
            ("/ok", 200, MATCHED, ONLY_VARY, "ok"),
            ("/teapot", 418, MATCHED, ONLY_VARY, "short and stout"),
            ("/sold-out", 410, MATCHED, ONLY_VARY, "sold out"),
            ("/denied", 401, &denied_matched, &[varies], "who are you?"),
        ] {
            check(site.ask(&format!("GET {path}"), &[APP]).await, status, matched, body);
            check(site.ask(&format!("GET {path}"), &[OTHER]).await, status, unmatched, body);
            check(site.ask(&format!("GET {path}"), &[]).await, status, unmatched, body);
            let preflight = site.ask(&format!("OPTIONS {path}"), &[APP, FOR_PUT, WITH_HEADERS]).await;
            check(preflight, 200, ACCEPTED, "");
        }
        let denied = site.ask("GET /denied", &[APP]).await;
        assert_eq!(denied.header("www-authenticate"), Some(&HeaderValue::from_static("Basic")));
    }
}

/// An error that comes out of a scope is decorated by the middleware around the app.
#[actix_web::test]
async fn errors_of_middleware_in_a_scope() {
    let cors = cors();
    let scope = || web::scope("").configure(routes).wrap(from_fn(fail));
    for site in sites!(App::new().service(scope()).wrap(cors.clone())) {
        check(site.ask("GET /teapot", &[APP]).await, 418, MATCHED, "short and stout");
        check(site.ask("GET /teapot", &[OTHER]).await, 418, ONLY_VARY, "short and stout");
    }
}

#[actix_web::test]
async fn outer_middleware_finds_the_inner_error() {
    let cors = cors().report_outcome(true);
    let app = in_memory::init_service(App::new().configure(routes).wrap(from_fn(fail)).wrap(cors)).await;
    let request = in_memory::TestRequest::get().uri("/sold-out").insert_header(("origin", "https://app.example.com"));
    let Err(error) = in_memory::try_call_service(&app, request.to_request()).await else { panic!("an answer") };
    assert_eq!(error.as_error().map(DecoratedError::inner).and_then(Error::as_error), Some(&SoldOut));
    assert_eq!((error.to_string(), format!("{error:?}")), ("sold out".to_owned(), "SoldOut".to_owned()));
    let response = error.error_response();
    assert_eq!(response.extensions().get(), Some(&Outcome::Forwarded(Ok(1))));
}

struct Unwilling;

impl FromRequest for Unwilling {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Err(ErrorBadRequest("unwilling")))
    }
}

#[actix_web::test]
async fn errors_of_handlers_and_extractors() {
    let cors = cors();
    let app = || {
        App::new()
            .app_data(PayloadConfig::new(4))
            .route("/handler", web::get().to(async || Err::<&str, _>(SoldOut)))
            .route("/extractor", web::get().to(async |_: Unwilling| "never"))
            .route("/body", web::put().to(async |body: web::Bytes| body))
    };
    for site in sites!(app().wrap(cors.clone())) {
        check(site.ask("GET /handler", &[APP]).await, 410, MATCHED, "sold out");
        check(site.ask("GET /handler", &[OTHER]).await, 410, ONLY_VARY, "sold out");
        check(site.ask("GET /extractor", &[APP]).await, 400, MATCHED, "unwilling");
        check(site.ask("GET /extractor", &[OTHER]).await, 400, ONLY_VARY, "unwilling");
        check(site.put("/body", &[APP], "1234").await, 200, MATCHED, "1234");
        check(site.put("/body", &[APP], "12345").await, 413, MATCHED, "payload reached size limit");
        check(site.put("/body", &[OTHER], "12345").await, 413, ONLY_VARY, "payload reached size limit");
    }
}

#[actix_web::test]
async fn panic_ends_its_connection_alone() {
    let cors = cors();
    let panicking = async || -> &'static str { panic!("on purpose") };
    for site in sites!(App::new().configure(routes).route("/panic", web::get().to(panicking)).wrap(cors.clone())) {
        for _ in 0..2 {
            site.send("GET /panic", &[APP], "").await.expect_err("no answer");
            check(site.ask("GET /ok", &[APP]).await, 200, MATCHED, "ok");
        }
    }
}

// Choices.

#[actix_web::test]
async fn options_that_are_no_preflight() {
    let (by_default, every) = (cors(), cors().answer_every_options(true));
    let app = || App::new().default_service(web::to(async || "any"));
    for site in sites!(app().wrap(by_default.clone())) {
        check(site.ask("OPTIONS /", &[]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[APP]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[FOR_PUT]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /", &[APP, FOR_GET, WITH_HEADERS]).await, 200, ACCEPTED, "");
    }
    for site in sites!(app().wrap(every.clone())) {
        check(site.ask("OPTIONS /", &[]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_ORIGIN));
        check(site.ask("OPTIONS /", &[APP]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_METHOD));
        check(site.ask("OPTIONS /", &[FOR_PUT]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_ORIGIN));
        check(site.ask("OPTIONS /", &[APP, FOR_GET, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("GET /", &[APP]).await, 200, MATCHED, "any");
    }
}

#[actix_web::test]
async fn outcome_is_reported_when_asked_for() {
    let reported = async |cors: OssCors, line: &str, headers: &[&str]| {
        let app = in_memory::init_service(App::new().configure(routes).wrap(cors)).await;
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let method = method.parse().expect("a method");
        let mut request = in_memory::TestRequest::with_uri(path).method(method);
        for header in headers {
            request = request.insert_header(header.split_once(": ").expect("a name and a value"));
        }
        let response = in_memory::call_service(&app, request.to_request()).await;
        response.response().extensions().get::<Outcome>().copied()
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

#[actix_web::test]
async fn table_is_swapped_while_a_request_is_in_flight() {
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (entered, go) = (entered.clone(), go.clone());
        move || {
            let (entered, go) = (entered.clone(), go.clone());
            async move {
                entered.notify_one();
                go.notified().await;
                "slow"
            }
        }
    };
    let handle = CorsHandle::new(table(RULES));
    let cors = OssCors::from_handle(handle.clone());
    for site in sites!(App::new().configure(routes).route("/slow", web::get().to(slow.clone())).wrap(cors.clone())) {
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

#[actix_web::test]
async fn odd_origins() {
    let long = |length: usize| format!("origin: https://{}", "a".repeat(length - "https://".len()));
    let open = OssCors::new(table(OPEN_RULES));
    for site in sites!(App::new().configure(routes).wrap(open.clone())) {
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

#[actix_web::test]
async fn odd_preflights() {
    let names = |bytes: usize| format!("access-control-request-headers: {}", "x-a,".repeat(bytes / 4));
    let open = OssCors::new(table(OPEN_RULES));
    for site in sites!(App::new().configure(routes).wrap(open.clone())) {
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

/// A body that the test feeds. It has no `Default`.
struct Frames(mpsc::UnboundedReceiver<Bytes>);

impl MessageBody for Frames {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(Ok))
    }
}

// Rules and answers.

fn cors() -> OssCors {
    OssCors::new(table(RULES))
}

fn table(rules: &str) -> RuleTable {
    RuleFile::parse(rules.as_bytes(), None, Profile::Oss).expect("the rules are right").table()
}
