//! The comparison for programs.

use serde::Serialize;

use super::compare::Comparison;
use super::group::Change;
use super::judge::Kind;

#[derive(Serialize)]
pub struct Document<'a> {
    widens: bool,
    changes: Vec<ChangeDocument<'a>>,
    vary_origin: Option<bool>,
    compared: Compared,
    sampled: &'a [String],
}

#[derive(Serialize)]
struct Compared {
    origins: usize,
    methods: usize,
    request_headers: usize,
}

#[derive(Serialize)]
struct ChangeDocument<'a> {
    kind: &'static str,
    old_rule: Option<usize>,
    new_rule: Option<usize>,
    reason: Option<String>,
    origins: Vec<&'a str>,
    near_misses: Vec<&'a str>,
    requests: Vec<RequestsDocument<'a>>,
    differences: Vec<DifferenceDocument<'a>>,
}

#[derive(Serialize)]
struct RequestsDocument<'a> {
    methods: &'a [String],
    without_headers: bool,
    headers: &'a [Vec<String>],
}

#[derive(Serialize)]
struct DifferenceDocument<'a> {
    header: &'static str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

impl<'a> Document<'a> {
    pub fn new(comparison: &'a Comparison, widens: bool) -> Self {
        let Comparison { changes, vary, tried } = comparison;
        Self {
            widens,
            changes: changes.iter().map(ChangeDocument::new).collect(),
            vary_origin: *vary,
            compared: Compared { origins: tried.origins, methods: tried.methods, request_headers: tried.headers },
            sampled: &tried.sampled,
        }
    }
}

impl<'a> ChangeDocument<'a> {
    fn new(change: &'a Change) -> Self {
        let (kind, old_rule, new_rule, reason) = match &change.kind {
            Kind::Allowed { before, rule } => ("allowed", None, Some(*rule), Some(before.mismatch().to_string())),
            Kind::Refused { before, reason } => ("refused", Some(*before), None, Some(reason.mismatch().to_string())),
            Kind::Widened { before, rule, .. } => ("widened", Some(*before), Some(*rule), None),
            Kind::Altered { before, rule, .. } => ("altered", Some(*before), Some(*rule), None),
        };
        let origins = |near_miss: bool| {
            let wanted = change.origins.iter().filter(move |origin| origin.near_miss == near_miss);
            wanted.map(|origin| origin.text.as_str()).collect()
        };
        let requests = change.requests.iter().map(|requests| RequestsDocument {
            methods: &requests.methods,
            without_headers: requests.without_headers,
            headers: &requests.headers,
        });
        let differences = change.kind.differences().iter().map(|difference| DifferenceDocument {
            header: difference.header,
            old: difference.before.as_deref(),
            new: difference.after.as_deref(),
        });
        Self {
            kind,
            old_rule,
            new_rule,
            reason,
            origins: origins(false),
            near_misses: origins(true),
            requests: requests.collect(),
            differences: differences.collect(),
        }
    }
}
