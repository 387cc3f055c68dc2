//! A request's name in an error body, shaped as OSS's: 24 upper-case hex digits, the first eight the Unix time.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A fresh request id, different for every call in this process and, in all likelihood, in any other. Not a secret.
pub fn request_id() -> String {
    static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as u32;
    let unique = SEED.hash_one(NEXT.fetch_add(1, Ordering::Relaxed));
    format!("{seconds:08X}{unique:016X}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn ids_have_24_upper_case_hex_digits_and_differ() {
        let (one, other) = (super::request_id(), super::request_id());
        assert_eq!(one.len(), 24);
        assert!(one.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')), "{one}");
        assert_ne!(one, other);
    }
}
