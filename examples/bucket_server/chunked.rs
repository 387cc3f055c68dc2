//! `aws-chunked`: how S3 clients send a body whose checksum, or whose signature, they make while sending.
//!
//! `SIZE[;chunk-signature=HEX]\r\n DATA \r\n`, the last chunk empty, then trailers. Source: AWS, "Signature
//! calculations for the authorization header: transferring payload in multiple chunks".

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::digest::{equal, hmac_sha256, sha256_hex};
use crate::error::{ApiError, INCOMPLETE_BODY, SIGNATURE_DOES_NOT_MATCH};

/// What the signatures of a verified request's chunks are made with.
#[derive(Clone)]
pub struct ChunkKey {
    pub signing_key: Vec<u8>,
    pub date: String,
    pub scope: String,
    /// The signature of the request, with which the chain of chunk signatures begins.
    pub signature: String,
}

/// The most trailers: a checksum, and its signature. A map of headers panics where it is too full.
const MAX_TRAILERS: usize = 16;

/// Whether a body is so encoded.
pub fn is_chunked(headers: &HeaderMap) -> bool {
    payload_hash(headers).is_some_and(|hash| hash.starts_with("STREAMING-"))
        || headers
            .get(header::CONTENT_ENCODING)
            .is_some_and(|coding| coding.to_str().unwrap_or_default().split(',').any(|one| one.trim() == "aws-chunked"))
}

/// Whether each chunk is signed.
pub fn is_signed(headers: &HeaderMap) -> bool {
    payload_hash(headers).is_some_and(|hash| hash.starts_with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
}

/// The body and its trailers. With `key`, signatures are verified if the request says that there are any.
pub fn decode(raw: &Bytes, headers: &HeaderMap, key: Option<&ChunkKey>) -> Result<(Bytes, HeaderMap), ApiError> {
    let mut chain = key.filter(|_| is_signed(headers)).map(|key| Chain { key, previous: key.signature.clone() });
    let mut rest: &[u8] = raw;
    let mut body = BytesMut::with_capacity(raw.len());
    loop {
        let head = line(&mut rest)?;
        let (size, signature) = head.split_once(";chunk-signature=").unwrap_or((head, ""));
        let size = usize::from_str_radix(size, 16).map_err(|_| INCOMPLETE_BODY)?;
        let (data, after) = rest.split_at_checked(size).ok_or(INCOMPLETE_BODY)?;
        if let Some(chain) = &mut chain {
            chain.check("PAYLOAD", &format!("{}\n{}", sha256_hex(b""), sha256_hex(data)), signature)?;
        }
        rest = after;
        if size == 0 {
            break;
        }
        body.extend_from_slice(data);
        rest = rest.strip_prefix(b"\r\n").ok_or(INCOMPLETE_BODY)?;
    }
    let trailers = trailers(rest, chain.filter(|_| headers.contains_key("x-amz-trailer")))?;
    let decoded = headers.get("x-amz-decoded-content-length");
    if decoded.is_some_and(|length| length.as_bytes() != body.len().to_string().as_bytes()) {
        return Err(INCOMPLETE_BODY);
    }
    Ok((body.freeze(), trailers))
}

fn trailers(mut rest: &[u8], chain: Option<Chain<'_>>) -> Result<HeaderMap, ApiError> {
    let mut trailers = HeaderMap::new();
    let mut signed = String::new();
    let mut signature = "";
    while !rest.is_empty() {
        let line = line(&mut rest)?;
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if name == "x-amz-trailer-signature" {
            signature = value;
            continue;
        }
        if trailers.len() == MAX_TRAILERS {
            return Err(INCOMPLETE_BODY.detail("Reason", "There are more than 16 trailers."));
        }
        signed.extend([name.as_str(), ":", value, "\n"]);
        let name = HeaderName::try_from(name).map_err(|_| INCOMPLETE_BODY)?;
        trailers.insert(name, HeaderValue::try_from(value).map_err(|_| INCOMPLETE_BODY)?);
    }
    if let Some(mut chain) = chain {
        chain.check("TRAILER", &sha256_hex(signed.as_bytes()), signature)?;
    }
    Ok(trailers)
}

/// Each signature covers the one before it.
struct Chain<'a> {
    key: &'a ChunkKey,
    previous: String,
}

impl Chain<'_> {
    fn check(&mut self, what: &str, hashes: &str, signature: &str) -> Result<(), ApiError> {
        let ChunkKey { signing_key, date, scope, .. } = self.key;
        let text = format!("AWS4-HMAC-SHA256-{what}\n{date}\n{scope}\n{}\n{hashes}", self.previous);
        self.previous = hex::encode(hmac_sha256(signing_key, text.as_bytes()));
        if equal(self.previous.as_bytes(), signature.as_bytes()) { Ok(()) } else { Err(SIGNATURE_DOES_NOT_MATCH) }
    }
}

/// The next line, without its end.
fn line<'a>(rest: &mut &'a [u8]) -> Result<&'a str, ApiError> {
    let end = rest.windows(2).position(|two| two == b"\r\n").ok_or(INCOMPLETE_BODY)?;
    let (line, after) = rest.split_at_checked(end).ok_or(INCOMPLETE_BODY)?;
    *rest = after.strip_prefix(b"\r\n").unwrap_or_default();
    std::str::from_utf8(line).map_err(|_| INCOMPLETE_BODY)
}

fn payload_hash(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-content-sha256").and_then(|hash| hash.to_str().ok())
}
