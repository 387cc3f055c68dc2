//! The example applications with the rules they come with: one table of expectations, three applications, no socket.
//!
//! An answer is compared whole: a CORS or `Vary` header that is not named must be absent.

#![allow(clippy::duplicate_mod, reason = "each example has the shared support as a module of its own")]

#[path = "../examples/actix.rs"]
#[allow(dead_code, reason = "`main` and what only it uses")]
mod actix_example;
#[path = "../examples/axum.rs"]
#[allow(dead_code, reason = "`main` and what only it uses")]
mod axum_example;
#[path = "../examples/hyper.rs"]
#[allow(dead_code, reason = "`main` and what only it uses")]
mod hyper_example;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use oss_cors_actix::OssCors;
use oss_cors_core::{Profile, RuleFile, RuleTable};
use oss_cors_tower::OssCorsLayer;
use tower::ServiceExt;

const RULES: &str = include_str!("../examples/rules/scenarios.xml");

const HOST: &str = "bucket.example.com";

const WWW: &str = "origin: https://www.example.com";
const APP: &str = "origin: https://app.example.com";
const DEV: &str = "origin: https://dev.example.com";
const API: &str = "origin: https://api.example.com";
const APEX: &str = "origin: https://example.com";
const EVIL: &str = "origin: https://www.example.com.evil.example";

const STATIC_SITE: &[&str] = &[
    "access-control-allow-methods: GET, HEAD",
    "access-control-allow-origin: https://www.example.com",
    "access-control-expose-headers: ETag, Content-Length",
    "access-control-max-age: 86400",
    "vary: Origin",
];
const DIRECT_UPLOAD: &[&str] = &[
    "access-control-allow-methods: PUT, POST",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 600",
    "vary: Origin",
];
const ENVIRONMENTS: &[&str] = &[
    "access-control-allow-methods: GET, PUT, POST",
    "access-control-allow-origin: https://dev.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 3600",
    "vary: Origin",
];
const API_AMONG_ENVIRONMENTS: &[&str] = &[
    "access-control-allow-methods: GET, PUT, POST",
    "access-control-allow-origin: https://api.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 3600",
    "vary: Origin",
];
const WITH_AUTHENTICATION: &[&str] = &[
    "access-control-allow-methods: GET, PUT, DELETE",
    "access-control-allow-origin: https://api.example.com",
    "access-control-expose-headers: ETag, x-oss-request-id",
    "access-control-max-age: 600",
    "vary: Origin",
];
const ONLY_VARY: &[&str] = &["vary: Origin"];

const REFUSAL: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                       <Error><Code>AccessForbidden</Code>\
                       <Message>CORSResponse: This CORS request is not allowed. This is usually because the evalution \
                       of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are \
                       not whitelisted by the resource's CORS spec.</Message>\
                       <RequestId>ID</RequestId><HostId>bucket.example.com</HostId></Error>\n";

/// The answers to requests for objects that the examples start with.
fn expectations() -> Vec<Expectation> {
    vec![
        // A static site.
        preflight(WWW, "GET", "").accepted(STATIC_SITE),
        preflight(WWW, "HEAD", "").accepted(STATIC_SITE),
        preflight(WWW, "HEAD", "x-a").refused(),
        preflight(WWW, "DELETE", "").refused(),
        actual("GET /a.txt", WWW).answered(200, STATIC_SITE, "a\n"),
        actual("GET /none", WWW).answered(404, STATIC_SITE, "no such object\n"),
        actual("GET /a.txt", WWW).with("if-none-match: *").answered(304, STATIC_SITE, ""),
        actual("DELETE /a.txt", WWW).answered(204, ONLY_VARY, ""),
        // Direct upload.
        preflight(APP, "PUT", "").accepted(DIRECT_UPLOAD),
        preflight(APP, "POST", "X-Oss-Meta-A,content-type").allowing("x-oss-meta-a, content-type", DIRECT_UPLOAD),
        preflight(APP, "DELETE", "").refused(),
        actual("PUT /b.txt", APP).answered(200, DIRECT_UPLOAD, ""),
        actual("POST /b.txt", APP).answered(200, DIRECT_UPLOAD, ""),
        actual("DELETE /a.txt", APP).answered(204, ONLY_VARY, ""),
        // Several environments.
        preflight(DEV, "GET", "").accepted(ENVIRONMENTS),
        preflight(DEV, "PUT", "x-a, x-b").allowing("x-a, x-b", ENVIRONMENTS),
        preflight(DEV, "HEAD", "").refused(),
        preflight(APEX, "GET", "").refused(),
        actual("GET /photos/b.txt", DEV).answered(200, ENVIRONMENTS, "b\n"),
        actual("GET /photos/b.txt", APEX).answered(200, ONLY_VARY, "b\n"),
        // An API with authentication.
        preflight(API, "DELETE", "Authorization,x-oss-date").allowing("authorization, x-oss-date", WITH_AUTHENTICATION),
        preflight(API, "DELETE", "authorization, x-a").refused(),
        preflight(API, "HEAD", "").refused(),
        actual("DELETE /a.txt", API).answered(204, WITH_AUTHENTICATION, ""),
        // Everyone else, and what is no preflight.
        preflight(EVIL, "GET", "").refused(),
        preflight("origin: null", "GET", "").refused(),
        actual("GET /a.txt", EVIL).answered(200, ONLY_VARY, "a\n"),
        actual("GET /a.txt", "accept: */*").answered(200, ONLY_VARY, "a\n"),
        actual("OPTIONS /a.txt", WWW).answered(405, ONLY_VARY, "method not allowed\n"),
    ]
}

/// The rule for several environments allows the API's origin too, and stands before the API's own: it answers alone
/// where it matches, and leaves DELETE to the other.
fn precedence() -> Vec<Expectation> {
    vec![
        preflight(API, "GET", "authorization").allowing("authorization", API_AMONG_ENVIRONMENTS),
        preflight(API, "PUT", "x-oss-date, x-a").allowing("x-oss-date, x-a", API_AMONG_ENVIRONMENTS),
        preflight(API, "POST", "").accepted(API_AMONG_ENVIRONMENTS),
        preflight(API, "DELETE", "authorization").allowing("authorization", WITH_AUTHENTICATION),
        actual("GET /a.txt", API).answered(200, API_AMONG_ENVIRONMENTS, "a\n"),
        actual("PUT /b.txt", API).answered(200, API_AMONG_ENVIRONMENTS, ""),
        actual("POST /b.txt", API).answered(200, API_AMONG_ENVIRONMENTS, ""),
        actual("DELETE /a.txt", API).answered(204, WITH_AUTHENTICATION, ""),
    ]
}

#[tokio::test]
async fn axum() {
    check_axum(&expectations()).await;
}

#[tokio::test]
async fn hyper() {
    check_hyper(&expectations()).await;
}

#[actix_web::test]
async fn actix() {
    check_actix(&expectations()).await;
}

#[actix_web::test]
async fn first_rule_that_matches_answers_alone() {
    check_axum(&precedence()).await;
    check_hyper(&precedence()).await;
    check_actix(&precedence()).await;
}

async fn check_axum(expectations: &[Expectation]) {
    for expected in expectations {
        let app = axum_example::app(OssCorsLayer::new(table()));
        let request = expected.request(axum::body::Body::empty());
        expected.check(answer(app.oneshot(request).await.expect("an answer")).await);
    }
}

async fn check_hyper(expectations: &[Expectation]) {
    for expected in expectations {
        let app = hyper_example::app(&OssCorsLayer::new(table()));
        let request = expected.request(Full::<Bytes>::default());
        expected.check(answer(app.oneshot(request).await.expect("an answer")).await);
    }
}

async fn check_actix(expectations: &[Expectation]) {
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    for expected in expectations {
        let app = init_service(actix_example::app(OssCors::new(table()), Default::default())).await;
        let method = expected.method.parse().expect("the method is one");
        let mut request = TestRequest::with_uri(expected.path).method(method).insert_header(("host", HOST));
        for header in &expected.headers {
            request = request.insert_header(header.split_once(": ").expect("a name and a value"));
        }
        let response = call_service(&app, request.to_request()).await;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let cors = cors_lines(headers);
        expected.check(Answer { status, cors, body: without_id(&read_body(response).await) });
    }
}

fn table() -> RuleTable {
    RuleFile::parse(RULES.as_bytes(), None, Profile::Oss).expect("the rules are right").table()
}

/// A request, and the answer that each application gives.
struct Expectation {
    method: &'static str,
    path: &'static str,
    headers: Vec<String>,
    answer: Answer,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    status: u16,
    cors: Vec<String>,
    body: String,
}

fn preflight(origin: &str, method: &str, names: &str) -> Expectation {
    let preflight = actual("OPTIONS /a.txt", origin).with(&format!("access-control-request-method: {method}"));
    if names.is_empty() { preflight } else { preflight.with(&format!("access-control-request-headers: {names}")) }
}

fn actual(line: &'static str, header: &str) -> Expectation {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    Expectation { method, path, headers: vec![header.to_owned()], answer: Answer::default() }
}

impl Expectation {
    fn with(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    fn accepted(self, cors: &[&str]) -> Self {
        self.answered(200, cors, "")
    }

    fn allowing(self, names: &str, cors: &[&str]) -> Self {
        let allow_headers = format!("access-control-allow-headers: {names}");
        self.accepted(&[&[allow_headers.as_str()], cors].concat())
    }

    fn refused(self) -> Self {
        self.answered(403, ONLY_VARY, REFUSAL)
    }

    fn answered(mut self, status: u16, cors: &[&str], body: &str) -> Self {
        let cors = cors.iter().map(|line| (*line).to_owned()).collect();
        self.answer = Answer { status, cors, body: body.to_owned() };
        self
    }

    fn request<B>(&self, body: B) -> Request<B> {
        let mut request = Request::builder().method(self.method).uri(self.path).header("host", HOST);
        for header in &self.headers {
            let (name, value) = header.split_once(": ").expect("a name and a value");
            request = request.header(name, value);
        }
        request.body(body).expect("the request is one")
    }

    #[track_caller]
    fn check(&self, answer: Answer) {
        assert_eq!(answer, self.answer, "{} {} {:?}", self.method, self.path, self.headers);
    }
}

async fn answer<B: Body<Error: std::fmt::Debug>>(response: Response<B>) -> Answer {
    let (head, body) = response.into_parts();
    let cors = cors_lines(head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
    let body = without_id(&body.collect().await.expect("no error").to_bytes());
    Answer { status: head.status.as_u16(), cors, body }
}

fn cors_lines<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Vec<String> {
    let ours = headers.filter(|(name, _)| *name == "vary" || name.starts_with("access-control-"));
    let mut lines: Vec<String> =
        ours.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
    lines.sort();
    lines
}

/// The error body with `ID` in place of its request id, which is never the same.
fn without_id(body: &[u8]) -> String {
    let body = String::from_utf8(body.to_vec()).expect("text");
    let Some((before, rest)) = body.split_once("<RequestId>") else { return body };
    let (id, after) = rest.split_once("</RequestId>").expect("the element is closed");
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    format!("{before}<RequestId>ID</RequestId>{after}")
}
