//! Rules in etcd, for a fleet: what is put there is in force everywhere a moment later.
//!
//! ```text
//!   ask all endpoints --> begin to watch --> read all, as of revision R --> changes after R --> CorsHandle or Buckets
//!        ^                                                                     |
//!        '----------- a pause <----------- lost, compacted, or no answer ------'
//! ```
//!
//! No change is missed and none is taken half: each connection begins with all rules, and nothing that an older one knew
//! counts any more. So it does not matter what happened in between, even if the cluster was restored from a backup. Bad
//! rules never replace good ones, and rules in force stay when etcd is away: then the status is failing, and says since
//! when.
//!
//! A member that was cut off from its cluster looks like one that has no news. So it answers a linearizable read twice a
//! second, which it cannot without the quorum; when it does not within 1.5 s, whichever endpoint answers first takes its
//! place.

mod cache;
mod connection;
mod error;
mod event;
mod listener;
mod off_runtime;
mod one_key;
mod prefix;
mod reading;
mod watch;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use oss_cors_core::{CorsConfiguration, Format, Profile, RuleTable};
use oss_cors_live::{Buckets, CorsHandle};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::timeout;

use cache::{Document, Rules};
use connection::{Live, Scope, Settings};
use listener::Events;
use off_runtime::off_runtime;
use one_key::{InForce, OneKey};
use prefix::{Names, Prefix};
use reading::Reading;
use watch::{EndOnDrop, Sink, Watch};

pub use error::{EtcdError, EtcdErrorKind};
pub use event::EtcdEvent;

/// Rules in etcd: where it is, how to talk to it, and how to read what it holds.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use oss_cors_source::etcd::EtcdSource;
///
/// let buckets = EtcdSource::new(["https://etcd-1:2379", "https://etcd-2:2379"])
///     .ca_certificate(std::fs::read("/etc/etcd/ca.pem")?)
///     .user("cors", "a password")
///     .cache_file("/var/lib/app/rules.json")
///     .start_from_cache()
///     .on_event(|event| eprintln!("{event}"))
///     .prefix("/cors/")
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// [`key`](Self::key) and [`prefix`](Self::prefix) start a task on the current tokio runtime, which must have time and
/// IO enabled and go on running. It ends when the last clone of what they return is dropped.
pub struct EtcdSource {
    settings: Settings,
    reading: Reading,
    cache_file: Option<PathBuf>,
    start_from_cache: bool,
    events: Events,
}

impl EtcdSource {
    /// etcd at `endpoints`, each `http://host:port` or `https://host:port`. They are members of one cluster: one is
    /// used at a time, in this order, the next when it fails.
    pub fn new(endpoints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            settings: Settings {
                endpoints: endpoints.into_iter().map(Into::into).collect(),
                user: None,
                ca_certificate: None,
                client_certificate: None,
                server_name: None,
                connect_timeout: Duration::from_secs(5),
            },
            reading: Reading::default(),
            cache_file: None,
            start_from_cache: false,
            events: Events::default(),
        }
    }

    /// Logs in. Over `http://` the password is sent as it is. An etcd without authentication is asked without it.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.settings.user = Some((name.into(), password.into()));
        self
    }

    /// The certificates in PEM form, one of which must have signed etcd's. Needed for `https://`: no others are trusted.
    #[must_use]
    pub fn ca_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.settings.ca_certificate = Some(pem.as_ref().to_vec());
        self
    }

    /// Shows etcd a certificate, with its private key, both in PEM form.
    #[must_use]
    pub fn client_certificate(mut self, pem: impl AsRef<[u8]>, key_pem: impl AsRef<[u8]>) -> Self {
        self.settings.client_certificate = Some((pem.as_ref().to_vec(), key_pem.as_ref().to_vec()));
        self
    }

    /// The name that etcd's certificate must have, where it is not the endpoint's host.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.settings.server_name = Some(name.into());
        self
    }

    /// How long to wait for a first answer, all endpoints together, and then for all rules of the one that has answered:
    /// 5 seconds each by default. Give more where very many buckets are read over a slow line.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// What rules may say: [`Profile::Oss`] by default.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.reading.profile = profile;
        self
    }

    /// How values are written; by default as [`Format::detect`] finds. XML and JSON are built in, YAML and TOML with
    /// the features of `oss-cors-core`.
    #[must_use]
    pub fn format(mut self, format: Format) -> Self {
        self.reading.format = Some(format);
        self
    }

    /// Keeps a copy of the last good rules in the file at `path`, written a moment after each change, as a whole or not
    /// at all, readable by the owner alone. Whoever may write there decides about the rules. Its folder must exist.
    #[must_use]
    pub fn cache_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.cache_file = Some(path.into());
        self
    }

    /// Starts with the rules of the [`cache_file`](Self::cache_file) where etcd gives none, whatever the reason: they
    /// may be out of date, and the status is failing until etcd's are there. Without this, the start fails.
    #[must_use]
    pub fn start_from_cache(mut self) -> Self {
        self.start_from_cache = true;
        self
    }

    /// Calls `listener` with all that happens, the rules of the start included. It must neither block nor panic, and not
    /// hold what [`key`](Self::key) or [`prefix`](Self::prefix) return: that would keep it alive for ever.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(&EtcdEvent) + Send + 'static) -> Self {
        self.events = Events::to(listener);
        self
    }

    /// The rules at `key`. When they are bad, or the key is deleted, those in force stay, and
    /// [`CorsHandle::status`] tells.
    ///
    /// # Errors
    ///
    /// No endpoint answers in time, etcd refuses, there is no such key, or its value has faults: all of them; and where
    /// [`start_from_cache`](Self::start_from_cache) was asked for, the cache has no rules either. Or these options
    /// cannot be, or there is no tokio runtime.
    pub async fn key(mut self, key: impl Into<String>) -> Result<CorsHandle, EtcdError> {
        let scope = Scope::Key(key.into());
        self.start(&scope)?;
        let found = match self.first(&scope).await {
            Ok(live) => self.read_key(&scope, live).await,
            Err(error) => Err(error),
        };
        let (rules, table, revision, start) = match found {
            Ok((rules, table, revision, live)) => {
                (rules, table, Some(revision), Start { live: Some(live), lost: None })
            }
            Err(error) => {
                let (rules, start) = self.cached(&scope, error).await?;
                let rules = rules.into_iter().find_map(|(_, rules)| rules);
                // A cache of one key has rules.
                let rules = rules.ok_or_else(|| EtcdError::no_such_key(scope.text()))?;
                let profile = self.reading.profile;
                let (rules, table) = off_runtime(move || {
                    let table = RuleTable::compile(&rules, profile);
                    (rules, table)
                })
                .await?;
                (rules, table.map_err(|errors| EtcdError::config(scope.text(), errors))?, None, start)
            }
        };
        let handle = CorsHandle::new(table).with_source(self.source(&scope)).without_reload_events();
        self.events.lint(None, &rules, self.reading.profile);
        let in_force: InForce = Arc::new(Mutex::new(rules));
        let changed = Arc::new(Notify::new());
        if let Some(revision) = revision {
            self.events.tell(&EtcdEvent::Loaded { name: scope.text().to_owned(), revision });
        }
        let sink = OneKey::new(
            &handle,
            scope.text(),
            self.reading,
            Arc::clone(&in_force),
            self.events.clone(),
            Arc::clone(&changed),
        );
        let (weak, place) = (handle.downgrade(), scope.clone());
        let current = move || {
            weak.upgrade()?;
            let rules = in_force.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Some(Document::new(&place, [(String::new(), Some(rules))]))
        };
        handle.keep(self.follow(scope, sink, start, changed, current).await?);
        Ok(handle)
    }

    /// A key for each bucket: those that begin with `prefix`, which should end with `/`; the rest of the key is the
    /// bucket's name. A bucket whose first rules are bad refuses, as one without rules; later bad rules leave the old
    /// ones in force. [`Buckets::failures`] tells of both. A deleted key is a bucket that does not exist.
    /// What else is set in these buckets is lost whenever all are read anew.
    ///
    /// # Errors
    ///
    /// As [`key`](Self::key), but that a prefix without keys is no error, nor are bad rules of a bucket.
    pub async fn prefix(mut self, prefix: impl Into<String>) -> Result<Buckets, EtcdError> {
        let scope = Scope::Prefix(prefix.into());
        self.start(&scope)?;
        let buckets = Buckets::new().with_source(self.source(&scope)).without_reload_events();
        let names = Names::default();
        let start = match self.first(&scope).await {
            Ok(live) => Start { live: Some(live), lost: None },
            Err(error) => {
                let (rules, start) = self.cached(&scope, error).await?;
                names.lock().unwrap_or_else(PoisonError::into_inner).extend(rules.iter().map(|(name, _)| name.clone()));
                let (filled, profile) = (buckets.clone(), self.reading.profile);
                // Cannot fail: names and rules have been checked.
                off_runtime(move || filled.replace(rules, profile))
                    .await?
                    .map_err(|errors| EtcdError::options(errors.to_string()))?;
                start
            }
        };
        let changed = Arc::new(Notify::new());
        let sink = Prefix::new(
            &buckets,
            scope.text(),
            self.reading,
            Arc::clone(&names),
            self.events.clone(),
            Arc::clone(&changed),
        );
        let (weak, place) = (buckets.downgrade(), scope.clone());
        let current = move || {
            let buckets = weak.upgrade()?;
            let names = names.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let rules = names.into_iter().filter_map(|name| {
                let rules = buckets.configuration(&name)?;
                Some((name, rules))
            });
            Some(Document::new(&place, rules))
        };
        buckets.keep(self.follow(scope, sink, start, changed, current).await?);
        Ok(buckets)
    }

    fn start(&mut self, scope: &Scope) -> Result<(), EtcdError> {
        self.check(scope)?;
        self.events.source = self.source(scope).into();
        Ok(())
    }

    /// What can be known to be wrong before etcd is asked.
    fn check(&self, scope: &Scope) -> Result<(), EtcdError> {
        if Handle::try_current().is_err() {
            return Err(EtcdError::options("rules from etcd need a tokio runtime; call this from within one"));
        }
        if scope.text().is_empty() {
            return Err(EtcdError::options("the key or prefix in etcd is empty; name one"));
        }
        if self.start_from_cache && self.cache_file.is_none() {
            return Err(EtcdError::options("a start from the cache needs a file; name one (`EtcdSource::cache_file`)"));
        }
        self.settings.check()
    }

    /// What the first endpoint that has an answer says.
    async fn first(&self, scope: &Scope) -> Result<Live, EtcdError> {
        let mut errors = Vec::new();
        for endpoint in &self.settings.endpoints {
            let opened = async {
                let connection = self.settings.open(endpoint, scope).await?;
                let within = self.settings.connect_timeout;
                let slow = |_| EtcdError::slow(endpoint, "did not give all rules", within);
                timeout(within, connection.load()).await.map_err(slow)?
            };
            match opened.await {
                Ok(found) => return Ok(found),
                // The code is wrong, which no cache should hide.
                Err(error) if matches!(error.kind(), EtcdErrorKind::Options) => return Err(error),
                Err(error) => errors.push(error),
            }
        }
        Err(EtcdError::of_all(errors))
    }

    /// The rules of a single key, and their revision.
    async fn read_key(
        &self,
        scope: &Scope,
        live: Live,
    ) -> Result<(CorsConfiguration, RuleTable, i64, Live), EtcdError> {
        let (reading, snapshot) = (self.reading, Arc::clone(&live.snapshot));
        let read = off_runtime(move || {
            let entry = snapshot.entries.first()?;
            let parsed = reading.parse(&entry.value);
            Some((parsed.map(|file| (file.table(), file.into_configuration())), entry.revision))
        });
        let (parsed, revision) = read.await?.ok_or_else(|| EtcdError::no_such_key(scope.text()))?;
        let (table, rules) = parsed.map_err(|errors| EtcdError::config(scope.text(), errors))?;
        Ok((rules, table, revision, live))
    }

    /// The rules of the cache, if it may be used, because of `error`.
    async fn cached(&self, scope: &Scope, error: EtcdError) -> Result<(Rules, Start), EtcdError> {
        let may_be_used = self.start_from_cache && !matches!(error.kind(), EtcdErrorKind::Options);
        let Some(path) = self.cache_file.as_deref().filter(|_| may_be_used) else {
            return Err(error.with_remedy());
        };
        let (path, scope, profile) = (path.to_owned(), scope.clone(), self.reading.profile);
        match off_runtime(move || cache::read(&path, &scope, profile)).await? {
            Ok(rules) => Ok((rules, Start { live: None, lost: Some(error) })),
            Err(cache) => Err(error.and_cache(&cache)),
        }
    }

    fn source(&self, scope: &Scope) -> String {
        format!("etcd {} {}", self.settings.endpoints.join(","), scope.text())
    }

    /// Puts in force what etcd has, and starts the tasks, which end when what is returned is dropped.
    async fn follow(
        self,
        scope: Scope,
        sink: impl Sink,
        start: Start,
        changed: Arc<Notify>,
        current: impl Fn() -> Option<Document> + Send + Sync + 'static,
    ) -> Result<[Option<EndOnDrop>; 2], EtcdError> {
        let Start { live, lost } = start;
        let mut watch = Watch::new(self.settings, scope, sink, self.events.clone());
        if let Some(live) = &live {
            watch.replace(&live.snapshot).await?;
            changed.notify_one();
        }
        if let Some(error) = &lost {
            watch.starts_lost(error);
        }
        let keeper = self.cache_file.map(|path| tokio::spawn(cache::keep(path, changed, self.events, current)));
        let watch = tokio::spawn(watch.run(live));
        Ok([Some(EndOnDrop(watch.abort_handle())), keeper.map(|keeper| EndOnDrop(keeper.abort_handle()))])
    }
}

/// What there is to begin with: etcd's rules, or why there are only those of the cache.
struct Start {
    live: Option<Live>,
    lost: Option<EtcdError>,
}

/// Without password, certificates and keys.
impl fmt::Debug for EtcdSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdSource")
            .field("endpoints", &self.settings.endpoints)
            .field("user", &self.settings.user.as_ref().map(|(name, _)| name))
            .field("cache_file", &self.cache_file)
            .field("start_from_cache", &self.start_from_cache)
            .finish_non_exhaustive()
    }
}
