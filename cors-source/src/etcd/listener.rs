//! Where events go: to whoever listens, and to the log.

use std::sync::{Arc, Mutex, PoisonError};

use oss_cors_core::{CorsConfiguration, Profile};

use super::event::EtcdEvent;
use crate::log;
use crate::text::caught;

type Listener = Box<dyn FnMut(&EtcdEvent) + Send>;

/// Clones share the listener.
#[derive(Clone, Default)]
pub(super) struct Events {
    listener: Option<Arc<Mutex<Listener>>>,
    /// Where the rules come from, for the log.
    pub(super) source: Arc<str>,
}

impl Events {
    pub(super) fn to(listener: impl FnMut(&EtcdEvent) + Send + 'static) -> Self {
        Self { listener: Some(Arc::new(Mutex::new(Box::new(listener)))), source: Arc::default() }
    }

    /// A listener that panics must not end the watch: the rules would stay as they are for ever.
    pub(super) fn tell(&self, event: &EtcdEvent) {
        log::log(event.level(), &self.source, None, event);
        if let Some(listener) = &self.listener {
            let mut listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = caught(|| listener(event));
        }
    }

    /// `rules` have been put in force.
    pub(super) fn lint(&self, bucket: Option<&str>, rules: &CorsConfiguration, profile: Profile) {
        log::lints(&self.source, bucket, rules, profile);
    }
}
