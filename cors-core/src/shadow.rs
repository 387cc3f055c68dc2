//! Rules on trial: what they would answer, beside what is answered, before they are put in force.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use crate::decision::{Decision, Outcome};
use crate::handle::CorsHandle;
use crate::observe;
use crate::request::CorsRequest;
use crate::rule::Rule;
use crate::shown::{shown, shown_line, shown_lines};

/// How many examples a [`Shadow`] keeps: the latest of those that differ from each other.
pub const MAX_SHADOW_EXAMPLES: usize = 32;

/// A candidate that decides every cross-origin request beside the live rules. Nothing that it decides is answered; what
/// it would change is counted. Clones share the candidate and the counts.
///
/// ```
/// use oss_cors_core::{CorsHandle, CorsRequest, Profile, RuleFile, Shadow};
///
/// let rules = |origin: &str| {
///     let rule = format!("<AllowedOrigin>{origin}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>");
///     let file = format!("<CORSConfiguration><CORSRule>{rule}</CORSRule></CORSConfiguration>");
///     RuleFile::parse(file.as_bytes(), None, Profile::Oss).map(|file| file.table())
/// };
/// let live = CorsHandle::new(rules("https://www.example.com")?);
/// let shadow = Shadow::new(rules("https://*.example.com")?);
///
/// for origin in ["https://www.example.com", "https://new.example.com"] {
///     let request = CorsRequest::actual(b"GET", origin.as_bytes());
///     shadow.judge(&request, &live.load().decide(&request));
/// }
/// assert_eq!((shadow.report().compared(), shadow.report().newly_allowed()), (2, 1));
///
/// shadow.promote(&live);
/// assert_eq!((live.generation(), shadow.report().compared()), (2, 0));
/// # Ok::<(), oss_cors_core::ConfigErrors>(())
/// ```
#[derive(Clone)]
pub struct Shadow(Arc<Trial>);

struct Trial {
    candidate: CorsHandle,
    compared: AtomicU64,
    newly_allowed: AtomicU64,
    newly_refused: AtomicU64,
    other_headers: AtomicU64,
    examples: Mutex<VecDeque<ShadowExample>>,
}

impl Shadow {
    /// Puts `candidate` on trial: a table, or a handle whose table may change meanwhile.
    pub fn new(candidate: impl Into<CorsHandle>) -> Self {
        Self(Arc::new(Trial {
            candidate: candidate.into(),
            compared: AtomicU64::new(0),
            newly_allowed: AtomicU64::new(0),
            newly_refused: AtomicU64::new(0),
            other_headers: AtomicU64::new(0),
            examples: Mutex::default(),
        }))
    }

    /// The rules on trial.
    pub fn candidate(&self) -> &CorsHandle {
        &self.0.candidate
    }

    /// What the candidate would change about `live`, the decision on `request`: counted, and told to the report. The
    /// adapters do this for every request. One without `Origin` is not cross-origin and not compared.
    ///
    /// Never waits. Allocates only for a difference.
    pub fn judge<'a, L>(&self, request: &CorsRequest<'a, L>, live: &Decision<'_>) -> Option<ShadowDifference>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        if request.origin.is_absent() {
            return None;
        }
        let table = self.0.candidate.load();
        // An `OPTIONS` that is no preflight, answered all the same: the live rules stand for a bucket server.
        let as_bucket = matches!(live, Decision::Answer { .. }) && !request.is_preflight();
        let candidate = if as_bucket { table.decide_as_bucket(request) } else { table.decide(request) };
        let difference = ShadowDifference::between(live, &candidate);
        self.0.compared.fetch_add(1, Ordering::Relaxed);
        let difference = difference?;
        // After `compared`, for whoever reads them in the other order.
        self.0.count(difference).fetch_add(1, Ordering::Release);
        let preflight = request.is_preflight();
        let example = ShadowExample {
            difference,
            preflight,
            origin: shown_line(request.origin),
            method: if preflight { shown_line(request.request_method) } else { shown(request.method) },
            headers: if preflight { shown_lines(request.request_headers.clone()) } else { String::new() },
            live: live.outcome(),
            candidate: candidate.outcome(),
        };
        observe::differs(&example);
        self.0.take(example);
        Some(difference)
    }

    /// What has been counted since the start, the last [`promote`](Self::promote) or the last [`reset`](Self::reset).
    pub fn report(&self) -> ShadowReport {
        let count = |difference| self.0.count(difference).load(Ordering::Acquire);
        ShadowReport {
            newly_allowed: count(ShadowDifference::NewlyAllowed),
            newly_refused: count(ShadowDifference::NewlyRefused),
            other_headers: count(ShadowDifference::OtherHeaders),
            compared: self.0.compared.load(Ordering::Acquire),
            examples: self.0.examples().iter().cloned().collect(),
        }
    }

    /// Puts the candidate in force in `handle`, as its next generation, and counts anew. It stays on trial, where it no
    /// longer differs. What else feeds `handle`, such as the watch on a file, stores its own table at its next change.
    pub fn promote(&self, handle: &CorsHandle) {
        handle.store(self.0.candidate.load());
        self.reset();
    }

    /// Counts anew, without examples: as when the candidate has been replaced.
    pub fn reset(&self) {
        for difference in ShadowDifference::ALL {
            self.0.count(difference).store(0, Ordering::Relaxed);
        }
        self.0.compared.store(0, Ordering::Relaxed);
        self.0.examples().clear();
    }
}

impl Trial {
    fn count(&self, difference: ShadowDifference) -> &AtomicU64 {
        match difference {
            ShadowDifference::NewlyAllowed => &self.newly_allowed,
            ShadowDifference::NewlyRefused => &self.newly_refused,
            ShadowDifference::OtherHeaders => &self.other_headers,
        }
    }

    /// Unless somebody else is at the examples: no request waits for another.
    fn take(&self, example: ShadowExample) {
        let mut examples = match self.examples.try_lock() {
            Ok(examples) => examples,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if examples.contains(&example) {
            return;
        }
        if examples.len() == MAX_SHADOW_EXAMPLES {
            examples.pop_front();
        }
        examples.push_back(example);
    }

    fn examples(&self) -> MutexGuard<'_, VecDeque<ShadowExample>> {
        self.examples.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shadow").field("candidate", &self.0.candidate).field("report", &self.report()).finish()
    }
}

/// What the candidate would change about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShadowDifference {
    /// No live rule matches; a rule of the candidate does.
    NewlyAllowed,
    /// A live rule matches; none of the candidate does.
    NewlyRefused,
    /// Both allow it or both refuse it, and the answer carries other CORS headers or another `Vary`.
    OtherHeaders,
}

impl ShadowDifference {
    const ALL: [Self; 3] = [Self::NewlyAllowed, Self::NewlyRefused, Self::OtherHeaders];

    /// What the browser would notice; not which rule it was, nor why none.
    fn between(live: &Decision<'_>, candidate: &Decision<'_>) -> Option<Self> {
        let (live, live_vary) = written(live);
        let (candidate, candidate_vary) = written(candidate);
        match (live, candidate) {
            (None, Some(_)) => Some(Self::NewlyAllowed),
            (Some(_), None) => Some(Self::NewlyRefused),
            _ if live_vary != candidate_vary => Some(Self::OtherHeaders),
            (Some(live), Some(candidate)) if headers(live) != headers(candidate) => Some(Self::OtherHeaders),
            _ => None,
        }
    }
}

/// What the answer is made of: the rule whose headers it has, and whether it has `Vary: Origin`.
fn written<'t>(decision: &Decision<'t>) -> (Option<&'t Rule>, bool) {
    match *decision {
        Decision::Forward { rule, vary_origin } => (rule.ok(), vary_origin),
        Decision::Answer { rule, vary_origin } => (rule.ok(), vary_origin),
    }
}

/// What a rule writes. Allow-Headers is the request's own, whichever rule allows it.
fn headers(rule: &Rule) -> impl PartialEq {
    (rule.any_origin(), rule.allow_methods(), rule.expose_headers(), rule.max_age(), rule.allow_credentials())
}

impl fmt::Display for ShadowDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NewlyAllowed => "newly allowed",
            Self::NewlyRefused => "newly refused",
            Self::OtherHeaders => "other headers",
        })
    }
}

/// A request that the candidate decides otherwise. Its texts are escaped, and cut at
/// [`MAX_QUOTED`](crate::MAX_QUOTED) bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowExample {
    difference: ShadowDifference,
    preflight: bool,
    origin: String,
    method: String,
    headers: String,
    live: Outcome,
    candidate: Outcome,
}

impl ShadowExample {
    /// What the candidate would change.
    pub fn difference(&self) -> ShadowDifference {
        self.difference
    }

    /// Whether it is a preflight.
    pub fn is_preflight(&self) -> bool {
        self.preflight
    }

    /// `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The method; of a preflight, the requested one.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The lines of `Access-Control-Request-Headers`, joined with `, `; empty where there are none.
    pub fn headers(&self) -> &str {
        &self.headers
    }

    /// What the live rules decided.
    pub fn live(&self) -> Outcome {
        self.live
    }

    /// What the candidate would have decided.
    pub fn candidate(&self) -> Outcome {
        self.candidate
    }
}

/// One line.
impl fmt::Display for ShadowExample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { difference, origin, method, headers, .. } = self;
        let kind = if self.preflight { "preflight, " } else { "" };
        write!(f, "{difference}: {kind}method `{method}`, origin `{origin}`")?;
        if !headers.is_empty() {
            write!(f, ", headers `{headers}`")?;
        }
        write!(f, "; live: {}; candidate: {}", said(self.live), said(self.candidate))
    }
}

pub(crate) fn said(outcome: Outcome) -> String {
    match outcome {
        Outcome::Forwarded(Ok(number)) | Outcome::Answered(Ok(number)) => format!("rule {number}"),
        Outcome::Forwarded(Err(unmatched)) => unmatched.to_string(),
        Outcome::Answered(Err(refusal)) => refusal.to_string(),
    }
}

/// What a [`Shadow`] has seen. `Display` tells it in a few lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowReport {
    compared: u64,
    newly_allowed: u64,
    newly_refused: u64,
    other_headers: u64,
    examples: Vec<ShadowExample>,
}

impl ShadowReport {
    /// How many cross-origin requests both have decided.
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// How many of them differ, in any way.
    pub fn differing(&self) -> u64 {
        self.newly_allowed + self.newly_refused + self.other_headers
    }

    /// How many no live rule matches, and a rule of the candidate does.
    pub fn newly_allowed(&self) -> u64 {
        self.newly_allowed
    }

    /// How many a live rule matches, and none of the candidate does.
    pub fn newly_refused(&self) -> u64 {
        self.newly_refused
    }

    /// How many would be answered with other headers.
    pub fn other_headers(&self) -> u64 {
        self.other_headers
    }

    /// The latest that differ, each once, at most [`MAX_SHADOW_EXAMPLES`]; the newest last.
    pub fn examples(&self) -> &[ShadowExample] {
        &self.examples
    }
}

impl fmt::Display for ShadowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So many are a few lines.
        const SHOWN: usize = 5;
        let Self { compared, newly_allowed, newly_refused, other_headers, examples } = self;
        write!(f, "compared {compared} cross-origin requests, {} differ: ", self.differing())?;
        write!(f, "{newly_allowed} newly allowed, {newly_refused} newly refused, {other_headers} with other headers")?;
        for example in examples.iter().rev().take(SHOWN) {
            write!(f, "\n  {example}")?;
        }
        match examples.len().checked_sub(SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  and {more} other examples"),
        }
    }
}
