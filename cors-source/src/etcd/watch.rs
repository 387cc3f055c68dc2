//! The task that follows etcd: connect, read all, apply what changes, and again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem::{Discriminant, discriminant};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::{EventType, WatchResponse};
use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::connection::{Connection, Live, Scope, Settings, Snapshot, check_watch};
use super::error::{EtcdError, EtcdErrorKind};
use super::event::EtcdEvent;
use super::listener::Events;
use super::off_runtime::{off_runtime, panicked};

/// Where what etcd says is put in force.
pub(super) trait Sink: Send + 'static {
    /// Everything that there is, as of one revision.
    fn replace(&mut self, snapshot: &Snapshot);
    fn put(&mut self, key: &[u8], value: &[u8], revision: i64);
    fn delete(&mut self, key: &[u8], revision: i64);
    /// The rules in force may be out of date, because of `reason`.
    fn lost(&mut self, reason: &str);
    fn found(&mut self);
}

pub(super) struct Watch<S: Sink> {
    settings: Arc<Settings>,
    scope: Scope,
    sink: Arc<Mutex<S>>,
    events: Events,
    /// The kinds of errors that were reported since etcd is lost. Empty: it is not.
    lost: Vec<Discriminant<EtcdErrorKind>>,
    /// The number of the endpoint that is asked first.
    first: usize,
    delay: Delay,
}

/// Ends its task when dropped.
pub(super) struct EndOnDrop(pub(super) AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection that held for so long was a good one: after it, retries begin anew.
const STEADY: Duration = Duration::from_secs(5);

/// Between the first questions to two endpoints: those that answer are asked in their order, those that do not keep
/// nobody waiting.
const STAGGER: Duration = Duration::from_millis(100);

impl<S: Sink> Watch<S> {
    pub(super) fn new(settings: Settings, scope: Scope, sink: S, events: Events) -> Self {
        let (settings, sink) = (Arc::new(settings), Arc::new(Mutex::new(sink)));
        Self { settings, scope, sink, events, lost: Vec::new(), first: 0, delay: Delay::default() }
    }

    /// The start was without etcd.
    pub(super) fn starts_lost(&mut self, error: &EtcdError) {
        self.lost.push(discriminant(error.kind()));
        self.sink().lost(&format!("the rules in force are from the cache and may be out of date: {error}"));
        self.events.tell(&EtcdEvent::StartedFromCache { error: error.clone() });
    }

    /// Puts all rules in force.
    pub(super) async fn replace(&self, snapshot: &Arc<Snapshot>) -> Result<(), EtcdError> {
        let snapshot = Arc::clone(snapshot);
        self.apply(move |sink| sink.replace(&snapshot)).await
    }

    /// Never ends by itself. What `live` has is in force already.
    pub(super) async fn run(mut self, mut live: Option<Live>) {
        loop {
            let error = match live.take() {
                Some(live) => self.receive(live).await,
                None => match self.load().await {
                    Ok(loaded) => {
                        live = Some(loaded);
                        continue;
                    }
                    Err(error) => error,
                },
            };
            self.lost(error);
            sleep(self.delay.next()).await;
        }
    }

    /// Reads everything again, whatever was known before: the cluster may have been restored from a backup, and have
    /// another history with the same name and revision. Then all of it is in force.
    async fn load(&mut self) -> Result<Live, EtcdError> {
        let connection = self.connect().await?;
        let endpoint = connection.endpoint.clone();
        // Should it fail, another one is asked first.
        let number = self.settings.endpoints.iter().position(|other| *other == endpoint);
        self.first = number.map_or(0, |number| number + 1);
        let within = self.settings.connect_timeout;
        let loaded = timeout(within, connection.load()).await;
        let live = loaded.map_err(|_| EtcdError::slow(&endpoint, "did not give all rules", within))??;
        self.replace(&live.snapshot).await?;
        if !self.lost.is_empty() {
            self.lost.clear();
            self.sink().found();
            self.events.tell(&EtcdEvent::Reconnected { endpoint, revision: live.snapshot.revision });
        }
        Ok(live)
    }

    /// To whichever endpoint answers first. All are asked again and again, each by itself: one that is silent keeps
    /// nobody waiting for those that are not.
    async fn connect(&mut self) -> Result<Connection, EtcdError> {
        let count = self.settings.endpoints.len();
        let mut attempts = Attempts::new(&self.settings, &self.scope);
        for turn in 0..count {
            attempts.start((self.first + turn) % count, STAGGER * u32::try_from(turn).unwrap_or(u32::MAX));
        }
        let mut anew = Instant::now() + ASK_ANEW_AFTER;
        loop {
            match timeout_at(anew, attempts.next()).await {
                Ok(Some(Ok((_, Ok(connection))))) => return Ok(connection),
                Ok(Some(Ok((number, Err(error))))) => {
                    self.lost(error);
                    if attempts.is_idle(number) {
                        attempts.start(number, self.delay.next());
                    }
                }
                Ok(Some(Err(error))) => return Err(panicked(error)),
                Ok(None) => return Err(EtcdError::options("no endpoint of etcd")),
                Err(_) => {
                    (0..count).for_each(|number| attempts.start(number, Duration::ZERO));
                    anew += ASK_ANEW_AFTER;
                }
            }
        }
    }

    /// Until the connection is of no more use: the reason.
    async fn receive(&mut self, live: Live) -> EtcdError {
        let began = Instant::now();
        let error = match self.apply_changes(live).await {
            Err(error) => error,
            Ok(never) => match never {},
        };
        if began.elapsed() >= STEADY {
            self.delay = Delay::default();
        }
        error
    }

    async fn apply_changes(&self, live: Live) -> Result<std::convert::Infallible, EtcdError> {
        let Live { connection, snapshot, mut changes } = live;
        let (endpoint, revision) = (connection.endpoint.clone(), snapshot.revision);
        // May be large.
        drop(snapshot);
        let mut unfit = pin!(connection.checked(revision));
        loop {
            let response = tokio::select! {
                response = changes.message() => response.map_err(|error| EtcdError::at(&endpoint, &error))?,
                error = &mut unfit => return Err(error),
            };
            check_watch(&endpoint, response.as_ref())?;
            // Not within the `select!`: what has begun ends before anything else is put in force.
            if let Some(response) = response.filter(|response| !response.events().is_empty()) {
                self.apply(move |sink| put_in_force(sink, &response, revision)).await?;
            }
        }
    }

    /// Away from the runtime's own threads: large rules take long to read and to compile.
    async fn apply(&self, change: impl FnOnce(&mut S) + Send + 'static) -> Result<(), EtcdError> {
        let sink = Arc::clone(&self.sink);
        off_runtime(move || change(&mut lock(&sink))).await
    }

    fn lost(&mut self, error: EtcdError) {
        let kind = discriminant(error.kind());
        if self.lost.contains(&kind) {
            return;
        }
        self.lost.push(kind);
        self.sink().lost(&format!("the rules in force may be out of date, etcd is lost: {error}"));
        self.events.tell(&EtcdEvent::Disconnected { error });
    }

    fn sink(&self) -> MutexGuard<'_, S> {
        lock(&self.sink)
    }
}

/// Attempts to connect, of which an endpoint may have several: what was sent into a broken line is sent again later and
/// later, while a new connection is there as soon as the line is.
struct Attempts {
    settings: Arc<Settings>,
    scope: Scope,
    running: JoinSet<(usize, Result<Connection, EtcdError>)>,
    /// How many run at each endpoint.
    at: Vec<u32>,
}

/// As often each endpoint is asked once more, whatever became of the other questions.
const ASK_ANEW_AFTER: Duration = Duration::from_secs(1);

/// More would not come through either.
const MOST_AT_ONE: u32 = 4;

impl Attempts {
    fn new(settings: &Arc<Settings>, scope: &Scope) -> Self {
        let at = vec![0; settings.endpoints.len()];
        Self { settings: Arc::clone(settings), scope: scope.clone(), running: JoinSet::new(), at }
    }

    fn start(&mut self, number: usize, delay: Duration) {
        let (Some(endpoint), Some(at)) = (self.settings.endpoints.get(number).cloned(), self.at.get_mut(number)) else {
            return;
        };
        if *at >= MOST_AT_ONE {
            return;
        }
        *at += 1;
        let (settings, scope) = (Arc::clone(&self.settings), self.scope.clone());
        self.running.spawn(async move {
            sleep(delay).await;
            (number, settings.open(&endpoint, &scope).await)
        });
    }

    fn is_idle(&self, number: usize) -> bool {
        self.at.get(number).is_none_or(|at| *at == 0)
    }

    /// The next that ends, and the number of its endpoint. Nothing is lost when this is dropped.
    async fn next(&mut self) -> Option<Result<(usize, Result<Connection, EtcdError>), JoinError>> {
        let ended = self.running.join_next().await?;
        if let Ok((number, _)) = &ended {
            if let Some(at) = self.at.get_mut(*number) {
                *at = at.saturating_sub(1);
            }
        }
        Some(ended)
    }
}

/// Should a sink panic, all is read again, so that nothing depends on where it was.
fn lock<S>(sink: &Mutex<S>) -> MutexGuard<'_, S> {
    sink.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In etcd's order; of several changes of one key at once, only the last. Those up to `revision` are in force.
fn put_in_force(sink: &mut impl Sink, response: &WatchResponse, revision: i64) {
    let changes = || {
        let known = response.events().iter().filter_map(|event| Some((event, event.kv()?)));
        known.filter(|(_, found)| found.mod_revision() > revision).enumerate()
    };
    let last: HashMap<&[u8], usize> = changes().map(|(index, (_, found))| (found.key(), index)).collect();
    for (index, (event, found)) in changes() {
        if last.get(found.key()) != Some(&index) {
            continue;
        }
        match event.event_type() {
            EventType::Put => sink.put(found.key(), found.value(), found.mod_revision()),
            EventType::Delete => sink.delete(found.key(), found.mod_revision()),
        }
    }
}

impl<S: Sink> Drop for Watch<S> {
    /// Whoever has a handle must not take rules for live that are followed no more.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.sink().lost("etcd is not followed any more because of a panic; restart the process");
        }
    }
}

/// How long to wait before the next attempt: twice as long each time, and up to a half less, so that a fleet does not
/// come back in one instant.
struct Delay(Duration);

/// Short: a restart of etcd, or a move to its next member, is over soon.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// So long a cluster can answer again before anyone asks it.
const LONGEST_DELAY: Duration = Duration::from_secs(1);

impl Default for Delay {
    fn default() -> Self {
        Self(FIRST_DELAY)
    }
}

impl Delay {
    fn next(&mut self) -> Duration {
        let longest = self.0;
        self.0 = (longest * 2).min(LONGEST_DELAY);
        // Each state has random keys.
        let random = RandomState::new().hash_one(()) as u32;
        longest.mul_f64(0.5 + 0.5 * f64::from(random) / f64::from(u32::MAX))
    }
}
