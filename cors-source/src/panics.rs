//! A panic as an error: a watch that ended silently would leave old rules in force for ever.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::text::quoted;

/// What `run` returns, or the message of its panic. Whoever goes on with what `run` has changed must not rely on more
/// than that each single assignment was made or not.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| message(&*panic))
}

/// The message of a panic, fit for a log.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.map_or_else(|| "no message".to_owned(), |text| quoted(text).to_string())
}
