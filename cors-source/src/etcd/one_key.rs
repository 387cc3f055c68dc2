//! One key, one rule set: a [`CorsHandle`].

use std::sync::{Arc, Mutex, PoisonError};

use oss_cors_core::{ConfigErrors, CorsConfiguration, RuleFile};
use oss_cors_live::{CorsHandle, WeakCorsHandle};
use tokio::sync::Notify;

use super::connection::Snapshot;
use super::error::EtcdError;
use super::event::EtcdEvent;
use super::listener::Events;
use super::reading::Reading;
use super::watch::Sink;

pub(super) struct OneKey {
    handle: WeakCorsHandle,
    key: String,
    reading: Reading,
    in_force: InForce,
    /// What etcd said last.
    last: Last,
    /// What is wrong with it, while it is.
    fault: Option<String>,
    events: Events,
    changed: Arc<Notify>,
}

/// What is in force, as written: for the cache.
pub(super) type InForce = Arc<Mutex<CorsConfiguration>>;

enum Last {
    Unknown,
    Deleted,
    Value(Vec<u8>),
}

impl OneKey {
    pub(super) fn new(
        handle: &CorsHandle,
        key: &str,
        reading: Reading,
        in_force: InForce,
        events: Events,
        changed: Arc<Notify>,
    ) -> Self {
        let (handle, key) = (handle.downgrade(), key.to_owned());
        Self { handle, key, reading, in_force, last: Last::Unknown, fault: None, events, changed }
    }

    fn loaded(&mut self, file: RuleFile, revision: i64, handle: &CorsHandle) {
        let name = self.key.clone();
        let recovered = self.fault.take().is_some();
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        if *in_force == *file.configuration() {
            handle.recovered();
            if recovered {
                self.events.tell(&EtcdEvent::Recovered { name, revision });
            }
            return;
        }
        handle.store(file.table());
        *in_force = file.into_configuration();
        let rules = in_force.clone();
        drop(in_force);
        self.changed.notify_one();
        self.events.tell(&EtcdEvent::Loaded { name, revision });
        self.events.lint(None, &rules, self.reading.profile);
    }

    fn failed(&mut self, errors: ConfigErrors, revision: i64, handle: &CorsHandle) {
        let error = EtcdError::config(&self.key, errors.clone()).to_string();
        handle.failed(error.clone());
        self.fault = Some(error);
        self.events.tell(&EtcdEvent::Failed { name: self.key.clone(), revision, errors });
    }
}

impl Sink for OneKey {
    fn replace(&mut self, snapshot: &Snapshot) {
        match snapshot.entries.first() {
            Some(entry) => self.put(&entry.key, &entry.value, entry.revision),
            None => self.delete(&[], snapshot.revision),
        }
    }

    fn put(&mut self, _: &[u8], value: &[u8], revision: i64) {
        let Some(handle) = self.handle.upgrade() else { return };
        if matches!(&self.last, Last::Value(last) if last == value) {
            return;
        }
        match self.reading.parse(value) {
            Ok(file) => self.loaded(file, revision, &handle),
            Err(errors) => self.failed(errors, revision, &handle),
        }
        // Afterwards: should it panic, it is tried again.
        self.last = Last::Value(value.to_vec());
    }

    fn delete(&mut self, _: &[u8], revision: i64) {
        let Some(handle) = self.handle.upgrade() else { return };
        if matches!(self.last, Last::Deleted) {
            return;
        }
        self.last = Last::Deleted;
        let error = format!("{}; the rules in force stay", EtcdError::no_such_key(&self.key));
        handle.failed(error.clone());
        self.fault = Some(error);
        self.events.tell(&EtcdEvent::Deleted { name: self.key.clone(), revision });
    }

    fn lost(&mut self, reason: &str) {
        if let Some(handle) = self.handle.upgrade() {
            handle.failed(reason);
        }
    }

    fn found(&mut self) {
        let Some(handle) = self.handle.upgrade() else { return };
        match &self.fault {
            Some(fault) => handle.failed(fault.clone()),
            None => handle.recovered(),
        }
    }
}
