//! The search for the nearest miss: each rule is judged on each point on which it fails. The fewer points, and the
//! smaller what is wrong on them, the nearer.

use oss_cors_core::{Element, FieldLine, MAX_METHOD_BYTES, Rule, RuleSet, RuleTable};

use super::asked::RequestKind;
use super::change::Change;
use super::near_miss::{Elsewhere, MethodDifference, NearMiss, Reason};
use super::origin;
use super::origins::Origins;
use super::points::{Failure, Point, Points};
use super::quoted::Quoted;
use super::request::{Request, is_header_name};
use super::trial::{Trial, is_oss_method, methods};

use crate::text::is_token;

/// The nearest miss of a request that no rule matches. `matches` decides a changed request.
pub(super) fn find(
    table: &RuleTable,
    request: &Request<'_>,
    kind: RequestKind,
    points: &Points<'_>,
    rules_are_asked: bool,
    matches: &dyn Fn(&RuleTable, &Request<'_>) -> bool,
) -> Option<NearMiss> {
    let search = Trial { table, request, kind, points, matches };
    match kind {
        RequestKind::OptionsWithoutBoth => None,
        RequestKind::NotCrossOrigin | RequestKind::OptionsWithoutOrigin => search.without_origin(),
        RequestKind::OptionsWithoutRequestMethod => {
            search.without_request_method().or_else(|| rules_are_asked.then(|| search.nearest()).flatten())
        }
        RequestKind::Actual | RequestKind::Preflight => search.nearest(),
    }
}

impl Trial<'_> {
    /// The first rule that an `Origin` would make match.
    fn without_origin(&self) -> Option<NearMiss> {
        let entries = self.table.origin_entries();
        self.table.rules().iter().enumerate().find_map(|(index, rule)| {
            let entries = entries.iter().filter(|(_, rules)| rules.contains(index)).map(|(entry, _)| entry.as_str());
            let changes = self.send_origin(&origin::example(entries)?);
            Some(alone(rule, Reason::NoOrigin, vec![changes?]))
        })
    }

    /// The first rule that an `Access-Control-Request-Method` would make match.
    fn without_request_method(&self) -> Option<NearMiss> {
        self.table.rules().iter().find_map(|rule| {
            let method = methods(rule).next()?;
            let mut changed = self.request.clone();
            changed.request_method = FieldLine::One(method.as_bytes());
            let change = Change::SendRequestMethod { value: Quoted::new(method) };
            (self.matches)(self.table, &changed).then(|| alone(rule, Reason::NoRequestMethod, vec![change]))
        })
    }

    fn nearest(&self) -> Option<NearMiss> {
        // Nothing is near to a malformed origin: what is wrong with it is said, and no more is known.
        self.points.origin?;
        let entries = Entries { origins: self.origins(), headers: self.rules_with_headers() };
        let judged = self.table.rules().iter().enumerate().map(|(index, rule)| {
            let failures = self.points.failures(index);
            let judged: Vec<_> = failures.iter().map(|failure| self.judge(index, rule, failure, &entries)).collect();
            // A rule that fails on one point alone is always nearer: there is a change that helps.
            let cost = judged.iter().map(|judged| judged.cost).sum::<u32>() + 10_000 * judged.len() as u32;
            (cost, index, rule, judged)
        });
        let (_, index, rule, mut judged) = judged.min_by_key(|(cost, index, ..)| (*cost, *index))?;
        let changes = match judged.as_mut_slice() {
            [only] => std::mem::take(&mut only.changes),
            _ => Vec::new(),
        };
        let elsewhere = judged.iter().filter_map(|judged| self.elsewhere(judged.point, index));
        Some(NearMiss {
            rule: rule.number(),
            elsewhere: elsewhere.collect(),
            reasons: judged.into_iter().map(|judged| judged.reason).collect(),
            changes,
        })
    }

    /// The rules with an AllowedHeader that some request can match.
    fn rules_with_headers(&self) -> RuleSet {
        self.table.header_entries().into_iter().fold(RuleSet::default(), |all, (_, rules)| all.union(rules))
    }

    fn elsewhere(&self, point: Point, not: usize) -> Option<Elsewhere> {
        let mut others = (0..self.table.rules().len()).filter(|index| *index != not);
        let rule = others.find(|index| match point {
            Point::Origin => self.points.allow_origin(*index),
            Point::Method => self.points.allow_method(*index),
            Point::Headers => self.points.allow_headers(*index),
        })?;
        Some(Elsewhere { point, rule: rule + 1 })
    }

    fn judge(&self, index: usize, rule: &Rule, failure: &Failure, entries: &Entries) -> Judged {
        let (cost, reason, changes) = match (failure, &entries.origins) {
            (Failure::Origin, Some(origins)) => self.judge_origin(index, rule, origins),
            (Failure::Origin, None) => (origin::cost(&[]), Reason::NoUsableOrigin, Vec::new()),
            (Failure::Method, _) => self.judge_method(index, rule),
            (Failure::Headers { names }, _) => self.judge_headers(rule, names, !entries.headers.contains(index)),
            (Failure::TooManyHeaders, _) => (500, Reason::TooManyHeaders, Vec::new()),
        };
        Judged { point: failure.point(), cost, reason, changes }
    }
}

/// What the entries of all rules tell of the request.
struct Entries {
    origins: Option<Origins>,
    /// The rules with an entry that some header name can match.
    headers: RuleSet,
}

/// One point on which a rule fails. The smaller the cost, the nearer.
struct Judged {
    point: Point,
    cost: u32,
    reason: Reason,
    /// Those that help if this is the only point.
    changes: Vec<Change>,
}

fn alone(rule: &Rule, reason: Reason, changes: Vec<Change>) -> NearMiss {
    NearMiss { rule: rule.number(), reasons: vec![reason], elsewhere: Vec::new(), changes }
}

impl Trial<'_> {
    fn judge_method(&self, index: usize, rule: &Rule) -> (u32, Reason, Vec<Change>) {
        let Some(method) = self.points.method_asked.filter(|method| is_token(method)) else {
            return (500, Reason::MalformedMethod, Vec::new());
        };
        let reason = |difference| Reason::Method { method: Quoted::new(method), difference };
        let upper = method.to_ascii_uppercase();
        if upper != method && is_oss_method(&upper) {
            let cost = if self.table.rules_allowing_method(&upper).contains(index) { 2 } else { 12 };
            return (cost, reason(MethodDifference::Case), self.send_method(&upper).into_iter().collect());
        }
        let listable = is_oss_method(method);
        let add = Change::AddEntries {
            rule: rule.number(),
            element: Element::AllowedMethod,
            entries: vec![Quoted::new(method)],
            extended_only: !listable,
        };
        let (cost, difference) = match method {
            b"HEAD" if methods(rule).any(|method| method == "GET") => (3, MethodDifference::HeadBesideGet),
            _ if listable => (10, MethodDifference::NotListed),
            _ => (11, MethodDifference::NotListable),
        };
        // To allow OPTIONS itself is not what a preflight without its method needs, and some tokens no rule can list.
        let can_list = !method.contains(&b'*') && method.len() <= MAX_METHOD_BYTES;
        let wanted = can_list && self.kind != RequestKind::OptionsWithoutRequestMethod;
        (cost, reason(difference), wanted.then_some(add).and_then(|add| self.change_rules(add)).into_iter().collect())
    }

    fn judge_headers(&self, rule: &Rule, names: &[Quoted], no_entries: bool) -> (u32, Reason, Vec<Change>) {
        // A `*` in a requested name would be a wildcard in an entry, and allow more than was asked for.
        let addable = |name: &Quoted| is_header_name(name) && !name.as_bytes().contains(&b'*');
        let add = names.iter().all(addable).then(|| Change::AddEntries {
            rule: rule.number(),
            element: Element::AllowedHeader,
            entries: names.iter().map(|name| Quoted::new(name.as_bytes().to_ascii_lowercase())).collect(),
            extended_only: false,
        });
        let reason = Reason::Headers { names: names.to_vec(), no_entries };
        let cost = 5 + u32::try_from(names.len()).unwrap_or(u32::MAX).min(100);
        let add = add.and_then(|add| self.change_rules(add));
        (cost, reason, add.into_iter().chain(self.leave_out(names)).collect())
    }
}
