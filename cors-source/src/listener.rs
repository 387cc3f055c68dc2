//! Whoever wants to know what a watch does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::event::WatchEvent;

type Tell = Box<dyn FnMut(Option<&str>, &WatchEvent) + Send>;

/// Told on the watching thread.
#[derive(Default)]
pub(crate) struct Listener(Option<Tell>);

impl Listener {
    pub(crate) fn new(tell: impl FnMut(Option<&str>, &WatchEvent) + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }

    /// A listener that panics must not end the watch: the rules would stay as they are for ever, and nobody would know.
    pub(crate) fn tell(&mut self, bucket: Option<&str>, event: &WatchEvent) {
        if let Some(tell) = &mut self.0 {
            let _ = catch_unwind(AssertUnwindSafe(|| tell(bucket, event)));
        }
    }
}
