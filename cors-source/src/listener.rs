//! Whoever wants to know what a watch does; and the log.

use crate::event::WatchEvent;
use crate::log::log;
use crate::text::caught;

type Tell = Box<dyn FnMut(Option<&str>, &WatchEvent) + Send>;

/// Called on the watching thread.
#[derive(Default)]
pub(crate) struct Listener {
    tell: Option<Tell>,
    /// What is watched, for the log.
    pub(crate) source: String,
}

impl Listener {
    pub(crate) fn new(tell: impl FnMut(Option<&str>, &WatchEvent) + Send + 'static) -> Self {
        Self { tell: Some(Box::new(tell)), source: String::new() }
    }

    /// A listener that panics must not end the watch: the rules would stay as they are for ever, and nobody would know.
    pub(crate) fn tell(&mut self, bucket: Option<&str>, event: &WatchEvent) {
        log(event.level(), &self.source, bucket, event);
        if let Some(tell) = &mut self.tell {
            let _ = caught(|| tell(bucket, event));
        }
    }
}
