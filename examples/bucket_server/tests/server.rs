//! The bucket server as its users meet it: a process, asked over sockets, killed, and started again.
//!
//! What clients make of it is tested by `tests/clients`; here is what they never send.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

mod doors;
mod support;

#[path = "../../../tests/support/client.rs"]
#[allow(dead_code, reason = "what other tests ask")]
mod client;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use client::{Site, check};
use hmac::{Hmac, KeyInit, Mac};
use md5::Digest;
use sha1::Sha1;
use sha2::Sha256;
use support::{Answer, BucketServer, SIGNED};

const RULES: &str = "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
    <CORSRule><ID>one</ID><AllowedOrigin>https://app.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
    <AllowedMethod>POST</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedMethod>HEAD</AllowedMethod>\
    <AllowedHeader>X-Oss-*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds>\
    </CORSRule><ResponseVary>true</ResponseVary></CORSConfiguration>";

const STRICT_RULES: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>https://app.example.com</AllowedOrigin>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedMethod>POST</AllowedMethod>
    <AllowedMethod>PUT</AllowedMethod>
    <AllowedMethod>HEAD</AllowedMethod>
    <AllowedHeader>x-oss-*</AllowedHeader>
    <ExposeHeader>ETag</ExposeHeader>
    <MaxAgeSeconds>600</MaxAgeSeconds>
  </CORSRule>
  <ResponseVary>true</ResponseVary>
</CORSConfiguration>
";

const APP: &str = "origin: https://app.example.com";
const EVIL: &str = "origin: https://evil.example";

/// What `RULES` writes on an answer to the application.
const CORS: &[&str] = &[
    "access-control-allow-methods: GET, POST, PUT, HEAD",
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag",
    "access-control-max-age: 600",
    "vary: Origin",
];
const ONLY_VARY: &[&str] = &["vary: Origin"];

#[test]
fn objects_come_back_as_they_were_put() {
    let server = BucketServer::start(&[]);
    server.make("photos", &["x-oss-acl: private"]);
    let put = server.ask(
        "PUT /photos/a%20b%2F%C3%BC.txt",
        &[SIGNED, "content-type: text/x", "cache-control: no-cache", "x-oss-meta-One: 1", "x-amz-meta-two: ü"],
        b"hello",
    );
    put.is(200, "");
    assert_eq!(put.header("etag"), "\"5d41402abc4b2a76b9719d911017c592\"");
    // The check value of CRC-64/XZ is of other bytes; this one is what OSS's own SDK computes of these.
    assert_eq!(put.header("x-oss-hash-crc64ecma"), "11177612005948864433");
    for (line, family) in [("GET", "x-oss-"), ("HEAD", "x-oss-"), ("GET", "x-amz-"), ("HEAD", "x-amz-")] {
        let speaks = format!("{family}date: 20261122T000000Z");
        let got = server.ask(&format!("{line} /photos/a%20b/%C3%BC.txt"), &[SIGNED, &speaks], b"");
        got.is(200, if line == "GET" { "hello" } else { "" });
        for (name, value) in [
            ("content-type", "text/x"),
            ("cache-control", "no-cache"),
            ("content-length", "5"),
            ("etag", "\"5d41402abc4b2a76b9719d911017c592\""),
            ("accept-ranges", "bytes"),
            ("server", "AliyunOSS"),
            (&format!("{family}meta-one"), "1"),
            (&format!("{family}meta-two"), "ü"),
        ] {
            assert_eq!(got.header(name), value, "{line} {name}");
        }
        assert!(!got.header("date").is_empty() && got.header("x-oss-request-id").len() == 24);
    }
    server.ask("DELETE /photos", &[SIGNED], b"").is(409, "BucketNotEmpty");
    server.ask("DELETE /photos/a%20b/%C3%BC.txt", &[SIGNED], b"").is(204, "");
    server.ask("DELETE /photos/a%20b/%C3%BC.txt", &[SIGNED], b"").is(204, "");
    server.ask("GET /photos/a%20b/%C3%BC.txt", &[SIGNED], b"").is(404, "NoSuchKey");
    let missing = server.ask("HEAD /photos/a%20b/%C3%BC.txt", &[SIGNED], b"");
    missing.is(404, "");
    let reported = BASE64_STANDARD.decode(missing.header("x-oss-err")).expect("base64");
    assert!(String::from_utf8_lossy(&reported).contains("<Code>NoSuchKey</Code>"));
    server.ask("DELETE /photos", &[SIGNED], b"").is(204, "");
    server.ask("GET /photos", &[SIGNED], b"").is(404, "NoSuchBucket");
}

#[test]
fn conditions_and_ranges() {
    let server = BucketServer::start(&[]);
    server.make("photos", &["x-oss-acl: public-read-write"]);
    let etag = server.ask("PUT /photos/a", &[], b"0123456789").header("etag");
    let modified = server.ask("HEAD /photos/a", &[], b"").header("last-modified");
    let bare = etag.trim_matches('"');
    let (before, after) = ("Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT");
    for (header, status, body) in [
        (format!("if-none-match: {etag}"), 304, ""),
        (format!("if-none-match: \"x\", W/{etag}"), 304, ""),
        ("if-none-match: *".to_owned(), 304, ""),
        ("if-none-match: \"x\"".to_owned(), 200, "0123456789"),
        (format!("if-match: {bare}"), 200, "0123456789"),
        ("if-match: \"x\"".to_owned(), 412, "PreconditionFailed"),
        (format!("if-modified-since: {modified}"), 304, ""),
        (format!("if-modified-since: {before}"), 200, "0123456789"),
        (format!("if-unmodified-since: {modified}"), 200, "0123456789"),
        (format!("if-unmodified-since: {before}"), 412, "PreconditionFailed"),
        ("if-modified-since: yesterday".to_owned(), 200, "0123456789"),
        // An entity tag counts, a date beside it does not: RFC 9110, section 13.2.2.
        (format!("if-none-match: \"x\"\r\nif-modified-since: {after}"), 200, "0123456789"),
        (format!("if-match: {etag}\r\nif-unmodified-since: {before}"), 200, "0123456789"),
        ("range: bytes=0-3".to_owned(), 206, "0123"),
        ("range: bytes=8-99".to_owned(), 206, "89"),
        ("range: bytes=7-".to_owned(), 206, "789"),
        ("range: bytes=-2".to_owned(), 206, "89"),
        ("range: bytes=-99".to_owned(), 206, "0123456789"),
        ("range: bytes=10-".to_owned(), 416, "InvalidRange"),
        ("range: bytes=-0".to_owned(), 416, "InvalidRange"),
        ("range: bytes=5-3".to_owned(), 200, "0123456789"),
        ("range: bytes=0-1,3-4".to_owned(), 200, "0123456789"),
        ("range: lines=0-1".to_owned(), 200, "0123456789"),
        ("range: bytes=18446744073709551615-".to_owned(), 416, "InvalidRange"),
        (format!("range: bytes=0-3\r\nif-range: {etag}"), 206, "0123"),
        ("range: bytes=0-3\r\nif-range: \"x\"".to_owned(), 200, "0123456789"),
    ] {
        let answer = server.ask("GET /photos/a", &[&header], b"");
        answer.is(status, body);
        match status {
            206 => assert!(answer.header("content-range").ends_with("/10"), "{header}"),
            304 => assert_eq!(answer.header("etag"), etag, "{header}"),
            416 => assert_eq!(answer.header("content-range"), "bytes */10", "{header}"),
            _ => {}
        }
    }
    server.ask("PUT /photos/a", &["if-none-match: *"], b"new").is(412, "PreconditionFailed");
    server.ask("PUT /photos/a", &["x-oss-forbid-overwrite: true"], b"new").is(409, "FileAlreadyExists");
    server.ask("GET /photos/a", &[], b"").is(200, "0123456789");
    server.ask("PUT /photos/empty", &[], b"").is(200, "");
    server.ask("GET /photos/empty", &[], b"").is(200, "");
    server.ask("GET /photos/empty", &["range: bytes=0-"], b"").is(416, "InvalidRange");
    let replaced = server.ask("GET /photos/a?response-content-type=text/html", &[SIGNED], b"");
    assert_eq!(replaced.header("content-type"), "text/html");
    server.ask("GET /photos/a?response-content-type=text/html", &[], b"").is(400, "InvalidRequest");
}

#[test]
fn rules_come_back_strict_and_faults_have_the_codes_of_oss() {
    let server = BucketServer::start(&[]);
    server.make("photos", &[]);
    for line in ["GET /photos?cors", "GET /photos/?cors="] {
        let none = server.ask(line, &[SIGNED], b"");
        none.is(404, "NoSuchCORSConfiguration");
        assert!(none.text().contains("<Message>The CORS Configuration does not exist.</Message>"));
    }
    server.ask("DELETE /photos?cors", &[SIGNED], b"").is(204, "");
    let digest = BASE64_STANDARD.encode(md5::Md5::digest(RULES));
    server
        .ask("PUT /photos?cors", &[SIGNED, "content-md5: AAAAAAAAAAAAAAAAAAAAAA=="], RULES.as_bytes())
        .is(400, "InvalidDigest");
    server.ask("GET /photos?cors", &[SIGNED], b"").is(404, "NoSuchCORSConfiguration");
    server.ask("PUT /photos?cors", &[SIGNED, &format!("content-md5: {digest}")], RULES.as_bytes()).is(200, "");
    server.ask("GET /photos?cors", &[SIGNED], b"").is(200, STRICT_RULES);

    let rule = |inside: &str| {
        format!("<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>{inside}</CORSRule>")
    };
    let twenty_one = rule("").repeat(21);
    for (inside, code, ec, name, value) in [
        ("", "MalformedXML", "", "", ""),
        ("<CORSRule>", "MalformedXML", "", "", ""),
        ("<CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule>", "MalformedXML", "", "", ""),
        (&twenty_one, "CORSRuleBeyondLimit", "", "", ""),
        (&rule("<AllowedOrigin>http://*.*</AllowedOrigin>"), "InvalidArgument", "", "AllowedOrigin", "http://*.*"),
        (&rule("<AllowedMethod>PATCH</AllowedMethod>"), "InvalidArgument", "0034-00000011", "AllowedMethod", "PATCH"),
        (&rule("<AllowedHeader>*-*</AllowedHeader>"), "InvalidArgument", "", "AllowedHeader", "*-*"),
        (&rule("<ExposeHeader>x-*</ExposeHeader>"), "InvalidArgument", "0034-00000013", "ExposeHeader", "x-*"),
        (&rule("<MaxAgeSeconds>-1</MaxAgeSeconds>"), "InvalidArgument", "", "MaxAgeSeconds", "-1"),
    ] {
        let body = format!("<CORSConfiguration>{inside}</CORSConfiguration>");
        let refused = server.ask("PUT /photos?cors", &[SIGNED], body.as_bytes());
        refused.is(400, code);
        assert_eq!(
            (refused.header("x-oss-ec"), refused.element("ArgumentName"), refused.element("ArgumentValue")),
            (ec.to_owned(), name.to_owned(), value.to_owned()),
            "{body}"
        );
    }
    let long = format!("<CORSConfiguration>{}<!--{}--></CORSConfiguration>", rule(""), "-=".repeat(8 << 10));
    server.ask("PUT /photos?cors", &[SIGNED], long.as_bytes()).is(400, "EntityTooLarge");
    server
        .ask("PUT /photos?cors", &[SIGNED, "transfer-encoding: chunked"], &chunks(long.as_bytes()))
        .is(400, "EntityTooLarge");
    // Nothing of all this touched the rules.
    server.ask("GET /photos?cors", &[SIGNED], b"").is(200, STRICT_RULES);
    server.ask("DELETE /photos?cors", &[SIGNED], b"").is(204, "");
    server.ask("GET /photos?cors", &[SIGNED], b"").is(404, "NoSuchCORSConfiguration");
    for line in ["PUT /nobody?cors", "GET /nobody?cors", "DELETE /nobody?cors"] {
        let missing = server.ask(line, &[SIGNED], RULES.as_bytes());
        missing.is(404, "NoSuchBucket");
        assert_eq!(missing.header("x-oss-ec"), "0015-00000101");
    }
}

/// By virtual host, in HTTP/1 and HTTP/2. An answer is compared whole: a CORS or `Vary` header that is not named must
/// be absent.
#[tokio::test]
async fn cors_is_on_every_answer_that_a_page_may_read() {
    const METHOD: &str = "access-control-request-method: PUT";
    let server = BucketServer::start(&[]);
    for site in Site::both(server.address) {
        let refused = site.ask("OPTIONS /a", &[APP, METHOD]).await;
        assert_eq!(refused.header("x-oss-ec").expect("known"), "0015-00000101");
        check(
            refused,
            404,
            &[],
            &refusal_with_ec("NoSuchBucket", "The specified bucket does not exist.", "0015-00000101"),
        );
        check(site.put("/", &[SIGNED, "x-oss-acl: public-read"], "").await, 200, &[], "");
        let not_enabled = "CORSResponse: CORS is not enabled for this bucket.";
        let refused = site.ask("OPTIONS /a", &[APP, METHOD]).await;
        check(refused, 403, &[], &refusal_with_ec("AccessForbidden", not_enabled, "0034-00000001"));
        check(site.put("/?cors", &[SIGNED], RULES).await, 200, &[], "");
        check(site.put("/a", &[SIGNED, APP], "a").await, 200, CORS, "");

        // Preflights are never authenticated, and the object need not exist.
        let accepted: Vec<&str> = [&["access-control-allow-headers: x-oss-date"], CORS].concat();
        for path in ["/a", "/none", "/"] {
            for signed in ["authorization: OSS nobody:nothing", "accept: */*"] {
                let asked = [APP, METHOD, "access-control-request-headers: x-oss-date", signed];
                check(site.ask(&format!("OPTIONS {path}"), &asked).await, 200, &accepted, "");
            }
        }
        let refusal = "Insufficient information. Origin request header needed.";
        check(site.ask("OPTIONS /a", &[METHOD]).await, 400, ONLY_VARY, &client::refusal("BadRequest", refusal));
        let refusal = "Insufficient information. Request Access-Control-Request-Method header needed.";
        check(site.ask("OPTIONS /a", &[APP]).await, 400, ONLY_VARY, &client::refusal("BadRequest", refusal));
        assert_eq!(site.ask("OPTIONS /a", &[EVIL, METHOD]).await.header("x-oss-ec").expect("known"), "0034-00000002");

        check(site.ask("GET /a", &[APP]).await, 200, CORS, "a");
        check(site.ask("GET /a", &[EVIL]).await, 200, ONLY_VARY, "a");
        check(site.ask("GET /a", &[]).await, 200, ONLY_VARY, "a");
        check(site.ask("HEAD /a", &[APP]).await, 200, CORS, "");
        check(site.ask("GET /a", &[APP, "if-none-match: *"]).await, 304, CORS, "");
        check(site.ask("GET /a", &[APP, "range: bytes=0-0"]).await, 206, CORS, "a");
        check(site.ask("HEAD /none", &[APP]).await, 404, CORS, "");
        check(site.ask("HEAD /a", &[APP, "if-match: x"]).await, 412, CORS, "");
        check(site.ask("HEAD /a?website", &[APP]).await, 501, CORS, "");
        // Refused by the list, not for a signature.
        let denied = site.put("/a", &[APP], "b").await;
        let message = "You have no right to access this object because of bucket acl.";
        check(denied, 403, CORS, &client::refusal("AccessDenied", message));
        check(site.put("/?acl", &[SIGNED, APP, "x-oss-acl: public-read-write"], "").await, 200, CORS, "");
        let form = "--b\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nform\r\n\
                    --b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\ndata\r\n--b--\r\n";
        let headers = [APP, "content-type: multipart/form-data; boundary=b"];
        let posted = server.ask_host(client::HOST, "POST /", &headers, form.as_bytes());
        assert_eq!((posted.status, posted.cors()), (204, client::lines(CORS)));
        for key in ["a", "form"] {
            check(site.ask(&format!("DELETE /{key}"), &[APP]).await, 204, ONLY_VARY, "");
        }
        check(site.ask("DELETE /", &[SIGNED]).await, 204, ONLY_VARY, "");
    }
}

#[test]
fn signatures() {
    let server = BucketServer::start(&["--access-key", "id:secret", "--access-key", "second:other"]);
    let now = httpdate::fmt_http_date(SystemTime::now());
    let old = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(16 * 60));
    let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(16 * 60));
    let signed = |id: &str, secret: &str, date: &str, line: &str, extra: &str| {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let text = format!("{method}\n\n\n{date}\n{extra}{path}");
        [format!("date: {date}"), format!("authorization: OSS {id}:{}", sha1(secret, &text))]
    };
    let ask = |headers: &[String; 2], line: &str, more: &[&str], body: &str| {
        let headers: Vec<&str> = headers.iter().map(String::as_str).chain(more.iter().copied()).collect();
        server.ask(line, &headers, body.as_bytes())
    };
    let acl = "x-oss-acl: public-read";
    ask(&signed("id", "secret", &now, "PUT /photos/", "x-oss-acl:public-read\n"), "PUT /photos/", &[acl], "")
        .is(200, "");
    ask(&signed("second", "other", &now, "PUT /photos/?cors", ""), "PUT /photos/?cors", &[], RULES).is(200, "");
    let put = "PUT /photos/a";
    ask(&signed("id", "secret", &now, put, ""), put, &[], "a").is(200, "");

    for (what, headers, code) in [
        ("another secret", signed("id", "guess", &now, put, ""), "SignatureDoesNotMatch"),
        ("another's secret", signed("id", "other", &now, put, ""), "SignatureDoesNotMatch"),
        ("another path", signed("id", "secret", &now, "PUT /photos/b", ""), "SignatureDoesNotMatch"),
        (
            "a header that is not sent",
            signed("id", "secret", &now, put, "x-oss-acl:public-read\n"),
            "SignatureDoesNotMatch",
        ),
        ("an unknown key", signed("nobody", "secret", &now, put, ""), "InvalidAccessKeyId"),
        ("a clock that is late", signed("id", "secret", &old, put, ""), "RequestTimeTooSkewed"),
        ("a clock that is early", signed("id", "secret", &soon, put, ""), "RequestTimeTooSkewed"),
        ("no date", [String::from("x-a: b"), String::from("authorization: OSS id:x")], "AccessDenied"),
        ("no signature", [String::from("x-a: b"), String::from("authorization: OSS id")], "AccessDenied"),
        ("another scheme", [String::from("x-a: b"), String::from("authorization: Basic aWQ6c2VjcmV0")], "AccessDenied"),
        (
            "half of version 4",
            [String::from("x-a: b"), String::from("authorization: OSS4-HMAC-SHA256 Credential=id")],
            "AccessDenied",
        ),
    ] {
        let refused = ask(&headers, put, &[APP], "evil");
        assert_eq!((refused.status, refused.element("Code")), (403, code.to_owned()), "{what}");
        // Refused for its signature: no page reads why.
        assert_eq!(refused.cors(), ONLY_VARY, "{what}");
    }
    // Anonymous, and refused by the list: a page may read that.
    let denied = server.ask(put, &[APP], b"evil");
    denied.is(403, "AccessDenied");
    assert_eq!(denied.cors(), CORS);
    server.ask("GET /photos/a", &[], b"").is(200, "a");

    let url = |secret: &str, line: &str, seconds: i64| {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock").as_secs();
        let expires = now.saturating_add_signed(seconds);
        let signature = sha1(secret, &format!("{method}\n\n\n{expires}\n{path}"));
        let signature = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        format!("{line}?OSSAccessKeyId=id&Expires={expires}&Signature={signature}")
    };
    server.ask(&url("secret", "PUT /photos/b", 60), &[], b"b").is(200, "");
    server.ask(&url("secret", "GET /photos/b", 60), &[], b"").is(200, "b");
    server.ask(&url("guess", "GET /photos/b", 60), &[APP], b"").is(403, "SignatureDoesNotMatch");
    let expired = server.ask(&url("secret", "GET /photos/b", -1), &[APP], b"");
    expired.is(403, "AccessDenied");
    assert_eq!(expired.element("Message"), "Request has expired.");
    assert_eq!(expired.cors(), ONLY_VARY);
    server.ask("GET /photos/b?Signature=x", &[], b"").is(403, "AccessDenied");
}

/// Any signature is one, but a URL expires all the same.
#[test]
fn signatures_without_keys() {
    let server = BucketServer::start(&[]);
    server.make("photos", &[]);
    server.ask("PUT /photos/a", &[SIGNED], b"a").is(200, "");
    for (query, status, body) in [
        ("OSSAccessKeyId=x&Expires=9999999999&Signature=y", 200, "a"),
        ("AWSAccessKeyId=x&Expires=9999999999&Signature=y", 200, "a"),
        ("OSSAccessKeyId=x&Expires=1000000000&Signature=y", 403, "AccessDenied"),
        ("OSSAccessKeyId=x&Expires=soon&Signature=y", 403, "AccessDenied"),
        ("x-oss-signature=y", 403, "AccessDenied"),
        ("X-Amz-Signature=y&X-Amz-Expires=0", 403, "AccessDenied"),
        ("t=1", 403, "AccessDenied"),
    ] {
        server.ask(&format!("GET /photos/a?{query}"), &[], b"").is(status, body);
    }
    for header in ["authorization: Basic x", "authorization: OSS4-HMAC-SHA256 x", "authorization: x"] {
        server.ask("GET /photos/a", &[header], b"").is(200, "a");
    }
}

/// What no client of the suites does: each chunk signed.
#[test]
fn signed_chunks() {
    let server = BucketServer::start(&["--access-key", "id:secret"]);
    let date = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/us-east-1/s3/aws4_request", &date[..8]);
    let key = scope.split('/').fold(b"AWS4secret".to_vec(), |key, part| sha256(&key, part));
    let ask = |line: &str, payload: &str, chunks: &[&str], spoil: bool| {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let names = "host;x-amz-content-sha256;x-amz-date";
        let headers = format!("host:{}\nx-amz-content-sha256:{payload}\nx-amz-date:{date}\n", server.address);
        let canonical = hex_of(&format!("{method}\n{path}\n\n{headers}\n{names}\n{payload}"));
        let mut signature = hex::encode(sha256(&key, &format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}")));
        let authorization = format!(
            "authorization: AWS4-HMAC-SHA256 Credential=id/{scope}, SignedHeaders={names}, Signature={signature}"
        );
        let mut body = String::new();
        for chunk in chunks {
            let text =
                format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{signature}\n{}\n{}", hex_of(""), hex_of(chunk));
            signature = hex::encode(sha256(&key, &text));
            let sent = if spoil { chunk.replace('b', "c") } else { (*chunk).to_owned() };
            body.push_str(&format!("{:x};chunk-signature={signature}\r\n{sent}\r\n", chunk.len()));
        }
        let headers = [authorization, format!("x-amz-date: {date}"), format!("x-amz-content-sha256: {payload}")];
        server.ask(line, &[&headers[0], &headers[1], &headers[2], APP], body.as_bytes())
    };
    const STREAMING: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    ask("PUT /photos", &hex_of(""), &[], false).is(200, "");
    ask("PUT /photos/a", STREAMING, &["aaa", "bbb", ""], false).is(200, "");
    ask("GET /photos/a", &hex_of(""), &[], false).is(200, "aaabbb");
    let spoilt = ask("PUT /photos/a", STREAMING, &["aaa", "bbb", ""], true);
    spoilt.is(403, "SignatureDoesNotMatch");
    assert_eq!(spoilt.cors(), [""; 0]);
    ask("PUT /photos/a", STREAMING, &["aaa", "bbb"], false).is(400, "IncompleteBody");
    ask("GET /photos/a", &hex_of(""), &[], false).is(200, "aaabbb");
    ask("GET /photos/a", &hex_of("other"), &[], false).is(200, "aaabbb");
    ask("PUT /photos/b", &hex_of("other"), &[], false).is(400, "BadDigest");
}

#[test]
fn a_bucket_s_list_decides_about_anonymous_requests() {
    for arguments in [&[][..], &["--access-key", "id:secret"]] {
        let keyed = BucketServer::start(arguments);
        for line in ["GET /", "PUT /photos", "DELETE /photos", "PUT /photos?cors", "PUT /photos?acl"] {
            let answer = keyed.ask(line, &["x-oss-acl: public-read"], b"");
            assert!([403, 404].contains(&answer.status), "{line}: {}", answer.status);
        }
    }
    let server = BucketServer::start(&[]);
    for (acl, read, write) in [("private", 403, 403), ("public-read", 200, 403), ("public-read-write", 200, 200)] {
        server.make("photos", &[&format!("x-amz-acl: {acl}")]);
        server.ask("PUT /photos/a", &[SIGNED], b"a").is(200, "");
        for (line, status) in [
            ("GET /photos/a", read),
            ("HEAD /photos/a", read),
            ("GET /photos/none", if read == 200 { 404 } else { read }),
            ("GET /photos", read),
            ("HEAD /photos", read),
            ("PUT /photos/a", write),
            ("POST /photos/b?uploads", write),
            ("DELETE /photos/none", if write == 200 { 204 } else { write }),
            ("GET /photos?acl", 403),
            ("GET /photos?cors", 403),
            ("DELETE /photos?cors", 403),
            ("GET /photos?versions", 403),
            ("DELETE /photos", 403),
        ] {
            assert_eq!(server.ask(line, &[], b"").status, status, "{line} of a {acl} bucket");
        }
        assert!(server.ask("GET /photos?acl", &[SIGNED], b"").text().contains(&format!("<Grant>{acl}</Grant>")));
    }
    // An object's own list counts before its bucket's.
    server.ask("PUT /photos/a", &[SIGNED], b"a").is(200, "");
    server.ask("PUT /photos/a?acl", &[SIGNED, "x-oss-object-acl: private"], b"").is(200, "");
    server.ask("GET /photos/a", &[], b"").is(403, "AccessDenied");
    server.ask("PUT /photos/a", &[], b"mine").is(403, "AccessDenied");
    let copied = server.ask("PUT /photos/copy", &["x-oss-copy-source: /photos/a"], b"");
    copied.is(403, "AccessDenied");
    let deleted = server.ask("POST /photos?delete", &[], b"<Delete><Object><Key>a</Key></Object></Delete>");
    assert_eq!((deleted.element("Key").as_str(), deleted.element("Code").as_str()), ("a", "AccessDenied"));
    server.ask("GET /photos/a", &[SIGNED], b"").is(200, "a");
    server.ask("PUT /photos/a?acl", &[SIGNED, "x-oss-object-acl: default"], b"").is(200, "");
    server.ask("GET /photos/a", &[], b"").is(200, "a");
    server.ask("PUT /photos?acl", &[SIGNED, "x-oss-acl: world"], b"").is(400, "InvalidArgument");
}

#[test]
fn what_the_server_has_not_it_says() {
    let server = BucketServer::start(&[]);
    server.make("photos", &["x-oss-acl: public-read-write"]);
    server.ask("PUT /photos/a", &[], b"a").is(200, "");
    for line in [
        "GET /photos?website",
        "GET /photos?website=",
        "PUT /photos?lifecycle",
        "GET /photos?policy",
        "GET /photos?nonsense",
        "PUT /photos?versioning",
        "GET /photos/a?tagging",
        "POST /photos/a?append&position=0",
        "GET /photos/a?partNumber=1",
        "GET /photos/a?x-oss-process=image/resize,w_1",
        "PUT /photos/a?symlink",
        "GET /?regions",
    ] {
        server.ask(line, &[SIGNED], b"b").is(501, "NotImplemented");
    }
    for line in ["PATCH /photos/a", "POST /photos/a", "PUT /", "DELETE /photos?uploads", "PUT /photos/a?cors"] {
        server.ask(line, &[SIGNED], b"").is(405, "MethodNotAllowed");
    }
    server.ask("GET /photos/a?versionId=1", &[], b"").is(404, "NoSuchVersion");
    // No sub-resource: a page's way around its browser's cache.
    server.ask("GET /photos/a?t=1", &[], b"").is(200, "a");
}

#[test]
fn listings() {
    let server = BucketServer::start(&[]);
    server.make("photos", &["x-oss-acl: public-read-write"]);
    // UTF-8 byte order, in which `\u{ffff}` comes before every character beyond it.
    let keys = ["a", "a/1", "a/2", "a//3", "b ", "c&<", "d/e/f", "z", "é", "\u{f000}", "\u{10000}"];
    for key in keys.iter().rev() {
        server.ask(&format!("PUT /photos/{}", url(key)), &[], b"x").is(200, "");
    }
    let mut sorted = keys;
    sorted.sort_by_key(|key| key.as_bytes());
    // All of it, whatever the size of the page, in each version of the API.
    for most in [1, 2, 3, 1000] {
        for (first, marker, next) in [
            ("", "marker", "NextMarker"),
            ("list-type=2&", "continuation-token", "NextContinuationToken"),
            ("versions&", "key-marker", "NextKeyMarker"),
        ] {
            for (delimiter, expected) in
                [("", sorted.to_vec()), ("/", vec!["a", "b ", "c&<", "z", "é", "\u{f000}", "\u{10000}", "a/", "d/"])]
            {
                let (mut objects, mut prefixes, mut after) = (Vec::new(), Vec::new(), String::new());
                loop {
                    let line = format!(
                        "GET /photos?{first}max-keys={most}&delimiter={}&{marker}={}",
                        url(delimiter),
                        url(&after)
                    );
                    let page = server.ask(&line, &[SIGNED], b"").text();
                    let document = roxmltree::Document::parse(&page).expect("XML");
                    let named = |name: &'static str| {
                        let nodes = document.descendants().filter(move |node| node.has_tag_name(name));
                        nodes.map(|node| node.text().unwrap_or_default().to_owned())
                    };
                    let found: Vec<String> = named("Key").collect();
                    // The first is that of the request.
                    let common: Vec<String> = named("Prefix").skip(1).collect();
                    assert!(found.len() + common.len() <= most, "{line}");
                    objects.extend(found);
                    prefixes.extend(common);
                    match named(next).next() {
                        Some(next) => after = next,
                        None => break,
                    }
                }
                objects.extend(prefixes);
                assert_eq!(objects, expected, "{first} pages of {most}, delimiter `{delimiter}`");
            }
        }
    }
    let page = server.ask("GET /photos?prefix=a%2F&start-after=a%2F1&list-type=2&encoding-type=url", &[], b"").text();
    assert!(page.contains("<Key>a/2</Key>") && !page.contains("<Key>a/1</Key>") && !page.contains("<Key>b"), "{page}");
    assert!(server.ask("GET /photos?max-keys=0", &[], b"").text().contains("<IsTruncated>false</IsTruncated>"));
    for query in ["max-keys=-1", "max-keys=x", "encoding-type=base64", "list-type=2&continuation-token=!"] {
        server.ask(&format!("GET /photos?{query}"), &[], b"").is(400, "InvalidArgument");
    }
    // A key that XML cannot hold does not spoil the listing.
    server.ask("PUT /photos/%01", &[], b"x").is(200, "");
    let page = server.ask("GET /photos", &[], b"").text();
    roxmltree::Document::parse(&page).expect("XML");
    assert!(server.ask("GET /photos?encoding-type=url", &[], b"").text().contains("<Key>%01</Key>"));
}

#[test]
fn uploads_in_parts() {
    let server = BucketServer::start(&["--max-uploads", "2"]);
    server.make("photos", &["x-oss-acl: public-read-write"]);
    let id = server.ask("POST /photos/big?uploads", &["content-type: text/x"], b"").element("UploadId");
    let part = vec![b'x'; 100 << 10];
    let etag = |number: u32, bytes: &[u8]| {
        let put = server.ask(&format!("PUT /photos/big?partNumber={number}&uploadId={id}"), &[], bytes);
        put.is(200, "");
        put.header("etag")
    };
    let (one, two, three) = (etag(1, &part), etag(2, b"small"), etag(3, b"end"));
    let complete = |parts: &[(u32, &str)]| {
        let parts: String = parts
            .iter()
            .map(|(number, etag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"))
            .collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        server.ask(&format!("POST /photos/big?uploadId={id}"), &[], body.as_bytes())
    };
    for (parts, code) in [
        (&[][..], "MalformedXML"),
        (&[(3, three.as_str()), (1, one.as_str())], "InvalidPartOrder"),
        (&[(1, one.as_str()), (1, one.as_str())], "InvalidPartOrder"),
        (&[(1, two.as_str())], "InvalidPart"),
        (&[(4, one.as_str())], "InvalidPart"),
        (&[(2, two.as_str()), (3, three.as_str())], "EntityTooSmall"),
    ] {
        complete(parts).is(400, code);
    }
    server.ask("GET /photos/big", &[], b"").is(404, "NoSuchKey");
    for (line, code) in [
        (format!("PUT /photos/big?partNumber=0&uploadId={id}"), "InvalidArgument"),
        (format!("PUT /photos/big?partNumber=10001&uploadId={id}"), "InvalidArgument"),
        (format!("PUT /photos/other?partNumber=1&uploadId={id}"), "NoSuchUpload"),
        ("PUT /photos/big?partNumber=1&uploadId=..%2F..%2Fx".to_owned(), "NoSuchUpload"),
    ] {
        assert_eq!(server.ask(&line, &[], b"x").element("Code"), code, "{line}");
    }
    let second = server.ask("POST /photos/other?uploads", &[], b"").element("UploadId");
    server.ask("POST /photos/third?uploads", &[], b"").is(400, "TooManyUploads");
    server.ask("DELETE /photos", &[SIGNED], b"").is(409, "BucketNotEmpty");
    let listed = server.ask("GET /photos?uploads", &[SIGNED], b"").text();
    assert!(listed.contains(&id) && listed.contains(&second));
    server.ask(&format!("DELETE /photos/other?uploadId={second}"), &[], b"").is(204, "");
    server.ask(&format!("DELETE /photos/other?uploadId={second}"), &[], b"").is(404, "NoSuchUpload");

    let completed = complete(&[(1, &one), (3, &three)]);
    assert_eq!(completed.status, 200);
    let digests: Vec<u8> = [&part[..], b"end"].iter().flat_map(|bytes| md5::Md5::digest(bytes).to_vec()).collect();
    assert_eq!(completed.element("ETag"), format!("\"{}-2\"", hex::encode(md5::Md5::digest(&digests))));
    let got = server.ask("GET /photos/big", &[], b"");
    assert_eq!(
        (got.body.len(), got.header("content-type").as_str(), &got.body[part.len()..]),
        (part.len() + 3, "text/x", &b"end"[..])
    );
    complete(&[(1, &one)]).is(404, "NoSuchUpload");
}

#[test]
fn forms() {
    let server = BucketServer::start(&["--access-key", "id:secret", "--max-object-bytes", "1000"]);
    let now = httpdate::fmt_http_date(SystemTime::now());
    let create = format!("authorization: OSS id:{}", sha1("secret", &format!("PUT\n\n\n{now}\n/photos/")));
    server.ask("PUT /photos", &[&format!("date: {now}"), &create], b"").is(200, "");
    let policy = |until: &str, conditions: &str| {
        BASE64_STANDARD.encode(format!("{{\"expiration\":\"{until}T00:00:00.000Z\",\"conditions\":[{conditions}]}}"))
    };
    let post = |fields: &[(&str, &str)], file: &str| {
        let fields: String = fields
            .iter()
            .map(|(name, value)| format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
            .collect();
        let body = format!(
            "{fields}--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"C:\\x\\cat.txt\"\r\n\
             content-type: text/x\r\n\r\n{file}\r\n--b--\r\n"
        );
        server.ask("POST /photos", &["content-type: multipart/form-data; boundary=b"], body.as_bytes())
    };
    let any = policy("2100-01-01", "");
    let only_cats = policy(
        "2100-01-01",
        "{\"bucket\":\"photos\"},[\"starts-with\",\"$key\",\"cats/\"],[\"content-length-range\",1,10],\
         [\"in\",\"$content-type\",[\"\",\"text/x\"]]",
    );
    let sign = |policy: &str| sha1("secret", policy);
    let cats = sign(&only_cats);
    let posted = post(
        &[
            ("key", "cats/${filename}"),
            ("OSSAccessKeyId", "id"),
            ("policy", &only_cats),
            ("Signature", &cats),
            ("success_action_status", "201"),
            ("x-oss-object-acl", "public-read"),
            ("x-oss-meta-a", "1"),
        ],
        "meow",
    );
    assert_eq!((posted.status, posted.element("Key").as_str()), (201, "cats/cat.txt"));
    let got = server.ask("GET /photos/cats/cat.txt", &[], b"");
    got.is(200, "meow");
    assert_eq!((got.header("content-type").as_str(), got.header("x-oss-meta-a").as_str()), ("text/x", "1"));
    let redirect = "https://app.example.com/done?a=b";
    let posted = post(
        &[
            ("key", "cats/ü"),
            ("OSSAccessKeyId", "id"),
            ("policy", &only_cats),
            ("Signature", &cats),
            ("success_action_redirect", redirect),
        ],
        "meow",
    );
    posted.is(303, "");
    let reported = "&bucket=photos&key=cats%2F%C3%BC&etag=%22";
    assert!(posted.header("location").starts_with(&format!("{redirect}{reported}")), "{}", posted.header("location"));
    let expired = policy("2020-01-01", "");
    let unknown = policy("2100-01-01", "[\"ends-with\",\"$key\",\"x\"]");
    for (what, key, policy, signature, file, status, code) in [
        ("another key", "dogs/x", only_cats.as_str(), cats.as_str(), "x", 403, "AccessDenied"),
        ("too short", "cats/x", &only_cats, &cats, "", 400, "EntityTooSmall"),
        ("too long", "cats/x", &only_cats, &cats, "12345678901", 400, "EntityTooLarge"),
        ("longer than any", "cats/x", &any, &sign(&any), &"x".repeat(1001), 400, "EntityTooLarge"),
        ("expired", "x", &expired, &sign(&expired), "x", 403, "AccessDenied"),
        ("no policy", "x", "e30x", &sign("e30x"), "x", 400, "InvalidPolicyDocument"),
        ("no such condition", "x", &unknown, &sign(&unknown), "x", 400, "InvalidPolicyDocument"),
        ("another signature", "cats/x", &only_cats, &sha1("guess", &only_cats), "x", 403, "SignatureDoesNotMatch"),
        ("another policy", "cats/x", &any, &cats, "x", 403, "SignatureDoesNotMatch"),
        ("no key", "", &any, &sign(&any), "x", 400, "InvalidObjectName"),
    ] {
        let fields = [("key", key), ("OSSAccessKeyId", "id"), ("policy", policy), ("Signature", signature)];
        let refused = post(&fields, file);
        assert_eq!((refused.status, refused.element("Code").as_str()), (status, code), "{what}");
    }
    assert_eq!(post(&[("key", "x")], "x").element("Code"), "AccessDenied");
    let names: Vec<String> = (0..1020).map(|at| format!("a{at}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(post(&many, "x").element("Code"), "MalformedPOSTRequest");
    for body in ["", "--b", "--b\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nx\r\n--b--\r\n"] {
        let headers = ["content-type: multipart/form-data; boundary=b"];
        let refused = server.ask("POST /photos", &headers, body.as_bytes());
        assert!([400, 403].contains(&refused.status), "{body:?}: {}", refused.status);
    }
}

#[test]
fn names_cannot_leave_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    fs::write(folder.path().join("secret"), "secret").expect("written");
    let server = BucketServer::start(&["--data", data.to_str().expect("text")]);
    server.make("photos", &["x-oss-acl: public-read-write"]);
    let long = "ü/".repeat(341);
    let keys = [
        "..",
        "../secret",
        "../../secret",
        "a/../../../../secret",
        "./a",
        "a/.",
        "a//b",
        "a/",
        "%2e%2e/x",
        "a\\..\\b",
        "a#1",
        "nul\0byte",
        "lock",
        " ",
        long.as_str(),
    ];
    for key in keys {
        server.ask(&format!("PUT /photos/{}", url(key)), &[], key.as_bytes()).is(200, "");
    }
    let server = server.restart();
    for key in keys {
        server.ask(&format!("GET /photos/{}", url(key)), &[], b"").is(200, key);
    }
    server.ask("GET /photos/secret", &[], b"").is(404, "NoSuchKey");
    server.ask("GET /photos/../../../secret", &[], b"").is(404, "NoSuchKey");
    let beside: Vec<_> =
        fs::read_dir(folder.path()).expect("read").map(|entry| entry.expect("read").file_name()).collect();
    assert_eq!(beside.len(), 2, "{beside:?}");
    for (line, status, code) in [
        (format!("PUT /photos/{}", "x".repeat(1024)), 400, "InvalidObjectName"),
        ("PUT /photos//a".to_owned(), 400, "InvalidObjectName"),
        ("PUT /photos/%5Ca".to_owned(), 400, "InvalidObjectName"),
        ("PUT /photos/%FF".to_owned(), 400, "InvalidObjectName"),
        ("PUT /..".to_owned(), 400, "InvalidBucketName"),
        ("PUT /../photos/a".to_owned(), 400, "InvalidBucketName"),
        ("PUT /%2E%2E%2Fx".to_owned(), 400, "InvalidBucketName"),
        ("PUT /ab".to_owned(), 400, "InvalidBucketName"),
        ("PUT /Photos".to_owned(), 400, "InvalidBucketName"),
        ("PUT /-photos".to_owned(), 400, "InvalidBucketName"),
        ("PUT /my.photos".to_owned(), 400, "InvalidBucketName"),
        (format!("PUT /{}", "x".repeat(64)), 400, "InvalidBucketName"),
    ] {
        server.ask(&line, &[SIGNED], b"x").is(status, code);
    }
}

#[test]
fn hosts() {
    let server = BucketServer::start(&["--domain", "oss.example.com", "--domain", "local"]);
    server.make("photos", &["x-oss-acl: public-read"]);
    server.ask("PUT /photos/a", &[SIGNED], b"a").is(200, "");
    for (host, path, code) in [
        ("127.0.0.1:9000", "/photos/a", ""),
        ("[::1]:9000", "/photos/a", ""),
        ("localhost:9000", "/photos/a", ""),
        ("minio", "/photos/a", ""),
        ("oss.example.com", "/photos/a", ""),
        ("oss-cn-hangzhou.aliyuncs.com", "/photos/a", ""),
        (".oss-cn-hangzhou.aliyuncs.com", "/photos/a", ""),
        ("s3.amazonaws.com", "/photos/a", ""),
        ("photos.oss.example.com:9000", "/a", ""),
        ("Photos.OSS.example.com", "/a", ""),
        ("photos.local", "/a", ""),
        ("photos.oss-cn-hangzhou.aliyuncs.com", "/a", ""),
        ("photos.localhost:9000", "/a", ""),
        ("a.b.oss.example.com", "/a", "InvalidBucketName"),
        ("nobody.oss.example.com", "/photos/a", "NoSuchBucket"),
        ("nobody.example.org", "/photos/a", "NoSuchBucket"),
    ] {
        let answer = server.ask_host(host, &format!("GET {path}"), &[], b"");
        assert_eq!((answer.element("Code").as_str(), answer.text() == "a"), (code, code.is_empty()), "{host}{path}");
    }
}

#[test]
fn limits() {
    let server =
        BucketServer::start(&["--max-buckets", "2", "--max-object-bytes", "1000", "--max-total-bytes", "3000"]);
    server.make("one", &["x-oss-acl: public-read-write"]);
    server.make("two", &[]);
    server.ask("PUT /three", &[SIGNED], b"").is(400, "TooManyBuckets");
    server.make("one", &[]);
    let most = vec![b'x'; 1000];
    let over = vec![b'x'; 1001];
    server.ask("PUT /one/a", &[], &over).is(400, "EntityTooLarge");
    server.ask("PUT /one/a", &["transfer-encoding: chunked"], &chunks(&over)).is(400, "EntityTooLarge");
    server.ask("PUT /one/a", &["transfer-encoding: chunked"], &chunks(&most)).is(200, "");
    server.ask("PUT /one/b", &[], &most).is(200, "");
    server.ask("PUT /one/c", &[], &most).is(507, "StorageQuotaExceeded");
    // In the place of another there is room.
    server.ask("PUT /one/b", &[], &most).is(200, "");
    server.ask("DELETE /one/a", &[], b"").is(204, "");
    server.ask("PUT /one/c", &[], &most).is(200, "");
    server.ask("POST /one?delete", &[], &over).is(400, "MalformedXML");
    let entities = "<!DOCTYPE x [<!ENTITY a \"b\">]><Delete><Object><Key>&a;</Key></Object></Delete>";
    server.ask("POST /one?delete", &[], entities.as_bytes()).is(400, "MalformedXML");

    let refused = |arguments: &[&str]| BucketServer::refused(arguments);
    assert!(refused(&["--listen", "0.0.0.0:0"]).contains("without access keys"));
    assert!(refused(&["--access-key", "nothing"]).contains("not a key"));
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_str().expect("text");
    let first = BucketServer::start(&["--data", data]);
    assert!(refused(&["--data", data]).contains("another server"));
    drop(first);
    fs::write(folder.path().join("buckets/odd"), "").expect("written");
    assert!(refused(&["--data", data]).contains("`buckets/odd` in the data folder is none of ours"));
}

#[test]
fn a_restart_finds_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = BucketServer::start(&["--data", folder.path().to_str().expect("text")]);
    server.make("photos", &["x-oss-acl: public-read"]);
    server.make("gone", &[]);
    server.ask("PUT /gone?cors", &[SIGNED], RULES.as_bytes()).is(200, "");
    server.ask("DELETE /gone", &[SIGNED], b"").is(204, "");
    server.ask("PUT /photos?cors", &[SIGNED], RULES.as_bytes()).is(200, "");
    server
        .ask("PUT /photos/a", &[SIGNED, "content-type: text/x", "x-oss-meta-a: 1", "x-oss-object-acl: private"], b"a")
        .is(200, "");
    let id = server.ask("POST /photos/up?uploads", &[SIGNED], b"").element("UploadId");
    let etag = server.ask(&format!("PUT /photos/up?partNumber=7&uploadId={id}"), &[SIGNED], b"part").header("etag");
    // What a crash in the middle leaves behind.
    let photos = folder.path().join("buckets/photos");
    fs::write(photos.join("objects/0123#1"), "{\"key\":").expect("written");
    fs::create_dir_all(folder.path().join("buckets/gone/uploads")).expect("made");
    fs::write(folder.path().join("buckets/gone/cors.xml"), RULES).expect("written");
    let server = server.restart();
    assert_eq!(fs::read_dir(photos.join("objects")).expect("read").count(), 1);
    assert!(!folder.path().join("buckets/gone/cors.xml").exists());
    let got = server.ask("GET /photos/a", &[SIGNED, APP], b"");
    got.is(200, "a");
    assert_eq!((got.header("content-type"), got.header("x-oss-meta-a")), ("text/x".to_owned(), "1".to_owned()));
    assert_eq!(got.cors(), CORS);
    server.ask("GET /photos/a", &[], b"").is(403, "AccessDenied");
    server.ask("GET /photos?cors", &[SIGNED], b"").is(200, STRICT_RULES);
    server.make("gone", &[]);
    server.ask("GET /gone?cors", &[SIGNED], b"").is(404, "NoSuchCORSConfiguration");
    let complete = format!(
        "<CompleteMultipartUpload><Part><PartNumber>7</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    );
    assert_eq!(server.ask(&format!("POST /photos/up?uploadId={id}"), &[SIGNED], complete.as_bytes()).status, 200);
    server.ask("GET /photos/up", &[SIGNED], b"").is(200, "part");
    assert!(!photos.join("uploads").exists());
    server.ask("DELETE /photos?cors", &[SIGNED], b"").is(204, "");
    let server = server.restart();
    server.ask("GET /photos?cors", &[SIGNED], b"").is(404, "NoSuchCORSConfiguration");
    server.ask("GET /photos/up", &[SIGNED], b"").is(200, "part");
}

/// A thousand objects and ten rule sets are put anew when the server is killed. Each must be the old one or the new
/// one, whole: its bytes, its type and its metadata of one version. What was answered must be the new one.
#[test]
fn killed_in_the_middle_of_a_thousand_puts() {
    const OBJECTS: usize = 1000;
    const WRITERS: usize = 8;
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = BucketServer::start(&["--data", folder.path().to_str().expect("text")]);
    for bucket in 0..10 {
        server.make(&format!("bucket-{bucket}"), &[]);
    }
    let body = |number: usize, version: usize| format!("{version}-{number} ").repeat(1000 * (version + 1));
    let rules = |version: usize| RULES.replace("600", &(600 + version).to_string());
    let put = |server: &BucketServer, number: usize, version: usize| -> Option<Answer> {
        let (kind, meta) = (format!("content-type: text/{version}"), format!("x-oss-meta-version: {version}"));
        if number.is_multiple_of(100) {
            let line = format!("PUT /bucket-{}?cors", number / 100);
            server.try_ask(&line, &[SIGNED], rules(version).as_bytes())?.is(200, "");
        }
        let line = format!("PUT /bucket-{}/{number}", number % 10);
        server.try_ask(&line, &[SIGNED, &kind, &meta], body(number, version).as_bytes())
    };
    // The version of each that the round before left behind.
    let mut left: BTreeMap<usize, usize> = BTreeMap::new();
    // Killed after so many answers. The first round is whole: there must be something old.
    for (version, kill_after) in [(0, OBJECTS), (1, 100), (2, 500)] {
        let answered = AtomicUsize::new(0);
        let written: Vec<usize> = std::thread::scope(|scope| {
            let (server, put, answered) = (&server, &put, &answered);
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    scope.spawn(move || {
                        let mut written = Vec::new();
                        for number in (writer..OBJECTS).step_by(WRITERS) {
                            let Some(answer) = put(server, number, version) else { break };
                            answer.is(200, "");
                            written.push(number);
                            if answered.fetch_add(1, Ordering::Relaxed) + 1 == kill_after {
                                server.kill();
                            }
                        }
                        written
                    })
                })
                .collect();
            writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
        });
        assert!(written.len() >= kill_after && (version == 0 || written.len() < OBJECTS), "{}", written.len());
        server = server.restart();
        for number in 0..OBJECTS {
            let got = server.ask(&format!("GET /bucket-{}/{number}", number % 10), &[SIGNED], b"");
            let found: usize = got.header("x-oss-meta-version").parse().expect("a version");
            got.is(200, &body(number, found));
            assert_eq!(got.header("content-type"), format!("text/{found}"));
            assert!(found == version || Some(&found) == left.get(&number), "{number} is of version {found}");
            assert!(found == version || !written.contains(&number), "{number} was answered, and is lost");
            left.insert(number, found);
        }
        for bucket in 0..10 {
            let got = server.ask(&format!("GET /bucket-{bucket}?cors"), &[SIGNED], b"");
            let whole = |version: usize| got.text() == STRICT_RULES.replace("600", &(600 + version).to_string());
            assert!((0..=version).any(whole), "{}", got.text());
        }
        assert_eq!(unfinished(folder.path()), 0);
    }
}

/// As `client::refusal`, with OSS's finer code.
fn refusal_with_ec(code: &str, message: &str, ec: &str) -> String {
    client::refusal(code, message).replace("</Error>", &format!("<EC>{ec}</EC></Error>"))
}

/// Files that were being written.
fn unfinished(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("read").map(|entry| entry.expect("read").path());
    entries
        .map(|path| if path.is_dir() { unfinished(&path) } else { usize::from(path.to_string_lossy().contains('#')) })
        .sum()
}

/// A body in chunks of HTTP/1.
fn chunks(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat()
}

/// Everything but letters, digits and `/` encoded.
fn url(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || byte == b'/' {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn sha1(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

fn sha256(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex_of(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
