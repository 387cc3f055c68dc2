//! Text that others wrote, for messages.

use std::any::Any;

use oss_cors_core::Shown;

/// In one line, escaped, and cut where it is long.
pub(crate) fn quoted(text: &str) -> Shown<'_> {
    Shown::new(text.as_bytes())
}

/// What a panic says, in one line.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.map_or_else(|| "no message".to_owned(), |text| quoted(text).to_string())
}
