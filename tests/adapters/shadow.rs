//! Rules on trial beside the live ones: what differs, what is counted, and that nothing else changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;

use crate::support::adapters::{Site, answer};
use oss_cors_actix::OssCors;
use oss_cors_core::{CorsConfiguration, CorsRequest, CorsRule, FieldLine, MAX_QUOTED, Profile, RuleTable};
use oss_cors_live::{BucketNaming, Buckets, CorsHandle, MAX_SHADOW_EXAMPLES, Shadow, ShadowDifference};
use oss_cors_tower::OssCorsLayer;

use ShadowDifference::{NewlyAllowed, NewlyRefused, OtherHeaders};

const APP: &str = "origin: https://app.example.com";
const OTHER: &str = "origin: https://other.example.com";
const FOR_GET: &str = "access-control-request-method: GET";
const FOR_PUT: &str = "access-control-request-method: PUT";

fn rule() -> CorsRule {
    CorsRule::new(["https://app.example.com".to_owned()], ["GET".to_owned()])
        .allowed_headers(["x-a".to_owned()])
        .expose_headers(["ETag".to_owned()])
        .max_age_seconds(600)
}

fn configuration(rules: impl IntoIterator<Item = CorsRule>) -> CorsConfiguration {
    CorsConfiguration::from_rules(rules).response_vary(false)
}

fn compiled(configuration: &CorsConfiguration) -> RuleTable {
    RuleTable::compile(configuration, Profile::Extended).expect("the rules are right")
}

fn live() -> RuleTable {
    compiled(&configuration([rule()]))
}

fn open() -> RuleTable {
    compiled(&configuration([rule().allowed_origins(["*".to_owned()])]))
}

fn actual<'a>(method: &'a str, origin: &'a str) -> CorsRequest<'a, Vec<&'a [u8]>> {
    let origin = FieldLine::One(origin.as_bytes());
    CorsRequest::new(method.as_bytes(), origin, FieldLine::Absent, vec![])
}

fn preflight<'a>(method: &'a str, origin: &'a str, headers: &'a str) -> CorsRequest<'a, Vec<&'a [u8]>> {
    let request_method = FieldLine::One(method.as_bytes());
    let mut request = actual("OPTIONS", origin);
    (request.request_method, request.request_headers) = (request_method, vec![headers.as_bytes()]);
    request
}

/// What the candidate changes about a preflight and an actual `GET` that the live rules allow.
#[track_caller]
fn changes(candidate: RuleTable, expected: Option<ShadowDifference>) {
    let (live, shadow) = (live(), Shadow::new(candidate));
    for request in [preflight("GET", "https://app.example.com", "x-a"), actual("GET", "https://app.example.com")] {
        assert_eq!(shadow.judge(&request, &live.decide(&request)), expected, "{request:?}");
    }
}

#[test]
fn what_differs() {
    changes(live(), None);
    changes(RuleTable::not_enabled(), Some(NewlyRefused));
    changes(RuleTable::no_such_bucket(), Some(NewlyRefused));
    let with = |change: fn(&mut CorsRule)| {
        let mut changed = rule();
        change(&mut changed);
        compiled(&configuration([changed]))
    };
    // The headers one by one.
    changes(with(|rule| rule.allowed_origins = vec!["*".to_owned()]), Some(OtherHeaders));
    changes(with(|rule| rule.allowed_origins.push("*".to_owned())), Some(OtherHeaders));
    changes(with(|rule| rule.allowed_methods.push("PUT".to_owned())), Some(OtherHeaders));
    changes(with(|rule| rule.expose_headers.push("x-a".to_owned())), Some(OtherHeaders));
    changes(with(|rule| rule.expose_headers.clear()), Some(OtherHeaders));
    changes(with(|rule| rule.max_age_seconds = Some(0)), Some(OtherHeaders));
    changes(with(|rule| rule.max_age_seconds = None), Some(OtherHeaders));
    changes(with(|rule| rule.allow_credentials = true), Some(OtherHeaders));
    changes(compiled(&CorsConfiguration::from_rules([rule()])), Some(OtherHeaders));
    // Points that are in no answer.
    changes(with(|rule| rule.allowed_origins = vec!["https://*.example.com".to_owned()]), None);
    changes(with(|rule| rule.allowed_headers = vec!["*".to_owned()]), None);
    // Another rule number is nothing that anybody sees.
    let before = rule().allowed_origins(["https://a.example.com".to_owned()]);
    changes(compiled(&configuration([before, rule()])), None);
}

#[test]
fn a_refusal_for_another_reason_is_no_difference() {
    let candidate = rule().allowed_origins(["https://other.example.com".to_owned()]);
    let shadow = Shadow::new(compiled(&configuration([candidate])));
    let request = preflight("PUT", "https://app.example.com", "");
    assert_eq!(shadow.judge(&request, &live().decide(&request)), None);
    assert_eq!(shadow.judge(&request, &RuleTable::not_enabled().decide(&request)), None);
    // A `Vary` is told of a refusal too.
    let varying = Shadow::new(compiled(&CorsConfiguration::from_rules([rule()])));
    assert_eq!(varying.judge(&request, &live().decide(&request)), Some(OtherHeaders));
}

#[test]
fn a_bucket_servers_400_is_no_difference() {
    let shadow = Shadow::new(open());
    let request = actual("OPTIONS", "https://app.example.com");
    assert_eq!(shadow.judge(&request, &live().decide_as_bucket(&request)), None);
    // Forwarded to an application, both look for a rule with `OPTIONS`.
    assert_eq!(shadow.judge(&request, &live().decide(&request)), None);
    assert_eq!(shadow.report().compared(), 2);
}

#[test]
fn what_is_not_cross_origin_is_not_compared() {
    let shadow = Shadow::new(compiled(&CorsConfiguration::from_rules([rule()])));
    let mut request = actual("GET", "");
    request.origin = FieldLine::Absent;
    assert_eq!(shadow.judge(&request, &live().decide(&request)), None);
    assert_eq!(shadow.report().compared(), 0);
}

#[test]
fn report_in_a_few_lines() {
    let candidate = rule().allowed_origins(["https://*.example.com".to_owned()]);
    let put = rule().allowed_methods(["PUT".to_owned()]);
    let (live, shadow) = (compiled(&configuration([rule(), put])), Shadow::new(compiled(&configuration([candidate]))));
    let judge = |request: &CorsRequest<'_, Vec<&[u8]>>| shadow.judge(request, &live.decide(request));
    assert_eq!(
        shadow.report().to_string(),
        "compared 0 cross-origin requests, 0 differ: 0 newly allowed, 0 newly refused, 0 with other headers"
    );
    for _ in 0..3 {
        assert_eq!(judge(&actual("GET", "https://app.example.com")), None);
        assert_eq!(judge(&preflight("GET", "https://new.example.com", "x-a")), Some(NewlyAllowed));
    }
    assert_eq!(judge(&preflight("PUT", "https://app.example.com", "")), Some(NewlyRefused));
    assert_eq!(judge(&actual("PUT", "https://app.example.com")), Some(NewlyRefused));
    let report = shadow.report();
    assert_eq!(
        report.to_string(),
        "compared 8 cross-origin requests, 5 differ: 3 newly allowed, 2 newly refused, 0 with other headers\n  \
         newly refused: method `PUT`, origin `https://app.example.com`; live: rule 2; candidate: no rule allows the \
         method for this origin\n  \
         newly refused: preflight, method `PUT`, origin `https://app.example.com`; live: rule 2; candidate: no rule \
         allows the method for this origin\n  \
         newly allowed: preflight, method `GET`, origin `https://new.example.com`, headers `x-a`; live: no rule allows \
         the origin; candidate: rule 1"
    );
    let counts = (report.compared(), report.differing(), report.newly_allowed(), report.newly_refused());
    assert_eq!((counts, report.other_headers()), ((8, 5, 3, 2), 0));
    let differences: Vec<_> =
        report.examples().iter().map(|example| (example.difference(), example.method())).collect();
    assert_eq!(differences, [(NewlyAllowed, "GET"), (NewlyRefused, "PUT"), (NewlyRefused, "PUT")]);
}

#[test]
fn the_latest_examples_are_kept_each_once() {
    let (live, shadow) = (live(), Shadow::new(open()));
    let origins: Vec<String> = (0..100).map(|number| format!("https://{number}.example.org")).collect();
    for origin in origins.iter().flat_map(|origin| [origin, origin]) {
        shadow.judge(&actual("GET", origin), &live.decide(&actual("GET", origin)));
    }
    let report = shadow.report();
    let kept: Vec<_> = report.examples().iter().map(|example| example.origin().to_owned()).collect();
    assert_eq!(kept, origins[origins.len() - MAX_SHADOW_EXAMPLES..]);
    assert_eq!(report.newly_allowed(), 200);
    assert_eq!(report.to_string().lines().count(), 7);
    assert!(report.to_string().ends_with("and 27 other examples"), "{report}");
}

#[test]
fn hostile_text_is_harmless_in_a_report() {
    let every = rule().allowed_headers(["*".to_owned()]).allowed_origins(["*".to_owned()]);
    let shadow = Shadow::new(compiled(&CorsConfiguration::from_rules([every])));
    let (live, long) = (live(), "a".repeat(100_000));
    for hostile in ["a\r\nb: c", "\u{1b}[2J\u{7}", "\u{202e}gnp.exe", "\u{9b}0m", &long] {
        let origin = &format!("https://{hostile}");
        for request in [preflight(hostile, origin, hostile), actual(hostile, origin)] {
            assert_eq!(shadow.judge(&request, &live.decide(&request)), Some(OtherHeaders));
        }
    }
    let report = shadow.report();
    assert_eq!(report.examples().len(), 10);
    for example in report.examples() {
        for text in [example.origin(), example.method(), example.headers()] {
            assert!(text.len() <= MAX_QUOTED + "... (100000 bytes)".len(), "{text}");
        }
        let line = example.to_string();
        assert!(line.is_ascii() && !line.contains(|found: char| found.is_control()), "{line:?}");
    }
}

#[test]
fn promotion_puts_the_candidate_in_force_and_counts_anew() {
    let (live, shadow) = (CorsHandle::new(live()), Shadow::new(open()));
    let request = actual("GET", "https://other.example.com");
    let judge = || shadow.judge(&request, &live.load().decide(&request));
    assert_eq!((judge(), shadow.report().compared()), (Some(NewlyAllowed), 1));
    shadow.promote(&live);
    assert_eq!((live.generation(), live.load().id()), (2, shadow.candidate().load().id()));
    let report = shadow.report();
    assert_eq!((report.compared(), report.differing(), report.examples().len()), (0, 0, 0));
    assert_eq!((judge(), shadow.report().compared()), (None, 1));
}

#[test]
fn the_candidate_may_change_meanwhile() {
    let candidate = CorsHandle::new(open());
    let (live, shadow) = (live(), Shadow::new(candidate.clone()));
    let request = actual("GET", "https://other.example.com");
    assert_eq!(shadow.judge(&request, &live.decide(&request)), Some(NewlyAllowed));
    candidate.store(RuleTable::not_enabled());
    assert_eq!(shadow.judge(&request, &live.decide(&request)), None);
    assert_eq!((shadow.report().compared(), shadow.report().newly_allowed()), (2, 1));
    shadow.reset();
    assert_eq!((shadow.report().compared(), shadow.report().newly_allowed()), (0, 0));
    assert_eq!(shadow.report().examples(), []);
}

/// Two threads judge while the third asks: nothing is lost, and no report has more that differ than were compared.
/// Lines of a header that reset a trial when they are looked at: in the midst of a judgment.
#[derive(Clone)]
struct Resetting<'s>(&'s Shadow);

impl IntoIterator for Resetting<'_> {
    type Item = &'static [u8];
    type IntoIter = std::iter::Empty<&'static [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.reset();
        std::iter::empty()
    }
}

#[test]
fn what_is_judged_during_a_reset_is_not_counted() {
    let shadow = Shadow::new(open());
    let (line, method) = (FieldLine::One(b"https://new.example.com"), FieldLine::One(b"GET"));
    let request = CorsRequest::new(b"OPTIONS", line, method, Resetting(&shadow));
    let live = live();
    assert!(shadow.judge(&request, &live.decide(&request)).is_some());
    let report = shadow.report();
    assert_eq!((report.compared(), report.differing(), report.examples().len()), (0, 0, 0));
    let after = preflight("GET", "https://new.example.com", "");
    assert!(shadow.judge(&after, &live.decide(&after)).is_some());
    assert_eq!((shadow.report().compared(), shadow.report().differing()), (1, 1));
}

#[test]
fn counts_add_up_across_threads() {
    const TIMES: u64 = 20_000;
    let (live, shadow, done) = (live(), Shadow::new(open()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let judge = |origin: &'static str| {
            for _ in 0..TIMES {
                shadow.judge(&actual("GET", origin), &live.decide(&actual("GET", origin)));
            }
        };
        let threads =
            ["https://a.example.org", "https://b.example.org"].map(|origin| scope.spawn(move || judge(origin)));
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let report = shadow.report();
                assert!(report.differing() <= report.compared(), "{report}");
            }
        });
        let ended = threads.map(ScopedJoinHandle::join);
        done.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
    });
    let report = shadow.report();
    assert_eq!((report.compared(), report.newly_allowed()), (2 * TIMES, 2 * TIMES));
    assert!((1..=2).contains(&report.examples().len()), "{report}");
}

/// What is answered is the live rules' alone.
#[actix_web::test]
async fn adapters_judge_every_cross_origin_request() {
    let handle = CorsHandle::new(live());
    let allowed = &[
        "access-control-allow-methods: GET",
        "access-control-allow-origin: https://app.example.com",
        "access-control-expose-headers: ETag",
        "access-control-max-age: 600",
    ][..];
    let candidate = || {
        let origins = vec!["https://other.example.com".to_owned()];
        Shadow::new(compiled(&configuration([rule().allowed_origins(origins)])))
    };
    let shadows = [candidate(), candidate()];
    let tower = OssCorsLayer::from_handle(handle.clone()).shadow(shadows[0].clone());
    let actix = OssCors::from_handle(handle).shadow(shadows[1].clone());
    for (site, shadow) in Site::both(tower, actix, |_| {}).await.iter().zip(shadows) {
        for (line, headers, expected, counts) in [
            ("GET /", &[APP][..], answer(200, allowed, "app"), (1, 0, 1)),
            ("GET /", &[OTHER], answer(200, &[], "app"), (2, 1, 1)),
            ("OPTIONS /", &[APP, FOR_GET], answer(200, allowed, ""), (3, 1, 2)),
            ("OPTIONS /", &[OTHER, FOR_GET], answer(403, &[], "AccessForbidden"), (4, 2, 2)),
            ("OPTIONS /", &[OTHER, FOR_PUT], answer(403, &[], "AccessForbidden"), (5, 2, 2)),
            ("OPTIONS /", &[APP], answer(200, &[], "app"), (6, 2, 2)),
            ("GET /", &[], answer(200, &[], "app"), (6, 2, 2)),
            ("OPTIONS /", &[FOR_GET], answer(200, &[], "app"), (6, 2, 2)),
        ] {
            assert_eq!(site.ask(line, headers).await, expected, "{} {line} {headers:?}", site.name);
            let report = shadow.report();
            let counted = (report.compared(), report.newly_allowed(), report.newly_refused());
            assert_eq!(counted, counts, "{} {line} {headers:?}", site.name);
        }
    }
}

/// The one candidate beside each request's own table.
#[actix_web::test]
async fn beside_buckets() {
    let buckets = Buckets::new();
    buckets.set("photos", &configuration([rule()]), Profile::Oss).expect("the rules are right");
    buckets.set_without_rules("notes").expect("the name is one");
    let shadow = Shadow::new(live());
    let tower = OssCorsLayer::per_bucket(buckets.clone(), BucketNaming::path()).shadow(shadow.clone());
    let actix = OssCors::per_bucket(buckets, BucketNaming::path()).shadow(shadow.clone());
    for site in Site::both(tower, actix, |_| {}).await {
        shadow.reset();
        for path in ["/photos/a", "/notes/a", "/other/a", "/"] {
            site.ask(&format!("GET {path}"), &[APP]).await;
        }
        let report = shadow.report();
        assert_eq!((report.compared(), report.newly_allowed()), (4, 3), "{} {report}", site.name);
    }
}

/// A guard keeps the table it was taken for, and can be stored elsewhere.
#[test]
fn a_loaded_table_can_be_kept() {
    let handle = CorsHandle::new(live());
    let table: Arc<RuleTable> = handle.load().into();
    handle.store(open());
    assert_ne!(handle.load().id(), table.id());
    handle.store(table.clone());
    assert_eq!(handle.load().id(), table.id());
}
