//! What both adapters do alike: each scenario over a server of axum, of plain hyper and of actix.

use std::sync::atomic::Ordering;

use actix_web::{App, test as in_memory};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::BodyExt;
use oss_cors_core::{Mismatch, Outcome, Refusal, RuleTable, Unmatched};
use oss_cors_live::{CorsHandle, RefusalBody};
use tower::ServiceExt;

use super::application::Application;
use super::rules::{
    ACCEPTED, APP, FOR_GET, FOR_PUT, MATCHED, NO_METHOD, NO_ORIGIN, NOT_ALLOWED, NOT_ENABLED, NOTHING, ONLY_VARY, OPEN,
    OPEN_RULES, OTHER, RULES, WITH_HEADERS, table,
};
use super::servers::{Server, Setup};
use super::statuses::every_status;
use crate::support::client::{HOST, Site, check, cors_lines, forbidden, lines, refusal, request};

fn strict() -> Setup {
    Setup::new(table(RULES))
}

fn open() -> Setup {
    Setup::new(table(OPEN_RULES))
}

async fn servers(setup: Setup) -> [Server; 3] {
    setup.servers(&Application::new().0).await
}

async fn sites(setup: Setup) -> impl Iterator<Item = Site> {
    servers(setup).await.into_iter().flat_map(|server| server.sites)
}

#[actix_web::test]
async fn statuses() {
    for server in servers(strict()).await {
        every_status(&server.sites, "").await;
    }
}

// On the wire.

#[actix_web::test]
async fn preflight_on_the_wire() {
    for Server { name, sites: [site, _], .. } in servers(strict()).await {
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
        let refused = [
            "HTTP/1.1 403 Forbidden",
            "connection: close",
            "content-length: 409",
            "content-type: application/xml",
            "vary: Origin",
            &forbidden(NOT_ALLOWED),
        ];
        // To the answers at a route, axum adds an `Allow` of its own.
        let paths: &[&str] = if name == "axum" { &["/none"] } else { &["/none", "/ok"] };
        for path in paths {
            let line = format!("OPTIONS {path} HTTP/1.1");
            assert_eq!(site.wire(&[&line, APP, FOR_PUT, WITH_HEADERS]).await, accepted, "{name} {path}");
            assert_eq!(site.wire(&[&line, OTHER, FOR_PUT]).await, refused, "{name} {path}");
        }
    }
}

#[actix_web::test]
async fn refused_preflight_without_a_body() {
    for site in sites(Setup { refusal_body: RefusalBody::Empty, ..strict() }).await {
        let answer = site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await;
        assert_eq!(answer.header("content-type"), None);
        check(answer, 403, ONLY_VARY, "");
    }
}

/// HTTP/2 has the port in the URI, where a user may stand as well.
#[actix_web::test]
async fn host_of_a_refusal_has_its_port() {
    for Server { sites: [_, http2], .. } in servers(strict()).await {
        let answer = http2.ask("OPTIONS http://user@bucket.example.com:8080/ok", &[OTHER, FOR_PUT]).await;
        check(answer, 403, ONLY_VARY, &forbidden(NOT_ALLOWED).replace(HOST, "bucket.example.com:8080"));
    }
}

/// The client announces a body and sends none of it: only a service that does not read it can answer.
#[actix_web::test]
async fn preflight_is_answered_before_its_body_comes() {
    for Server { name, sites: [site, _], .. } in servers(strict()).await {
        for (origin, expected) in [(APP, "HTTP/1.1 200 OK"), (OTHER, "HTTP/1.1 403 Forbidden")] {
            let wire = site.wire(&["OPTIONS /ok HTTP/1.1", "content-length: 1000000", origin, FOR_PUT]).await;
            assert_eq!(wire.first().map(String::as_str), Some(expected), "{name}");
        }
    }
}

#[actix_web::test]
async fn preflight_does_not_reach_the_application() {
    let (application, _) = Application::new();
    for Server { name, sites, .. } in strict().servers(&application).await {
        for site in sites {
            application.calls.store(0, Ordering::Relaxed);
            for (method, origin, expected) in
                [("OPTIONS", APP, 0), ("OPTIONS", OTHER, 0), ("GET", APP, 1), ("GET", OTHER, 2)]
            {
                site.ask(&format!("{method} /calls"), &[origin, FOR_PUT]).await;
                assert_eq!(application.calls.load(Ordering::Relaxed), expected, "{name} {method} {origin}");
            }
        }
    }
}

#[actix_web::test]
async fn streams_go_through_frame_by_frame() {
    let (application, mut streams) = Application::new();
    for Server { name, sites, has_trailers } in strict().servers(&application).await {
        for site in sites {
            let mut response = site.send("GET /stream", &[APP, "te: trailers"], "").await.expect("an answer");
            assert_eq!((response.status().as_u16(), cors_lines(response.headers())), (200, lines(MATCHED)), "{name}");
            let stream = streams.recv().await.expect("the application was called");
            for text in ["one", "two"] {
                stream.send(Frame::data(Bytes::from(text))).expect("the stream is open");
                // The next is sent only when this one has come: nobody collects them.
                let frame = response.frame().await.expect("a frame").expect("no error");
                assert_eq!(frame.into_data().ok(), Some(Bytes::from(text)), "{name}");
            }
            if has_trailers {
                let trailers =
                    HeaderMap::from_iter([("x-sum".parse().expect("a name"), HeaderValue::from_static("6"))]);
                stream.send(Frame::trailers(trailers.clone())).expect("the stream is open");
                let frame = response.frame().await.expect("a frame").expect("no error");
                assert_eq!(frame.into_trailers().ok(), Some(trailers), "{name}");
            }
            drop(stream);
            assert_eq!(response.collect().await.expect("no error").to_bytes(), Bytes::new(), "{name}");
        }
    }
}

// The application's own headers.

#[actix_web::test]
async fn inner_cors_headers_are_overruled() {
    let replaced = |lines: &[&'static str]| [&lines[..lines.len() - 1], &["vary: Accept, Origin"]].concat();
    for site in sites(Setup { inner_headers: true, ..strict() }).await {
        check(site.ask("GET /ok", &[APP]).await, 200, &replaced(MATCHED), "ok");
        check(site.ask("GET /none", &[APP]).await, 404, &replaced(MATCHED), "none");
        check(site.ask("GET /ok", &[OTHER]).await, 200, &["vary: Accept, Origin"], "ok");
        check(site.ask("GET /ok", &[]).await, 200, &["vary: Accept, Origin"], "ok");
        check(site.ask("OPTIONS /ok", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
    }
}

#[actix_web::test]
async fn inner_cors_headers_are_kept_when_asked_for() {
    let kept = [
        "access-control-allow-credentials: true",
        "access-control-allow-headers: *",
        "access-control-allow-origin: *",
        "access-control-allow-private-network: true",
        "access-control-max-age: 5",
        "vary: Accept, Origin",
    ];
    for site in sites(Setup { inner_headers: true, keep_inner_headers: true, ..strict() }).await {
        check(site.ask("GET /ok", &[OTHER]).await, 200, &kept, "ok");
        check(site.ask("OPTIONS /ok", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
    }
}

#[actix_web::test]
async fn vary_is_one_field() {
    for site in sites(strict()).await {
        check(site.ask("GET /two", &[]).await, 200, &["vary: Accept-Encoding, accept-language, x-a, Origin"], "");
        check(site.ask("GET /origin", &[]).await, 200, &["vary: Accept, origin"], "");
        check(site.ask("GET /empty", &[]).await, 200, &["vary: Origin"], "");
        check(site.ask("GET /star", &[]).await, 200, &["vary: *"], "");
        check(site.ask("GET /only-star", &[]).await, 200, &["vary: *"], "");
    }
    for site in sites(open()).await {
        let two = ["vary: Accept-Encoding", "vary: accept-language, x-a"];
        check(site.ask("GET /two", &[]).await, 200, &two, "");
        check(site.ask("GET /two", &[APP]).await, 200, &[OPEN, &two].concat(), "");
        check(site.ask("GET /only-star", &[]).await, 200, &["vary: *"], "");
    }
}

// Choices.

#[actix_web::test]
async fn options_that_are_no_preflight() {
    for site in sites(strict()).await {
        check(site.ask("OPTIONS /any", &[]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /any", &[APP]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /any", &[FOR_PUT]).await, 200, ONLY_VARY, "any");
        check(site.ask("OPTIONS /any", &[APP, FOR_GET, WITH_HEADERS]).await, 200, ACCEPTED, "");
    }
    for site in sites(Setup { answer_every_options: true, ..strict() }).await {
        check(site.ask("OPTIONS /any", &[]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_ORIGIN));
        check(site.ask("OPTIONS /any", &[APP]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_METHOD));
        check(site.ask("OPTIONS /any", &[FOR_PUT]).await, 400, ONLY_VARY, &refusal("BadRequest", NO_ORIGIN));
        check(site.ask("OPTIONS /any", &[APP, FOR_GET, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("GET /any", &[APP]).await, 200, MATCHED, "any");
    }
}

/// In memory: it is for the server's own outer layers.
#[actix_web::test]
async fn outcome_is_reported_when_asked_for() {
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
        for (report_outcome, expected) in [(true, outcome), (false, None)] {
            let setup = Setup { report_outcome, ..strict() };
            assert_eq!(by_tower(&setup, line, headers).await, expected, "tower {line} {headers:?}");
            assert_eq!(by_actix(&setup, line, headers).await, expected, "actix {line} {headers:?}");
        }
    }
}

async fn by_tower(setup: &Setup, line: &str, headers: &[&str]) -> Option<Outcome> {
    let app = Application::new().0.axum().layer(setup.tower());
    let response = app.oneshot(request(line, headers, axum::body::Body::empty())).await.expect("an answer");
    response.extensions().get().copied()
}

async fn by_actix(setup: &Setup, line: &str, headers: &[&str]) -> Option<Outcome> {
    let (application, _) = Application::new();
    let app = App::new().configure(|config| application.actix(config)).wrap(setup.actix());
    let app = in_memory::init_service(app).await;
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = in_memory::TestRequest::with_uri(path).method(method.parse().expect("a method"));
    for header in headers {
        request = request.insert_header(header.split_once(": ").expect("a name and a value"));
    }
    let response = in_memory::call_service(&app, request.to_request()).await;
    response.response().extensions().get().copied()
}

#[actix_web::test]
async fn table_is_swapped_while_a_request_is_in_flight() {
    let (application, _) = Application::new();
    let handle = CorsHandle::new(table(RULES));
    for site in Setup::of(handle.clone()).servers(&application).await.into_iter().flat_map(|server| server.sites) {
        handle.store(table(RULES));
        let in_flight = tokio::spawn(async move { site.ask("GET /slow", &[APP]).await });
        application.entered.notified().await;
        handle.store(table(OPEN_RULES));
        check(site.ask("GET /ok", &[APP]).await, 200, OPEN, "ok");
        application.go.notify_one();
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
    for site in sites(open()).await {
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
    for site in sites(open()).await {
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
