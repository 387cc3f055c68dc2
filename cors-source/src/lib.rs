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

mod changes;
mod error;
#[cfg(feature = "etcd")]
pub mod etcd;
mod event;
mod file;
mod listener;
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
