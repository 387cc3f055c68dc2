//! Text that others wrote, for messages.

use oss_cors_core::Shown;

/// In one line, escaped, and cut where it is long.
pub(crate) fn quoted(text: &str) -> Shown<'_> {
    Shown::new(text.as_bytes())
}
