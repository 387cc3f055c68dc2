//! Work that takes long, away from the runtime's own threads: parsing, compiling, files.

use tokio::task::{JoinError, spawn_blocking};

use super::error::EtcdError;
use crate::text::panic_message;

/// What `work` returns; an error if it panicked, or the runtime ends.
pub(super) async fn off_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, EtcdError> {
    spawn_blocking(work).await.map_err(panicked)
}

/// The error of a task that panicked or was ended.
pub(super) fn panicked(error: JoinError) -> EtcdError {
    match error.try_into_panic() {
        Ok(panic) => EtcdError::panicked(&panic_message(&*panic)),
        Err(ended) => EtcdError::panicked(&ended.to_string()),
    }
}
