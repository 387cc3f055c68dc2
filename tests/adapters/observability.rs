//! What the features `tracing` and `metrics` tell: of decisions through both adapters, of reloads, of shadow rules.

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use crate::support::adapters::Site;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use oss_cors_actix::OssCors;
use oss_cors_core::{CorsConfiguration, CorsRequest, CorsRule, Profile, RuleTable};
use oss_cors_live::{Buckets, CorsHandle, Shadow};
use oss_cors_tower::OssCorsLayer;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

const APP: &str = "origin: https://app.example.com";
const OTHER: &str = "origin: https://other.example.com";
const FOR_GET: &str = "access-control-request-method: GET";
const FOR_PUT: &str = "access-control-request-method: PUT";

fn table() -> RuleTable {
    compiled("https://app.example.com")
}

fn compiled(origin: &str) -> RuleTable {
    let rule = CorsRule::new([origin.to_owned()], ["GET".to_owned()]);
    let configuration = CorsConfiguration::from_rules([rule]).response_vary(false);
    RuleTable::compile(&configuration, Profile::Oss).expect("the rules are right")
}

// Decisions. Every row: the request, its event if it has one, its counter if it is counted.

type Row<'a> = (&'a str, &'a [&'a str], Option<&'a str>, Option<&'a str>);

#[actix_web::test]
async fn every_decision() {
    let rows: &[Row<'_>] = &[
        ("GET /", &[], None, None),
        ("OPTIONS /", &[], None, None),
        ("OPTIONS /", &[FOR_GET], None, None),
        ("GET /", &[APP], None, Some("forwarded matched")),
        ("OPTIONS /", &[APP, FOR_GET], None, Some("answered matched")),
        (
            "GET /",
            &[OTHER],
            Some(
                r#"DEBUG no rule allows the request: reason=no rule allows the origin origin="https://other.example.com" method="GET""#,
            ),
            Some("forwarded origin"),
        ),
        (
            "DELETE /",
            &[APP],
            Some(
                r#"DEBUG no rule allows the request: reason=no rule allows the method for this origin origin="https://app.example.com" method="DELETE""#,
            ),
            Some("forwarded method"),
        ),
        (
            "GET /",
            &[APP, OTHER],
            Some(
                r#"DEBUG no rule allows the request: reason=malformed Origin header origin="(several lines)" method="GET""#,
            ),
            Some("forwarded malformed_origin"),
        ),
        (
            "OPTIONS /",
            &[OTHER, FOR_GET],
            Some(
                r#"DEBUG preflight refused: reason=no rule allows the origin origin="https://other.example.com" method="GET" headers="""#,
            ),
            Some("answered origin"),
        ),
        (
            "OPTIONS /",
            &[APP, FOR_PUT],
            Some(
                r#"DEBUG preflight refused: reason=no rule allows the method for this origin origin="https://app.example.com" method="PUT" headers="""#,
            ),
            Some("answered method"),
        ),
        (
            "OPTIONS /",
            &[APP, FOR_GET, "access-control-request-headers: x-a,x-b", "access-control-request-headers: x-c"],
            Some(
                r#"DEBUG preflight refused: reason=no rule allows every requested header for this origin and method origin="https://app.example.com" method="GET" headers="x-a,x-b, x-c""#,
            ),
            Some("answered headers"),
        ),
    ];
    let handle = CorsHandle::new(table());
    told(OssCorsLayer::from_handle(handle.clone()), OssCors::from_handle(handle), rows).await;
}

#[actix_web::test]
async fn requests_of_a_bucket_server() {
    let rows: &[Row<'_>] = &[
        ("OPTIONS /", &[], None, Some("answered origin_missing")),
        (
            "OPTIONS /",
            &[APP],
            Some(
                r#"DEBUG preflight refused: reason=OPTIONS without an Access-Control-Request-Method header origin="https://app.example.com" method="" headers="""#,
            ),
            Some("answered method_missing"),
        ),
    ];
    let handle = CorsHandle::new(table());
    let tower = OssCorsLayer::from_handle(handle.clone()).answer_every_options(true);
    told(tower, OssCors::from_handle(handle).answer_every_options(true), rows).await;
}

#[actix_web::test]
async fn requests_without_rules() {
    let rows: &[Row<'_>] = &[
        ("GET /", &[], None, None),
        (
            "GET /",
            &[APP],
            Some(
                r#"DEBUG no rule allows the request: reason=no CORS configuration origin="https://app.example.com" method="GET""#,
            ),
            Some("forwarded not_enabled"),
        ),
        (
            "OPTIONS /",
            &[APP, FOR_GET],
            Some(
                r#"DEBUG preflight refused: reason=no CORS configuration origin="https://app.example.com" method="GET" headers="""#,
            ),
            Some("answered not_enabled"),
        ),
    ];
    told(OssCorsLayer::new(RuleTable::not_enabled()), OssCors::new(RuleTable::not_enabled()), rows).await;
    let rows: &[Row<'_>] = &[
        (
            "GET /",
            &[APP],
            Some(
                r#"DEBUG no rule allows the request: reason=no such bucket origin="https://app.example.com" method="GET""#,
            ),
            Some("forwarded no_such_bucket"),
        ),
        (
            "OPTIONS /",
            &[APP, FOR_GET],
            Some(
                r#"DEBUG preflight refused: reason=no such bucket origin="https://app.example.com" method="GET" headers="""#,
            ),
            Some("answered no_such_bucket"),
        ),
    ];
    told(OssCorsLayer::new(RuleTable::no_such_bucket()), OssCors::new(RuleTable::no_such_bucket()), rows).await;
}

async fn told(tower: OssCorsLayer, actix: OssCors, rows: &[Row<'_>]) {
    for site in Site::both(tower, actix, |_| {}).await {
        for (line, headers, event, counter) in rows {
            let told = Told::new(LevelFilter::TRACE);
            let seen = told.while_asking(&site, line, headers).await;
            let row = format!("{} {line} {headers:?}", site.name);
            assert_eq!(seen.events, event.iter().map(|event| (*event).to_owned()).collect::<Vec<_>>(), "{row}");
            let counter = counter.map(|labels| {
                let (outcome, reason) = labels.split_once(' ').expect("two labels");
                format!("oss_cors_requests_total{{outcome={outcome},reason={reason}}} 1")
            });
            assert_eq!(seen.metrics, counter.into_iter().collect::<Vec<_>>(), "{row}");
        }
    }
}

#[actix_web::test]
async fn levels_above_debug_tell_nothing_of_requests() {
    let handle = CorsHandle::new(table());
    for site in Site::both(OssCorsLayer::from_handle(handle.clone()), OssCors::from_handle(handle), |_| {}).await {
        let seen = Told::new(LevelFilter::INFO).while_asking(&site, "OPTIONS /", &[OTHER, FOR_GET]).await;
        assert_eq!(seen.events, [""; 0]);
        assert_eq!(seen.metrics, ["oss_cors_requests_total{outcome=answered,reason=origin} 1"]);
    }
}

// Hostile text.

const HOSTILE: &[&str] = &[
    "https://a.example.com\u{1b}[2J\r\n",
    "https://a.example.com\u{9b}31m",
    "https://a.example.com\u{202e}moc",
    "https://a.example.com\" reason=\"matched",
    "https://a.example.com\t`\\n`",
    "b\u{fc}cher",
];

/// Every request is told in one line of plain text, as a service's own log writes it.
#[actix_web::test]
async fn a_log_line_stays_one_line_of_text() {
    let (log, handle) = (Log::default(), CorsHandle::new(table()));
    let to_log = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    let subscriber = subscriber.with_writer(move || to_log.clone()).finish();
    let _default = tracing::subscriber::set_default(subscriber);
    let long = "a".repeat(5000);
    let hostile: Vec<&str> = HOSTILE.iter().copied().chain([long.as_str()]).collect();
    for text in &hostile {
        for line in ["GET", "OPTIONS"] {
            let line = CorsRequest::new(
                line.as_bytes(),
                oss_cors_core::FieldLine::One(text.as_bytes()),
                oss_cors_core::FieldLine::One(text.as_bytes()),
                vec![text.as_bytes()],
            );
            oss_cors_live::Policy::new(handle.clone()).decide(&handle.load(), &line);
        }
    }
    // Newlines cannot come through HTTP, but through code.
    handle.failed("first line\nINFO second line\u{1b}[2J");
    let log = log.text();
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 2 * hostile.len() + 1, "{log}");
    for line in lines {
        assert!(!line.contains(char::is_control) && !line.contains('\u{202e}'), "{line:?}");
        assert!(line.len() < 800, "{line}");
    }
    assert!(!log.contains("reason=\"matched"), "{log}");
}

#[actix_web::test]
async fn text_of_a_request_is_escaped_and_cut() {
    let handle = CorsHandle::new(table());
    let origin = format!("origin: {}", "a".repeat(5000));
    for site in Site::both(OssCorsLayer::from_handle(handle.clone()), OssCors::from_handle(handle), |_| {}).await {
        for (headers, expected) in [
            (
                &[origin.as_str()][..],
                format!(r#"reason=malformed Origin header origin="{}... (5000 bytes)" method="GET""#, "a".repeat(128)),
            ),
            (
                &["origin: caf\u{e9}\t\u{202e}"],
                r#"reason=malformed Origin header origin="café\\t\\u{202e}" method="GET""#.to_owned(),
            ),
        ] {
            let seen = Told::new(LevelFilter::TRACE).while_asking(&site, "GET /", headers).await;
            assert_eq!(seen.events, [format!("DEBUG no rule allows the request: {expected}")], "{}", site.name);
        }
    }
}

/// Whatever is asked, the labels are those that are documented.
#[actix_web::test]
async fn labels_never_have_text_of_a_request() {
    let handle = CorsHandle::new(table());
    for site in Site::both(OssCorsLayer::from_handle(handle.clone()), OssCors::from_handle(handle), |_| {}).await {
        let told = Told::new(LevelFilter::OFF);
        // No client of ours sends a control character.
        let texts = HOSTILE.iter().filter(|text| !text.contains('\u{1b}'));
        for text in texts.copied().chain(["https://other.example.com"]) {
            let origin = format!("origin: {text}");
            let method = format!("access-control-request-method: {text}");
            let names = format!("access-control-request-headers: {text}");
            told.while_asking(&site, "OPTIONS /secret-path", &[&origin, &method, &names]).await;
            told.while_asking(&site, "OPTIONS /secret-path", &[APP, &method]).await;
            told.while_asking(&site, "OPTIONS /secret-path", &[APP, FOR_GET, &names]).await;
            told.while_asking(&site, "MADE-UP /secret-path", &[&origin]).await;
        }
        let label =
            |outcome: &str, reason: &str| format!("oss_cors_requests_total{{outcome={outcome},reason={reason}}}");
        let mut keys = told.keys();
        keys.sort();
        let expected = ["headers", "malformed_origin", "method", "origin"].map(|reason| label("answered", reason));
        let expected =
            expected.into_iter().chain([label("forwarded", "malformed_origin"), label("forwarded", "origin")]);
        assert_eq!(keys, expected.collect::<Vec<_>>(), "{}", site.name);
    }
}

// Reloads.

#[test]
fn reloads() {
    let handle = || CorsHandle::new(table()).with_source("rules/cors.xml");
    let seen = Told::new(LevelFilter::TRACE).during(|| drop(handle()));
    assert_eq!((seen.events, seen.metrics), (vec![], lines(&["oss_cors_generation{source=rules/cors.xml} 1"])));

    let handle = handle();
    let seen = Told::new(LevelFilter::TRACE).during(|| handle.store(table()));
    assert_eq!(seen.events, [r#"INFO rules replaced: generation=2 source="rules/cors.xml""#]);
    assert_eq!(seen.metrics, ["oss_cors_generation{source=rules/cors.xml} 2"]);

    let seen = Told::new(LevelFilter::TRACE).during(|| {
        handle.failed("line 1: wrong\nline 2: wrong too");
        handle.failed("x".repeat(5000));
        handle.recovered();
    });
    let long = "x".repeat(4096);
    assert_eq!(
        seen.events,
        [
            r#"ERROR rules not replaced: error="line 1: wrong\\nline 2: wrong too" generation=2 source="rules/cors.xml""#,
            &format!(
                r#"ERROR rules not replaced: error="{long}... (5000 bytes)" generation=2 source="rules/cors.xml""#
            ),
        ]
    );
    assert_eq!(seen.metrics, ["oss_cors_reload_failures_total{source=rules/cors.xml} 2"]);
}

#[test]
fn reloads_from_no_named_source() {
    let seen = Told::new(LevelFilter::TRACE).during(|| {
        let handle = CorsHandle::new(table());
        handle.store(table());
        handle.failed("gone");
    });
    let events = ["INFO rules replaced: generation=2", r#"ERROR rules not replaced: error="gone" generation=2"#];
    assert_eq!(seen.events, events);
    assert_eq!(seen.metrics, ["oss_cors_generation{} 2", "oss_cors_reload_failures_total{} 1"]);
}

#[test]
fn reloads_of_buckets() {
    let seen = Told::new(LevelFilter::TRACE).during(|| {
        let buckets = Buckets::new().with_source("rules");
        buckets.set_without_rules("notes").expect("the name is one");
        buckets.failed("notes", "wrong");
        buckets.source_failed("gone");
    });
    assert_eq!(
        seen.events,
        [
            r#"INFO rules replaced: generation=2 source="rules""#,
            r#"ERROR rules not replaced: error="bucket `notes`: wrong" generation=2 source="rules""#,
            r#"ERROR rules not replaced: error="gone" generation=2 source="rules""#,
        ]
    );
    assert_eq!(seen.metrics, ["oss_cors_generation{source=rules} 2", "oss_cors_reload_failures_total{source=rules} 2"]);
}

/// A subscriber that asks for the status while it is told of a reload: nothing is locked then.
#[test]
fn a_subscriber_may_ask_for_the_status() {
    struct Asking(CorsHandle, Arc<Mutex<Vec<u64>>>);

    impl<S: Subscriber> Layer<S> for Asking {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.1.lock().expect("no panic").push(self.0.status().generation);
        }
    }

    let (handle, seen) = (CorsHandle::new(table()), Arc::default());
    let subscriber = tracing_subscriber::registry().with(Asking(handle.clone(), Arc::clone(&seen)));
    tracing::subscriber::with_default(subscriber, || {
        handle.store(table());
        handle.failed("gone");
    });
    assert_eq!(*seen.lock().expect("no panic"), [2, 2]);
}

// Shadow rules.

#[test]
fn shadow_differences() {
    let (live, shadow) = (table(), Shadow::new(compiled("*")));
    let seen = Told::new(LevelFilter::TRACE).during(|| {
        for origin in ["https://app.example.com", "https://new.example.com"] {
            let request = CorsRequest::actual(b"GET", origin.as_bytes());
            shadow.judge(&request, &live.decide(&request));
        }
        let refused = Shadow::new(RuleTable::not_enabled());
        let request = CorsRequest::actual(b"GET", b"https://app.example.com");
        refused.judge(&request, &live.decide(&request));
    });
    assert_eq!(
        seen.events,
        [
            r#"DEBUG shadow rules decide otherwise: difference=other headers live="rule 1" candidate="rule 1" origin="https://app.example.com" method="GET" headers="""#,
            r#"DEBUG shadow rules decide otherwise: difference=newly allowed live="no rule allows the origin" candidate="rule 1" origin="https://new.example.com" method="GET" headers="""#,
            r#"DEBUG shadow rules decide otherwise: difference=newly refused live="rule 1" candidate="no CORS configuration" origin="https://app.example.com" method="GET" headers="""#,
        ]
    );
    assert_eq!(
        seen.metrics,
        [
            "oss_cors_shadow_differences_total{difference=newly_allowed} 1",
            "oss_cors_shadow_differences_total{difference=newly_refused} 1",
            "oss_cors_shadow_differences_total{difference=other_headers} 1",
        ]
    );
}

/// A recorder that asks for the status, from another thread: it would wait for ever if it were called in a lock.
struct Asking(Arc<dyn Fn() + Send + Sync>);

impl metrics::GaugeFn for Asking {
    fn increment(&self, _: f64) {}
    fn decrement(&self, _: f64) {}
    fn set(&self, _: f64) {
        self.ask();
    }
}

impl metrics::CounterFn for Asking {
    fn increment(&self, _: u64) {
        self.ask();
    }
    fn absolute(&self, _: u64) {}
}

impl Asking {
    fn ask(&self) {
        let (ask, (done, finished)) = (Arc::clone(&self.0), std::sync::mpsc::channel());
        std::thread::spawn(move || {
            ask();
            done.send(()).expect("the test waits");
        });
        finished.recv_timeout(std::time::Duration::from_secs(10)).expect("no lock is held");
    }
}

impl metrics::Recorder for Asking {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn register_counter(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        metrics::Counter::from_arc(Arc::new(Self(Arc::clone(&self.0))))
    }
    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::from_arc(Arc::new(Self(Arc::clone(&self.0))))
    }
    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::noop()
    }
}

#[test]
fn a_recorder_is_called_in_no_lock() {
    let (handle, buckets) = (CorsHandle::new(table()), Buckets::new());
    let (asked, other) = (handle.clone(), buckets.clone());
    let rules = CorsConfiguration::from(CorsRule::new(["https://app.example.com"], ["GET"]));
    let ask = {
        let rules = rules.clone();
        let changes = std::sync::atomic::AtomicBool::new(false);
        Arc::new(move || {
            asked.status();
            other.status();
            // Once, from within: it changes a bucket, which needs the lock of whoever writes.
            if !changes.swap(true, std::sync::atomic::Ordering::Relaxed) {
                other.set("within", &rules, Profile::Oss).expect("the rules are right");
            }
        })
    };
    metrics::with_local_recorder(&Asking(ask), || {
        buckets.set("a", &rules, Profile::Oss).expect("the rules are right");
        buckets.failed("a", "wrong");
        buckets.source_failed("gone");
        buckets.replace([("b", Some(&rules))], Profile::Oss).expect("the rules are right");
        assert!(buckets.remove("b"));
        let handle = handle.with_source("a file");
        handle.store(table());
        handle.failed("wrong");
        assert_eq!(handle.generation(), 2);
    });
}

#[test]
fn metrics_are_described() {
    let recorder = DebuggingRecorder::new();
    let handle = CorsHandle::new(table());
    metrics::with_local_recorder(&recorder, || {
        oss_cors_live::observe::describe_metrics();
        let request = CorsRequest::actual(b"GET", b"https://app.example.com");
        let policy = oss_cors_live::Policy::new(handle.clone()).shadow(Shadow::new(compiled("*")));
        policy.decide(&handle.load(), &request);
        handle.store(table());
        handle.failed("gone");
    });
    let all = recorder.snapshotter().snapshot().into_vec();
    assert_eq!(all.len(), 4);
    for (key, unit, description, _) in all {
        assert_eq!(unit, Some(metrics::Unit::Count), "{key:?}");
        assert!(description.is_some_and(|text| text.len() > 20), "{key:?}");
    }
}

// What catches events and counters.

struct Told {
    events: Arc<Mutex<Vec<String>>>,
    level: LevelFilter,
    recorder: DebuggingRecorder,
    snapshotter: Snapshotter,
}

#[derive(Debug)]
struct Seen {
    events: Vec<String>,
    /// Sorted.
    metrics: Vec<String>,
}

impl Told {
    fn new(level: LevelFilter) -> Self {
        let recorder = DebuggingRecorder::new();
        Self { events: Arc::default(), level, snapshotter: recorder.snapshotter(), recorder }
    }

    fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        tracing_subscriber::registry().with(self.level).with(Catch(Arc::clone(&self.events)))
    }

    fn during(&self, work: impl FnOnce()) -> Seen {
        metrics::with_local_recorder(&self.recorder, || tracing::subscriber::with_default(self.subscriber(), work));
        self.seen()
    }

    /// In memory there is one thread, and the answer is there at the first poll: no other test is told of it.
    async fn while_asking(&self, site: &Site, line: &str, headers: &[&str]) -> Seen {
        let _subscriber = tracing::subscriber::set_default(self.subscriber());
        let _recorder = metrics::set_default_local_recorder(&self.recorder);
        site.ask(line, headers).await;
        self.seen()
    }

    fn seen(&self) -> Seen {
        let mut metrics = Vec::new();
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let value = match value {
                DebugValue::Counter(value) => value.to_string(),
                DebugValue::Gauge(value) => value.to_string(),
                DebugValue::Histogram(_) => panic!("no histogram is documented"),
            };
            metrics.push(format!("{} {value}", name(key.key())));
        }
        metrics.sort();
        Seen { events: std::mem::take(&mut *self.events.lock().expect("no panic")), metrics }
    }

    fn keys(&self) -> Vec<String> {
        self.snapshotter.snapshot().into_vec().iter().map(|(key, ..)| name(key.key())).collect()
    }
}

fn name(key: &metrics::Key) -> String {
    let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
    format!("{}{{{}}}", key.name(), labels.join(","))
}

/// Each event of ours as one line: level, message, fields in their order.
struct Catch(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Catch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "oss_cors" {
            let mut line = Line::default();
            event.record(&mut line);
            let line = format!("{} {}:{}", event.metadata().level(), line.message, line.fields);
            self.0.lock().expect("no panic").push(line.trim_end_matches(':').to_owned());
        }
    }
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("a string takes all");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
