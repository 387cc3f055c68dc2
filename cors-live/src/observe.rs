//! What is reported of decisions and reloads: events and counters, through the facades, each behind its feature.
//!
//! Both features are off by default, and then nothing of this is compiled in. The subscriber and the recorder are the
//! service's own. Of a request that is not cross-origin nothing is reported.
//!
//! With feature `tracing`, events with the target `oss_cors`:
//!
//! | Level | Message | Fields |
//! |---|---|---|
//! | debug | `preflight refused` | `reason`, `origin`, `method` (the requested one), `headers` (the requested ones) |
//! | debug | `no rule allows the request`: it runs, and its answer has no CORS headers | `reason`, `origin`, `method` |
//! | debug | `shadow rules decide otherwise` | `difference`, `live`, `candidate`, `origin`, `method`, `headers` |
//! | info | `rules replaced` | `generation`, `source` |
//! | error | `rules not replaced` | `error`, `generation` of the rules that stay, `source` |
//!
//! The last two are of rules that the service feeds by itself: the watches of `oss-cors-source` log theirs, and more of
//! them, by its own feature `tracing`.
//!
//! What a request brings is escaped, so that it can neither begin a line nor drive a terminal, and cut at
//! [`MAX_QUOTED`](oss_cors_core::MAX_QUOTED) bytes. An `error` is escaped too, and cut at 4 KiB;
//! [`CorsHandle::status`](crate::CorsHandle::status) has it whole.
//!
//! With feature `metrics`:
//!
//! | Name | Kind | Labels |
//! |---|---|---|
//! | `oss_cors_requests_total` | counter | `outcome`, `reason` |
//! | `oss_cors_shadow_differences_total` | counter | `difference`: `newly_allowed`, `newly_refused`, `other_headers` |
//! | `oss_cors_generation` | gauge | `source` |
//! | `oss_cors_reload_failures_total` | counter | `source` |
//!
//! `outcome` is `answered` by the adapter or `forwarded` to the application; `reason` is `matched`,
//! `malformed_origin`, `origin`, `method`, `headers`, `too_many_headers`, `not_enabled`, `no_such_bucket`, or for an
//! `OPTIONS` that a bucket server answers with 400 `origin_missing` or `method_missing`. No label has request text.
//! `source` is what [`CorsHandle::with_source`](crate::CorsHandle::with_source) names. Without a name there is no such
//! label, and the generation is reported from the second on: rules that never change are nothing to watch.

#[cfg(feature = "tracing")]
use oss_cors_core::Shown;
use oss_cors_core::{CorsRequest, Decision};
#[cfg(feature = "metrics")]
use oss_cors_core::{Mismatch, Refusal, Unmatched};

#[cfg(feature = "metrics")]
use crate::report::ShadowDifference;
use crate::report::ShadowExample;
#[cfg(feature = "tracing")]
use crate::report::said;
use crate::status::Status;

/// Tells the recorder what each of the metrics is: to be called once, when the recorder is installed.
#[cfg(feature = "metrics")]
pub fn describe_metrics() {
    use metrics::{Unit::Count, describe_counter, describe_gauge};
    describe_counter!("oss_cors_requests_total", Count, "cross-origin requests, by who answers and what the rules say");
    describe_counter!("oss_cors_shadow_differences_total", Count, "requests that the shadow rules decide otherwise");
    describe_gauge!("oss_cors_generation", Count, "how many rule sets have been in force");
    describe_counter!("oss_cors_reload_failures_total", Count, "times that newer rules could not be loaded");
}

/// A request has been decided.
#[inline]
pub(crate) fn decided<'a, L>(request: &CorsRequest<'a, L>, decision: Decision<'_>)
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    #[cfg(feature = "metrics")]
    count(decision);
    #[cfg(feature = "tracing")]
    tell(request, decision);
    let _ = (request, decision);
}

#[cfg(feature = "tracing")]
fn tell<'a, L>(request: &CorsRequest<'a, L>, decision: Decision<'_>)
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    if request.origin.is_absent() {
        return;
    }
    match decision {
        Decision::Answer { rule: Ok(_), .. } | Decision::Forward { rule: Ok(_), .. } => {}
        Decision::Answer { rule: Err(reason), .. } => tracing::debug!(
            target: "oss_cors",
            %reason,
            origin = Shown::line(request.origin).to_string(),
            method = Shown::line(request.request_method).to_string(),
            headers = Shown::lines(request.request_headers.clone()),
            "preflight refused"
        ),
        Decision::Forward { rule: Err(reason), .. } => tracing::debug!(
            target: "oss_cors",
            %reason,
            origin = Shown::line(request.origin).to_string(),
            method = Shown::new(request.method).to_string(),
            "no rule allows the request"
        ),
    }
}

/// Every label is a literal: nothing is allocated for a request, and none can make up a label.
#[cfg(feature = "metrics")]
fn count(decision: Decision<'_>) {
    macro_rules! count {
        ($outcome:literal, $reason:literal) => {
            metrics::counter!("oss_cors_requests_total", "outcome" => $outcome, "reason" => $reason).increment(1)
        };
    }
    match decision {
        Decision::Forward { rule: Ok(_), .. } => count!("forwarded", "matched"),
        Decision::Forward { rule: Err(unmatched), .. } => match unmatched {
            Unmatched::NoOrigin => {}
            Unmatched::NotEnabled => count!("forwarded", "not_enabled"),
            Unmatched::NoSuchBucket => count!("forwarded", "no_such_bucket"),
            Unmatched::MalformedOrigin => count!("forwarded", "malformed_origin"),
            Unmatched::Origin => count!("forwarded", "origin"),
            Unmatched::Method => count!("forwarded", "method"),
            _ => count!("forwarded", "other"),
        },
        Decision::Answer { rule: Ok(_), .. } => count!("answered", "matched"),
        Decision::Answer { rule: Err(refusal), .. } => match refusal {
            Refusal::NoSuchBucket => count!("answered", "no_such_bucket"),
            Refusal::OriginMissing => count!("answered", "origin_missing"),
            Refusal::MethodMissing => count!("answered", "method_missing"),
            Refusal::NotEnabled => count!("answered", "not_enabled"),
            Refusal::NotAllowed(Mismatch::MalformedOrigin) => count!("answered", "malformed_origin"),
            Refusal::NotAllowed(Mismatch::Origin) => count!("answered", "origin"),
            Refusal::NotAllowed(Mismatch::Method) => count!("answered", "method"),
            Refusal::NotAllowed(Mismatch::Headers) => count!("answered", "headers"),
            Refusal::NotAllowed(Mismatch::TooManyHeaders) => count!("answered", "too_many_headers"),
            _ => count!("answered", "other"),
        },
    }
}

/// The shadow rules decide a request otherwise than the live ones.
pub(crate) fn differs(example: &ShadowExample) {
    #[cfg(feature = "metrics")]
    match example.difference() {
        ShadowDifference::NewlyAllowed => {
            metrics::counter!("oss_cors_shadow_differences_total", "difference" => "newly_allowed")
        }
        ShadowDifference::NewlyRefused => {
            metrics::counter!("oss_cors_shadow_differences_total", "difference" => "newly_refused")
        }
        ShadowDifference::OtherHeaders => {
            metrics::counter!("oss_cors_shadow_differences_total", "difference" => "other_headers")
        }
    }
    .increment(1);
    #[cfg(feature = "tracing")]
    tracing::debug!(
        target: "oss_cors",
        difference = %example.difference(),
        live = said(example.live()),
        candidate = said(example.candidate()),
        origin = example.origin(),
        method = example.method(),
        headers = example.headers(),
        "shadow rules decide otherwise"
    );
    let _ = example;
}

// No lock is held where one of these is called: a recorder or a subscriber may ask for the status, or take its time.

/// The source of a handle, or of buckets, has been named. `newest` is asked for the generation.
pub(crate) fn named(status: &Status, newest: impl Fn() -> u64) {
    #[cfg(feature = "metrics")]
    set_generation(status, newest);
    #[cfg(not(feature = "metrics"))]
    let _ = (status, newest);
}

/// A table has been put in force after another. `newest` is asked for the generation.
pub(crate) fn stored(status: &Status, newest: impl Fn() -> u64) {
    #[cfg(feature = "metrics")]
    set_generation(status, newest);
    #[cfg(not(feature = "metrics"))]
    let _ = newest;
    #[cfg(feature = "tracing")]
    if !status.logged_elsewhere {
        tracing::info!(target: "oss_cors", generation = status.generation, source = source(status), "rules replaced");
    }
    let _ = status;
}

/// Newer rules could not be loaded, as `status` tells.
pub(crate) fn failed(status: &Status) {
    #[cfg(feature = "metrics")]
    match &status.source {
        Some(source) => metrics::counter!("oss_cors_reload_failures_total", "source" => source.clone()),
        None => metrics::counter!("oss_cors_reload_failures_total"),
    }
    .increment(1);
    #[cfg(feature = "tracing")]
    {
        /// The error is our own text, and what it quotes is cut already: room for a good many faults.
        const MOST: usize = 4096;
        let (generation, source) = (status.generation, source(status));
        let error = status.last_error.as_ref().map(|error| Shown::at_most(error.message.as_bytes(), MOST).to_string());
        if !status.logged_elsewhere {
            tracing::error!(target: "oss_cors", error, generation, source, "rules not replaced");
        }
    }
    let _ = status;
}

#[cfg(feature = "tracing")]
fn source(status: &Status) -> Option<String> {
    status.source.as_ref().map(|source| Shown::new(source.as_bytes()).to_string())
}

/// Two that store at once may come here in either order: whoever is last tells the newest.
#[cfg(feature = "metrics")]
fn set_generation(status: &Status, newest: impl Fn() -> u64) {
    let gauge = match &status.source {
        Some(source) => metrics::gauge!("oss_cors_generation", "source" => source.clone()),
        None => metrics::gauge!("oss_cors_generation"),
    };
    let mut generation = status.generation;
    loop {
        gauge.set(generation as f64);
        match newest() {
            newer if newer > generation => generation = newer,
            _ => return,
        }
    }
}
