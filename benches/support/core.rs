//! One decision of the engine, without an adapter.

use std::hint::black_box;

use http::HeaderMap;
use oss_cors_core::{CorsRequest, Decision, FieldLine};

use super::requests::Asked;
use super::rules::Setup;
use super::{Subject, Work};

pub fn work(setup: &Setup, asked: &Asked, _: &HeaderMap, subject: Subject) -> Work {
    let table = setup.table();
    let asked = asked.clone();
    let line = |name: &str| asked.cors.iter().find(|(line, _)| *line == name).map(|(_, value)| value.clone());
    let (method, headers) = (line("access-control-request-method"), line("access-control-request-headers"));
    let origins = origins(setup, line("origin"));
    let mut turn = 0;
    Box::new(move || {
        turn += 1;
        let origin = &origins[turn % origins.len()];
        let request = black_box(CorsRequest::new(
            asked.method.as_str().as_bytes(),
            one(origin.as_deref()),
            one(method.as_deref()),
            headers.as_deref().map(str::as_bytes),
        ));
        if subject == Subject::Ours {
            let decision = table.decide(&request);
            black_box(matches!(decision, Decision::Answer { .. }));
        }
    })
}

/// Where the table has many such origins, a hundred of all: where one lands in a hash table is luck.
fn origins(setup: &Setup, asked: Option<String>) -> Vec<Option<String>> {
    let exact = &setup.peer_origins;
    if exact.len() < 100 || !asked.as_ref().is_some_and(|origin| exact.contains(origin)) {
        return vec![asked];
    }
    exact.iter().step_by(exact.len() / 100).cloned().map(Some).collect()
}

fn one(value: Option<&str>) -> FieldLine<'_> {
    value.map_or(FieldLine::Absent, |value| FieldLine::One(value.as_bytes()))
}
