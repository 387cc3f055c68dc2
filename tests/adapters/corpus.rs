//! Every case of `tests/corpus` against everything that decides: the table, a naive oracle, and both adapters.
//!
//! A case states the whole answer: a CORS header that it does not name must be absent.

use std::cell::Cell;
use std::fmt::Debug;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::body::{BodySize, MessageBody, to_bytes};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use oss_cors_core::{
    ConfigError, CorsRequest, Decision, FieldLine, Format, Outcome, Refusal, Rule, RuleFile, allow_headers,
    is_cors_response_header, merge_vary,
};
use oss_cors_live::Policy;
use tower::{Layer, ServiceExt};

use crate::support::corpus::{Case, Corpus, Fault, FileCase, FormatName, Latin1, Subject, is_cors_or_vary};
use crate::support::oracle::{self, Header};

pub(crate) static CORPUS: LazyLock<Corpus> = LazyLock::new(Corpus::load);

const HOST: &str = "bucket.example.com";
const APP_BODY: &str = "from the application";

/// All of a response that matters.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    body: Body,
    status: u16,
    rule: Option<usize>,
    unmatched: Option<String>,
    headers: Vec<(String, Latin1)>,
}

impl Answer {
    /// Without the number of the rule, which is read from what is reported.
    pub(crate) fn without_rule(self) -> Self {
        Self { rule: None, ..self }
    }
}

/// The body tells who answered.
#[derive(Debug, PartialEq, Eq)]
enum Body {
    Application,
    Accepted,
    Refused { code: String, message: String },
    Unexpected(String),
}

#[test]
fn table() {
    judge_all(Subject::Table, table_answer);
}

#[test]
fn oracle() {
    judge_all(Subject::Oracle, oracle_answer);
}

#[test]
fn tower() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    judge_all(Subject::Tower, |case| runtime.block_on(tower_answer(case, own_policy(case))).answer);
}

/// For servers that speak the types of `http` and have no adapter.
#[test]
fn http_parts() {
    let options = |case: &&Case| !case.answer_every_options && !case.keep_inner_headers;
    let judged = judge(CORPUS.cases.iter().filter(options), Subject::Tower, parts_answer);
    assert!(judged > CORPUS.cases.len() / 2, "{judged} of {} cases", CORPUS.cases.len());
}

#[test]
fn actix() {
    let system = actix_web::rt::System::new();
    judge_all(Subject::Actix, |case| system.block_on(actix_answer(case, own_policy(case))).answer);
}

#[test]
fn files() {
    report(CORPUS.files.iter().flat_map(|file| {
        let complaints = file_complaints(file).into_iter();
        complaints.map(|complaint| format!("{}: `{}`: {complaint}", file.topic, file.name))
    }));
}

#[test]
fn every_id_is_cited_and_every_cited_id_exists() {
    report(CORPUS.citation_complaints());
}

fn report(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

fn judge_all(subject: Subject, answer: impl Fn(&Case) -> Answer) {
    judge(CORPUS.cases.iter(), subject, answer);
}

/// How many of `cases` have been judged.
fn judge<'c>(cases: impl Iterator<Item = &'c Case>, subject: Subject, answer: impl Fn(&Case) -> Answer) -> usize {
    let cases: Vec<&Case> = cases.filter(|case| case.subjects.contains(&subject)).collect();
    report(cases.iter().filter_map(|case| {
        let expected = expected(case, subject);
        let mut actual = answer(case);
        if expected.unmatched.is_none() {
            actual.unmatched = None;
        }
        let place = format!("{}: `{}` on {subject:?}", case.topic, case.name);
        (expected != actual).then(|| format!("{place}\n  expected {expected:?}\n  actual   {actual:?}"))
    }));
    cases.len()
}

fn expected(case: &Case, subject: Subject) -> Answer {
    let expect = &case.expect;
    let body = match (&expect.code, case.message()) {
        (Some(code), Some(message)) => Body::Refused { code: code.clone(), message: message.to_owned() },
        _ if expect.answered => Body::Accepted,
        _ => Body::Application,
    };
    // The reason is the table's alone to tell.
    let unmatched = expect.unmatched.clone().filter(|_| subject == Subject::Table);
    Answer { body, status: expect.status, rule: expect.rule, unmatched, headers: expect.headers() }
}

fn compared(headers: impl IntoIterator<Item = Header>) -> Vec<(String, Latin1)> {
    let compared = headers.into_iter().filter(|(name, _)| is_cors_or_vary(name));
    let mut lines: Vec<_> = compared.map(|(name, value)| (name, Latin1(value))).collect();
    lines.sort();
    lines
}

// The table: what an adapter does, with plain header lists.

fn table_answer(case: &Case) -> Answer {
    let table = case.table();
    let headers = case.headers();
    let lines = |wanted: &str| -> Vec<&[u8]> {
        headers.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_slice()).collect()
    };
    let request = CorsRequest::new(
        case.method.as_bytes(),
        FieldLine::from_lines(lines("origin")),
        FieldLine::from_lines(lines("access-control-request-method")),
        lines("access-control-request-headers"),
    );
    let decision = if case.answer_every_options { table.decide_as_bucket(&request) } else { table.decide(&request) };
    match decision {
        Decision::Answer { rule: Ok(rule), vary_origin } => {
            let mut headers = rule_headers(rule, request.origin);
            let names = allow_headers(request.request_headers, <[u8]>::to_vec);
            headers.extend(names.map(|names| ("access-control-allow-headers".to_owned(), names)));
            headers.extend(vary_origin.then(|| ("vary".to_owned(), b"Origin".to_vec())));
            answer(Body::Accepted, 200, Some(rule.number()), headers)
        }
        Decision::Answer { rule: Err(refusal), vary_origin } => {
            let body = refused("application/xml", &refusal.to_xml("0123456789ABCDEF01234567", HOST));
            let vary = vary_origin.then(|| ("vary".to_owned(), b"Origin".to_vec()));
            let unmatched = match refusal {
                Refusal::NotAllowed(unmatched) => Some(format!("{unmatched:?}")),
                _ => None,
            };
            Answer { unmatched, ..answer(body, refusal.status(), None, vary) }
        }
        Decision::Forward { rule, vary_origin } => {
            let mut headers = case.app.headers();
            if !case.keep_inner_headers {
                headers.retain(|(name, _)| !is_cors_response_header(name));
            }
            let ours = rule.map(|rule| rule_headers(rule, request.origin)).unwrap_or_default();
            headers.retain(|(name, _)| !ours.iter().any(|(written, _)| written == name));
            headers.extend(ours);
            if vary_origin {
                write_vary(&mut headers);
            }
            let unmatched = rule.err().map(|unmatched| format!("{unmatched:?}"));
            Answer { unmatched, ..answer(Body::Application, case.app.status, rule.ok().map(Rule::number), headers) }
        }
    }
}

// A handler without a framework.

fn parts_answer(case: &Case) -> Answer {
    let method: http::Method = case.method.parse().expect("the case's method is one");
    let mut request = http::HeaderMap::new();
    for (name, value) in case.headers() {
        let name: http::HeaderName = name.parse().expect("the case's header has a name");
        request.append(name, http::HeaderValue::try_from(value).expect("the case's header has a value"));
    }
    let table = case.table();
    let decision = table.decide_parts(&method, &request);
    let (body, response) = match decision.into_response() {
        Some(response) => {
            let body = match decision.decision() {
                Decision::Answer { rule: Err(refusal), .. } if *response.body() == refusal.to_xml("", "") => {
                    assert_eq!(response.headers()["content-type"], "application/xml");
                    Body::Refused { code: refusal.code().to_owned(), message: refusal.message().to_owned() }
                }
                Decision::Answer { rule: Ok(_), .. } if response.body().is_empty() => Body::Accepted,
                _ => Body::Unexpected(response.body().clone()),
            };
            (body, response.map(drop))
        }
        None => {
            let mut response = http::Response::builder().status(case.app.status);
            for (name, value) in case.app.headers() {
                response = response.header(name, value);
            }
            let mut response = response.body(()).expect("the case's answer is one");
            decision.apply(response.headers_mut());
            (Body::Application, response)
        }
    };
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    answer(body, response.status().as_u16(), decision.decision().outcome().rule(), headers)
}

fn rule_headers(rule: &Rule, origin: FieldLine<'_>) -> Vec<Header> {
    let origin = match origin {
        FieldLine::One(origin) if !rule.any_origin() => origin,
        _ => b"*",
    };
    let values = [
        ("access-control-allow-origin", Some(origin)),
        ("access-control-allow-methods", Some(rule.allow_methods().as_bytes())),
        ("access-control-expose-headers", rule.expose_headers().map(http::HeaderValue::as_bytes)),
        ("access-control-max-age", rule.max_age().map(http::HeaderValue::as_bytes)),
        ("access-control-allow-credentials", rule.allow_credentials().then_some(b"true")),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_vec()))).collect()
}

fn write_vary(headers: &mut Vec<Header>) {
    let lines = headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| value.as_slice());
    if let Some(merged) = merge_vary(lines) {
        headers.retain(|(name, _)| name != "vary");
        headers.push(("vary".to_owned(), merged));
    }
}

fn answer(body: Body, status: u16, rule: Option<usize>, headers: impl IntoIterator<Item = Header>) -> Answer {
    Answer { body, status, rule, unmatched: None, headers: compared(headers) }
}

// The oracle.

fn oracle_answer(case: &Case) -> Answer {
    let verdict = oracle::verdict(case.bucket(), case.method.as_bytes(), &case.headers(), case.answer_every_options);
    let (body, status) = match verdict.refusal {
        // The oracle knows codes; the words are OSS's, and the case's.
        Some((status, code)) => {
            let message = case.message().unwrap_or_default().to_owned();
            (Body::Refused { code: code.to_owned(), message }, status)
        }
        None if verdict.answered => (Body::Accepted, 200),
        None => (Body::Application, case.app.status),
    };
    let application = if verdict.answered { Vec::new() } else { case.app.headers() };
    answer(body, status, verdict.rule, oracle::written(&verdict, &application, case.keep_inner_headers))
}

// The adapters.

/// The options that a case states.
fn own_policy(case: &Case) -> Policy {
    Policy::new(case.table())
        .answer_every_options(case.answer_every_options)
        .dangerously_keep_inner_headers(case.keep_inner_headers)
        .report_outcome(true)
}

/// What an adapter answers, and what it puts into the response's extensions.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reported {
    pub(crate) answer: Answer,
    pub(crate) outcome: Option<Outcome>,
}

/// What an adapter's response shows of itself.
struct Seen<'a> {
    calls: usize,
    content_type: &'a str,
    /// The body's length, where it is known before it is sent: it becomes `Content-Length`.
    length: Option<u64>,
    body: &'a [u8],
    outcome: Option<Outcome>,
}

impl Seen<'_> {
    fn body(&self) -> Body {
        let text = String::from_utf8_lossy(self.body);
        match (self.calls, self.length) {
            (1, _) if text == APP_BODY => Body::Application,
            (0, Some(0)) if text.is_empty() => Body::Accepted,
            (0, Some(length)) if length == self.body.len() as u64 => refused(self.content_type, &text),
            (calls, length) => Body::Unexpected(format!("{calls} calls, length {length:?}: {text}")),
        }
    }

    fn rule(&self) -> Option<usize> {
        match self.outcome? {
            Outcome::Forwarded(rule) => rule.ok(),
            Outcome::Answered(rule) => rule.ok(),
        }
    }
}

pub(crate) async fn tower_answer(case: &Case, policy: Policy) -> Reported {
    let calls = AtomicUsize::new(0);
    let service = tower::service_fn(async |_: http::Request<()>| {
        calls.fetch_add(1, Ordering::Relaxed);
        let mut response = http::Response::builder().status(case.app.status);
        for (name, value) in case.app.headers() {
            response = response.header(name, value);
        }
        response.body(Full::<Bytes>::from(APP_BODY))
    });
    let layer = oss_cors_tower::OssCorsLayer::from_policy(policy);
    let mut request = http::Request::builder().method(case.method.as_str()).uri("/object").header("host", HOST);
    for (name, value) in case.headers() {
        request = request.header(name, value);
    }
    let request = request.body(()).expect("the case's request is one");
    let response = layer.layer(service).oneshot(request).await.expect("the application answers");

    let (parts, body) = response.into_parts();
    let length = http_body::Body::size_hint(&body).exact();
    let body = body.collect().await.expect("the body has no errors").to_bytes();
    let seen = Seen {
        calls: calls.load(Ordering::Relaxed),
        content_type: parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default(),
        length,
        body: &body,
        outcome: parts.extensions.get().copied(),
    };
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let answer = answer(seen.body(), parts.status.as_u16(), seen.rule(), headers);
    Reported { answer, outcome: seen.outcome }
}

pub(crate) async fn actix_answer(case: &Case, policy: Policy) -> Reported {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use actix_web::{App, HttpResponse, http::Method, http::StatusCode, test, web};

    let line = |(name, value): (String, Vec<u8>)| {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the case's header has a name");
        (name, HeaderValue::from_bytes(&value).expect("the case's header has a value"))
    };
    let calls = std::rc::Rc::new(Cell::new(0));
    let (status, app_headers) = (case.app.status, case.app.headers());
    let application = {
        let calls = calls.clone();
        move || {
            calls.set(calls.get() + 1);
            let mut response = HttpResponse::build(StatusCode::from_u16(status).expect("the case's status is one"));
            app_headers.iter().cloned().map(line).for_each(|header| {
                response.append_header(header);
            });
            std::future::ready(response.body(APP_BODY))
        }
    };
    let cors = oss_cors_actix::OssCors::from_policy(policy);
    let service = test::init_service(App::new().default_service(web::to(application)).wrap(cors)).await;
    let method = Method::from_bytes(case.method.as_bytes()).expect("the case's method is one");
    let mut request = test::TestRequest::with_uri("/object").method(method).append_header(("host", HOST));
    for header in case.headers() {
        request = request.append_header(line(header));
    }
    let response = test::call_service(&service, request.to_request()).await;

    let (response, body) = response.into_parts().1.into_parts();
    let length = match body.size() {
        BodySize::Sized(length) => Some(length),
        BodySize::None | BodySize::Stream => None,
    };
    let body = to_bytes(body).await.unwrap_or_else(|_| panic!("the body has no errors"));
    let content_type = response.headers().get("content-type");
    let seen = Seen {
        calls: calls.get(),
        content_type: content_type.and_then(|value| value.to_str().ok()).unwrap_or_default(),
        length,
        body: &body,
        outcome: response.extensions().get().copied(),
    };
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let answer = answer(seen.body(), response.status().as_u16(), seen.rule(), headers);
    Reported { answer, outcome: seen.outcome }
}

/// Reads OSS's XML error back, and takes no other form of it.
fn refused(content_type: &str, xml: &str) -> Body {
    let read = || {
        let rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>")?;
        let (code, rest) = rest.split_once("</Code><Message>")?;
        let (message, rest) = rest.split_once("</Message><RequestId>")?;
        let (id, rest) = rest.split_once("</RequestId><HostId>")?;
        let host = rest.strip_suffix("</HostId></Error>\n")?;
        let right = id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) && host == HOST;
        right.then(|| Body::Refused { code: code.to_owned(), message: message.to_owned() })
    };
    let refused = if content_type == "application/xml" { read() } else { None };
    refused.unwrap_or_else(|| Body::Unexpected(format!("{content_type}: {xml}")))
}

// Rule files.

fn file_complaints(file: &FileCase) -> Vec<String> {
    let format = file.format.map(|format| match format {
        FormatName::Xml => Format::Xml,
        FormatName::Json => Format::Json,
        FormatName::Yaml => Format::Yaml,
        FormatName::Toml => Format::Toml,
    });
    let mut complaints = Vec::new();
    match (RuleFile::parse(&file.bytes(), format, file.profile()), &file.errors) {
        (Ok(read), None) => {
            let configuration = read.configuration();
            let xml = configuration.to_xml();
            let rules_read = file.rules_read.unwrap_or(configuration.rules.len());
            compare("rules", &rules_read, &configuration.rules.len(), &mut complaints);
            compare("xml", file.xml.as_ref().unwrap_or(&xml), &xml, &mut complaints);
            for (format, text) in [
                (Format::Xml, xml),
                (Format::Json, configuration.to_json()),
                (Format::Yaml, configuration.to_yaml()),
                (Format::Toml, configuration.to_toml()),
            ] {
                let again = RuleFile::parse(text.as_bytes(), Some(format), file.profile());
                compare("what is written and read again", &Ok(read.clone()), &again, &mut complaints);
            }
        }
        (Err(errors), Some(expected)) => {
            let mut actual: Vec<Fault> = errors.iter().map(fault).collect();
            for (actual, expected) in actual.iter_mut().zip(expected) {
                if expected.kind.chars().all(char::is_alphanumeric) {
                    let name = actual.kind.split(|found: char| !found.is_alphanumeric()).next();
                    actual.kind = name.unwrap_or_default().to_owned();
                }
            }
            compare("errors", expected, &actual, &mut complaints);
        }
        (Ok(_), Some(_)) => complaints.push("should have errors".to_owned()),
        (Err(errors), None) => complaints.push(format!("should be valid, but:\n{errors}")),
    }
    complaints
}

fn compare<T: Debug + PartialEq>(what: &str, expected: &T, actual: &T, complaints: &mut Vec<String>) {
    if expected != actual {
        complaints.push(format!("{what}\n  expected {expected:#?}\n  actual   {actual:#?}"));
    }
}

fn fault(error: &ConfigError) -> Fault {
    Fault {
        line: error.position().map(|position| position.line),
        column: error.position().map(|position| position.column),
        rule: error.rule(),
        element: error.element().map(|element| element.name().to_owned()),
        entry: error.entry(),
        kind: format!("{:?}", error.kind()),
        value: error.value().map(str::to_owned),
    }
}
