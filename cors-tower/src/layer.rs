//! The layer: rules and options, to put around any service.

use std::path::Path;

use oss_cors_core::{AdapterOptions, AdapterRules, BucketNaming, Buckets, CorsHandle, RefusalBody, RuleTable, Shadow};
use oss_cors_source::{LoadError, load_file, watch_file};
use tower_layer::Layer;

use crate::service::OssCors;

/// Puts [`OssCors`] around a service. Clones, and every service made by one layer, share the rules.
#[derive(Clone, Debug)]
pub struct OssCorsLayer {
    rules: AdapterRules,
    options: AdapterOptions,
}

impl OssCorsLayer {
    /// Reads the rule file at `path`, once.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has faults; the error tells all of them, each with its line.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Ok(Self::new(load_file(path)?.table()))
    }

    /// Reads the rule file at `path`, and again whenever it changes: the new rules are in force within a second. Where
    /// they are wrong or the file is gone, the old ones stay; [`watch_file`] tells how, and how to be told. The watch
    /// ends with the last clone.
    ///
    /// # Errors
    ///
    /// The file cannot be read or watched, or has faults; the error tells all of them, each with its line.
    pub fn watch_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Ok(Self::from_handle(watch_file(path)?))
    }

    /// With rules that stay as they are.
    pub fn new(table: RuleTable) -> Self {
        Self::from_handle(CorsHandle::new(table))
    }

    /// With the rules that `handle` has in force at each request.
    pub fn from_handle(handle: CorsHandle) -> Self {
        Self::from_rules(AdapterRules::one(handle))
    }

    /// With the rules of the bucket that each request names: `naming` finds its name in the host (the authority of
    /// HTTP/2, or else the `Host` header, with its port) and in the path. Inside of axum's `nest` the path comes
    /// without the prefix.
    ///
    /// A request that names no bucket is decided as if CORS were not enabled. For a bucket that `buckets` does not know
    /// a preflight is answered with 404 `NoSuchBucket`, and everything else is forwarded and gets no CORS headers.
    pub fn per_bucket(buckets: Buckets, naming: BucketNaming) -> Self {
        Self::from_rules(AdapterRules::per_bucket(buckets, naming))
    }

    fn from_rules(rules: AdapterRules) -> Self {
        Self { rules, options: AdapterOptions::default() }
    }

    /// Lets `shadow` judge every decision: what its candidate would change is counted, and nothing is answered
    /// otherwise. Beside [`per_bucket`](Self::per_bucket) the one candidate is compared with each request's own table.
    #[must_use]
    pub fn shadow(mut self, shadow: Shadow) -> Self {
        self.rules = self.rules.with_shadow(shadow);
        self
    }

    /// Whether an `OPTIONS` that is no preflight is answered with 400, as a bucket server does. By default it belongs
    /// to the inner service.
    #[must_use]
    pub fn answer_every_options(mut self, answer: bool) -> Self {
        self.options.answer_every_options = answer;
        self
    }

    /// Whether CORS headers of the inner service stay where no rule overwrites them. Dangerous: an inner
    /// `Access-Control-Allow-Origin: *` opens what the rules closed. By default they are removed.
    #[must_use]
    pub fn dangerously_keep_inner_headers(mut self, keep: bool) -> Self {
        self.options.dangerously_keep_inner_headers = keep;
        self
    }

    /// What a refused preflight carries. By default OSS's XML error.
    #[must_use]
    pub fn refusal_body(mut self, body: RefusalBody) -> Self {
        self.options.refusal_body = body;
        self
    }

    /// Whether the [`Outcome`](oss_cors_core::Outcome) is put into the extensions of the response to every request with an
    /// `Origin`. By default not: it costs allocations.
    #[must_use]
    pub fn report_outcome(mut self, report: bool) -> Self {
        self.options.report_outcome = report;
        self
    }
}

impl<S> Layer<S> for OssCorsLayer {
    type Service = OssCors<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OssCors::new(inner, self.rules.clone(), self.options)
    }
}
