//! Where rules come from. Feeds [`cors_core`], which does no IO itself.

mod error;
mod file;

pub use error::{LoadError, LoadErrorKind};
pub use file::{load_file, load_file_with};
