//! What an adapter asks, twice a request: for the table in force, then for the decision.
//!
//! Everything that may happen beside a decision is behind these two doors: the options, rules on trial, counters,
//! events and the reported outcome. So the adapters cannot come to differ in it.

use std::fmt;
use std::sync::Arc;

use oss_cors_core::{CorsRequest, Decision, FieldLine, Outcome, RuleTable, Unmatched};

use crate::buckets::Buckets;
use crate::guard::TableGuard;
use crate::handle::CorsHandle;
use crate::naming::BucketNaming;
use crate::observe;
use crate::shadow::Shadow;

/// The rules of an adapter and how it behaves. Cheap to clone, and clones share the rules.
///
/// The builders of the adapters are these, under the same names.
#[derive(Clone)]
pub struct Policy {
    tables: Tables,
    shadow: Option<Shadow>,
    answer_every_options: bool,
    dangerously_keep_inner_headers: bool,
    refusal_body: RefusalBody,
    report_outcome: bool,
}

/// What is rarely used lies behind one pointer.
#[derive(Clone)]
enum Tables {
    One(CorsHandle),
    PerBucket(Arc<PerBucket>),
}

struct PerBucket {
    buckets: Buckets,
    naming: BucketNaming,
    /// For a request that names no bucket.
    unnamed: CorsHandle,
}

/// A decision, and what of it the response's extensions get.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Decided<'t> {
    /// What to do.
    pub decision: Decision<'t>,
    /// What to put into the extensions of the response, if [`Policy::report_outcome`] is on and the request has an
    /// `Origin` or is answered here.
    pub reported: Option<Outcome>,
}

impl Policy {
    /// The table that `handle` has in force, for every request.
    pub fn new(handle: impl Into<CorsHandle>) -> Self {
        Self::with_tables(Tables::One(handle.into()))
    }

    /// The table of the bucket that `naming` reads from the request.
    ///
    /// A request that names no bucket is decided as if CORS were not enabled. For a bucket that `buckets` does not know
    /// a preflight is answered with 404 `NoSuchBucket`, and everything else is forwarded and gets no CORS headers.
    pub fn per_bucket(buckets: Buckets, naming: BucketNaming) -> Self {
        let unnamed = CorsHandle::new(RuleTable::not_enabled());
        Self::with_tables(Tables::PerBucket(Arc::new(PerBucket { buckets, naming, unnamed })))
    }

    fn with_tables(tables: Tables) -> Self {
        Self {
            tables,
            shadow: None,
            answer_every_options: false,
            dangerously_keep_inner_headers: false,
            refusal_body: RefusalBody::default(),
            report_outcome: false,
        }
    }

    /// The one table for every request, to ask for its status or to replace it; `None` where each bucket has its own.
    pub fn handle(&self) -> Option<&CorsHandle> {
        match &self.tables {
            Tables::One(handle) => Some(handle),
            Tables::PerBucket(_) => None,
        }
    }

    /// The rules of each bucket, to ask for what fails or to change them; `None` where one table is for every request.
    pub fn buckets(&self) -> Option<&Buckets> {
        match &self.tables {
            Tables::One(_) => None,
            Tables::PerBucket(per_bucket) => Some(&per_bucket.buckets),
        }
    }

    /// Lets `shadow` judge every decision. What its candidate would change is counted; what is answered stays as it
    /// is. Beside [`per_bucket`](Self::per_bucket) the one candidate is compared with each request's own table.
    #[must_use]
    pub fn shadow(self, shadow: Shadow) -> Self {
        Self { shadow: Some(shadow), ..self }
    }

    /// Whether an `OPTIONS` that is no preflight is answered with 400, as a bucket server does. By default it belongs
    /// to the application.
    #[must_use]
    pub fn answer_every_options(self, answer: bool) -> Self {
        Self { answer_every_options: answer, ..self }
    }

    /// Whether CORS headers of the application stay where no rule overwrites them. Dangerous: an inner
    /// `Access-Control-Allow-Origin: *` opens what the rules closed. By default they are removed.
    #[must_use]
    pub fn dangerously_keep_inner_headers(self, keep: bool) -> Self {
        Self { dangerously_keep_inner_headers: keep, ..self }
    }

    /// What a refused preflight carries. By default OSS's XML error.
    #[must_use]
    pub fn refusal_body(self, body: RefusalBody) -> Self {
        Self { refusal_body: body, ..self }
    }

    /// Whether the [`Outcome`] is put into the extensions of the response to every request that has an `Origin` or is
    /// answered here. By default not: it costs allocations.
    #[must_use]
    pub fn report_outcome(self, report: bool) -> Self {
        Self { report_outcome: report, ..self }
    }

    /// The table for one request: to be loaded once, so that a swap does not touch requests in flight. `target` is
    /// asked for the request's host (with or without port) and path, where they matter.
    #[inline]
    pub fn table<'r>(&self, target: impl FnOnce() -> (&'r str, &'r str)) -> TableGuard {
        match &self.tables {
            Tables::One(handle) => handle.load(),
            Tables::PerBucket(per_bucket) => {
                let (host, path) = target();
                per_bucket.load(host, path)
            }
        }
    }

    /// What `table` decides about `request`, after everybody has been notified of it.
    // A call would cost a request without `Origin` a tenth of what it costs at all.
    #[inline(always)]
    pub fn decide<'t, 'a, L>(&self, table: &'t RuleTable, request: &CorsRequest<'a, L>) -> Decided<'t>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        let decision = if self.answer_every_options { table.decide_as_bucket(request) } else { table.decide(request) };
        self.reported(request, decision)
    }

    /// As [`decide`](Self::decide), of a request that is no `OPTIONS`: nothing of it can be answered here, and most
    /// requests are such.
    // As above.
    #[inline(always)]
    pub fn decide_actual<'t>(&self, table: &'t RuleTable, method: &[u8], origin: FieldLine<'_>) -> Decided<'t> {
        let (request_method, request_headers) = (FieldLine::Absent, std::iter::empty());
        let request = CorsRequest::new(method, origin, request_method, request_headers);
        let decision = table.decide(&request);
        self.reported(&request, decision)
    }

    #[inline(always)]
    fn reported<'t, 'a, L>(&self, request: &CorsRequest<'a, L>, decision: Decision<'t>) -> Decided<'t>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        observe::decided(request, decision);
        if let Some(shadow) = &self.shadow {
            judge(shadow, request, decision);
        }
        let cross_origin = !matches!(decision, Decision::Forward { rule: Err(Unmatched::NoOrigin), .. });
        let reported = (self.report_outcome && cross_origin).then(|| decision.outcome());
        Decided { decision, reported }
    }

    /// Whether the application's own CORS headers stay on its responses.
    #[inline]
    pub fn keeps_inner_headers(&self) -> bool {
        self.dangerously_keep_inner_headers
    }

    /// Whether a refused preflight carries OSS's XML error.
    #[inline]
    pub fn explains_refusals(&self) -> bool {
        self.refusal_body == RefusalBody::Xml
    }
}

/// Apart, so that a request without a shadow pays for one comparison.
#[inline(never)]
fn judge<'a, L>(shadow: &Shadow, request: &CorsRequest<'a, L>, decision: Decision<'_>)
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    shadow.judge(request, &decision);
}

impl PerBucket {
    #[inline(never)]
    fn load(&self, host: &str, path: &str) -> TableGuard {
        match self.naming.bucket(host, path) {
            Some(bucket) => self.buckets.load(&bucket),
            None => self.unnamed.load(),
        }
    }
}

/// One line.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tables {
            Tables::One(handle) => write!(f, "Policy({handle:?})"),
            Tables::PerBucket(per_bucket) => write!(f, "Policy({:?}, {:?})", per_bucket.buckets, per_bucket.naming),
        }
    }
}

/// The body of a refused preflight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalBody {
    /// OSS's XML error, with a fresh request id and the request's host.
    #[default]
    Xml,
    /// None: browsers show it to nobody.
    Empty,
}
