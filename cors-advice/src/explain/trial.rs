//! The changes to a request, each tried: only one after which a rule matches is named.

use std::collections::HashSet;

use oss_cors_core::{FieldLine, RuleTable};

use super::asked::RequestKind;
use super::change::Change;
use super::points::Points;
use super::quoted::Quoted;
use super::request::Request;

/// One request that no rule matches, and how a changed one is decided.
pub(super) struct Trial<'a> {
    pub(super) table: &'a RuleTable,
    pub(super) request: &'a Request<'a>,
    pub(super) kind: RequestKind,
    pub(super) points: &'a Points<'a>,
    pub(super) matches: &'a dyn Fn(&Request<'_>) -> bool,
}

impl Trial<'_> {
    /// To send `origin` instead, if a rule matches then.
    pub(super) fn send_origin(&self, origin: &str) -> Option<Change> {
        let mut changed = self.request.clone();
        changed.origin = FieldLine::One(origin.as_bytes());
        (self.matches)(&changed).then(|| Change::SendOrigin { value: Quoted::new(origin) })
    }

    /// To send `method` instead, if a rule matches then.
    pub(super) fn send_method(&self, method: &[u8]) -> Option<Change> {
        let mut changed = self.request.clone();
        let value = Quoted::new(method);
        let change = if self.kind == RequestKind::Preflight {
            changed.request_method = FieldLine::One(method);
            Change::SendRequestMethod { value }
        } else {
            changed.method = method;
            Change::SendMethod { value }
        };
        (self.matches)(&changed).then_some(change)
    }

    /// To leave `names` out, if a rule matches then.
    pub(super) fn leave_out(&self, names: &[Quoted]) -> Option<Change> {
        let left_out: HashSet<_> = names.iter().map(|name| name.as_bytes().to_ascii_lowercase()).collect();
        let kept: Vec<&[u8]> =
            self.request.header_names().filter(|item| !left_out.contains(&item.to_ascii_lowercase())).collect();
        let mut changed = self.request.clone();
        changed.request_headers = kept;
        (self.matches)(&changed).then(|| Change::LeaveOutHeaders { names: names.to_vec() })
    }
}
