//! What the tower layer can be put around and inside of, and what it does not ask for.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::routing::{any, get};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::Full;
use hyper::body::Incoming;
use oss_cors_tower::OssCorsLayer;
use tower::{Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::CorsLayer;
use tower_http::limit::RequestBodyLimitLayer;

use super::application::{Application, Frames, answered};
use super::rules::{
    ACCEPTED, APP, FOR_PUT, MATCHED, NOT_ALLOWED, NOTHING, ONLY_VARY, OTHER, RULES, WITH_HEADERS, table,
};
use super::servers::{BoxError, axum_sites, hyper_sites};
use super::statuses::every_status;
use crate::support::client::{check, cors_lines, forbidden, lines, request};

fn cors() -> OssCorsLayer {
    OssCorsLayer::new(table(RULES))
}

fn router() -> Router {
    Application::new().0.axum()
}

// Every status is decorated alike, whatever the layer is put around.

#[tokio::test]
async fn axum_layer_in_a_service_builder() {
    let layers = ServiceBuilder::new().layer(cors().wrap_body()).layer(RequestBodyLimitLayer::new(4));
    let sites = axum_sites(router().layer(layers)).await;
    every_status(&sites, "").await;
    for site in sites {
        check(site.put("/ok", &[APP], "12345").await, 413, MATCHED, "length limit exceeded");
    }
}

#[tokio::test]
async fn axum_router_inside_of_the_layer() {
    every_status(&hyper_sites(cors().layer(router())).await, "").await;
    // `axum::serve` takes no body but axum's own, which stays what it is.
    every_status(&axum_sites(cors().layer(router())).await, "").await;
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
    let hyper = ServiceBuilder::new().layer(CatchPanicLayer::new()).layer(cors().wrap_body()).service_fn(|request| {
        // Before there is a future.
        assert!(Request::<Incoming>::uri(&request).path() != "/panic", "on purpose");
        Application::new().0.hyper(request)
    });
    for site in axum_sites(axum).await.into_iter().chain(hyper_sites(hyper).await) {
        for _ in 0..2 {
            // What is answered outside of the layer has no CORS headers.
            check(site.ask("GET /panic", &[APP]).await, 500, NOTHING, "Service panicked");
            check(site.ask("GET /ok", &[APP]).await, 200, MATCHED, "ok");
        }
    }
}

// What the layer does not ask for: `Send` of anything, an error that is one, a body with a `Default`.

#[tokio::test]
async fn nothing_need_be_send() {
    let service = cors().wrap_body().layer(service_fn(async |request: Request<Rc<()>>| {
        let held = request.into_body();
        tokio::task::yield_now().await;
        drop(held);
        Ok::<_, Rc<str>>(Response::new(Frames::ended()))
    }));
    let response = service.oneshot(request("GET /", &[APP], Rc::new(()))).await.expect("an answer");
    assert_eq!(cors_lines(response.headers()), lines(MATCHED));
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
