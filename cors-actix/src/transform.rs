//! The transform: rules and options, to wrap around an app, a scope or a resource.

use std::future::{Ready, ready};
#[cfg(feature = "file")]
use std::path::Path;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use oss_cors_core::{ConfigErrors, CorsConfiguration, Profile, RuleTable};
use oss_cors_live::{BucketNaming, Buckets, CorsHandle, Policy, RefusalBody, Shadow};
#[cfg(feature = "file")]
use oss_cors_source::{FileWatch, FolderWatch, LoadError, LoadErrors, load_file_with};

use crate::middleware::OssCorsMiddleware;

/// Bucket-style CORS for actix-web. Clones share the rules.
#[derive(Clone, Debug)]
pub struct OssCors {
    policy: Policy,
}

#[cfg(feature = "file")]
impl OssCors {
    /// Reads the rule file at `path`, once.
    ///
    /// # Errors
    ///
    /// The file cannot be read or has faults; the error tells all of them, each with its line.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::from_file_with(path, Profile::Oss)
    }

    /// As [`from_file`](Self::from_file), under `profile`. For a format that neither the name nor the content tells, read
    /// the file with [`RuleFile::parse`](oss_cors_core::RuleFile::parse).
    ///
    /// # Errors
    ///
    /// As [`from_file`](Self::from_file).
    pub fn from_file_with(path: impl AsRef<Path>, profile: Profile) -> Result<Self, LoadError> {
        Ok(Self::new(load_file_with(path, profile)?.table()))
    }

    /// Reads the rule file at `path`, and again whenever it changes: the new rules are in force within a second. Where
    /// they are wrong or the file is gone, the old ones stay, [`handle`](Self::handle) has the error, and it is logged
    /// through `tracing`, as the repair is. The watch ends with the last clone.
    ///
    /// # Errors
    ///
    /// The file cannot be read or watched, or has faults; the error tells all of them, each with its line.
    pub fn watch_file(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        Self::watch_file_with(FileWatch::new(path))
    }

    /// As [`watch_file`](Self::watch_file), as `watch` says: under which profile, how often to look, and who is notified.
    ///
    /// ```no_run
    /// use oss_cors_actix::{FileWatch, OssCors, Profile};
    ///
    /// let watch = FileWatch::new("cors.xml").profile(Profile::Extended).on_event(|event| eprintln!("cors.xml: {event}"));
    /// let cors = OssCors::watch_file_with(watch)?;
    /// # Ok::<(), oss_cors_actix::LoadError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`watch_file`](Self::watch_file).
    pub fn watch_file_with(watch: FileWatch) -> Result<Self, LoadError> {
        Ok(Self::from_handle(watch.start()?.into_handle()))
    }

    /// Reads every rule file of the folder at `path`, `photos.xml` for the bucket `photos`, and again whenever one changes,
    /// comes or goes. Each request is decided by the rules of its bucket, as in [`per_bucket`](Self::per_bucket).
    ///
    /// # Errors
    ///
    /// The folder cannot be listed or watched, or a file is wrong: all that are, with all their faults.
    pub fn watch_folder(path: impl AsRef<Path>, naming: BucketNaming) -> Result<Self, LoadErrors> {
        Self::watch_folder_with(FolderWatch::new(path), naming)
    }

    /// As [`watch_folder`](Self::watch_folder), as `watch` says: who is notified, and whether to start although files are
    /// wrong. What is wrong with each bucket is in [`buckets`](Self::buckets).
    ///
    /// ```no_run
    /// use oss_cors_actix::{BucketNaming, FolderWatch, OssCors};
    ///
    /// let watch = FolderWatch::new("rules").tolerate_bad_files().on_event(|bucket, event| eprintln!("{bucket:?}: {event}"));
    /// let cors = OssCors::watch_folder_with(watch, BucketNaming::path())?;
    /// for (bucket, error) in cors.buckets().into_iter().flat_map(|buckets| buckets.failures()) {
    ///     eprintln!("{bucket}: {}", error.message);
    /// }
    /// # Ok::<(), oss_cors_actix::LoadErrors>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`watch_folder`](Self::watch_folder), but for wrong files that are tolerated.
    pub fn watch_folder_with(watch: FolderWatch, naming: BucketNaming) -> Result<Self, LoadErrors> {
        Ok(Self::per_bucket(watch.start()?.into_buckets(), naming))
    }
}

impl OssCors {
    /// With rules that stay as they are.
    pub fn new(table: RuleTable) -> Self {
        Self::from_handle(CorsHandle::new(table))
    }

    /// With rules that are built in code.
    ///
    /// # Errors
    ///
    /// All that is wrong with the rules under `profile`.
    ///
    /// ```
    /// use oss_cors_actix::{CorsConfiguration, CorsRule, OssCors, Profile};
    ///
    /// let rules = CorsConfiguration::from(CorsRule::new(["https://app.example.com"], ["PATCH"]));
    /// // OSS takes five methods; PATCH is none of them.
    /// assert!(OssCors::from_configuration(&rules, Profile::Oss).is_err());
    /// let cors = OssCors::from_configuration(&rules, Profile::Extended)?;
    /// assert_eq!(cors.handle().map(|handle| handle.load().rules().len()), Some(1));
    /// # Ok::<(), oss_cors_actix::ConfigErrors>(())
    /// ```
    pub fn from_configuration(configuration: &CorsConfiguration, profile: Profile) -> Result<Self, ConfigErrors> {
        Ok(Self::new(RuleTable::compile(configuration, profile)?))
    }

    /// With the rules that `handle` has in force at each request.
    pub fn from_handle(handle: CorsHandle) -> Self {
        Self::from_policy(Policy::new(handle))
    }

    /// With the rules of the bucket that each request names: `naming` finds its name in the host (the authority of
    /// HTTP/2, or else the `Host` header, with its port) and in the path, that of the whole request in a scope too.
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

    /// The rules in force, to ask for their status or to replace them; `None` where each bucket has its own.
    pub fn handle(&self) -> Option<&CorsHandle> {
        self.policy.handle()
    }

    /// The rules of each bucket, to ask for what fails or to change them; `None` where one table is for every request.
    pub fn buckets(&self) -> Option<&Buckets> {
        self.policy.buckets()
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

impl<S, B> Transform<S, ServiceRequest> for OssCors
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody,
{
    type Response = <OssCorsMiddleware<S> as Service<ServiceRequest>>::Response;
    type Error = actix_web::Error;
    type Transform = OssCorsMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(OssCorsMiddleware::new(inner, self.policy.clone())))
    }
}
