//! The thread behind every watch of files. It looks at them, waits until they have settled, and loads them.
//!
//! ```text
//!   operating system --KernelEvents--\                paths: which folders to listen in
//!   reload, last drop ---------------> Wakeup --> scan --> snapshot of each file --debounce--> Target: compile, store
//!   the clock ------------------------/
//! ```
//!
//! Events are only hints. Whatever wakes the thread, it follows the path again and reads what is there, so an event that
//! is lost, late or about something else costs time at most.

mod debounce;
mod first_load;
mod kernel_events;
mod paths;
mod snapshot;
mod target;
mod thread;
mod wakeup;

pub(crate) use first_load::{Loaded, first_load};
pub(crate) use paths::{Folder, WatchedPaths};
pub(crate) use snapshot::Fingerprint;
pub(crate) use target::{Key, Location, Outcome, Scan, Target};
pub(crate) use thread::{LONGEST_INTERVAL, start};
pub(crate) use wakeup::Wakeup;
