//! One decision of the engine, without an adapter.

use std::hint::black_box;

use cors_core::{CorsRequest, Decision, FieldLine};
use http::HeaderMap;

use super::requests::Asked;
use super::rules::Setup;
use super::{Subject, Work};

pub fn work(setup: &Setup, asked: &Asked, _: &HeaderMap, subject: Subject) -> Work {
    let table = setup.table();
    let asked = asked.clone();
    let line = |name: &str| asked.cors.iter().find(|(line, _)| *line == name).map(|(_, value)| value.clone());
    let (origin, method, headers) =
        (line("origin"), line("access-control-request-method"), line("access-control-request-headers"));
    Box::new(move || {
        let request = black_box(CorsRequest {
            method: asked.method.as_str().as_bytes(),
            origin: one(origin.as_deref()),
            request_method: one(method.as_deref()),
            request_headers: headers.as_deref().map(str::as_bytes),
        });
        if subject == Subject::Ours {
            let decision = table.decide(&request);
            black_box(matches!(decision, Decision::Answer { .. }));
        }
    })
}

fn one(value: Option<&str>) -> FieldLine<'_> {
    value.map_or(FieldLine::Absent, |value| FieldLine::One(value.as_bytes()))
}
