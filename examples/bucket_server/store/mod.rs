//! Buckets, their rules and their objects, kept through the `object_store` crate.
//!
//! Everything is in the files; what lists and looks up is an index of them in memory, read at start. Each change writes
//! one file whole (a temporary file, synced and renamed) before the index, so a crash leaves the old or the new. What
//! takes several files is begun with the one that counts, and what is left over is removed at the next start.

mod index;
mod objects;
mod open;
mod paths;
mod record;
mod uploads;

pub use index::{Page, Select};
pub use objects::Store;
pub use open::OpenError;
pub use record::{BucketRecord, Object, Record, now};
pub use uploads::MAX_PARTS;
