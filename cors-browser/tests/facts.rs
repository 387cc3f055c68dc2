//! The model is held to what web-platform-tests expect of browsers: `facts.toml`.

#![allow(clippy::unwrap_used, reason = "a test")]

use oss_cors_browser::{Credentials, PageRequest, Response};
use serde::Deserialize;

const PAGE: &str = "http://web-platform.test:8000";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    answer: Vec<Answer>,
    preflight: Vec<Preflight>,
    needs: Vec<Needs>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    name: String,
    #[serde(default)]
    credentials: bool,
    headers: Vec<(String, String)>,
    readable: bool,
    #[serde(default)]
    visible: Vec<String>,
    #[serde(default)]
    hidden: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preflight {
    name: String,
    method: String,
    request_headers: Vec<(String, String)>,
    #[serde(default)]
    credentials: bool,
    status: u16,
    headers: Vec<(String, String)>,
    sent: bool,
    /// Empty for none.
    asks: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Needs {
    name: String,
    method: String,
    headers: Vec<(String, String)>,
    preflight: bool,
}

fn facts() -> Facts {
    toml::from_str(include_str!("facts.toml")).unwrap()
}

fn lines(headers: &[(String, String)]) -> Vec<(&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

fn credentials(included: bool) -> Credentials {
    if included { Credentials::Include } else { Credentials::SameOrigin }
}

#[test]
fn every_fact_is_read() {
    let facts = facts();
    assert_eq!((facts.answer.len(), facts.preflight.len(), facts.needs.len()), (67, 61, 75));
}

#[test]
fn pages_read_what_they_may() {
    for fact in facts().answer {
        let request = PageRequest::new(PAGE, "GET", &[], credentials(fact.credentials)).unwrap();
        let headers = lines(&fact.headers);
        let read = request.reads(&Response::new(200, &headers));
        assert_eq!(read.is_ok(), fact.readable, "{}: {read:?}", fact.name);
        let sees = |name: &String| read.as_ref().is_ok_and(|read| read.sees(name));
        assert!(fact.visible.iter().all(sees), "{}: {read:?}", fact.name);
        assert!(!fact.hidden.iter().any(sees), "{}: {read:?}", fact.name);
    }
}

#[test]
fn requests_are_sent_after_the_preflights_that_allow_them() {
    for fact in facts().preflight {
        let request_headers = lines(&fact.request_headers);
        let request = PageRequest::new(PAGE, &fact.method, &request_headers, credentials(fact.credentials)).unwrap();
        let headers = lines(&fact.headers);
        let answer = Response::new(fact.status, &headers);
        let preflight = request.preflight();
        if let Some(asks) = &fact.asks {
            let preflight = preflight.as_ref().unwrap();
            assert_eq!(preflight.method(), fact.method, "{}", fact.name);
            assert_eq!(preflight.request_headers().unwrap_or_default(), *asks, "{}", fact.name);
        }
        let allowed = preflight.map(|preflight| preflight.allows(&answer));
        let sent = allowed.as_ref().is_none_or(Result::is_ok);
        assert_eq!(sent, fact.sent, "{}: {allowed:?}", fact.name);
    }
}

#[test]
fn preflights_are_made_where_they_are_needed() {
    for fact in facts().needs {
        let headers = lines(&fact.headers);
        let request = PageRequest::new(PAGE, &fact.method, &headers, Credentials::SameOrigin).unwrap();
        assert_eq!(request.preflight().is_some(), fact.preflight, "{}", fact.name);
    }
}
