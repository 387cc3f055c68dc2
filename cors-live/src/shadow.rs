//! Rules on trial: what they would answer, beside what is answered, before they are put in force.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use arc_swap::ArcSwap;
use oss_cors_core::{CorsRequest, Decision, Shown};

use crate::handle::CorsHandle;
use crate::observe;
use crate::report::{MAX_SHADOW_EXAMPLES, ShadowDifference, ShadowExample, ShadowReport};

/// A candidate that decides every cross-origin request beside the live rules. Nothing that it decides is answered; what
/// it would change is counted. Clones share the candidate and the counts.
///
/// ```
/// use oss_cors_core::{CorsRequest, Profile, RuleFile};
/// use oss_cors_live::{CorsHandle, Shadow};
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
    counts: ArcSwap<Counts>,
}

/// What has been seen since a reset. A judgment that began before it ends in the counts that it began with, which nobody
/// reads any more.
#[derive(Default)]
struct Counts {
    compared: AtomicU64,
    newly_allowed: AtomicU64,
    newly_refused: AtomicU64,
    other_headers: AtomicU64,
    examples: Mutex<VecDeque<ShadowExample>>,
}

impl Shadow {
    /// Puts `candidate` on trial: a table, or a handle whose table may change meanwhile.
    pub fn new(candidate: impl Into<CorsHandle>) -> Self {
        Self(Arc::new(Trial { candidate: candidate.into(), counts: ArcSwap::default() }))
    }

    /// The rules on trial.
    pub fn candidate(&self) -> &CorsHandle {
        &self.0.candidate
    }

    /// What the candidate would change about `live`, the decision on `request`: counted, and kept for the report. The
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
        let counts = self.0.counts.load();
        let table = self.0.candidate.load();
        // An `OPTIONS` that is no preflight, answered all the same: the live rules stand for a bucket server.
        let as_bucket = matches!(live, Decision::Answer { .. }) && !request.is_preflight();
        let candidate = if as_bucket { table.decide_as_bucket(request) } else { table.decide(request) };
        let difference = ShadowDifference::between(live, &candidate);
        counts.compared.fetch_add(1, Ordering::Relaxed);
        let difference = difference?;
        // After `compared`, for whoever reads them in the other order.
        counts.of(difference).fetch_add(1, Ordering::Release);
        let preflight = request.is_preflight();
        let example = ShadowExample {
            difference,
            preflight,
            origin: Shown::line(request.origin).to_string(),
            method: if preflight {
                Shown::line(request.request_method).to_string()
            } else {
                Shown::new(request.method).to_string()
            },
            headers: if preflight { Shown::lines(request.request_headers.clone()) } else { String::new() },
            live: live.outcome(),
            candidate: candidate.outcome(),
        };
        observe::differs(&example);
        counts.take(example);
        Some(difference)
    }

    /// What has been counted since the start, the last [`promote`](Self::promote) or the last [`reset`](Self::reset).
    pub fn report(&self) -> ShadowReport {
        let counts = self.0.counts.load();
        let count = |difference| counts.of(difference).load(Ordering::Acquire);
        ShadowReport {
            newly_allowed: count(ShadowDifference::NewlyAllowed),
            newly_refused: count(ShadowDifference::NewlyRefused),
            other_headers: count(ShadowDifference::OtherHeaders),
            compared: counts.compared.load(Ordering::Acquire),
            examples: counts.examples().iter().cloned().collect(),
        }
    }

    /// Puts the candidate in force in `handle`, as its next generation, and counts anew. It stays on trial, where it no
    /// longer differs. What else feeds `handle`, such as the watch on a file, stores its own table at its next change.
    pub fn promote(&self, handle: &CorsHandle) {
        handle.store(self.0.candidate.load());
        self.reset();
    }

    /// Counts anew, without examples: as when the candidate has been replaced. What is being judged meanwhile is not
    /// counted.
    pub fn reset(&self) {
        self.0.counts.store(Arc::default());
    }
}

impl Counts {
    fn of(&self, difference: ShadowDifference) -> &AtomicU64 {
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

/// One line.
impl fmt::Debug for Shadow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Shadow({:?}, {} of {} differ)",
            self.0.candidate,
            self.report().differing(),
            self.report().compared()
        )
    }
}
