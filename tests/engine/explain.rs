//! What an explanation says, and that it never says what `decide` does not do.

use std::collections::BTreeMap;

use oss_cors_advice::explain::{Change, Failure, Quoted, RequestKind, Verdict};
use oss_cors_advice::{Explanation, explain, explain_as_bucket};
use oss_cors_core::{
    CorsConfiguration, CorsRequest, CorsRule, Decision, Element, FieldLine, Outcome, Profile, Refusal, Rule, RuleTable,
    Unmatched, allow_headers,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::oracle::{self, Bucket, Header, verdict};
use crate::support::with_credentials;

// What is asked.

#[derive(Clone, Debug)]
struct Asked {
    method: Vec<u8>,
    headers: Vec<Header>,
}

const ORIGIN: &str = "origin";
const METHOD: &str = "access-control-request-method";
const HEADERS: &str = "access-control-request-headers";

impl Asked {
    fn new(method: &str) -> Self {
        Self { method: method.as_bytes().to_vec(), headers: Vec::new() }
    }

    fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(header, _)| header != name);
        self
    }

    fn lines(&self, name: &str) -> Vec<&[u8]> {
        self.headers.iter().filter(|(line, _)| *line == name).map(|(_, value)| &value[..]).collect()
    }

    fn request(&self) -> CorsRequest<'_, Vec<&[u8]>> {
        CorsRequest::new(
            &self.method,
            FieldLine::from_lines(self.lines(ORIGIN)),
            FieldLine::from_lines(self.lines(METHOD)),
            self.lines(HEADERS),
        )
    }

    fn is_preflight(&self) -> bool {
        self.method == b"OPTIONS" && !self.lines(ORIGIN).is_empty() && !self.lines(METHOD).is_empty()
    }
}

fn actual(method: &str, origin: &str) -> Asked {
    Asked::new(method).with(ORIGIN, origin)
}

fn preflight(method: &str, origin: &str, headers: &str) -> Asked {
    let asked = actual("OPTIONS", origin).with(METHOD, method);
    if headers.is_empty() { asked } else { asked.with(HEADERS, headers) }
}

// What the rules are.

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn rule(origins: &[&str], methods: &[&str]) -> CorsRule {
    CorsRule::new(strings(origins), strings(methods))
}

fn allowing(headers: &[&str], rule: CorsRule) -> CorsRule {
    rule.allowed_headers(strings(headers))
}

fn exposing(headers: &[&str], rule: CorsRule) -> CorsRule {
    rule.expose_headers(strings(headers))
}

fn aged(seconds: u32, rule: CorsRule) -> CorsRule {
    rule.max_age_seconds(seconds)
}

fn table(rules: &[CorsRule]) -> RuleTable {
    let configuration = CorsConfiguration::from_rules(rules.to_vec()).response_vary(false);
    RuleTable::compile(&configuration, Profile::Oss).expect("the rules are right")
}

#[track_caller]
fn says(explanation: &Explanation, expected: &str) {
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert_eq!(explanation.to_string(), expected, "\n{explanation}\n");
}

/// The nearest miss alone; every change it names is tried.
#[track_caller]
fn nearest(rules: &[CorsRule], asked: &Asked, expected: &str) {
    let explanation = explain(&table(rules), &asked.request());
    let near_miss = explanation.near_miss().map(ToString::to_string).unwrap_or_default();
    let expected = expected.strip_prefix('\n').unwrap_or(expected);
    assert_eq!(near_miss, expected, "\n{explanation}\n");
    let configuration = CorsConfiguration::from_rules(rules.to_vec()).response_vary(false);
    for change in explanation.near_miss().iter().flat_map(|near_miss| &near_miss.changes) {
        assert!(helps(change, &configuration, Profile::Oss, asked, false), "{change:?}");
    }
}

// Whole texts.

#[test]
fn a_preflight_that_a_rule_accepts() {
    let rules = [
        rule(&["https://www.example.com"], &["GET"]),
        allowing(
            &["x-oss-*", "content-type"],
            aged(3600, exposing(&["ETag", "x-oss-request-id"], rule(&["https://*.example.com"], &["GET", "PUT"]))),
        ),
    ];
    let configuration = CorsConfiguration::from_rules(rules.to_vec());
    let table = RuleTable::compile(&configuration, Profile::Oss).expect("the rules are right");
    let asked = preflight("PUT", "https://app.example.com", "content-type, X-OSS-ACL");
    says(
        &explain(&table, &asked.request()),
        "
preflight, method `PUT`, origin `https://app.example.com`, headers `content-type`, `X-OSS-ACL`
accepted by rule 2: 200, and the application is not called
  Access-Control-Allow-Origin: https://app.example.com
  Access-Control-Allow-Methods: GET, PUT
  Access-Control-Expose-Headers: ETag, x-oss-request-id
  Access-Control-Max-Age: 3600
  Access-Control-Allow-Headers: content-type, x-oss-acl
  Vary: Origin
rule 1: fails on origin, method, headers `content-type`, `X-OSS-ACL`
rule 2: matches
hint: a page that fetches with credentials cannot read this answer: OSS never sends Access-Control-Allow-Credentials; drop the credentials
hint: browsers keep this answer for each URL, so a change of the rules shows late: Chromium 3600, Firefox 3600, WebKit 600 seconds",
    );
}

#[test]
fn a_preflight_that_no_rule_accepts() {
    let configuration =
        CorsConfiguration::from_rules([allowing(&["content-type"], rule(&["https://app.example.com"], &["PUT"]))]);
    let table = RuleTable::compile(&configuration, Profile::Oss).expect("the rules are right");
    let asked = preflight("PUT", "https://app.example.com", "content-type,x-foo,X-Foo,x-bar");
    says(
        &explain(&table, &asked.request()),
        "
preflight, method `PUT`, origin `https://app.example.com`, headers `content-type`, `x-foo`, `x-bar`
refused: 403 AccessForbidden, no rule allows every requested header for this origin and method
  CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec.
  Vary: Origin
rule 1: fails on headers `x-foo`, `x-bar`
nearest: rule 1
  the request headers `x-foo`, `x-bar` are not allowed
  to match: add AllowedHeader `x-foo`, `x-bar` to rule 1
  or: leave out the request headers `x-foo`, `x-bar`",
    );
}

#[test]
fn an_actual_request_that_a_rule_allows() {
    let rules = [rule(&["https://app.example.com"], &["GET", "POST"])];
    says(
        &explain(&table(&rules), &actual("POST", "https://app.example.com").request()),
        "
actual request, method `POST`, origin `https://app.example.com`
forwarded to the application, and rule 1 writes its headers on the answer
  Access-Control-Allow-Origin: https://app.example.com
  Access-Control-Allow-Methods: GET, POST
rule 1: matches
hint: a page that fetches with credentials cannot read this answer: OSS never sends Access-Control-Allow-Credentials; drop the credentials
hint: ETag is not exposed, and multipart uploads need it; add ExposeHeader `ETag` to rule 1
hint: the origin is echoed without Vary: a cache, the browser's too, may give this answer to another origin, or one without CORS headers to this; set ResponseVary to true",
    );
}

#[test]
fn an_actual_request_that_no_rule_allows() {
    let rules = [rule(&["https://app.example.com"], &["GET"]), rule(&["https://admin.example.com"], &["PUT"])];
    says(
        &explain(&table(&rules), &actual("DELETE", "http://app.example.com").request()),
        "
actual request, method `DELETE`, origin `http://app.example.com`
forwarded to the application, but no page of another origin can read the answer: no rule allows the origin
rule 1: fails on origin, method
rule 2: fails on origin, method
nearest: rule 1
  the origin `http://app.example.com` is not AllowedOrigin `https://app.example.com`: the scheme is `http`, not `https`
  the method `DELETE` is not allowed
  no single change makes it match",
    );
}

#[test]
fn a_request_without_origin() {
    let rules = [rule(&["https://*.example.com"], &["PUT"]), rule(&["http://localhost:*"], &["GET"])];
    let asked = Asked::new("GET");
    says(
        &explain(&table(&rules), &asked.request()),
        "
not a cross-origin request: no Origin, method `GET`
forwarded to the application, and no rule is asked
nearest: rule 2
  the request has no Origin
  to match: send the Origin `http://localhost:3000`
hint: without Origin no Access-Control-* header is expected; browsers add it, to curl give `-H 'Origin: ...'`",
    );
}

#[test]
fn an_options_that_is_no_preflight() {
    let rules = [rule(&["https://app.example.com"], &["PUT", "GET"])];
    let without_method = actual("OPTIONS", "https://app.example.com");
    says(
        &explain(&table(&rules), &without_method.request()),
        "
OPTIONS, but no preflight: no Access-Control-Request-Method, method `OPTIONS`, origin `https://app.example.com`
forwarded to the application, but no page of another origin can read the answer: no rule allows the method for this origin
rule 1: fails on method
nearest: rule 1
  the request has no Access-Control-Request-Method
  to match: send the Access-Control-Request-Method `PUT`
hint: a bucket answers 400 to an OPTIONS that is no preflight; a preflight has Origin and Access-Control-Request-Method",
    );
    says(
        &explain_as_bucket(&table(&rules), &without_method.request()),
        "
OPTIONS, but no preflight: no Access-Control-Request-Method, method `OPTIONS`, origin `https://app.example.com`
refused: 400 BadRequest
  Insufficient information. Request Access-Control-Request-Method header needed.
nearest: rule 1
  the request has no Access-Control-Request-Method
  to match: send the Access-Control-Request-Method `PUT`",
    );
    says(
        &explain_as_bucket(&table(&rules), &Asked::new("OPTIONS").with(METHOD, "GET").request()),
        "
OPTIONS, but no preflight: no Origin, method `OPTIONS`
refused: 400 BadRequest
  Insufficient information. Origin request header needed.
nearest: rule 1
  the request has no Origin
  to match: send the Origin `https://app.example.com`",
    );
    says(
        &explain(&table(&rules), &Asked::new("OPTIONS").request()),
        "
OPTIONS, but no preflight: neither Origin nor Access-Control-Request-Method, method `OPTIONS`
forwarded to the application, and no rule is asked
hint: a bucket answers 400 to an OPTIONS that is no preflight; a preflight has Origin and Access-Control-Request-Method",
    );
}

#[test]
fn no_rules_at_all() {
    says(
        &explain(&RuleTable::not_enabled(), &preflight("PUT", "https://app.example.com", "x-foo").request()),
        "
preflight, method `PUT`, origin `https://app.example.com`, headers `x-foo`
refused: 403 AccessForbidden
  CORSResponse: CORS is not enabled for this bucket.",
    );
    says(
        &explain(&RuleTable::not_enabled(), &actual("GET", "https://app.example.com").request()),
        "
actual request, method `GET`, origin `https://app.example.com`
forwarded to the application, but no page of another origin can read the answer: no CORS configuration",
    );
    says(
        &explain_as_bucket(&RuleTable::no_such_bucket(), &preflight("GET", "https://app.example.com", "").request()),
        "
preflight, method `GET`, origin `https://app.example.com`
refused: 404 NoSuchBucket
  The specified bucket does not exist.",
    );
}

// What is malformed.

#[test]
fn malformed_requests_are_said_in_words() {
    let rules = [allowing(&["*"], rule(&["*"], &["GET"]))];
    let origin = |origin: &[u8]| Asked::new("GET").with(ORIGIN, origin);
    let long = [b"https://".to_vec(), vec![b'a'; 2000]].concat();
    let cases = [
        (origin(b"https://a.com").with(ORIGIN, "https://b.com"), "several Origin lines; send one"),
        (origin(b""), "the Origin is empty; send `scheme://host[:port]`"),
        (origin(&long), "the Origin has 2008 bytes; more than 1024 match nothing"),
        (
            origin("https://b\u{fc}cher.example".as_bytes()),
            "the Origin has a blank, a control character or a byte outside ASCII; browsers write host names in ASCII (`xn--`)",
        ),
        (
            origin(b"https://a.com https://b.com"),
            "the Origin has a blank, a control character or a byte outside ASCII; browsers write host names in ASCII (`xn--`)",
        ),
        (
            preflight("GET", "https://a.com", "").with(METHOD, "GET"),
            "several Access-Control-Request-Method lines; send one",
        ),
        (preflight("", "https://a.com", ""), "Access-Control-Request-Method is no method; send one token"),
        (preflight("GET, PUT", "https://a.com", ""), "Access-Control-Request-Method is no method; send one token"),
        (
            preflight("GET", "https://a.com", &"x".repeat(8193)),
            "Access-Control-Request-Headers has 8193 bytes; more than 8192 match nothing",
        ),
        (
            preflight("GET", "https://a.com", "x-a, b c, x:y, *"),
            "Access-Control-Request-Headers has what is no header name: `b c`, `x:y`, `*`",
        ),
    ];
    for (asked, expected) in cases {
        let explanation = explain(&table(&rules), &asked.request());
        let problems: Vec<_> = explanation.asked().problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [expected]);
        assert!(
            explanation.rule().is_none() && explanation.to_string().contains(&format!("\nmalformed: {expected}\n"))
        );
        let changes = explanation.near_miss().map(|near_miss| near_miss.changes.len()).unwrap_or_default();
        assert_eq!(changes, usize::from(expected.contains("header name:")), "{explanation}");
    }
}

#[test]
fn what_is_right_is_not_malformed() {
    let rules = [allowing(&["*"], rule(&["*"], &["GET"]))];
    let long = format!("https://{}", "a".repeat(1016));
    for asked in [
        actual("GET", "null"),
        actual("GET", &long),
        preflight("GET", "https://a.com", &"x".repeat(8192)),
        preflight("GET", "https://a.com", " , ,"),
    ] {
        let explanation = explain(&table(&rules), &asked.request());
        assert_eq!((explanation.asked().problems.len(), explanation.rule()), (0, Some(1)), "{explanation}");
    }
}

#[test]
fn the_request_cannot_drive_a_terminal_nor_flood_it() {
    let rules = [rule(&["https://a.com"], &["GET"])];
    let origin = format!("https://{}", "a".repeat(1000));
    let names = (0..500).map(|number| format!("x-{number}\u{1b}[2J\u{202e}")).collect::<Vec<_>>().join(",");
    let explanation = explain(&table(&rules), &preflight("G\u{1b}]0;T\u{7}", &origin, &names).request());
    let text = explanation.to_string();
    assert!(text.len() < 6_000, "{} bytes:\n{text}", text.len());
    assert!(text.chars().all(|found| found == '\n' || (' '..='~').contains(&found)), "{text}");
    assert!(text.contains(&format!("`https://{}... (1008 bytes)`", "a".repeat(120))), "{text}");
    assert!(text.contains("`x-7\\u{1b}[2J\\u{202e}` and 492 more"), "{text}");
}

// SEMANTICS section 6: the mistakes that lie in the rules.

/// Point 6. The rule has the entry, the page the origin.
#[test]
fn near_misses_of_an_origin() {
    let cases = [
        (
            "https://app.example.com",
            "http://app.example.com",
            "
nearest: rule 1
  the origin `http://app.example.com` is not AllowedOrigin `https://app.example.com`: the scheme is `http`, not `https`
  to match: add AllowedOrigin `http://app.example.com` to rule 1
  or: send the Origin `https://app.example.com`",
        ),
        (
            "http://localhost:3000",
            "http://localhost:8080",
            "
nearest: rule 1
  the origin `http://localhost:8080` is not AllowedOrigin `http://localhost:3000`: the port is `8080`, not `3000`
  to match: add AllowedOrigin `http://localhost:8080` to rule 1
  or: send the Origin `http://localhost:3000`",
        ),
        (
            "http://localhost",
            "http://localhost:8080",
            "
nearest: rule 1
  the origin `http://localhost:8080` is not AllowedOrigin `http://localhost`: the origin has the port `8080`, the entry has none
  to match: add AllowedOrigin `http://localhost:8080` to rule 1
  or: send the Origin `http://localhost`",
        ),
        (
            "http://localhost:*",
            "http://localhost",
            "
nearest: rule 1
  the origin `http://localhost` is not AllowedOrigin `http://localhost:*`: the origin has no port, the entry has `*`
  to match: add AllowedOrigin `http://localhost` to rule 1",
        ),
        (
            "http://[::1]:3000",
            "https://[::1]:3001",
            "
nearest: rule 1
  the origin `https://[::1]:3001` is not AllowedOrigin `http://[::1]:3000`: the scheme is `https`, not `http`; the port is `3001`, not `3000`
  to match: add AllowedOrigin `https://[::1]:3001` to rule 1",
        ),
        (
            "https://app.example.com:443",
            "https://app.example.com",
            "
nearest: rule 1
  the origin `https://app.example.com` is not AllowedOrigin `https://app.example.com:443`: the entry has the default port, which no browser sends
  to match: in rule 1, write AllowedOrigin `https://app.example.com:443` as `https://app.example.com`",
        ),
        (
            "app.example.com",
            "https://app.example.com",
            "
nearest: rule 1
  the origin `https://app.example.com` is not AllowedOrigin `app.example.com`: the entry has no scheme
  to match: in rule 1, write AllowedOrigin `app.example.com` as `https://app.example.com`",
        ),
        (
            "localhost",
            "http://localhost:3000",
            "
nearest: rule 1
  the origin `http://localhost:3000` is not AllowedOrigin `localhost`: the entry has no scheme; the origin has the port `3000`, the entry has none
  to match: add AllowedOrigin `http://localhost:3000` to rule 1",
        ),
        (
            "https://app.example.com/",
            "https://app.example.com",
            "
nearest: rule 1
  the origin `https://app.example.com` is not AllowedOrigin `https://app.example.com/`: the entry has a trailing slash or a path, which no browser sends
  to match: in rule 1, write AllowedOrigin `https://app.example.com/` as `https://app.example.com`",
        ),
        (
            "https://app.example.com/*",
            "https://app.example.com",
            "
nearest: rule 1
  the origin `https://app.example.com` is not AllowedOrigin `https://app.example.com/*`: the entry has a trailing slash or a path, which no browser sends
  to match: in rule 1, write AllowedOrigin `https://app.example.com/*` as `https://app.example.com`",
        ),
        (
            "https://*.example.com",
            "https://example.com",
            "
nearest: rule 1
  the origin `https://example.com` is not AllowedOrigin `https://*.example.com`: `*.` asks for a subdomain, and the origin has none
  to match: add AllowedOrigin `https://example.com` to rule 1",
        ),
        (
            "https://example.com",
            "https://www.example.com",
            "
nearest: rule 1
  the origin `https://www.example.com` is not AllowedOrigin `https://example.com`: the origin is a subdomain of the entry's host
  to match: add AllowedOrigin `https://www.example.com` to rule 1",
        ),
        (
            "https://www.example.com",
            "http://example.com",
            "
nearest: rule 1
  the origin `http://example.com` is not AllowedOrigin `https://www.example.com`: the scheme is `http`, not `https`; the entry's host is a subdomain of the origin's
  to match: add AllowedOrigin `http://example.com` to rule 1",
        ),
        (
            "https://app.example.com",
            "null",
            "
nearest: rule 1
  the origin `null` is not allowed: `null` is what file pages, sandboxed frames and some redirects send
  to match: add AllowedOrigin `null` to rule 1",
        ),
        (
            "https://localhost",
            "capacitor://localhost",
            "
nearest: rule 1
  the origin `capacitor://localhost` is not AllowedOrigin `https://localhost`: `capacitor` is the scheme of an app, which needs an entry of its own
  to match: add AllowedOrigin `capacitor://localhost` to rule 1",
        ),
        (
            "https://app.example.com",
            "tauri://localhost",
            "
nearest: rule 1
  the origin `tauri://localhost` is not allowed: `tauri` is the scheme of an app, which needs an entry of its own
  to match: add AllowedOrigin `tauri://localhost` to rule 1",
        ),
        (
            "https://App.Example.com",
            "https://app.example.com",
            "
nearest: rule 1
  the origin `https://app.example.com` is not AllowedOrigin `https://App.Example.com`: the entry has upper case, which no browser sends
  to match: in rule 1, write AllowedOrigin `https://App.Example.com` as `https://app.example.com`",
        ),
        (
            "https://a.example.com,https://b.example.com/",
            "https://b.example.com",
            "
nearest: rule 1
  the origin `https://b.example.com` is not AllowedOrigin `https://a.example.com,https://b.example.com/`: the entry lists several origins, and each needs an entry of its own; the entry has a trailing slash or a path, which no browser sends
  to match: in rule 1, write AllowedOrigin `https://a.example.com,https://b.example.com/` as `https://a.example.com`, `https://b.example.com`",
        ),
        (
            "https://a.example.com, https://b.example.com",
            "https://b.example.com",
            "
nearest: rule 1
  no AllowedOrigin of it can match any origin; write each origin as an entry of its own, without blanks
  to match: add AllowedOrigin `https://b.example.com` to rule 1",
        ),
        (
            "https://example.com",
            "https://example.com.evil.org",
            "
nearest: rule 1
  the origin `https://example.com.evil.org` is not allowed
  to match: add AllowedOrigin `https://example.com.evil.org` to rule 1",
        ),
    ];
    for (entry, origin, expected) in cases {
        nearest(&[rule(&[entry], &["GET"])], &actual("GET", origin), expected);
    }
}

/// Point 6, told from the other side: the rule is right, and the request is not as a browser sends it.
#[test]
fn origins_that_no_browser_sends() {
    let cases = [
        (
            "https://app.example.com/",
            "
nearest: rule 1
  the origin `https://app.example.com/` is not allowed: the origin has a trailing slash or a path, which no browser sends; a browser sends `https://app.example.com`
  to match: send the Origin `https://app.example.com`",
        ),
        (
            "HTTPS://app.example.com:443",
            "
nearest: rule 1
  the origin `HTTPS://app.example.com:443` is not allowed: the origin has upper case, which no browser sends; the origin has the default port, which no browser sends; a browser sends `https://app.example.com`
  to match: send the Origin `https://app.example.com`",
        ),
        (
            "app.example.com",
            "
nearest: rule 1
  the origin `app.example.com` is not allowed: the origin has no scheme; a browser sends `https://app.example.com`
  to match: send the Origin `https://app.example.com`",
        ),
        (
            "localhost:80",
            "
nearest: rule 1
  the origin `localhost:80` is not allowed: the origin has no scheme; a browser sends `http://localhost`
  to match: send the Origin `http://localhost`",
        ),
        (
            "https://*.example.com",
            "
nearest: rule 1
  the origin `https://*.example.com` is not allowed: the origin has a `*`, which only entries may have
  no single change makes it match",
        ),
        (
            "HTTP://APP.example.com",
            "
nearest: rule 1
  the origin `HTTP://APP.example.com` is not AllowedOrigin `https://app.example.com`: the origin has upper case, which no browser sends; the scheme is `http`, not `https`; a browser sends `http://app.example.com`
  no single change makes it match",
        ),
    ];
    for (origin, expected) in cases {
        nearest(&[rule(&["https://app.example.com", "http://localhost"], &["GET"])], &actual("GET", origin), expected);
    }
}

/// Point 7.
#[test]
fn near_misses_of_a_method() {
    let site = || rule(&["https://www.example.com"], &["GET"]);
    nearest(
        &[site(), rule(&["https://admin.example.com"], &["PUT"])],
        &preflight("PUT", "https://www.example.com", ""),
        "
nearest: rule 1
  the method `PUT` is not allowed
  rule 2 allows the method, but two rules are never merged
  to match: add AllowedMethod `PUT` to rule 1",
    );
    nearest(
        &[site()],
        &actual("HEAD", "https://www.example.com"),
        "
nearest: rule 1
  the method `HEAD` is not allowed; GET is, but does not stand for HEAD
  to match: add AllowedMethod `HEAD` to rule 1",
    );
    nearest(
        &[site()],
        &preflight("PATCH", "https://www.example.com", ""),
        "
nearest: rule 1
  the method `PATCH` is not allowed; OSS can list only GET, PUT, POST, DELETE and HEAD
  to match: add AllowedMethod `PATCH` to rule 1 (extended profile only, not at OSS)",
    );
    nearest(
        &[site()],
        &preflight("get", "https://www.example.com", ""),
        "
nearest: rule 1
  the method `get` is not allowed; methods are compared byte for byte, in upper case
  to match: send the Access-Control-Request-Method `GET`",
    );
    nearest(
        &[site()],
        &actual("get", "https://www.example.com"),
        "
nearest: rule 1
  the method `get` is not allowed; methods are compared byte for byte, in upper case
  to match: send the method `GET`",
    );
    nearest(
        &[site()],
        &preflight("put", "https://www.example.com", ""),
        "
nearest: rule 1
  the method `put` is not allowed; methods are compared byte for byte, in upper case
  no single change makes it match",
    );
}

/// The extended profile takes methods of at most 256 bytes, without `*`.
#[test]
fn methods_that_no_rule_can_list() {
    let changes = |method: &str| {
        let rules = [rule(&["https://www.example.com"], &["GET"])];
        let asked = preflight(method, "https://www.example.com", "");
        let explanation = explain(&table(&rules), &asked.request());
        explanation.near_miss().expect("a rule is near").changes.clone()
    };
    assert_eq!(changes(&"X".repeat(256)).len(), 1);
    for method in ["*", "X*", &"X".repeat(257)] {
        assert_eq!(changes(method), [], "{method}");
    }
}

/// Point 8.
#[test]
fn near_misses_of_a_header() {
    let upload = |headers: &[&str]| allowing(headers, rule(&["https://www.example.com"], &["PUT"]));
    nearest(
        &[upload(&["x-oss-*"])],
        &preflight("PUT", "https://www.example.com", "x-oss-acl, X-Foo"),
        "
nearest: rule 1
  the request header `X-Foo` is not allowed
  to match: add AllowedHeader `x-foo` to rule 1
  or: leave out the request header `X-Foo`",
    );
    for none_usable in [&[][..], &["x-foo: 1"], &["x-foo:1"]] {
        nearest(
            &[upload(none_usable)],
            &preflight("PUT", "https://www.example.com", "x-foo"),
            "
nearest: rule 1
  the request header `x-foo` is not allowed; the rule has no AllowedHeader, or none that is a header name (`name: value` is not)
  to match: add AllowedHeader `x-foo` to rule 1
  or: leave out the request header `x-foo`",
        );
    }
    nearest(
        &[upload(&["x-foo"]), allowing(&["*"], rule(&["https://other.example.com"], &["GET"]))],
        &preflight("PUT", "https://www.example.com", "x-foo, x-bar"),
        "
nearest: rule 1
  the request header `x-bar` is not allowed
  rule 2 allows the headers, but two rules are never merged
  to match: add AllowedHeader `x-bar` to rule 1
  or: leave out the request header `x-bar`",
    );
    nearest(
        &[upload(&["*"])],
        &preflight("PUT", "https://www.example.com", "x-foo, *, b c"),
        "
nearest: rule 1
  the request headers `*`, `b c` are not allowed
  to match: leave out the request headers `*`, `b c`",
    );
}

/// Point 8: a wildcard in ExposeHeader does not come as far as an explanation.
#[test]
fn a_wildcard_in_expose_header_does_not_load() {
    let rules = vec![exposing(&["*"], rule(&["*"], &["GET"]))];
    let errors =
        RuleTable::compile(&CorsConfiguration::from_rules(rules).response_vary(false), Profile::Oss).unwrap_err();
    assert_eq!(errors.to_string(), "rule 1, ExposeHeader 1 `*`: `*` is not allowed in ExposeHeader; name each header");
}

/// Points 8, 12 and 3, each fired and silent.
#[test]
fn hints() {
    const ETAG: &str = "ETag is not exposed, and multipart uploads need it; add ExposeHeader `ETag` to rule 1";
    const CREDENTIALS: &str = "a page that fetches with credentials cannot read this answer: OSS never sends Access-Control-Allow-Credentials; drop the credentials";
    const WILDCARD: &str = "a page that fetches with credentials cannot read this answer: `*` does not do with credentials, and OSS never sends Access-Control-Allow-Credentials; drop the credentials";
    const UNSET: &str = "MaxAgeSeconds is unset: browsers keep this answer for 5 seconds, for each URL";
    const KEPT: &str = "browsers keep this answer for each URL, so a change of the rules shows late: Chromium 7200, Firefox 86400, WebKit 600 seconds";
    const VARY: &str = "the origin is echoed without Vary: a cache, the browser's too, may give this answer to another origin, or one without CORS headers to this; set ResponseVary to true";
    let all = &["GET", "PUT", "POST", "DELETE"];
    let site = || rule(&["https://a.com"], all);
    let trusted = || site().allow_credentials(true);
    let (read, written) = (actual("GET", "https://a.com"), actual("PUT", "https://a.com"));
    let (before_read, before_write) = (preflight("GET", "https://a.com", ""), preflight("POST", "https://a.com", ""));
    let cases = [
        (site(), true, &read, vec![CREDENTIALS]),
        (site(), false, &read, vec![CREDENTIALS, VARY]),
        (trusted(), true, &read, vec![]),
        (rule(&["*"], all), false, &read, vec![WILDCARD]),
        (trusted(), true, &written, vec![ETAG]),
        (exposing(&["x-a", "etag"], trusted()), true, &written, vec![]),
        (trusted(), true, &actual("DELETE", "https://a.com"), vec![]),
        (trusted(), false, &before_read, vec![UNSET]),
        (trusted(), false, &before_write, vec![ETAG, UNSET]),
        (aged(0, trusted()), true, &before_read, vec![]),
        (aged(999_999_999, trusted()), true, &before_read, vec![KEPT]),
        (site(), true, &actual("GET", "https://b.com"), vec![]),
    ];
    for (rule, response_vary, asked, expected) in cases {
        let configuration = CorsConfiguration::from_rules([rule]).response_vary(response_vary);
        let table = RuleTable::compile(&configuration, Profile::Extended).expect("the rules are right");
        let explanation = explain(&table, &asked.request());
        let hints: Vec<_> = explanation.hints().iter().map(ToString::to_string).collect();
        assert_eq!(hints, expected, "{explanation}");
    }
}

/// Point 9.
#[test]
fn an_earlier_broad_rule_shadows_a_later_precise_one() {
    let precise = || rule(&["https://app.example.com"], &["GET"]);
    let cases = [
        (rule(&["*"], &["GET"]), precise(), "it would send another Access-Control-Allow-Origin"),
        (
            rule(&["https://*.example.com"], &["GET"]),
            exposing(&["ETag"], precise()),
            "it would send another Access-Control-Expose-Headers",
        ),
        (
            aged(0, rule(&["https://*.example.com"], &["GET"])),
            aged(600, precise()),
            "it would send another Access-Control-Max-Age",
        ),
        (
            rule(&["https://*.example.com"], &["GET", "HEAD"]),
            precise(),
            "it would send another Access-Control-Allow-Methods",
        ),
    ];
    for (broad, precise, expected) in cases {
        let rules = [broad, rule(&["https://app.example.com"], &["PUT"]), precise];
        let explanation = explain(&table(&rules), &actual("GET", "https://app.example.com").request());
        let told: Vec<_> = explanation.rules().iter().map(ToString::to_string).collect();
        let third = format!("rule 3: would match, but rule 1 comes first; {expected}");
        assert_eq!(told, ["rule 1: matches", "rule 2: fails on method", &third]);
        let hint = expected.replace("it would", "rule 3 would") + "; move it before rule 1 if it should answer";
        assert_eq!(explanation.hints().last().map(ToString::to_string), Some(hint));
    }
    let explanation = explain(&table(&[precise(), precise()]), &actual("GET", "https://app.example.com").request());
    assert!(explanation.to_string().contains("\nrule 2: would match, but rule 1 comes first and answers the same\n"));
    assert!(!explanation.to_string().contains("move it"));
}

/// Fewer points first, then the likelier slip, then the earlier rule.
#[test]
fn the_nearest_rule_is_told() {
    let cases = [
        // One point before two.
        (vec![rule(&["http://a.com"], &["PUT"]), rule(&["https://b.com"], &["GET"])], "https://a.com", 2),
        // A slip of writing before another method.
        (vec![rule(&["https://a.com"], &["PUT"]), rule(&["https://a.com/"], &["GET"])], "https://a.com", 2),
        // Another method before another address of the site, and that before another site.
        (vec![rule(&["http://a.com"], &["GET"]), rule(&["https://a.com"], &["PUT"])], "https://a.com", 2),
        (vec![rule(&["https://b.com"], &["GET"]), rule(&["http://a.com"], &["GET"])], "https://a.com", 2),
        // Of equals the first.
        (vec![rule(&["http://a.com"], &["GET"]), rule(&["http://a.com"], &["GET"])], "https://a.com", 1),
    ];
    for (rules, origin, expected) in cases {
        let explanation = explain(&table(&rules), &actual("GET", origin).request());
        assert_eq!(explanation.near_miss().map(|near_miss| near_miss.rule), Some(expected), "{explanation}");
    }
}

/// Tools rely on it: keys and names stay as they are.
#[test]
fn the_json_is_stable() {
    let rules = [rule(&["https://app.example.com"], &["GET"]), aged(5, rule(&["*"], &["POST"]))];
    let json = |asked: &Asked| {
        let mut json = serde_json::to_value(explain(&table(&rules), &asked.request())).expect("it has string keys");
        json["refusal"].as_object_mut().map(|refusal| refusal.remove("message"));
        json
    };
    assert_eq!(
        json(&preflight("GET", "http://app.example.com", "")),
        serde_json::json!({
            "request": {
                "kind": "preflight", "method": "GET", "origin": "http://app.example.com", "headers": [], "problems": []
            },
            "answered": true,
            "rule": null,
            "unmatched": "method",
            "status": 403,
            "refusal": {"code": "AccessForbidden"},
            "headers": [],
            "rules": [
                {"rule": 1, "verdict": "fails", "failures": [{"point": "origin"}]},
                {"rule": 2, "verdict": "fails", "failures": [{"point": "method"}]},
            ],
            "near_miss": {
                "rule": 2,
                "reasons": [{
                    "reason": "method", "method": "GET", "difference": "not_listed",
                    "message": "the method `GET` is not allowed",
                }],
                "elsewhere": [{"point": "method", "rule": 1}],
                "changes": [{
                    "change": "add_entries", "rule": 2, "element": "AllowedMethod", "entries": ["GET"],
                    "extended_only": false, "message": "add AllowedMethod `GET` to rule 2",
                }],
            },
            "hints": [],
        })
    );
    assert_eq!(
        json(&actual("POST", "https://app.example.com")),
        serde_json::json!({
            "request": {
                "kind": "actual", "method": "POST", "origin": "https://app.example.com", "headers": [], "problems": []
            },
            "answered": false,
            "rule": 2,
            "unmatched": null,
            "status": null,
            "refusal": null,
            "headers": [
                {"name": "Access-Control-Allow-Origin", "value": "*"},
                {"name": "Access-Control-Allow-Methods", "value": "POST"},
                {"name": "Access-Control-Max-Age", "value": "5"},
            ],
            "rules": [
                {"rule": 1, "verdict": "fails", "failures": [{"point": "method"}]},
                {"rule": 2, "verdict": "matches"},
            ],
            "near_miss": null,
            "hints": [
                {
                    "hint": "no_credentials", "wildcard": true,
                    "message": "a page that fetches with credentials cannot read this answer: `*` does not do with credentials, and OSS never sends Access-Control-Allow-Credentials; drop the credentials",
                },
                {
                    "hint": "etag_not_exposed", "rule": 2,
                    "message": "ETag is not exposed, and multipart uploads need it; add ExposeHeader `ETag` to rule 2",
                },
            ],
        })
    );
    let without_method = json(&actual("OPTIONS", "https://a.com"));
    assert_eq!(without_method["request"]["kind"], "options_without_request_method");
    assert_eq!(
        without_method["near_miss"]["changes"][0],
        serde_json::json!({
            "change": "send_request_method", "value": "POST", "message": "send the Access-Control-Request-Method `POST`"
        })
    );
    let malformed = json(&Asked::new("GET").with(ORIGIN, b"\xff"));
    assert_eq!(malformed["request"]["origin"], "\u{fffd}");
    assert_eq!(malformed["request"]["problems"][0]["problem"], "origin_not_visible_ascii");
}

// For all rules and all requests.

fn host() -> impl Strategy<Value = &'static str> {
    select(vec!["a.com", "www.a.com", "x.www.a.com", "b.org", "localhost", "[::1]", "a.com.evil.org"])
}

/// Few texts that differ in the ways in which people go wrong.
fn origin() -> impl Strategy<Value = String> {
    let schemes = select(vec!["https://", "https://", "http://", "http://", "capacitor://", "HTTPS://", ""]);
    let ports = select(vec!["", "", "", ":80", ":443", ":3000", ":8080"]);
    let paths = select(vec!["", "", "", "", "/", "/x"]);
    prop_oneof![
        16 => (schemes, host(), ports, paths).prop_map(|parts| format!("{}{}{}{}", parts.0, parts.1, parts.2, parts.3)),
        1 => Just("null".to_owned()),
        1 => origin_like().prop_map(|origin| origin.to_ascii_uppercase()),
    ]
}

/// As a browser sends it.
fn origin_like() -> impl Strategy<Value = String> {
    let ports = select(vec!["", "", ":3000", ":8080"]);
    let schemes = select(vec!["https", "http"]);
    (schemes, host(), ports).prop_map(|(scheme, host, port)| format!("{scheme}://{host}{port}"))
}

fn origin_entry() -> impl Strategy<Value = String> {
    let wild = (select(vec!["https://", "http://", "", "HTTP://"]), host(), select(vec!["", ":3000", "/", "/x"]));
    prop_oneof![
        8 => origin(),
        8 => origin_like(),
        4 => wild.prop_map(|(scheme, host, end)| format!("{scheme}*.{host}{end}")),
        2 => origin_like().prop_map(|origin| format!("{origin}:*")),
        2 => origin_like().prop_map(|origin| format!("{origin}/*")),
        2 => (origin(), select(vec![",", ";", ", "]), origin()).prop_map(|(one, and, other)| format!("{one}{and}{other}")),
        2 => select(vec!["*", "https://*", "*a.com", "null", "Null", "*/", "*:80", "http*://a.com"]).prop_map(String::from),
    ]
}

fn header_name() -> impl Strategy<Value = &'static str> {
    select(vec!["content-type", "Content-Type", "x-a", "X-B", "x-oss-acl", "x-a-id", "authorization"])
}

fn header_entry() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => header_name(), 2 => select(vec!["*", "x-*", "x-oss-*", "*-id", "x-a: b", "x b"])]
}

#[derive(Clone, Debug)]
struct Rules {
    configuration: CorsConfiguration,
    profile: Profile,
}

fn rules() -> impl Strategy<Value = Rules> {
    let method = |extended| {
        let oss = vec!["GET", "PUT", "POST", "DELETE", "HEAD"];
        let more = if extended { vec!["PATCH", "OPTIONS", "get"] } else { vec![] };
        select([oss.clone(), oss, more].concat()).prop_map(String::from)
    };
    let rule = move |extended| {
        let fields = (
            vec(origin_entry(), 1..4),
            vec(method(extended), 1..3),
            vec(header_entry().prop_map(String::from), 0..4),
            vec(select(vec!["ETag", "x-oss-request-id", "Date"]).prop_map(String::from), 0..3),
            option::of(select(vec![0_u32, 60, 600, 100_000])),
            any::<bool>(),
        );
        fields.prop_map(move |(origins, methods, headers, exposed, max_age_seconds, credentials)| {
            let rule = CorsRule::new(origins, methods)
                .allowed_headers(headers)
                .expose_headers(exposed)
                .max_age_seconds(max_age_seconds);
            with_credentials(rule, extended && credentials)
        })
    };
    any::<bool>().prop_flat_map(move |extended| {
        let profile = if extended { Profile::Extended } else { Profile::Oss };
        let rules = prop_oneof![8 => vec(rule(extended), 1..4), 1 => vec(rule(extended), 15..=20)];
        (rules, any::<bool>()).prop_map(move |(rules, response_vary)| Rules {
            configuration: CorsConfiguration::from_rules(rules).response_vary(response_vary),
            profile,
        })
    })
}

fn asked() -> impl Strategy<Value = Asked> {
    let method = || {
        prop_oneof![
            8 => select(vec!["GET", "PUT", "POST", "DELETE", "HEAD"]),
            2 => select(vec!["PATCH", "OPTIONS", "get", "put", "patch", "", "a b", "*", "X*"])
        ]
    };
    let origins = prop_oneof![
        8 => origin_like().prop_map(|origin| vec![origin.into_bytes()]),
        6 => origin().prop_map(|origin| vec![origin.into_bytes()]),
        1 => origin_entry().prop_map(|origin| vec![origin.into_bytes()]),
        3 => vec(origin_like().prop_map(String::into_bytes), 0..3),
        1 => vec(vec(any::<u8>(), 0..4), 0..2),
        1 => (1020_usize..1030).prop_map(|length| vec![[b"https://".to_vec(), vec![b'a'; length - 8]].concat()]),
    ];
    let name = prop_oneof![
        16 => header_name().prop_map(|name| name.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..4),
        1 => select(vec!["*", "x-*", "**", "b c", ""]).prop_map(|name| name.as_bytes().to_vec()),
    ];
    let line = vec(name, 0..4).prop_map(|names| names.join(&b", "[..]));
    let lines = prop_oneof![20 => vec(line, 0..3), 1 => (8180_usize..8200).prop_map(|length| vec![vec![b'x'; length]])];
    let methods = prop_oneof![6 => vec(method(), 1), 1 => vec(method(), 0..3)];
    let own = prop_oneof![1 => method(), 1 => Just("OPTIONS")];
    (own, origins, methods, lines).prop_map(|(own, origins, methods, lines)| {
        let mut asked = Asked::new(own);
        let named =
            |name: &str, lines: Vec<Vec<u8>>| lines.into_iter().map(|line| (name.to_owned(), line)).collect::<Vec<_>>();
        asked.headers.extend(named(ORIGIN, origins));
        asked.headers.extend(named(METHOD, methods.into_iter().map(|method| method.as_bytes().to_vec()).collect()));
        asked.headers.extend(named(HEADERS, lines));
        asked
    })
}

/// Of two pairs one has an origin that some rule may allow, and of two one has its method, so that all comes up.
fn pairs() -> impl Strategy<Value = (Rules, Asked)> {
    let likely = || option::of(any::<prop::sample::Index>());
    (rules(), asked(), likely(), likely(), any::<bool>()).prop_map(
        |(rules, mut asked, origin, method, is_preflight)| {
            let all = &rules.configuration.rules;
            if let Some(origin) = origin.map(|index| &index.get(all).allowed_origins[0]) {
                asked = asked.without(ORIGIN).with(ORIGIN, origin.replace('*', "www"));
            }
            if let Some(method) = method.map(|index| &index.get(all).allowed_methods[0]) {
                asked = asked.without(METHOD);
                if is_preflight {
                    asked.method = b"OPTIONS".to_vec();
                    asked = asked.with(METHOD, method);
                } else {
                    asked.method = method.clone().into_bytes();
                }
            }
            (rules, asked)
        },
    )
}

/// How often what was checked came up: a check of what never comes up is none.
type Seen = BTreeMap<&'static str, usize>;

#[test]
fn on_ten_thousand_pairs_the_explanation_agrees_with_decide() {
    let mut runner = TestRunner::deterministic();
    let pairs = pairs();
    let mut seen = Seen::new();
    for _ in 0..10_000 {
        let (rules, asked) = pairs.new_tree(&mut runner).expect("a pair").current();
        for as_bucket in [false, true] {
            agrees(&rules, &asked, as_bucket, &mut seen);
        }
    }
    let rare: Vec<_> = EXPECTED_SEEN.iter().filter(|name| seen.get(*name).copied().unwrap_or_default() < 10).collect();
    assert!(rare.is_empty(), "came up less than 10 times: {rare:?}\n{seen:#?}");
}

const EXPECTED_SEEN: [&str; 22] = [
    "AddEntries AllowedHeader",
    "AddEntries AllowedMethod",
    "AddEntries AllowedMethod, extended only",
    "AddEntries AllowedOrigin",
    "Failure Headers",
    "Failure Method",
    "Failure Origin",
    "Failure TooManyHeaders",
    "LeaveOutHeaders",
    "ReplaceEntry with one",
    "ReplaceEntry with several",
    "SendMethod",
    "SendOrigin",
    "SendOrigin beside another",
    "SendRequestMethod",
    "Verdict Matches",
    "Verdict Shadowed",
    "kind NotCrossOrigin",
    "kind OptionsWithoutBoth",
    "kind OptionsWithoutOrigin",
    "kind OptionsWithoutRequestMethod",
    "one point fails, and a change helps",
];

fn agrees(rules: &Rules, asked: &Asked, as_bucket: bool, seen: &mut Seen) {
    let table = RuleTable::compile(&rules.configuration, rules.profile).expect("the rules are right");
    let request = asked.request();
    let (decision, explanation) = match as_bucket {
        false => (table.decide(&request), explain(&table, &request)),
        true => (table.decide_as_bucket(&request), explain_as_bucket(&table, &request)),
    };
    let context = || format!("{rules:#?}\n{asked:?}\n{explanation}");

    assert_eq!(explanation.outcome(), decision.outcome(), "{}", context());
    assert_eq!(sent(&explanation), expected_headers(&decision, &request), "{}", context());
    let spoken = verdict(Bucket::Rules(&rules.configuration), &asked.method, &asked.headers, as_bucket);
    assert_eq!(explanation.rule(), spoken.rule, "{}", context());
    assert_eq!(explanation.refusal().map(|refusal| (refusal.status(), refusal.code())), spoken.refusal);
    assert_eq!(sorted(sent(&explanation)), sorted(oracle::written(&spoken, &[], false)), "{}", context());
    let status = match decision {
        Decision::Forward { .. } => None,
        Decision::Answer { rule: Ok(_), .. } => Some(200),
        Decision::Answer { rule: Err(refusal), .. } => Some(refusal.status()),
    };
    assert_eq!(explanation.status(), status);
    agrees_on_kind(&explanation, asked, seen);
    agrees_on_each_rule(&explanation, rules, asked, seen);

    let changes = explanation.near_miss().map(|near_miss| &near_miss.changes[..]).unwrap_or_default();
    for change in changes {
        assert!(helps(change, &rules.configuration, rules.profile, asked, as_bucket), "{change:?}\n{}", context());
        *seen.entry(kind_of(change, changes.len())).or_default() += 1;
    }
    assert!(explanation.near_miss().is_none() || explanation.rule().is_none(), "{}", context());
    // Every page can be `null`: a rule with credentials cannot be given it.
    let near = explanation.near_miss().map(|near_miss| &rules.configuration.rules[near_miss.rule - 1]);
    let null_with_credentials = near.is_some_and(|rule| rule.allow_credentials) && asked.lines(ORIGIN) == [b"null"];
    if one_point_fails(&explanation) && is_well_formed(asked) && !null_with_credentials {
        assert!(!changes.is_empty(), "one point fails, and no change is told\n{}", context());
        *seen.entry("one point fails, and a change helps").or_default() += 1;
    }

    let text = explanation.to_string();
    assert!(text.chars().all(|found| found == '\n' || !found.is_control()), "{text:?}");
    let json = serde_json::to_value(&explanation).expect("it has string keys");
    assert_eq!(json["rule"].as_u64(), explanation.rule().map(|rule| rule as u64));
}

fn sorted(mut headers: Vec<Header>) -> Vec<Header> {
    headers.sort();
    headers
}

fn sent(explanation: &Explanation) -> Vec<Header> {
    let headers = explanation.headers().iter();
    headers.map(|header| (header.name.to_ascii_lowercase(), header.value.as_bytes().to_vec())).collect()
}

/// As an adapter writes them.
fn expected_headers(decision: &Decision<'_>, request: &CorsRequest<'_, Vec<&[u8]>>) -> Vec<Header> {
    let of_rule = |rule: &Rule| -> Vec<Header> {
        let origin = match request.origin {
            FieldLine::One(origin) if !rule.any_origin() => origin,
            _ => b"*",
        };
        let headers = [
            ("access-control-allow-origin", Some(origin)),
            ("access-control-allow-methods", Some(rule.allow_methods().as_bytes())),
            ("access-control-expose-headers", rule.expose_headers().map(http::HeaderValue::as_bytes)),
            ("access-control-max-age", rule.max_age().map(http::HeaderValue::as_bytes)),
            ("access-control-allow-credentials", rule.allow_credentials().then_some(&b"true"[..])),
        ];
        headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_vec()))).collect()
    };
    let (mut headers, vary_origin) = match decision {
        Decision::Forward { rule, vary_origin } => (rule.map(of_rule).unwrap_or_default(), *vary_origin),
        Decision::Answer { rule: Err(_), vary_origin } => (Vec::new(), *vary_origin),
        Decision::Answer { rule: Ok(rule), vary_origin } => {
            let names = allow_headers(request.request_headers.iter().copied(), <[u8]>::to_vec);
            let names = names.map(|names| ("access-control-allow-headers".to_owned(), names));
            (of_rule(rule).into_iter().chain(names).collect(), *vary_origin)
        }
    };
    headers.extend(vary_origin.then(|| ("vary".to_owned(), b"Origin".to_vec())));
    headers
}

fn agrees_on_kind(explanation: &Explanation, asked: &Asked, seen: &mut Seen) {
    let has = |name| !asked.lines(name).is_empty();
    let (expected, name) = match (asked.method == b"OPTIONS", has(ORIGIN), has(METHOD)) {
        (true, true, true) => (RequestKind::Preflight, "kind Preflight"),
        (true, true, false) => (RequestKind::OptionsWithoutRequestMethod, "kind OptionsWithoutRequestMethod"),
        (true, false, true) => (RequestKind::OptionsWithoutOrigin, "kind OptionsWithoutOrigin"),
        (true, false, false) => (RequestKind::OptionsWithoutBoth, "kind OptionsWithoutBoth"),
        (false, true, _) => (RequestKind::Actual, "kind Actual"),
        (false, false, _) => (RequestKind::NotCrossOrigin, "kind NotCrossOrigin"),
    };
    assert_eq!(explanation.asked().kind, expected, "{asked:?}");
    *seen.entry(name).or_default() += 1;
}

/// Each rule, and each point of it, against the oracle: alone, with the other points wide open.
fn agrees_on_each_rule(explanation: &Explanation, rules: &Rules, asked: &Asked, seen: &mut Seen) {
    let rules_are_asked = matches!(
        explanation.outcome(),
        Outcome::Forwarded(Ok(_)) | Outcome::Answered(Ok(_) | Err(Refusal::NotAllowed(_)))
    ) || matches!(explanation.outcome(), Outcome::Forwarded(Err(why)) if why != Unmatched::NoOrigin);
    let expected_rules = if rules_are_asked { rules.configuration.rules.len() } else { 0 };
    assert_eq!(explanation.rules().len(), expected_rules);

    let mut first = None;
    for (told, rule) in explanation.rules().iter().zip(&rules.configuration.rules) {
        let expected = match expected_failures(rule, asked) {
            failures if !failures.is_empty() => Verdict::Fails { failures },
            _ => match first {
                None => {
                    first = Some(told.rule);
                    Verdict::Matches
                }
                Some(by) => {
                    let earlier = &rules.configuration.rules[by - 1];
                    Verdict::Shadowed { by, differs: expected_differences(earlier, rule) }
                }
            },
        };
        assert_eq!(told.verdict, expected, "{told}\n{rules:#?}\n{asked:?}");
        let names = match &expected {
            Verdict::Matches => vec!["Verdict Matches"],
            Verdict::Shadowed { .. } => vec!["Verdict Shadowed"],
            Verdict::Fails { failures } => failures.iter().map(failure_name).collect(),
        };
        names.into_iter().for_each(|name| *seen.entry(name).or_default() += 1);
    }
    assert_eq!(first, explanation.rule().filter(|_| rules_are_asked));
}

fn failure_name(failure: &Failure) -> &'static str {
    match failure {
        Failure::Origin => "Failure Origin",
        Failure::Method => "Failure Method",
        Failure::Headers { .. } => "Failure Headers",
        Failure::TooManyHeaders => "Failure TooManyHeaders",
    }
}

fn expected_failures(rule: &CorsRule, asked: &Asked) -> Vec<Failure> {
    let allows = |rule: CorsRule, asked: &Asked| {
        let configuration = CorsConfiguration::from_rules([rule]).response_vary(false);
        verdict(Bucket::Rules(&configuration), &asked.method, &asked.headers, false).rule.is_some()
    };
    let open = || self::rule(&["*"], &["GET"]);

    let mut origin = Asked::new("GET");
    origin.headers.extend(asked.headers.iter().filter(|(name, _)| name == ORIGIN).cloned());
    let origin = allows(open().allowed_origins(rule.allowed_origins.clone()), &origin);

    let method = asked.clone().without(ORIGIN).without(HEADERS).with(ORIGIN, "https://a.com");
    let method = allows(open().allowed_methods(rule.allowed_methods.clone()), &method);

    let allows_name = |name: &[u8]| {
        let rule = open().allowed_headers(rule.allowed_headers.clone());
        allows(rule, &preflight("GET", "https://a.com", "").with(HEADERS, name))
    };
    let lines = asked.lines(HEADERS).join(&b","[..]);
    let mut refused: Vec<Vec<u8>> = Vec::new();
    let mut too_many = false;
    if asked.is_preflight() {
        too_many = lines.len() > 8192;
        let names = lines.split(|byte| *byte == b',').map(trimmed);
        for name in names.filter(|name| !name.is_empty() && !too_many) {
            if !allows_name(name) && !refused.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                refused.push(name.to_vec());
            }
        }
    }
    let mut failures = Vec::new();
    failures.extend((!origin).then_some(Failure::Origin));
    failures.extend((!method).then_some(Failure::Method));
    failures.extend(too_many.then_some(Failure::TooManyHeaders));
    failures
        .extend((!refused.is_empty()).then(|| Failure::Headers { names: refused.iter().map(Quoted::from).collect() }));
    failures
}

fn trimmed(name: &[u8]) -> &[u8] {
    let solid = |byte: &u8| !matches!(byte, b' ' | b'\t');
    match (name.iter().position(solid), name.iter().rposition(solid)) {
        (Some(first), Some(last)) => &name[first..=last],
        _ => b"",
    }
}

fn expected_differences(earlier: &CorsRule, rule: &CorsRule) -> Vec<&'static str> {
    let any = |rule: &CorsRule| rule.allowed_origins.iter().any(|origin| origin == "*");
    let differs = [
        ("Access-Control-Allow-Origin", any(earlier) != any(rule)),
        ("Access-Control-Allow-Methods", earlier.allowed_methods != rule.allowed_methods),
        ("Access-Control-Expose-Headers", earlier.expose_headers != rule.expose_headers),
        ("Access-Control-Max-Age", earlier.max_age_seconds != rule.max_age_seconds),
        ("Access-Control-Allow-Credentials", earlier.allow_credentials != rule.allow_credentials),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn one_point_fails(explanation: &Explanation) -> bool {
    explanation.rule().is_none()
        && explanation
            .rules()
            .iter()
            .any(|told| matches!(&told.verdict, Verdict::Fails { failures } if failures.len() == 1))
}

/// As browsers send it, but for `OPTIONS` that are no preflight, and with a method that some profile can list.
fn is_well_formed(asked: &Asked) -> bool {
    let origin = match asked.lines(ORIGIN)[..] {
        [origin] => String::from_utf8_lossy(origin).into_owned(),
        _ => return false,
    };
    let default_port = (origin.starts_with("https://") && origin.ends_with(":443"))
        || (origin.starts_with("http://") && origin.ends_with(":80"));
    let is_address = origin.split_once("://").is_some_and(|(scheme, host)| {
        let of_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:[]".contains(&byte);
        scheme.bytes().all(|byte| byte.is_ascii_lowercase()) && host.bytes().all(of_host)
    });
    let origin = origin == "null" || (is_address && origin.len() <= 1024 && !default_port);
    let method = match (asked.is_preflight(), &asked.lines(METHOD)[..]) {
        (false, _) if asked.method == b"OPTIONS" => return false,
        (false, _) => &asked.method[..],
        (true, [method]) => method,
        (true, _) => return false,
    };
    let lower_case = [&b"get"[..], b"put"].contains(&method);
    let method = !method.is_empty() && !method.contains(&b' ') && !method.contains(&b'*') && !lower_case;
    let few_headers = asked.lines(HEADERS).join(&b","[..]).len() <= 8192;
    origin && method && few_headers
}

fn kind_of(change: &Change, of: usize) -> &'static str {
    match change {
        Change::AddEntries { element: Element::AllowedOrigin, .. } => "AddEntries AllowedOrigin",
        Change::AddEntries { element: Element::AllowedHeader, .. } => "AddEntries AllowedHeader",
        Change::AddEntries { extended_only: true, .. } => "AddEntries AllowedMethod, extended only",
        Change::AddEntries { .. } => "AddEntries AllowedMethod",
        Change::ReplaceEntry { entries, .. } if entries.len() == 1 => "ReplaceEntry with one",
        Change::ReplaceEntry { .. } => "ReplaceEntry with several",
        Change::SendOrigin { .. } if of > 1 => "SendOrigin beside another",
        Change::SendOrigin { .. } => "SendOrigin",
        Change::SendMethod { .. } => "SendMethod",
        Change::SendRequestMethod { .. } => "SendRequestMethod",
        Change::LeaveOutHeaders { .. } => "LeaveOutHeaders",
        _ => "another",
    }
}

/// Whether some rule matches after `change`, says the table and says the oracle.
fn helps(change: &Change, configuration: &CorsConfiguration, profile: Profile, asked: &Asked, as_bucket: bool) -> bool {
    let (mut configuration, mut profile, mut asked) = (configuration.clone(), profile, asked.clone());
    match change {
        Change::AddEntries { rule, element, entries, extended_only } => {
            entries_of(&mut configuration, *rule, *element).extend(entries.iter().map(text));
            if *extended_only {
                profile = Profile::Extended;
            }
        }
        Change::ReplaceEntry { rule, element, entry, entries } => {
            let list = entries_of(&mut configuration, *rule, *element);
            let at = list.iter().position(|known| *known == text(entry)).expect("the rule has the entry");
            list.splice(at..=at, entries.iter().map(text));
        }
        Change::SendOrigin { value } => asked = asked.without(ORIGIN).with(ORIGIN, value.as_bytes()),
        Change::SendMethod { value } => asked.method = value.as_bytes().to_vec(),
        Change::SendRequestMethod { value } => asked = asked.without(METHOD).with(METHOD, value.as_bytes()),
        Change::LeaveOutHeaders { names } => {
            let joined = asked.lines(HEADERS).join(&b","[..]);
            let left_out = |item: &&[u8]| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(trimmed(item)));
            let kept: Vec<_> = joined.split(|byte| *byte == b',').filter(|item| !left_out(item)).collect();
            asked = asked.without(HEADERS).with(HEADERS, kept.join(&b","[..]));
        }
        _ => return false,
    }
    let table = RuleTable::compile(&configuration, profile).expect("the change leaves the rules right");
    let request = asked.request();
    let decision = if as_bucket { table.decide_as_bucket(&request) } else { table.decide(&request) };
    let spoken = verdict(Bucket::Rules(&configuration), &asked.method, &asked.headers, as_bucket);
    let decided = matches!(decision.outcome(), Outcome::Forwarded(Ok(_)) | Outcome::Answered(Ok(_)));
    decided && spoken.rule.is_some()
}

fn text(quoted: &Quoted) -> String {
    quoted.to_text().into_owned()
}

fn entries_of(configuration: &mut CorsConfiguration, rule: usize, element: Element) -> &mut Vec<String> {
    let rule = &mut configuration.rules[rule - 1];
    match element {
        Element::AllowedOrigin => &mut rule.allowed_origins,
        Element::AllowedMethod => &mut rule.allowed_methods,
        Element::AllowedHeader => &mut rule.allowed_headers,
        other => panic!("{other} has no entries to add"),
    }
}
