//! What the actix middleware can be put around, and the errors that come out of it.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::{ErrorBadRequest, ErrorImATeapot, InternalError};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, PayloadConfig, ServiceConfig};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpResponse, ResponseError, test as in_memory};
use http::HeaderValue;
use oss_cors_actix::{DecoratedError, OssCors};
use oss_cors_core::Outcome;

use super::application::Application;
use super::rules::{
    ACCEPTED, APP, FOR_PUT, MATCHED, NOT_ALLOWED, NOTHING, ONLY_VARY, OTHER, RULES, WITH_HEADERS, table,
};
use super::servers::actix_sites;
use super::statuses::every_status;
use crate::support::client::{check, forbidden};

fn cors() -> OssCors {
    OssCors::new(table(RULES))
}

fn routes(config: &mut ServiceConfig) {
    Application::new().0.actix(config);
}

// Every status is decorated alike, whatever the middleware is put around.

#[actix_web::test]
async fn scope() {
    let cors = cors();
    let sites =
        actix_sites!(App::new().service(web::scope("/in").configure(routes).wrap(cors.clone())).configure(routes));
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
    for site in actix_sites!(App::new().service(covered().wrap(cors.clone())).configure(routes)) {
        check(site.ask("GET /a", &[APP]).await, 200, MATCHED, "a");
        check(site.ask("GET /a", &[OTHER]).await, 200, ONLY_VARY, "a");
        check(site.ask("PUT /a", &[APP]).await, 405, MATCHED, "");
        check(site.ask("OPTIONS /a", &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
        check(site.ask("OPTIONS /a", &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
        check(site.ask("GET /ok", &[APP]).await, 200, NOTHING, "ok");
        check(site.ask("GET /none", &[APP]).await, 404, NOTHING, "none");
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
    for site in actix_sites!(App::new().configure(routes).wrap(from_fn(fail)).wrap(cors.clone())) {
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
    for site in actix_sites!(App::new().service(scope()).wrap(cors.clone())) {
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
    for site in actix_sites!(app().wrap(cors.clone())) {
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
    for site in actix_sites!(App::new().configure(routes).route("/panic", web::get().to(panicking)).wrap(cors.clone()))
    {
        for _ in 0..2 {
            site.send("GET /panic", &[APP], "").await.expect_err("no answer");
            check(site.ask("GET /ok", &[APP]).await, 200, MATCHED, "ok");
        }
    }
}
