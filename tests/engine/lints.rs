//! Lints: each fires where it should and stays silent where it should, and what they claim holds in the engine.

use std::cell::Cell;
use std::collections::BTreeSet;

use oss_cors_advice::lint::MAX_ALIKE;
use oss_cors_advice::{Lint, LintCode, Severity, lint};
use oss_cors_core::{
    CorsConfiguration, CorsRequest, CorsRule, Decision, Element, FieldLine, Format, Profile, RuleFile, RuleTable,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;

// What is written down.

/// A rule about which no lint has anything to say, to be spoilt.
fn rule(origins: &[&str]) -> CorsRule {
    CorsRule::new(strings(origins), strings(&["GET", "HEAD"])).max_age_seconds(600)
}

fn rule_with(origins: &[&str], methods: &[&str], headers: &[&str]) -> CorsRule {
    rule(origins).allowed_methods(strings(methods)).allowed_headers(strings(headers))
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn varying(rules: Vec<CorsRule>) -> CorsConfiguration {
    CorsConfiguration::from_rules(rules)
}

/// Place and code, and what it says: as a person would want to see it.
fn told(lint: &Lint) -> String {
    let mut place = lint.rule().map(|rule| format!("rule {rule}, ")).unwrap_or_default();
    place += lint.element().expect("always said").name();
    place += &lint.entry().map(|entry| format!(" {entry}")).unwrap_or_default();
    place += &lint.value().map(|value| format!(" `{value}`")).unwrap_or_default();
    format!("{place}: {lint}")
}

fn codes(lints: &[Lint]) -> Vec<&'static str> {
    lints.iter().map(|lint| lint.code().as_str()).collect()
}

// The pages.

/// Each page's example fires as it says, and only so; repaired, there is nothing left to say.
#[test]
fn pages_are_true() {
    for code in LintCode::all() {
        let page = code.explanation();
        let mut severity = code.severity().to_string();
        severity[..1].make_ascii_uppercase();
        assert!(page.starts_with(&format!("# {code}\n\n**{severity}.** ")), "{code} begins otherwise");
        for heading in ["## Example", "## Repair", "## Source"] {
            assert_eq!(page.matches(&format!("\n{heading}\n\n")).count(), 1, "{code}: {heading}");
        }
        let [fires, silent] = &blocks(page, "xml")[..] else { panic!("{code} has not two examples") };
        let extended = matches!(code, LintCode::MethodNeverSent | LintCode::CredentialsAnyHeader);
        let profile = if extended { Profile::Extended } else { Profile::Oss };
        let lints = |text: &str| {
            let file = RuleFile::parse(repeated(text).as_bytes(), Some(Format::Xml), profile);
            lint(file.unwrap_or_else(|errors| panic!("{code}: {errors}")).configuration(), profile)
        };
        let found = lints(fires);
        assert!(!found.is_empty() && found.iter().all(|lint| lint.code() == *code), "{code} fires {:?}", codes(&found));
        let lines: Vec<String> = found.iter().map(told).collect();
        assert_eq!(blocks(page, "text"), [format!("{}\n", lines.join("\n"))], "{code}");
        assert_eq!(codes(&lints(silent)), [""; 0], "{code}, repaired");
    }
}

#[test]
fn pages_are_all_there_and_no_more() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../cors-advice/lints");
    let files = std::fs::read_dir(folder).expect("the pages");
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let pages: BTreeSet<String> = LintCode::all().iter().map(|code| format!("{code}.md")).collect();
    assert_eq!(files, pages);
}

fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split_once("```").expect("closed").0.to_owned()).collect()
}

/// `<!-- 3 times: a# -->` is `a1a2a3`: what would be too long for a page.
fn repeated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<!-- ") else { return text.to_owned() };
    let (comment, after) = rest.split_once(" -->").expect("closed");
    let (times, what) = comment.split_once(" times: ").expect("a number of times");
    let copies: String =
        (1..=times.parse().expect("a number")).map(|copy: u32| what.replace('#', &copy.to_string())).collect();
    format!("{before}{copies}{}", repeated(after))
}

#[test]
fn codes_are_names() {
    for code in LintCode::all() {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert_eq!(code.to_string(), code.as_str());
        assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    }
    assert_eq!(LintCode::all().iter().map(|code| code.as_str()).collect::<BTreeSet<_>>().len(), LintCode::all().len());
    let unknown = "no lint has this code; write one as the lint itself shows it, such as `unreachable-rule`";
    assert_eq!("no-such-lint".parse::<LintCode>().unwrap_err().to_string(), unknown);
    assert!(Severity::Warning > Severity::Advice);
}

// Single entries.

/// Among the origins of a rule that is right otherwise: the codes of what is said about the entry, with what to write.
#[track_caller]
fn origin(entry: &str, expected: &[(&str, &str)]) {
    let configuration = varying(vec![rule(&["https://good.example.com", entry])]);
    let mut lints = lint(&configuration, Profile::Oss);
    // The first may be covered by it.
    lints.retain(|lint| lint.code() != LintCode::CoveredEntry);
    let found: Vec<(&str, String)> = lints.iter().map(|lint| (lint.code().as_str(), lint.to_string())).collect();
    assert_eq!(codes(&lints), expected.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{entry}: {found:?}");
    for (lint, (_, remedy)) in lints.iter().zip(expected) {
        assert_eq!((lint.rule(), lint.element(), lint.entry()), (Some(1), Some(Element::AllowedOrigin), Some(2)));
        assert_eq!(lint.value(), Some(entry));
        assert!(lint.to_string().contains(remedy), "{entry}: {lint}");
    }
}

#[test]
fn origins_that_browsers_send() {
    for entry in [
        "https://www.example.com",
        "https://www.example.com:8443",
        "https://xn--bcher-kva.example.com",
        "https://a_b.example.com",
        "https://*.example.com",
        "https://*.example.com:8443",
        "https://app.*.example.com",
        "https://www.example.com:*",
        "https://www.example.com:84*",
        "https://pr-*.example.com",
        "https://*-pr.example.com",
        "https://pr*7.example.com",
        "https://*.example.co.uk",
        "https://*.example.github.io",
        "https://*.cluster.internal",
        "https://*.internal",
        "https*://www.example.com",
        "https://192.0.2.7",
        "http://localhost",
        "http://localhost:*",
        "http://*.localhost",
        "http://app.localhost:3000",
        "http://127.0.0.1:3000",
        "http://127.8.9.10",
        "http://[::1]:3000",
    ] {
        origin(entry, &[]);
    }
}

#[test]
fn origins_without_a_scheme() {
    for (entry, write) in [
        ("www.example.com", "`https://www.example.com`"),
        ("www.example.com:8443", "`https://www.example.com:8443`"),
        ("WWW.Example.com/", "`https://www.example.com`"),
        ("//www.example.com", "`https://www.example.com`"),
        ("https:www.example.com", "`https://www.example.com`"),
        ("http:/www.example.com", "`http://www.example.com`"),
        ("https//www.example.com", "`https://www.example.com`"),
        ("https.example.com", "`https://https.example.com`"),
        ("localhost", "`http://localhost`"),
        ("localhost:3000", "`http://localhost:3000`"),
        ("localhost:*", "`http://localhost:*`"),
        ("127.0.0.1:8080", "`http://127.0.0.1:8080`"),
        ("www.example.com:http", "write `https://`, the host, and the port if there is one"),
    ] {
        origin(entry, &[("origin-without-scheme", write)]);
    }
}

#[test]
fn origins_in_another_form() {
    for (entry, code, remedy) in [
        ("https://WWW.example.com", "origin-upper-case", "write `https://www.example.com`"),
        ("HTTPS://www.example.com", "origin-upper-case", "write `https://www.example.com`"),
        ("https://*.Example.com", "origin-upper-case", "write `https://*.example.com`"),
        ("Tauri://localhost", "origin-upper-case", "write it in lower case"),
        ("NULL", "origin-upper-case", "delete the entry"),
        ("https://www.example.com:443", "origin-default-port", "write `https://www.example.com`"),
        ("http://localhost:80", "origin-default-port", "write `http://localhost`"),
        ("https://*.example.com:443", "origin-default-port", "write `https://*.example.com`"),
        ("https://www.example.com/", "origin-trailing-slash", "write `https://www.example.com`"),
        ("*.example.com/", "origin-trailing-slash", "delete it"),
        ("tauri://localhost/", "origin-trailing-slash", "delete it"),
        ("https://www.example.com/index.html", "origin-path", "write `https://www.example.com`"),
        ("https://www.example.com/*", "origin-path", "write `https://www.example.com`"),
        ("http://localhost:*/", "origin-trailing-slash", "write `http://localhost:*`"),
        ("https://www.example.com?x=1", "origin-path", "write `https://www.example.com`"),
        ("https://www.example.com#top", "origin-path", "write `https://www.example.com`"),
        ("*.example.com/a", "origin-path", "delete `/a`"),
        ("https:// www.example.com", "origin-blank", "write `https://www.example.com`"),
        ("http://local host:3000", "origin-blank", "write `http://localhost:3000`"),
        (" https://www.example.com", "origin-blank", "write `https://www.example.com`"),
        ("https://a.example.com,https://b.example.com", "origin-list", "an AllowedOrigin for each"),
        ("https://a.example.com https://b.example.com", "origin-list", "an AllowedOrigin for each"),
        ("https://a.example.com; b.example.com", "origin-list", "an AllowedOrigin for each"),
        ("null, https://b.example.com", "origin-list", "an AllowedOrigin for each"),
        ("https://b\u{fc}cher.example.com", "origin-not-ascii", "write `https://xn--bcher-kva.example.com`"),
        ("https://*.b\u{fc}cher.example.com", "origin-not-ascii", "write `https://*.xn--bcher-kva.example.com`"),
        ("https://b\u{fc}*cher.example.com", "origin-not-ascii", "`location.origin`"),
        ("https://www\u{200b}.example.com", "origin-not-ascii", "write `https://www.example.com`"),
        ("https://user@www.example.com", "origin-not-as-sent", "write `https://www.example.com`"),
        ("https://*@www.example.com", "origin-not-as-sent", "write `https://www.example.com`"),
        ("https://www.example.com:", "origin-not-as-sent", "write `https://www.example.com`"),
        ("https://www.example.com:08443", "origin-not-as-sent", "write `https://www.example.com:8443`"),
        ("https://www.example.com:99999", "origin-not-as-sent", "(invalid port number); correct or delete it"),
        ("https://www.example.com:http", "origin-not-as-sent", "(invalid port number); correct or delete it"),
        ("https:///www.example.com", "origin-not-as-sent", "write `https://www.example.com`"),
        ("http://127.1", "origin-not-as-sent", "write `http://127.0.0.1`"),
        ("http://[0:0::1]:3000", "origin-not-as-sent", "write `http://[::1]:3000`"),
        ("https://exa<mple.com", "origin-not-as-sent", "correct or delete it"),
        ("file:///", "origin-trailing-slash", "delete it"),
        ("https://", "origin-not-as-sent", "no host"),
        ("https:///", "origin-not-as-sent", "no host"),
        ("*://", "origin-not-as-sent", "no host"),
        ("wss://www.example.com", "origin-not-as-sent", "a WebSocket sends its page's"),
    ] {
        origin(entry, &[(code, remedy)]);
    }
    origin(
        "HTTPS://www.Example.com:443/app",
        &[
            ("origin-upper-case", "write `https://www.example.com`"),
            ("origin-default-port", "write `https://www.example.com`"),
            ("origin-path", "write `https://www.example.com`"),
        ],
    );
    origin(&format!("https://{}", "a".repeat(1016)), &[]);
    let long = format!("https://{}", "a".repeat(1017));
    let lints = lint(&varying(vec![rule(&["https://good.example.com", &long])]), Profile::Oss);
    assert_eq!(codes(&lints), ["origin-too-long"]);
    assert_eq!(lints[0].value(), long.get(..128), "no more than that is quoted");
}

#[test]
fn origins_that_let_in_too_many() {
    for (entry, code, remedy) in [
        ("null", "null-origin", "any page can take it"),
        ("https://*", "every-host", "OSS's guide calls it invalid"),
        ("http://*", "every-host", "OSS's guide calls it invalid"),
        ("https://*:8443", "every-host", "name the hosts"),
        ("http*", "every-host", "name the hosts"),
        ("*:8080", "every-host", "name the hosts"),
        (
            "https://*example.com",
            "wildcard-without-dot",
            "write `https://*.example.com`, and `https://example.com` beside",
        ),
        ("https://*example.co.uk", "wildcard-without-dot", "`https://evilexample.co.uk` matches too"),
        ("https://*example.internal", "wildcard-without-dot", "`https://evilexample.internal` matches too"),
        ("*example.com", "wildcard-without-dot", "`https://evilexample.com` matches too"),
        ("https://app*example.com", "wildcard-without-dot", "`https://appevilexample.com` matches too"),
        ("https://*-pr.github.io", "wildcard-without-dot", "write out the hosts"),
        ("http://*localhost", "wildcard-without-dot", "write `http://*.localhost`"),
        ("https://example.*", "wildcard-at-end", "`https://example.evil.example` matches too"),
        (
            "https://example.com*",
            "wildcard-at-end",
            "write `https://example.com`, or `https://example.com:*` for any port",
        ),
        ("https://example.com*:80", "wildcard-at-end", "its owner is anyone; write out the hosts"),
        ("https://example.com*:8443", "wildcard-at-end", "`https://example.com.evil.example:8443` matches too"),
        ("http://localhost*", "wildcard-at-end", "or `http://localhost:*` for any port"),
        ("https://192.168.*", "wildcard-at-end", "`https://192.168.evil.example` matches too"),
        ("https://*.com", "wildcard-public-suffix", "a name under `com`"),
        ("https://*.co.uk", "wildcard-public-suffix", "a name under `co.uk`"),
        ("https://*.github.io", "wildcard-public-suffix", "a name under `github.io`"),
        ("https://*.github.io:8443", "wildcard-public-suffix", "`https://evil.github.io:8443` matches"),
        ("https://pr-*.vercel.app", "wildcard-public-suffix", "`https://pr-evil.vercel.app` matches"),
        ("https://app.*.com", "wildcard-public-suffix", "`https://app.evil.com` matches"),
        ("https://*.ck", "wildcard-public-suffix", "a name under `ck`"),
        ("*.example.com", "wildcard-scheme", "write `https://*.example.com`"),
        ("*://www.example.com", "wildcard-scheme", "write `https://www.example.com`"),
        ("http*://www.example.com", "wildcard-scheme", "write `https://www.example.com`"),
        ("http://www.example.com", "plain-http-origin", "write `https://www.example.com`"),
        ("http://www.example.com:443", "plain-http-origin", "write `https://www.example.com`"),
        ("http://*.example.com", "plain-http-origin", "write `https://*.example.com`"),
        ("http://192.0.2.7:8080", "plain-http-origin", "write `https://192.0.2.7:8080`"),
        ("http://notlocalhost", "plain-http-origin", "write `https://notlocalhost`"),
        ("http://localhost.example.com", "plain-http-origin", "serve it over https"),
        ("tauri://localhost", "app-scheme", "an origin of `tauri`"),
        ("capacitor://localhost", "app-scheme", "an origin of `capacitor`"),
        ("chrome-extension://abcdefgh", "app-scheme", "an origin of `chrome-extension`"),
        ("htps://www.example.com", "app-scheme", "correct it if a website is meant"),
        ("tauri://localhost:80", "app-scheme", "an origin of `tauri`"),
        ("file://", "app-scheme", "an origin of `file`"),
    ] {
        origin(entry, &[(code, remedy)]);
    }
}

#[track_caller]
fn header(entry: &str, expected: &[(&str, &str)]) {
    let lints = lint(&varying(vec![rule_with(&["https://a.example.com"], &["GET", "HEAD"], &[entry])]), Profile::Oss);
    assert_eq!(codes(&lints), expected.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{entry}");
    for (lint, (_, remedy)) in lints.iter().zip(expected) {
        assert_eq!((lint.element(), lint.entry()), (Some(Element::AllowedHeader), Some(1)));
        assert!(lint.to_string().contains(remedy), "{entry}: {lint}");
    }
}

#[test]
fn allowed_headers() {
    for entry in ["authorization", "Content-Type", "range", "x-oss-*", "x-*-id", "sec*", "*-token", "user-agent"] {
        header(entry, &[]);
    }
    for (entry, code, remedy) in [
        ("*", "lone-header-wildcard", "name `authorization`"),
        ("x-oss-acl: private", "header-with-value", "write `x-oss-acl`"),
        ("x-oss-acl:private", "header-with-value", "write `x-oss-acl`"),
        (":authority", "header-with-value", "write the name alone"),
        ("authorization, content-type", "header-never-matches", "an AllowedHeader for each"),
        ("authorization content-type", "header-never-matches", "an AllowedHeader for each"),
        ("x-oss-acl=private", "header-never-matches", "`=` is in no header's name"),
        ("x-gr\u{f6}\u{df}e", "header-never-matches", "`\u{f6}` is in no header's name"),
        ("Cookie", "forbidden-header", "delete it"),
        ("origin", "forbidden-header", "delete it"),
        ("Sec-Fetch-Mode", "forbidden-header", "delete it"),
        ("sec-*", "forbidden-header", "delete it"),
        ("proxy-authorization", "forbidden-header", "delete it"),
        ("Accept", "safelisted-header", "over 128 bytes"),
        ("accept-language", "safelisted-header", "over 128 bytes"),
    ] {
        header(entry, &[(code, remedy)]);
    }
    let longest = "x".repeat(8192);
    header(&longest, &[]);
    header(&format!("{longest}*"), &[]);
    header(&format!("{longest}x"), &[("header-never-matches", "longer than 8192 bytes")]);
    let beside = varying(vec![rule_with(&["https://a.example.com"], &["GET", "HEAD"], &["*", "Authorization"])]);
    assert_eq!(codes(&lint(&beside, Profile::Oss)), [""; 0]);
    // What matches nothing is not covered.
    let beside = varying(vec![rule_with(&["https://a.example.com"], &["GET", "HEAD"], &["x-*", "x-a: b"])]);
    assert_eq!(codes(&lint(&beside, Profile::Oss)), ["header-with-value"]);
    let beside = varying(vec![rule_with(&["https://a.example.com"], &["GET", "HEAD"], &["*", "range"])]);
    assert_eq!(codes(&lint(&beside, Profile::Oss)), ["lone-header-wildcard", "covered-entry"]);
}

#[track_caller]
fn exposed(methods: &[&str], entries: &[&str], expected: &[&str]) {
    let rule = rule_with(&["https://a.example.com"], methods, &[]).expose_headers(strings(entries));
    assert_eq!(codes(&lint(&varying(vec![rule]), Profile::Oss)), expected, "{methods:?} {entries:?}");
}

#[test]
fn expose_headers() {
    let read = ["GET", "HEAD"];
    exposed(&read, &[], &[]);
    exposed(&read, &["x-oss-request-id", "ETag", "Date", "x-cache-control"], &[]);
    for name in
        ["Cache-Control", "content-language", "Content-Length", "content-type", "Expires", "Last-Modified", "PRAGMA"]
    {
        exposed(&read, &[name], &["safelisted-expose-header"]);
    }
    exposed(&read, &["Set-Cookie"], &["expose-set-cookie"]);
    exposed(&read, &["set-cookie2"], &["expose-set-cookie"]);
    exposed(&read, &["ETag: 1"], &["expose-not-a-name"]);
    exposed(&read, &["x oss"], &["expose-not-a-name"]);
    // To a browser these are two names of the one list.
    exposed(&read, &["x-a, x-b"], &[]);
    exposed(&read, &["x-a, Pragma"], &["safelisted-expose-header"]);
    for method in ["PUT", "POST"] {
        exposed(&[method], &[], &["etag-not-exposed"]);
        exposed(&[method], &["x-oss-request-id"], &["etag-not-exposed"]);
        exposed(&[method], &["etag"], &[]);
        exposed(&[method], &["x-oss-request-id,ETag"], &[]);
    }
    exposed(&["DELETE"], &[], &[]);
}

// Single rules.

#[track_caller]
fn says(configuration: &CorsConfiguration, profile: Profile, expected: &[&str]) {
    let lints = lint(configuration, profile);
    let found: Vec<String> = lints.iter().map(|lint| format!("{}: {}", lint.code(), told(lint))).collect();
    assert_eq!(found, expected);
}

#[test]
fn methods() {
    let with = |methods: &[&str]| varying(vec![rule_with(&["https://a.example.com"], methods, &[])]);
    let head = "head-missing: rule 1, AllowedMethod 2 `GET`: pages that may GET may not ask for the size or the time \
                with HEAD; add HEAD";
    says(&with(&["DELETE", "GET"]), Profile::Oss, &[head]);
    says(&with(&["GET", "HEAD"]), Profile::Oss, &[]);
    says(&with(&["DELETE"]), Profile::Oss, &[]);

    let lower = "method-never-sent: rule 1, AllowedMethod 1 `delete`: browsers send it in upper case, whatever the page \
                 writes; write `DELETE`";
    let never = "method-never-sent: rule 1, AllowedMethod 2 `TRACE`: browsers let no page send it; delete it";
    says(&with(&["delete", "TRACE", "PATCH", "patch"]), Profile::Extended, &[lower, never]);
}

#[test]
fn every_origin() {
    let with = |origins: &[&str], methods: &[&str]| {
        CorsConfiguration::from_rules([rule_with(origins, methods, &[]).expose_headers(strings(&["ETag"]))])
            .response_vary(false)
    };
    let writes = "every-origin-writes: rule 1, AllowedOrigin 1 `*`: every page on the web may send PUT, POST and DELETE; \
                  name the origins that may write, and leave `*` to a rule for reading";
    let others = "wildcard-with-others: rule 1, AllowedOrigin 2 `*`: every origin matches, and the answer is `*` to \
                  each; delete the other origins, or the `*`";
    says(&with(&["*"], &["GET", "PUT", "HEAD", "POST", "DELETE"]), Profile::Oss, &[writes]);
    says(&with(&["*"], &["GET", "HEAD"]), Profile::Oss, &[]);
    says(&with(&["https://a.example.com", "*"], &["GET", "HEAD"]), Profile::Oss, &[others]);
}

#[test]
fn max_age() {
    let with = |seconds| varying(vec![rule(&["https://a.example.com"]).max_age_seconds(seconds)]);
    for (seconds, expected) in [
        (None, Some(("max-age-unset", "5 seconds"))),
        (Some(0), Some(("max-age-zero", "before every request"))),
        (Some(1), None),
        (Some(600), None),
        (Some(601), Some(("max-age-over-cap", ": WebKit at most 600 seconds"))),
        (Some(7200), Some(("max-age-over-cap", ": WebKit at most 600 seconds"))),
        (Some(7201), Some(("max-age-over-cap", ": Chromium at most 7200 and WebKit at most 600 seconds"))),
        (Some(86_400), Some(("max-age-over-cap", ": Chromium at most 7200 and WebKit at most 600 seconds"))),
        (Some(86_401), Some(("max-age-over-cap", "Firefox at most 86400, Chromium at most 7200 and WebKit"))),
    ] {
        let lints = lint(&with(seconds), Profile::Oss);
        assert_eq!(codes(&lints), expected.iter().map(|(code, _)| *code).collect::<Vec<_>>(), "{seconds:?}");
        for (lint, (_, text)) in lints.iter().zip(expected) {
            assert_eq!(lint.element(), Some(Element::MaxAgeSeconds));
            assert_eq!(lint.value(), seconds.map(|seconds: u32| seconds.to_string()).as_deref());
            assert!(lint.to_string().contains(text), "{lint}");
        }
    }
}

#[test]
fn entries_twice() {
    let mut rule = rule_with(
        &["https://a.example.com", "https://a.example.com", "https://*.example.com", "https://b.*.example.com"],
        &["GET", "HEAD", "GET"],
        &["x-oss-*", "X-Oss-*", "x-oss-meta-*", "X-OSS-ACL", "x-a*", "*-a"],
    );
    rule.expose_headers = strings(&["ETag", "x-a", "etag"]);
    says(
        &varying(vec![rule]),
        Profile::Oss,
        &[
            "covered-entry: rule 1, AllowedOrigin 1 `https://a.example.com`: `https://*.example.com` of this rule covers \
             it; delete one of the two",
            "duplicate-entry: rule 1, AllowedOrigin 2 `https://a.example.com`: the same as AllowedOrigin 1 of this rule; \
             delete one of the two",
            "covered-entry: rule 1, AllowedOrigin 4 `https://b.*.example.com`: `https://*.example.com` of this rule \
             covers it; delete one of the two",
            "duplicate-entry: rule 1, AllowedMethod 3 `GET`: the same as AllowedMethod 1 of this rule; delete one of the \
             two",
            "duplicate-entry: rule 1, AllowedHeader 2 `X-Oss-*`: the same as AllowedHeader 1 of this rule; delete one of \
             the two",
            "covered-entry: rule 1, AllowedHeader 3 `x-oss-meta-*`: `x-oss-*` of this rule covers it; delete one of the \
             two",
            "covered-entry: rule 1, AllowedHeader 4 `X-OSS-ACL`: `x-oss-*` of this rule covers it; delete one of the two",
            "duplicate-entry: rule 1, ExposeHeader 3 `etag`: the same as ExposeHeader 1 of this rule; delete one of the \
             two",
        ],
    );
}

// The whole.

#[test]
fn response_vary() {
    let with = |origins: &[&[&str]], response_vary| {
        let rules = origins.iter().zip(1..).map(|(origins, age)| rule(origins).max_age_seconds(age));
        let lints = lint(&CorsConfiguration::from_rules(rules).response_vary(response_vary), Profile::Oss);
        let whole = lints.iter().filter(|lint| lint.rule().is_none());
        whole.map(|lint| (lint.code().as_str(), lint.element().unwrap())).collect::<Vec<_>>()
    };
    let off = [("vary-off", Element::ResponseVary)];
    let unneeded = [("vary-unneeded", Element::ResponseVary)];
    assert_eq!(with(&[&["https://a.example.com"]], false), off);
    assert_eq!(with(&[&["https://*"]], false), off);
    assert_eq!(with(&[&["*"], &["https://a.example.com"]], false), off);
    assert_eq!(with(&[&["https://a.example.com"]], true), []);
    assert_eq!(with(&[&["*"], &["https://a.example.com"]], true), []);
    assert_eq!(with(&[&["*"]], false), []);
    assert_eq!(with(&[&["*"]], true), unneeded);
    assert_eq!(with(&[&["*"], &["https://a.example.com", "*"]], true), unneeded);
    assert_eq!(with(&[], true), []);
}

/// Rule by rule, each in the order of the written elements, and what concerns all of them last.
#[test]
fn in_order() {
    let spoilt = |age| {
        aged(age, rule_with(&["https://a.example.com/", "null"], &["GET"], &["cookie"]))
            .expose_headers(strings(&["Pragma"]))
    };
    let lints = lint(&CorsConfiguration::from_rules([spoilt(0), spoilt(0)]).response_vary(false), Profile::Oss);
    let rule = [
        "origin-trailing-slash",
        "null-origin",
        "head-missing",
        "forbidden-header",
        "safelisted-expose-header",
        "max-age-zero",
    ];
    assert_eq!(codes(&lints), [&rule[..], &["identical-rules"], &rule[..], &["vary-off"]].concat());
}

/// To the byte, as `to_xml` writes it.
#[test]
fn larger_than_oss() {
    let mut configuration = varying(vec![rule(&["https://a.example.com"])]);
    configuration.rules[0].expose_headers = vec!["x".into()];
    let missing = 16 * 1024 - configuration.to_xml().len();
    configuration.rules[0].expose_headers[0] += &"x".repeat(missing);
    assert_eq!(configuration.to_xml().len(), 16 * 1024);
    assert_eq!(codes(&lint(&configuration, Profile::Oss)), [""; 0]);
    configuration.rules[0].expose_headers[0] += "x";
    assert_eq!(codes(&lint(&configuration, Profile::Oss)), ["larger-than-oss"]);
    assert_eq!(codes(&lint(&configuration, Profile::Extended)), [""; 0]);
}

/// The four scenarios of the guide in one file.
#[test]
fn scenarios() {
    let file = std::fs::read("../examples/rules/scenarios.xml").expect("the example");
    let file = RuleFile::parse(&file, Some(Format::Xml), Profile::Oss).expect("right");
    let lints = lint(file.configuration(), Profile::Oss);
    let found: Vec<String> =
        lints.iter().map(|lint| format!("{}[{}] {}", lint.severity(), lint.code(), told(lint))).collect();
    let lone = "a lone `*` allows every header; OSS's guide advises to name `authorization` beside it, for which a \
                browser takes no `*`; add it, or name the headers";
    let head = "pages that may GET may not ask for the size or the time with HEAD; add HEAD";
    assert_eq!(
        found,
        [
            "advice[safelisted-expose-header] rule 1, ExposeHeader 2 `Content-Length`: every page may read it \
             anyway; it does no harm, and can go",
            "advice[max-age-over-cap] rule 1, MaxAgeSeconds `86400`: not every browser keeps an answer so long: Chromium \
             at most 7200 and WebKit at most 600 seconds; count on no more, or write 600",
            &format!("advice[lone-header-wildcard] rule 2, AllowedHeader 1 `*`: {lone}"),
            &format!("advice[head-missing] rule 3, AllowedMethod 1 `GET`: {head}"),
            &format!("advice[lone-header-wildcard] rule 3, AllowedHeader 1 `*`: {lone}"),
            "advice[max-age-over-cap] rule 3, MaxAgeSeconds `3600`: not every browser keeps an answer so long: WebKit at \
             most 600 seconds; count on no more, or write 600",
            "warning[partly-shadowed-rule] rule 4, CORSRule: rule 3 comes first for GET and PUT from \
             `https://api.example.com` and answers with another max age; move this rule before it",
            &format!("advice[head-missing] rule 4, AllowedMethod 1 `GET`: {head}"),
        ]
    );
}

// Rules together.

/// What is said about rules as wholes.
#[track_caller]
fn rules(rules: Vec<CorsRule>, expected: &[&str]) {
    let lints = lint(&varying(rules), Profile::Oss);
    let about_rules = lints.iter().filter(|lint| lint.element() == Some(Element::CorsRule));
    let found: Vec<String> =
        about_rules.map(|lint| format!("{} {}: {lint}", lint.rule().expect("a rule"), lint.code())).collect();
    assert_eq!(found, expected);
}

fn aged(seconds: u32, rule: CorsRule) -> CorsRule {
    rule.max_age_seconds(seconds)
}

#[test]
fn unreachable_rules() {
    let one = |number| {
        format!(
            "2 unreachable-rule: rule {number} comes first and matches all that this rule matches; move this rule before \
             it, or delete it"
        )
    };
    let (get, both) = (&["GET"][..], &["GET", "PUT"][..]);
    let hidden = |first: CorsRule, second: CorsRule| rules(vec![first, aged(60, second)], &[&one(1)]);
    let seen = |first: CorsRule, second: CorsRule| {
        let lints = lint(&varying(vec![first, aged(60, second)]), Profile::Oss);
        assert!(!codes(&lints).contains(&"unreachable-rule"), "{lints:?}");
    };

    hidden(rule_with(&["*"], both, &[]), rule_with(&["https://a"], get, &[]));
    hidden(rule_with(&["*"], both, &[]), rule_with(&["*"], get, &[]));
    hidden(rule_with(&["https://*"], get, &[]), rule_with(&["https://*.b", "https://c"], get, &[]));
    hidden(rule_with(&["https://*.b"], get, &[]), rule_with(&["https://*.a.b"], get, &[]));
    hidden(rule_with(&["https://a", "https://b"], get, &["x-*"]), rule_with(&["https://b"], get, &["X-A", "x-b*"]));
    hidden(rule_with(&["https://a"], get, &["*"]), rule_with(&["https://a"], get, &["x-*"]));
    // An entry that no request matches hides nothing and need not be hidden.
    hidden(rule_with(&["https://a"], get, &["x: y"]), rule_with(&["https://a"], get, &[]));
    hidden(rule_with(&["https://a"], get, &[]), rule_with(&["https://a", "b c"], get, &["x: y"]));

    seen(rule_with(&["https://*.b"], get, &[]), rule_with(&["https://*"], get, &[]));
    seen(rule_with(&["https://*.b"], get, &[]), rule_with(&["https://b"], get, &[]));
    seen(rule_with(&["https://a*a"], get, &[]), rule_with(&["https://a"], get, &[]));
    seen(rule_with(&["https://a"], get, &[]), rule_with(&["https://a"], both, &[]));
    // Preflights with the header get to the second rule.
    seen(rule_with(&["https://a"], get, &[]), rule_with(&["https://a"], get, &["x-a"]));
    seen(rule_with(&["https://a"], get, &["x-a", "x-b"]), rule_with(&["https://a"], get, &["x-*"]));

    rules(
        vec![rule(&["b c"]), rule(&["https://a.example.com"])],
        &["1 unreachable-rule: no request matches any of its origins; correct them"],
    );
    rules(
        vec![
            rule_with(&["https://a"], get, &["*"]),
            rule_with(&["https://*"], &["PUT"], &["x-*"]),
            rule_with(&["https://b"], get, &["x-a"]),
            aged(60, rule_with(&["https://a", "https://b"], both, &["x-a"])),
        ],
        &["4 unreachable-rule: rules 1, 2 and 3 come first and together match all that this rule matches; move this \
             rule before them, or delete it"],
    );
}

#[test]
fn identical_rules() {
    let expected = "2 identical-rules: the same as rule 1, which comes first; delete one of the two";
    let first = rule_with(&["https://a", "https://b"], &["GET", "PUT"], &["x-a", "X-B"]);
    let again = rule_with(&["https://b", "https://a", "https://a"], &["PUT", "GET"], &["x-b", "x-a"]);
    rules(vec![first.clone(), again.clone()], &[expected]);
    rules(
        vec![first, aged(60, again)],
        &[
            "2 unreachable-rule: rule 1 comes first and matches all that this rule matches; move this rule before it, or \
         delete it",
        ],
    );
}

#[test]
fn partly_shadowed_rules() {
    let (get, both) = (&["GET"][..], &["GET", "PUT"][..]);
    let exposing = |rule: CorsRule| rule.expose_headers(strings(&["ETag"]));
    rules(
        vec![
            rule_with(&["https://*.b"], get, &[]),
            exposing(rule_with(&["https://a.b", "https://c.b", "https://d"], both, &[])),
        ],
        &[
            "2 partly-shadowed-rule: rule 1 comes first for GET from `https://a.b` and one more origin and answers with \
           other exposed headers; move this rule before it",
        ],
    );
    rules(
        vec![rule_with(&["*"], get, &[]), aged(60, exposing(rule_with(&["https://a"], get, &["x-a"])))],
        &[
            "2 partly-shadowed-rule: rule 1 comes first for GET from `https://a` and answers with another Allow-Origin, \
           other exposed headers and another max age, except to preflights with headers that only this rule allows; \
           move this rule before it",
        ],
    );
    rules(
        vec![
            rule_with(&["https://a"], get, &[]),
            rule_with(&["https://b"], get, &[]),
            aged(60, rule_with(&["https://a", "https://b", "https://c"], get, &[])),
        ],
        &[
            "3 partly-shadowed-rule: rule 1 comes first for GET from `https://a` and answers with another max age; move \
             this rule before it",
            "3 partly-shadowed-rule: rule 2 comes first for GET from `https://b` and answers with another max age; move \
             this rule before it",
        ],
    );
    // The precise rule first is as it should be.
    rules(vec![exposing(rule_with(&["https://a.b"], both, &[])), rule_with(&["https://*.b"], both, &[])], &[]);
    // Who answers makes no difference.
    rules(vec![rule_with(&["https://a"], get, &[]), rule_with(&["https://a"], both, &["x-a"])], &[]);
}

// Bounds.

#[test]
fn alike_lints_are_counted_out() {
    let origins: Vec<String> = (0..MAX_ALIKE + 500).map(|number| format!("http://a{number}.example.com")).collect();
    let rule = |age| rule(&[]).allowed_origins(origins.clone()).max_age_seconds(age);
    let lints = lint(&varying(vec![rule(60), rule(60)]), Profile::Extended);
    for number in [1, 2] {
        let of_rule =
            lints.iter().filter(|lint| lint.rule() == Some(number) && lint.code() == LintCode::PlainHttpOrigin);
        assert_eq!(of_rule.count(), MAX_ALIKE);
    }
    assert_eq!(codes(&lints).iter().filter(|code| **code == "identical-rules").count(), 1);
}

/// More than is worth comparing: nothing is said instead of something wrong.
#[test]
fn far_too_many_wildcards() {
    let names_second = |count: usize| {
        let origins = (1..=count).map(|length| format!("{}*{}", "a".repeat(length), "b".repeat(length)));
        let rule = rule(&[]).allowed_origins(origins);
        let lints = lint(&varying(vec![rule.clone(), aged(60, rule)]), Profile::Extended);
        lints.iter().any(|lint| lint.code() == LintCode::UnreachableRule)
    };
    // Two rules, so many lengths before the wildcards, so many after: 2 * 250^3 is below 2^25, 2 * 260^3 is not.
    assert!(names_second(250));
    assert!(!names_second(260));
}

#[test]
fn what_no_profile_accepts_is_no_reason_to_stop() {
    let many: Vec<CorsRule> =
        (0..100).map(|number| aged(number, rule(&["*", "", "a**b", "\u{0}", "https://a"]))).collect();
    assert!(!lint(&varying(many), Profile::Oss).is_empty());
    let empty = varying(vec![CorsRule::default(), CorsRule::default(), rule(&["https://*.*"]), rule(&[""])]);
    assert!(!codes(&lint(&empty, Profile::Oss)).contains(&"unreachable-rule"));
}

// The engine is the judge.

fn answering(table: &RuleTable, origin: &str, method: &str, headers: &[&str]) -> Option<usize> {
    let line = headers.join(",");
    let request = CorsRequest::new(
        b"OPTIONS",
        FieldLine::One(origin.as_bytes()),
        FieldLine::One(method.as_bytes()),
        std::iter::once(line.as_bytes()),
    );
    match table.decide(&request) {
        Decision::Answer { rule, .. } => rule.ok().map(oss_cors_core::Rule::number),
        Decision::Forward { .. } => panic!("a preflight"),
    }
}

/// Every text of `letters`, 1 to `longest` long.
fn texts(letters: &[char], longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..longest {
        let to = all.len();
        for index in from..to {
            all.extend(letters.iter().map(|letter| format!("{}{letter}", all[index])).collect::<Vec<_>>());
        }
        from = to;
    }
    all.split_off(1)
}

/// Every set of at most `most` of `items`.
fn sets<'a>(items: &[&'a str], most: usize) -> Vec<Vec<&'a str>> {
    let Some((first, rest)) = items.split_first() else { return vec![vec![]] };
    let without = sets(rest, most);
    let with = without.iter().filter(|set| set.len() < most).map(|set| [&[*first], &set[..]].concat());
    with.chain(without.iter().cloned()).collect()
}

/// Rules of few letters, so that they hide each other often.
fn small_rules() -> impl Strategy<Value = Vec<CorsRule>> {
    let origin = prop_oneof![3 => "[ab]?\\*[ab]{0,2}", 3 => "[ab]{1,2}", 1 => Just("*".to_owned())];
    let methods = prop_oneof![Just(vec!["GET"]), Just(vec!["PUT"]), Just(vec!["PUT", "GET"])];
    let headers = subsequence(vec!["*", "a", "B", "a*", "*b", "ab"], 0..3);
    let rule = (vec(origin, 1..4), methods, headers, 0..3_u32).prop_map(|(origins, methods, headers, age)| {
        CorsRule::new(origins, strings(&methods)).allowed_headers(strings(&headers)).max_age_seconds(age)
    });
    vec(rule, 2..=4)
}

/// All requests of a small world are asked: the rules that never answer are just those that the lint names. `z` stands
/// in no rule.
#[test]
fn unreachable_is_exact_in_a_small_world() {
    let origins = texts(&['a', 'b', 'z'], 4);
    // With each way in which one of the entries can be wider than another; three are enough against three rules.
    let header_sets = sets(&["a", "b", "ab", "z", "az", "zb"], 3);
    let (never, others) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(ProptestConfig { cases: 150, ..ProptestConfig::default() });
    let judged = runner.run(&small_rules(), |rules| {
        let configuration = varying(rules);
        let table = RuleTable::compile(&configuration, Profile::Oss).expect("generated right");
        let mut answer = BTreeSet::new();
        for origin in &origins {
            for method in ["GET", "PUT"] {
                answer.extend(header_sets.iter().filter_map(|headers| answering(&table, origin, method, headers)));
            }
        }
        let silent: BTreeSet<usize> = (1..=configuration.rules.len()).filter(|rule| !answer.contains(rule)).collect();
        let lints = lint(&configuration, Profile::Oss);
        let hidden = |lint: &&Lint| matches!(lint.code(), LintCode::UnreachableRule | LintCode::IdenticalRules);
        let named: BTreeSet<usize> = lints.iter().filter(hidden).filter_map(Lint::rule).collect();
        never.set(never.get() + silent.len());
        others.set(others.get() + answer.len());
        prop_assert_eq!(named, silent, "{:#?}", configuration);
        Ok(())
    });
    judged.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(never.get() > 10 && others.get() > 10, "{} never answer, {} do", never.get(), others.get());
}

/// One entry for each byte that an entry may begin with is not yet every origin.
#[test]
fn many_wildcards_together_are_not_every_origin() {
    let bytes = (0x21_u8..0x7f).filter(|byte| *byte != b'*');
    let first = rule(&[]).allowed_origins(bytes.map(|byte| format!("{}*", byte as char)));
    let configuration = varying(vec![first, aged(60, rule(&["*"]))]);
    let table = RuleTable::compile(&configuration, Profile::Oss).expect("right");
    for (origin, answers) in [("https://a.example.com", 1), ("null", 1), ("~", 1), ("*", 2), ("*.example.com", 2)] {
        assert_eq!(answering(&table, origin, "GET", &[]), Some(answers));
    }
    assert!(!codes(&lint(&configuration, Profile::Oss)).contains(&"unreachable-rule"));
}

fn real_rules() -> impl Strategy<Value = Vec<CorsRule>> {
    let origin = prop_oneof![
        4 => "https?://(\\*\\.|a\\.|b\\.|a-\\*\\.)?(b\\.)?example\\.com(:[0-9]|:80)?",
        1 => select(vec!["*", "null", "https://*", "http*", "*.example.com", "https://*.com", "https://a, https://b"])
            .prop_map(String::from),
    ];
    let methods = subsequence(vec!["GET", "PUT", "POST", "DELETE", "HEAD"], 1..4);
    let headers = subsequence(vec!["*", "authorization", "x-oss-*", "X-Oss-Acl", "*-id", "x-oss-*-id", "x: y"], 0..3);
    let rule = (vec(origin, 1..5), methods, headers, 0..2_u32, any::<bool>());
    let rule = rule.prop_map(|(origins, methods, headers, age, expose)| {
        CorsRule::new(origins, strings(&methods))
            .allowed_headers(strings(&headers))
            .expose_headers(strings(if expose { &["ETag"] } else { &[] }))
            .max_age_seconds(age)
            .allow_credentials(false)
    });
    vec(rule, 2..8)
}

/// The rule that a lint says comes first: `rule 3 comes first for`.
fn named_rule(lint: &Lint) -> usize {
    let text = lint.to_string();
    let number = text.strip_prefix("rule ").and_then(|rest| rest.split(' ').next()).expect("a rule");
    number.parse().expect("a number")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// A rule called unreachable never answers; one called partly shadowed is, by the rule that is named; and where
    /// nothing is said of an origin, the rule answers it itself or another answers alike.
    #[test]
    fn what_is_said_of_rules_holds(rules in real_rules()) {
        let configuration = varying(rules);
        let table = RuleTable::compile(&configuration, Profile::Oss).expect("generated right");
        let lints = lint(&configuration, Profile::Oss);
        let of = |code: LintCode, rule: usize| lints.iter().filter(move |lint| lint.code() == code && lint.rule() == Some(rule));
        for (number, rule) in (1..).zip(&configuration.rules) {
            let hidden = of(LintCode::UnreachableRule, number).chain(of(LintCode::IdenticalRules, number)).next().is_some();
            let shadowing: BTreeSet<usize> = of(LintCode::PartlyShadowedRule, number).map(named_rule).collect();
            let mut answering_origins = BTreeSet::new();
            for entry in &rule.allowed_origins {
                for method in &rule.allowed_methods {
                    for (text, fixed) in [("", false), ("b", false), ("~", true)] {
                        let answers = |headers: &[&str]| answering(&table, &entry.replace('*', text), method, headers);
                        let all: Vec<String> =
                            rule.allowed_headers.iter().map(|name| name.replace('*', "~")).collect();
                        let all: Vec<&str> = all.iter().map(String::as_str).collect();
                        prop_assert!(!hidden || (answers(&[]) != Some(number) && answers(&all) != Some(number)));
                        let Some(first) = answers(&[]).filter(|_| fixed) else { continue };
                        answering_origins.insert(first);
                        let other = &configuration.rules[first - 1];
                        let star = |rule: &CorsRule| rule.allowed_origins.iter().any(|origin| origin == "*");
                        let alike = star(other) == star(rule)
                            && other.expose_headers == rule.expose_headers
                            && other.max_age_seconds == rule.max_age_seconds;
                        prop_assert!(hidden || alike || shadowing.contains(&first), "rule {} {} {}", number, entry, method);
                    }
                }
            }
            prop_assert!(shadowing.is_subset(&answering_origins), "{:?} {:?}", shadowing, answering_origins);
        }
    }

    /// Two requests that differ in Origin alone and are answered by different rules: `Vary: Origin`, or the lint.
    #[test]
    fn vary_is_on_or_missed(rules in real_rules(), vary in any::<bool>()) {
        let configuration = CorsConfiguration::from_rules(rules).response_vary(vary);
        let table = RuleTable::compile(&configuration, Profile::Oss).expect("generated right");
        let missed = lint(&configuration, Profile::Oss).iter().any(|lint| lint.code() == LintCode::VaryOff);
        for method in ["GET", "PUT"] {
            let [one, other] = ["https://a.example.com", "http://b.example.com:1"].map(|origin| answering(&table, origin, method, &[]));
            prop_assert!(one == other || vary || missed);
        }
    }

    /// Where a lint shows a host of somebody else that matches, it does.
    #[test]
    fn hosts_of_others_match(entry in "https?://(app|a-|a\\.)?\\*[.-]?(b\\.|-)?(example|github|co)?\\.?(com|io|uk|internal)?(:1)?") {
        let configuration = varying(vec![rule(&[&entry])]);
        let table = RuleTable::compile(&configuration, Profile::Oss).expect("generated right");
        let showing = [LintCode::WildcardAtEnd, LintCode::WildcardWithoutDot, LintCode::WildcardPublicSuffix];
        for lint in lint(&configuration, Profile::Oss).iter().filter(|lint| showing.contains(&lint.code())) {
            let text = lint.to_string();
            let (before, _) = text.split_once("` matches").expect("a host that matches");
            let shown = before.rsplit('`').next().expect("a host");
            prop_assert!(shown.contains("evil") && answering(&table, shown, "GET", &[]).is_some(), "{}: {}", entry, text);
        }
    }

    /// What a lint tells to write instead of an origin that no browser sends, one does send.
    #[test]
    fn repaired_origins_are_sent(entry in "(HTTP|https?)?(://|:/|//)?(U@)?(a\\.)?(\\*|B|\u{fc}|xn--|1)?\\.?([eE]xample\\.com|0x7f|\\[::1\\]|127\\.1)?(:(443|80|8080|\\*|0|x))?(/|/\\*|\\?q)?") {
        prop_assume!(!entry.is_empty() && entry.matches('*').count() <= 1);
        for found in lint(&varying(vec![rule(&[&entry])]), Profile::Oss) {
            let text = found.to_string();
            let write = text.strip_suffix('`').and_then(|text| text.rsplit_once("; write `"));
            let (true, Some((_, write))) = (found.code().as_str().starts_with("origin-"), write) else { continue };
            let left = lint(&varying(vec![rule(&[write])]), Profile::Oss);
            prop_assert!(!codes(&left).iter().any(|code| code.starts_with("origin-")), "{} -> {}: {:?}", entry, write, left);
        }
    }

    /// Whatever is written, there is an answer, and it says where.
    #[test]
    fn any_text_is_looked_at(
        origins in vec("\\PC{0,12}|[a-z:/*.@#,\\[\\] ]{0,16}", 0..4),
        others in vec("\\PC{0,8}|[a-z:*, -]{0,8}", 0..4),
        age in proptest::option::of(any::<u32>()),
    ) {
        let rule = CorsRule::new(origins, others.clone()).allowed_headers(others.clone()).expose_headers(others).max_age_seconds(age).allow_credentials(true);
        for profile in [Profile::Oss, Profile::Extended] {
            for lint in lint(&varying(vec![rule.clone(), rule.clone()]), profile) {
                let text = lint.to_string();
                prop_assert!(!text.is_empty() && !text.ends_with('.') && !text.contains(char::is_control), "{:?}", text);
                prop_assert!(lint.element().is_some());
            }
        }
    }
}
