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

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "a test")]
mod tests {
    use super::*;
    use crate::etcd::EtcdErrorKind;

    #[tokio::test]
    async fn a_panic_is_an_error_of_one_line() {
        let error = off_runtime(|| panic!("line 1\nline 2")).await.map(drop::<()>).expect_err("it panics");
        assert!(matches!(error.kind(), EtcdErrorKind::Panicked), "{error}");
        assert_eq!(error.to_string(), r"following etcd panicked: line 1\nline 2; please report this");
    }
}
