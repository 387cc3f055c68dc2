//! The choices that both adapters offer.

use crate::decision::{Decision, Outcome};
use crate::refusal::Unmatched;
use crate::request::CorsRequest;
use crate::table::RuleTable;

/// How an adapter behaves where a service may want other than the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdapterOptions {
    /// Answer an `OPTIONS` that is no preflight with 400, as a bucket server does, instead of forwarding it.
    pub answer_every_options: bool,
    /// Leave the application's own CORS headers where no rule overwrites them. Dangerous: an inner
    /// `Access-Control-Allow-Origin: *` opens what the rules closed.
    pub dangerously_keep_inner_headers: bool,
    /// What a refused preflight carries.
    pub refusal_body: RefusalBody,
    /// Put the [`Outcome`](crate::Outcome) into the extensions of every response but those to requests without
    /// `Origin`. Costs allocations.
    pub report_outcome: bool,
}

impl AdapterOptions {
    /// Decides as these options say.
    #[inline]
    pub fn decide<'t, 'a, L>(&self, table: &'t RuleTable, request: &CorsRequest<'a, L>) -> Decision<'t>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        if self.answer_every_options { table.decide_as_bucket(request) } else { table.decide(request) }
    }

    /// What to report of `decision`, if it is to be reported.
    #[inline]
    pub fn outcome(&self, decision: &Decision<'_>) -> Option<Outcome> {
        let cross_origin = !matches!(decision, Decision::Forward { rule: Err(Unmatched::NoOrigin), .. });
        (self.report_outcome && cross_origin).then(|| decision.outcome())
    }
}

/// The body of a refused preflight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RefusalBody {
    /// OSS's XML error, with a fresh request id and the request's host.
    #[default]
    Xml,
    /// None: browsers show it to nobody.
    Empty,
}
