//! Events for a log, with feature `tracing`.
//!
//! Reloads and failures are logged by the handle that they change; here is what only a watch knows.

use crate::event::WatchEvent;

pub(crate) fn log(event: &WatchEvent) {
    #[cfg(feature = "tracing")]
    if let WatchEvent::Growing { .. } = event {
        tracing::warn!(target: "oss_cors", "{event}");
    }
    let _ = event;
}
