//! The layer: rules and options, to put around any service.

use std::path::Path;

use cors_core::{AdapterOptions, CorsHandle, RefusalBody, RuleTable};
use cors_source::{LoadError, load_file};
use tower_layer::Layer;

use crate::service::OssCors;

/// Puts [`OssCors`] around a service. Clones, and every service made by one layer, share the rules.
#[derive(Clone, Debug)]
pub struct OssCorsLayer {
    handle: CorsHandle,
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

    /// With rules that stay as they are.
    pub fn new(table: RuleTable) -> Self {
        Self::from_handle(CorsHandle::new(table))
    }

    /// With the rules that `handle` has in force at each request.
    pub fn from_handle(handle: CorsHandle) -> Self {
        Self { handle, options: AdapterOptions::default() }
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

    /// Whether the [`Outcome`](cors_core::Outcome) is put into the extensions of the response to every request with an
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
        OssCors::new(inner, self.handle.clone(), self.options)
    }
}
