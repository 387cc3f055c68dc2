//! The task that follows etcd: connect, read what was missed, watch, and again.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use etcd_client::{Event, EventType, WatchResponse, WatchStream};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::connection::{Connection, Scope, Settings, Snapshot, is_too_large};
use super::error::EtcdError;
use super::event::{EtcdEvent, Events};

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
    pub(super) settings: Settings,
    pub(super) scope: Scope,
    pub(super) sink: S,
    pub(super) events: Events,
    /// Up to where the sink knows all; `None`: nothing is known.
    pub(super) position: Option<Position>,
    /// Why etcd is lost, while it is.
    pub(super) lost: Option<EtcdError>,
}

#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) cluster: u64,
    /// The first revision of which not everything is known.
    pub(super) next: i64,
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

impl<S: Sink> Watch<S> {
    /// Never ends by itself. `connection` is one that is open already.
    pub(super) async fn run(mut self, mut connection: Option<Connection>) {
        let mut endpoints = self.settings.endpoints.clone().into_iter().cycle();
        let mut delay = Delay::default();
        loop {
            let opened = match (connection.take(), endpoints.next()) {
                (Some(connection), _) => Ok(connection),
                (None, Some(endpoint)) => self.settings.open(&endpoint, &self.scope).await,
                (None, None) => return,
            };
            let error = match opened {
                Ok(connection) => {
                    let since = Instant::now();
                    let error = self.follow(connection).await;
                    if since.elapsed() >= STEADY {
                        delay = Delay::default();
                    }
                    error
                }
                Err(error) => error,
            };
            self.lost(error);
            sleep(delay.next()).await;
        }
    }

    /// Until the connection fails: the reason.
    async fn follow(&mut self, mut connection: Connection) -> EtcdError {
        loop {
            match self.read_and_watch(&mut connection).await {
                Ok(compacted) => {
                    self.events.tell(&EtcdEvent::Compacted { revision: compacted });
                    self.position = None;
                }
                Err(error) => return error,
            }
        }
    }

    /// Until the connection fails, or etcd has forgotten what comes next: the first revision that it still knows.
    async fn read_and_watch(&mut self, connection: &mut Connection) -> Result<i64, EtcdError> {
        // Another cluster, or one that was set back, counts differently.
        let known = |position: &Position| {
            position.cluster == connection.cluster && position.next <= connection.revision.saturating_add(1)
        };
        let next = match self.position.filter(known) {
            Some(position) => position.next,
            None => {
                let snapshot = connection.read().await?;
                self.sink.replace(&snapshot);
                snapshot.revision.saturating_add(1)
            }
        };
        self.position = Some(Position { cluster: connection.cluster, next });
        let (stream, first) = connection.watch(next).await?;
        self.receive(stream, first, connection).await
    }

    async fn receive(
        &mut self,
        mut stream: WatchStream,
        mut response: WatchResponse,
        connection: &Connection,
    ) -> Result<i64, EtcdError> {
        let endpoint = &connection.endpoint;
        loop {
            match (response.canceled(), response.compact_revision()) {
                (false, _) => {}
                (true, 0) => return Err(EtcdError::refused(endpoint, response.cancel_reason())),
                (true, compacted) => return Ok(compacted),
            }
            self.found(connection);
            self.apply(response.events());
            self.advance(&response);
            response = match stream.message().await {
                Ok(Some(response)) => response,
                Ok(None) => return Err(EtcdError::unreachable(endpoint, "the watch was closed")),
                Err(error) => {
                    // It would come again and again.
                    if is_too_large(&error) {
                        self.position = None;
                    }
                    return Err(EtcdError::at(endpoint, &error));
                }
            };
        }
    }

    /// A revision with many changes may come in several parts: only a later one, or etcd's word on its progress, shows
    /// that it is known whole. Until then it would be read again, which does no harm.
    fn advance(&mut self, response: &WatchResponse) {
        let last = response.events().iter().filter_map(|event| Some(event.kv()?.mod_revision())).next_back();
        // The first answer tells etcd's revision, not how much of it was sent.
        let progress = || Some(response.header().filter(|_| !response.created())?.revision().saturating_add(1));
        if let (Some(next), Some(position)) = (last.or_else(progress), &mut self.position) {
            position.next = position.next.max(next);
        }
    }

    /// In etcd's order; of several changes of one key at once, only the last.
    fn apply(&mut self, events: &[Event]) {
        let changes = || events.iter().filter_map(|event| Some((event, event.kv()?))).enumerate();
        let last: HashMap<&[u8], usize> = changes().map(|(index, (_, found))| (found.key(), index)).collect();
        for (index, (event, found)) in changes() {
            if last.get(found.key()) != Some(&index) {
                continue;
            }
            match event.event_type() {
                EventType::Put => self.sink.put(found.key(), found.value(), found.mod_revision()),
                EventType::Delete => self.sink.delete(found.key(), found.mod_revision()),
            }
        }
    }

    fn lost(&mut self, error: EtcdError) {
        let same = |old: &EtcdError| std::mem::discriminant(old.kind()) == std::mem::discriminant(error.kind());
        if self.lost.as_ref().is_some_and(same) {
            return;
        }
        self.sink.lost(&format!("the rules in force may be out of date, etcd is lost: {error}"));
        self.events.tell(&EtcdEvent::Disconnected { error: error.clone() });
        self.lost = Some(error);
    }

    fn found(&mut self, connection: &Connection) {
        if self.lost.take().is_some() {
            self.sink.found();
            let endpoint = connection.endpoint.clone();
            self.events.tell(&EtcdEvent::Reconnected { endpoint, revision: connection.revision });
        }
    }
}

impl<S: Sink> Drop for Watch<S> {
    /// Whoever has a handle must not take rules for live that are followed no more.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.sink.lost("etcd is not followed any more because of a panic; restart the process");
        }
    }
}

/// How long to wait before the next attempt: twice as long each time, and up to a half less, so that a fleet does not
/// come back in one instant.
struct Delay(Duration);

/// Short: a restart of etcd, or a move to its next member, is over soon.
const FIRST_DELAY: Duration = Duration::from_millis(100);

/// How late a change can be seen when etcd has been away for long.
const LONGEST_DELAY: Duration = Duration::from_secs(5);

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
