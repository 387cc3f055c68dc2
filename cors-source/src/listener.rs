//! Who wants to know what a watch does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::WatchEvent;
use crate::log::log;

type Callback = dyn FnMut(&WatchEvent) + Send;

/// Called where the watch runs. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<Mutex<Callback>>>);

impl Listener {
    pub(crate) fn new(callback: impl FnMut(&WatchEvent) + Send + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(callback))))
    }

    /// A listener that panics must not end the watch: the rules would stay as they are for ever. The panic itself is
    /// reported by the process's panic hook.
    pub(crate) fn notify(&self, event: &WatchEvent) {
        log(event);
        if let Some(callback) = &self.0 {
            let mut callback = callback.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = catch_unwind(AssertUnwindSafe(|| callback(event)));
        }
    }
}
