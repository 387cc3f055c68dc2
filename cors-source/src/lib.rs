//! Where rules come from. Feeds [`oss_cors_core`], which does no IO itself.
//!
//! ```text
//!   load_file ----read once----> RuleFile
//!
//!   watch_file --first load--> CorsHandle   (or the error, and no handle)
//!        |
//!        '- a thread: the kernel's news, or the clock
//!             -> follow the path anew, read, wait until it is at rest
//!             -> right:             CorsHandle::store   the next generation, within a second
//!             -> wrong or missing:  CorsHandle::failed  the rules in force stay
//!
//!   watch_folder --first load--> Buckets    the same thread, for every file of a folder: rules/<bucket>.xml
//!
//!   etcd::EtcdSource --first read--> CorsHandle for a key, Buckets for a prefix; then a task that watches (feature `etcd`)
//! ```
//!
//! What becomes of the rules is logged through `tracing` (feature `tracing`, on by default), and the lints of what is in
//! force with the feature `advice`, for which this crate asks `oss_cors_advice`:
//!
//! | Level | What |
//! |---|---|
//! | info | other rules are in force; the old ones again after a failure; lints worth a thought |
//! | warn | a bucket is gone; a file grew soon after it was taken; changes are polled for; lints of mistakes and dangers |
//! | error | the rules in force stay, for newer ones are wrong or gone: each fault is an event of its own |

mod changes;
mod error;
#[cfg(feature = "etcd")]
pub mod etcd;
mod event;
mod file;
mod listener;
mod log;
mod text;
mod watch;
mod watch_file;
mod watch_folder;

pub use changes::RuleChanges;
pub use error::{LoadError, LoadErrorKind, LoadErrors};
pub use event::WatchEvent;
pub use file::{load_file, load_file_with};
pub use watch_file::{FileWatch, WatchedFile, watch_file};
pub use watch_folder::{FolderWatch, WatchedFolder, watch_folder};
