//! What CORS writes on the answer.

use std::fmt;

use oss_cors_core::{Decision, FieldLine, Rule, allow_headers};

use super::quoted::Quoted;
use super::request::Request;

/// One header of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SentHeader {
    /// Its name.
    pub name: &'static str,
    /// Its whole value.
    pub value: Quoted,
}

impl fmt::Display for SentHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            // They hold the request's own text.
            ALLOW_ORIGIN | ALLOW_HEADERS => write!(f, "{}: {}", self.name, self.value.bare()),
            name => write!(f, "{name}: {}", self.value.whole()),
        }
    }
}

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
const ALLOW_HEADERS: &str = "Access-Control-Allow-Headers";

/// In the order in which the adapters write them.
pub(super) fn headers(decision: &Decision<'_>, request: &Request<'_>) -> Vec<SentHeader> {
    let mut headers = Vec::new();
    let mut write = |name, value: &[u8]| headers.push(SentHeader { name, value: Quoted::new(value) });
    let vary_origin = match decision {
        Decision::Forward { rule, vary_origin } => {
            if let Ok(rule) = rule {
                write_rule(rule, request, &mut write);
            }
            *vary_origin
        }
        Decision::Answer { rule, vary_origin } => {
            if let Ok(rule) = rule {
                write_rule(rule, request, &mut write);
                let names = allow_headers(request.request_headers.iter().copied(), <[u8]>::to_vec);
                names.iter().for_each(|names| write(ALLOW_HEADERS, names));
            }
            *vary_origin
        }
    };
    if vary_origin {
        write("Vary", b"Origin");
    }
    headers
}

fn write_rule(rule: &Rule, request: &Request<'_>, write: &mut impl FnMut(&'static str, &[u8])) {
    match request.origin {
        FieldLine::One(origin) if !rule.any_origin() => write(ALLOW_ORIGIN, origin),
        _ => write(ALLOW_ORIGIN, b"*"),
    }
    write("Access-Control-Allow-Methods", rule.allow_methods().as_bytes());
    if let Some(names) = rule.expose_headers() {
        write("Access-Control-Expose-Headers", names.as_bytes());
    }
    if let Some(seconds) = rule.max_age() {
        write("Access-Control-Max-Age", seconds.as_bytes());
    }
    if rule.allow_credentials() {
        write("Access-Control-Allow-Credentials", b"true");
    }
}
