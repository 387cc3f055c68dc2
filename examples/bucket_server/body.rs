//! Reads the body of a request: bounded in bytes and time, freed of `aws-chunked`, and compared with every digest that
//! the request names.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use crc_fast::CrcAlgorithm;
use http::HeaderMap;
use http_body_util::{BodyExt, Limited};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::chunked::{self, ChunkKey};
use crate::digest::{md5, sha256_hex};
use crate::error::{
    ApiError, BAD_DIGEST, ENTITY_TOO_LARGE, INCOMPLETE_BODY, INTERNAL_ERROR, INVALID_DIGEST, REQUEST_TIMEOUT,
};
use crate::serve::{self, BodyError};

/// The most bytes that are read of a body that nobody wants, and for how long.
const MAX_DRAINED: u64 = 64 << 10;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// What `aws-chunked` may add to a body: a line for each chunk, and trailers.
const CHUNK_MARGIN: u64 = 64 << 10;

/// What the budget counts in.
const KIB: u64 = 1024;

/// How much memory all bodies that are being read may take together.
pub struct Budget {
    permits: Arc<Semaphore>,
    /// The most that one body takes.
    kibibytes: u32,
    /// How long a body may take, waiting for its share included.
    patience: Duration,
}

/// A whole body. As long as it is held, so is its share of the budget.
pub struct Whole {
    pub bytes: Bytes,
    _share: OwnedSemaphorePermit,
}

impl Budget {
    pub fn new(bytes: u64, patience: Duration) -> Self {
        let permits = usize::try_from(bytes / KIB).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        let kibibytes = u32::try_from(permits).unwrap_or(u32::MAX);
        Self { permits: Arc::new(Semaphore::new(permits)), kibibytes, patience }
    }

    /// Reads a body of at most `most` bytes.
    pub async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        most: u64,
        key: Option<&ChunkKey>,
    ) -> Result<Whole, ApiError> {
        let chunked = chunked::is_chunked(headers);
        let most_raw = if chunked { most.saturating_add(most / 8 + CHUNK_MARGIN) } else { most };
        let announced = text(headers, "content-length").and_then(|length| length.parse().ok());
        if announced.is_some_and(|length: u64| length > most_raw) {
            return Err(ENTITY_TOO_LARGE);
        }
        let mut whole = self.in_time(self.collect(body, announced.unwrap_or(most_raw))).await?;
        let mut trailers = HeaderMap::new();
        if chunked {
            (whole.bytes, trailers) = chunked::decode(&whole.bytes, headers, key)?;
        }
        if whole.bytes.len() as u64 > most {
            return Err(ENTITY_TOO_LARGE);
        }
        check_digests(headers, &trailers, &whole.bytes)?;
        Ok(whole)
    }

    /// Waits no longer than a body may take.
    pub async fn in_time<T>(&self, read: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::time::timeout(self.patience, read).await.map_err(|_| REQUEST_TIMEOUT)?
    }

    async fn collect(&self, body: Body, most: u64) -> Result<Whole, ApiError> {
        let share = u32::try_from(most.div_ceil(KIB)).unwrap_or(u32::MAX).min(self.kibibytes);
        let share = Arc::clone(&self.permits).acquire_many_owned(share).await.map_err(|_| INTERNAL_ERROR)?;
        let bytes = serve::read(body, usize::try_from(most).unwrap_or(usize::MAX)).await?;
        Ok(Whole { bytes, _share: share })
    }
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => ENTITY_TOO_LARGE,
            BodyError::TooSlow => REQUEST_TIMEOUT,
            BodyError::BrokenOff => INCOMPLETE_BODY,
        }
    }
}

/// Reads what is left of a body, if that is little. Whether the connection can go on.
pub async fn drain(body: Body) -> bool {
    if http_body::Body::size_hint(&body).lower() > MAX_DRAINED {
        return false;
    }
    let rest = Limited::new(body, MAX_DRAINED as usize).collect();
    tokio::time::timeout(DRAIN_TIMEOUT, rest).await.is_ok_and(|rest| rest.is_ok())
}

/// `Content-MD5`, the payload hash of a signature, and the checksums that newer S3 clients send.
fn check_digests(headers: &HeaderMap, trailers: &HeaderMap, bytes: &[u8]) -> Result<(), ApiError> {
    if let Some(expected) = headers.get("content-md5")
        && expected.as_bytes() != BASE64_STANDARD.encode(md5(bytes)).as_bytes()
    {
        return Err(INVALID_DIGEST);
    }
    for name in ["x-amz-content-sha256", "x-oss-content-sha256"] {
        // Anything else says how, not what: `UNSIGNED-PAYLOAD`, `STREAMING-..`.
        let hash = text(headers, name).filter(|hash| hash.len() == 64);
        if hash.is_some_and(|hash| !hash.eq_ignore_ascii_case(&sha256_hex(bytes))) {
            return Err(BAD_DIGEST.detail("Header", name));
        }
    }
    for (name, checksum) in CHECKSUMS {
        let expected = headers.get(name).or_else(|| trailers.get(name));
        if expected.is_some_and(|expected| expected.as_bytes() != BASE64_STANDARD.encode(checksum(bytes)).as_bytes()) {
            return Err(BAD_DIGEST.detail("Header", name));
        }
    }
    Ok(())
}

type Checksum = fn(&[u8]) -> Vec<u8>;

const CHECKSUMS: [(&str, Checksum); 5] = [
    ("x-amz-checksum-crc32", |bytes| crc32(CrcAlgorithm::Crc32IsoHdlc, bytes)),
    ("x-amz-checksum-crc32c", |bytes| crc32(CrcAlgorithm::Crc32Iscsi, bytes)),
    ("x-amz-checksum-crc64nvme", |bytes| crc_fast::checksum(CrcAlgorithm::Crc64Nvme, bytes).to_be_bytes().to_vec()),
    ("x-amz-checksum-sha1", |bytes| Sha1::digest(bytes).to_vec()),
    ("x-amz-checksum-sha256", |bytes| Sha256::digest(bytes).to_vec()),
];

fn crc32(algorithm: CrcAlgorithm, bytes: &[u8]) -> Vec<u8> {
    (crc_fast::checksum(algorithm, bytes) as u32).to_be_bytes().to_vec()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
