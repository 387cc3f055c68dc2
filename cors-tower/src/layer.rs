//! The layer: rules and options, to put around any service.

use std::path::Path;

use oss_cors_core::RuleTable;
use oss_cors_live::{BucketNaming, Buckets, CorsHandle, Policy, RefusalBody, Shadow};
use oss_cors_source::{LoadError, load_file, watch_file};
use tower_layer::Layer;

use crate::service::OssCors;

/// Puts [`OssCors`] around a service. Clones, and every service made by one layer, share the rules.
#[derive(Clone, Debug)]
pub struct OssCorsLayer {
    policy: Policy,
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
        Self::from_policy(Policy::new(handle))
    }

    /// With the rules of the bucket that each request names: `naming` finds its name in the host (the authority of
    /// HTTP/2, or else the `Host` header, with its port) and in the path. Inside of axum's `nest` the path comes
    /// without the prefix.
    ///
    /// A request that names no bucket is decided as if CORS were not enabled. For a bucket that `buckets` does not know
    /// a preflight is answered with 404 `NoSuchBucket`, and everything else is forwarded and gets no CORS headers.
    pub fn per_bucket(buckets: Buckets, naming: BucketNaming) -> Self {
        Self::from_policy(Policy::per_bucket(buckets, naming))
    }

    /// As `policy` says: for one that several adapters share.
    pub fn from_policy(policy: Policy) -> Self {
        Self { policy }
    }

    /// Judges rules on trial beside the live ones: [`Policy::shadow`].
    #[must_use]
    pub fn shadow(self, shadow: Shadow) -> Self {
        Self::from_policy(self.policy.shadow(shadow))
    }

    /// Answers every `OPTIONS`, as a bucket server does: [`Policy::answer_every_options`]. Off by default.
    #[must_use]
    pub fn answer_every_options(self, answer: bool) -> Self {
        Self::from_policy(self.policy.answer_every_options(answer))
    }

    /// Keeps the application's own CORS headers, which is dangerous: [`Policy::dangerously_keep_inner_headers`]. Off by
    /// default.
    #[must_use]
    pub fn dangerously_keep_inner_headers(self, keep: bool) -> Self {
        Self::from_policy(self.policy.dangerously_keep_inner_headers(keep))
    }

    /// Chooses what a refused preflight carries: [`Policy::refusal_body`]. By default OSS's XML error.
    #[must_use]
    pub fn refusal_body(self, body: RefusalBody) -> Self {
        Self::from_policy(self.policy.refusal_body(body))
    }

    /// Puts the outcome into the response's extensions: [`Policy::report_outcome`]. Off by default.
    #[must_use]
    pub fn report_outcome(self, report: bool) -> Self {
        Self::from_policy(self.policy.report_outcome(report))
    }
}

impl<S> Layer<S> for OssCorsLayer {
    type Service = OssCors<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OssCors::new(inner, self.policy.clone())
    }
}
