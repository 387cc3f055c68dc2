//! Text that others wrote, for messages.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use oss_cors_core::Shown;

/// In one line, escaped, and cut where it is long.
pub(crate) fn quoted(text: &str) -> Shown<'_> {
    Shown::new(text.as_bytes())
}

/// What `run` returns, or what its panic says. Of what it has changed, each single assignment was made or not.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| panic_message(&*panic))
}

/// What a panic says, in one line.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.map_or_else(|| "no message".to_owned(), |text| quoted(text).to_string())
}
