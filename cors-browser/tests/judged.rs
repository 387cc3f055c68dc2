//! What the model makes of answers: names as browsers give them, measured with Chromium where a case says so, and rules
//! that hold for any answer.

#![allow(clippy::unwrap_used, reason = "a test")]

use oss_cors_browser::*;
use proptest::prelude::*;

const PAGE: &str = "https://app.example.com";

type Lines = &'static [(&'static str, &'static [u8])];

fn chromium(method: &str, headers: Lines, credentials: Credentials, status: u16, answer: Lines) -> &'static str {
    let request = PageRequest::new(PAGE, method, headers, credentials).unwrap();
    let answer = Response::new(status, answer);
    match request.preflight() {
        Some(preflight) => preflight.allows(&answer).map_or_else(|failure| failure.chromium(), |_| "sent"),
        None => request.reads(&answer).map_or_else(|failure| failure.chromium(), |_| "read"),
    }
}

#[test]
fn allow_origin_fails_under_the_names_that_chromium_gives() {
    let get = |credentials, answer| chromium("GET", &[], credentials, 200, answer);
    let cases: [(&str, &[&'static [u8]]); 6] = [
        ("MissingAllowOriginHeader", &[]),
        (
            "InvalidAllowOriginValue",
            &[b"", b"app.example.com", b"\"https://app.example.com\"", b"true", b"*.example.com"],
        ),
        (
            "AllowOriginMismatch",
            &[
                b"https://other.example",
                b"https://app.example.com/",
                b"https://app.example.com:443",
                b"HTTPS://APP.example.com",
                b"null",
                b"http://*.example.com",
            ],
        ),
        (
            "MultipleAllowOriginValues",
            &[b"https://app.example.com, https://b.example", b"https://app.example.com https://b.example", b"*, *"],
        ),
        ("read", &[b"*", b" https://app.example.com\t"]),
        ("InvalidAllowOriginValue", &[b"http://", b"https:"]),
    ];
    for (expected, values) in cases {
        for value in values {
            let answer: &[(&str, &[u8])] = &[("Access-Control-Allow-Origin", value)];
            let request = PageRequest::new(PAGE, "GET", &[], Credentials::Omit).unwrap();
            let read = request.reads(&Response::new(200, answer));
            let named = read.map_or_else(|failure| failure.chromium(), |_| "read");
            assert_eq!(named, expected, "{}", String::from_utf8_lossy(value));
        }
    }
    assert_eq!(get(Credentials::Omit, &[]), "MissingAllowOriginHeader");
    let twice: Lines = &[
        ("Access-Control-Allow-Origin", b"https://app.example.com"),
        ("access-control-allow-origin", b"https://app.example.com"),
    ];
    assert_eq!(get(Credentials::Omit, twice), "MultipleAllowOriginValues");
    assert_eq!(get(Credentials::Include, &[("Access-Control-Allow-Origin", b"*")]), "WildcardOriginNotAllowed");
}

#[test]
fn credentials_need_one_true() {
    let with = |values: &[&[u8]]| {
        let mut answer: Vec<(&str, &[u8])> = vec![("Access-Control-Allow-Origin", PAGE.as_bytes())];
        answer.extend(values.iter().map(|value| ("Access-Control-Allow-Credentials", *value)));
        let request = PageRequest::new(PAGE, "GET", &[], Credentials::Include).unwrap();
        request.reads(&Response::new(200, &answer)).map_or_else(|failure| failure.chromium(), |_| "read")
    };
    assert_eq!(with(&[b"true"]), "read");
    assert_eq!(with(&[b" true "]), "read");
    let wrong: [&[&[u8]]; 5] = [&[], &[b"True"], &[b"true", b"true"], &[b""], &[b"1"]];
    for values in wrong {
        assert_eq!(with(values), "InvalidAllowCredentials", "{values:?}");
    }
}

#[test]
fn preflights_fail_under_the_names_that_chromium_gives() {
    const ORIGIN: (&str, &[u8]) = ("Access-Control-Allow-Origin", b"*");
    let put = |status, answer| chromium("PUT", &[("x-oss-a", b"1")], Credentials::SameOrigin, status, answer);
    let good: Lines = &[ORIGIN, ("Access-Control-Allow-Methods", b"PUT"), ("Access-Control-Allow-Headers", b"X-OSS-A")];
    for status in [200, 204, 299] {
        assert_eq!(put(status, good), "sent", "{status}");
    }
    for status in [199, 300, 304, 401, 403, 404, 501] {
        assert_eq!(put(status, good), "PreflightInvalidStatus", "{status}");
        // Without Allow-Origin the status is never looked at.
        assert_eq!(put(status, &[]), "PreflightMissingAllowOriginHeader", "{status}");
    }
    assert_eq!(put(302, &[ORIGIN, ("Location", b"/login")]), "PreflightDisallowedRedirect");
    for methods in [&b"PUT; GET"[..], b"PUT GET", b"(PUT)"] {
        let answer = [ORIGIN, ("Access-Control-Allow-Methods", methods)];
        let preflight = PageRequest::new(PAGE, "PUT", &[], Credentials::Omit).unwrap().preflight().unwrap();
        let failure = preflight.allows(&Response::new(200, &answer)).unwrap_err();
        assert_eq!(failure.chromium(), "InvalidAllowMethodsPreflightResponse");
    }
    let methods = ("Access-Control-Allow-Methods", &b"PUT"[..]);
    assert_eq!(
        put(200, &[ORIGIN, ("Access-Control-Allow-Methods", b"PUT"), ("Access-Control-Allow-Headers", b"x-oss-a:1")]),
        "InvalidAllowHeadersPreflightResponse"
    );
    assert_eq!(put(200, &[ORIGIN, ("Access-Control-Allow-Methods", b"put")]), "MethodDisallowedByPreflightResponse");
    assert_eq!(put(200, &[ORIGIN, ("Access-Control-Allow-Methods", b",PUT,,")]), "HeaderDisallowedByPreflightResponse");
    // No prefix wildcard for a browser.
    let answer = [ORIGIN, methods, ("Access-Control-Allow-Headers", &b"x-oss-*"[..])];
    let request = PageRequest::new(PAGE, "PUT", &[("x-oss-a", b"1")], Credentials::Omit).unwrap();
    let failure = request.preflight().unwrap().allows(&Response::new(200, &answer)).unwrap_err();
    assert_eq!(failure, Failure::HeaderNotAllowed { name: "x-oss-a".to_owned() });
}

#[test]
fn patch_is_sent_as_it_is_written() {
    let answer: Lines = &[("Access-Control-Allow-Origin", b"*"), ("Access-Control-Allow-Methods", b"PATCH, DELETE")];
    let preflight = |method| chromium(method, &[], Credentials::Omit, 200, answer);
    assert_eq!(preflight("PATCH"), "sent");
    assert_eq!(preflight("patch"), "MethodDisallowedByPreflightResponse");
    assert_eq!(preflight("delete"), "sent");
}

#[test]
fn authorization_is_never_allowed_by_a_wildcard_but_in_chromium() {
    let request = PageRequest::new(PAGE, "GET", &[("Authorization", b"a"), ("x-b", b"1")], Credentials::Omit).unwrap();
    let preflight = request.preflight().unwrap();
    assert_eq!(preflight.names(), ["authorization", "x-b"]);
    let judged = |names: &[u8]| {
        let answer = [("Access-Control-Allow-Origin", &b"*"[..]), ("Access-Control-Allow-Headers", names)];
        let answer = Response::new(200, &answer);
        preflight.allows(&answer).map_err(|failure| failure.passes_in_chromium(&preflight, &answer))
    };
    assert!(judged(b"*").unwrap_err());
    assert!(!judged(b"x-b").unwrap_err());
    assert!(judged(b"*, AUTHORIZATION").is_ok());
    assert!(!judged(b"authorization").unwrap_err());
}

#[test]
fn listeners_of_uploads_make_a_preflight_necessary() {
    let request = PageRequest::new(PAGE, "POST", &[("Content-Type", b"text/plain")], Credentials::Omit).unwrap();
    assert_eq!(request.preflight(), None);
    let preflight = request.with_upload_listeners().preflight().unwrap();
    assert_eq!((preflight.method(), preflight.request_headers()), ("POST", None));
    let answer = [("Access-Control-Allow-Origin", &b"*"[..])];
    assert!(preflight.allows(&Response::new(200, &answer)).is_ok());
}

#[test]
fn answers_are_kept_as_long_as_the_browser_likes() {
    let kept = |values: &[&'static [u8]]| {
        let mut answer: Vec<(&str, &[u8])> = vec![("Access-Control-Allow-Origin", b"*")];
        answer.push(("Access-Control-Allow-Methods", b"PUT"));
        answer.extend(values.iter().map(|value| ("Access-Control-Max-Age", *value)));
        let preflight = PageRequest::new(PAGE, "PUT", &[], Credentials::Omit).unwrap().preflight().unwrap();
        let grant = preflight.allows(&Response::new(200, &answer)).unwrap();
        Browser::ALL.map(|browser| grant.kept(browser))
    };
    assert_eq!(kept(&[]), [5, 5, 5]);
    assert_eq!(kept(&[b"0"]), [0, 0, 0]);
    assert_eq!(kept(&[b"100"]), [100, 100, 100]);
    assert_eq!(kept(&[b"999999999999999999999999999"]), [7200, 86_400, 600]);
    for unusable in [&[&b"-1"[..]][..], &[b""], &[b"1.5"], &[b"10s"], &[b"10", b"10"], &[b"10, 10"]] {
        assert_eq!(kept(unusable), [5, 5, 5], "{unusable:?}");
    }
}

#[test]
fn what_no_page_can_send_is_said_or_dropped() {
    let request = |method, headers: Lines| PageRequest::new(PAGE, method, headers, Credentials::Omit);
    assert!(matches!(request("trace", &[]), Err(NeverSent::ForbiddenMethod { .. })));
    assert!(matches!(request("A B", &[]), Err(NeverSent::NotAMethod { .. })));
    assert!(matches!(request("", &[]), Err(NeverSent::NotAMethod { .. })));
    assert!(matches!(request("GET", &[("a b", b"")]), Err(NeverSent::NotAHeader { .. })));
    assert!(matches!(request("GET", &[("a", b"1\r\nb: 2")]), Err(NeverSent::NotAHeader { .. })));
    let sent = request("GET", &[("Cookie", b"a"), ("X-A", b"1"), ("Host", b"x"), ("Sec-Ch-Ua", b"1")]).unwrap();
    assert_eq!(sent.dropped(), ["Cookie", "Host", "Sec-Ch-Ua"]);
    assert_eq!(sent.preflight().unwrap().names(), ["x-a"]);
}

#[test]
fn a_304_and_a_407_are_not_checked() {
    let request = PageRequest::new(PAGE, "GET", &[], Credentials::Omit).unwrap();
    for status in 100..600 {
        let is_read = request.reads(&Response::new(status, &[])).is_ok();
        assert_eq!(is_read, matches!(status, 304 | 407), "{status}");
    }
}

#[test]
fn a_malformed_list_exposes_nothing() {
    let request = PageRequest::new(PAGE, "GET", &[], Credentials::Omit).unwrap();
    let answer: Lines = &[
        ("Access-Control-Allow-Origin", b"*"),
        ("Access-Control-Expose-Headers", b"ETag, bad name"),
        ("ETag", b"1"),
        ("Content-Length", b"2"),
        ("Content-Encoding", b"gzip"),
    ];
    let read = request.reads(&Response::new(200, answer)).unwrap();
    assert!(read.sees("content-length") && !read.sees("etag") && !read.sees("Content-Encoding"));
}

#[test]
fn each_browser_has_its_name_for_each_failure() {
    let check = |check, status| Failure::PreflightCheck { check, origin: PAGE.to_owned(), status };
    let refused = check(CheckFailure::MissingAllowOrigin, 403);
    assert_eq!(refused.named_by(Browser::Chromium), "PreflightMissingAllowOriginHeader");
    assert_eq!(refused.named_by(Browser::Firefox), "CORSMissingAllowOrigin");
    assert_eq!(refused.named_by(Browser::Safari), "Preflight response is not successful. Status code: 403");
    let other = check(CheckFailure::MissingAllowOrigin, 200);
    assert_eq!(
        other.safari(),
        "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin. Status code: 200"
    );
    let method = Failure::MethodNotAllowed { method: "PUT".to_owned() };
    assert_eq!(method.firefox(), "CORSMethodNotFound");
    assert_eq!(method.to_string(), "Access-Control-Allow-Methods does not list `PUT`");
}

fn line() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let name = prop::sample::select(vec![
        "Access-Control-Allow-Origin",
        "access-control-allow-credentials",
        "Access-Control-Allow-Methods",
        "Access-Control-Allow-Headers",
        "Access-Control-Expose-Headers",
        "Access-Control-Max-Age",
        "ETag",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            &b"*"[..],
            b"https://app.example.com",
            b"true",
            b"PUT",
            b"x-a, Authorization",
            b"",
            b"99"
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..20),
    ];
    (name, value)
}

proptest! {
    /// Whatever a server answers: with credentials a browser does at most what it does without, and every failure has
    /// one line and a name in each browser.
    #[test]
    fn credentials_only_narrow(
        answer in prop::collection::vec(line(), 0..6),
        status in 100..600_u16,
        method in prop::sample::select(vec!["GET", "PUT", "patch", "*"]),
        authorization in any::<bool>(),
    ) {
        let lines: Vec<_> = answer.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let answer = Response::new(status, &lines);
        let headers: &[(&str, &[u8])] = if authorization { &[("Authorization", b"x"), ("x-a", b"1")] } else { &[("x-a", b"1")] };
        let with = PageRequest::new(PAGE, method, headers, Credentials::Include).unwrap();
        let without = PageRequest::new(PAGE, method, headers, Credentials::SameOrigin).unwrap();
        let (strict, loose) = (with.preflight().unwrap().allows(&answer), without.preflight().unwrap().allows(&answer));
        prop_assert!(strict.is_err() || loose.is_ok());
        prop_assert!(loose.is_err() || answer.is_ok());
        if let (Ok(strict), Ok(loose)) = (with.reads(&answer), without.reads(&answer)) {
            prop_assert!(strict.headers.iter().all(|line| loose.headers.contains(line)));
        }
        for failure in [strict.err(), loose.err(), with.reads(&answer).err()].into_iter().flatten() {
            prop_assert!(!failure.to_string().contains('\n'));
            prop_assert!(Browser::ALL.iter().all(|browser| !failure.named_by(*browser).is_empty()));
        }
    }
}
