//! Who asks: reads the signature of a request, in any of the ways of OSS and S3, and verifies it.
//!
//! | | in `Authorization` | in the query |
//! |---|---|---|
//! | OSS 1 | `OSS ID:SIGNATURE` | `OSSAccessKeyId`, `Expires`, `Signature` |
//! | OSS 4 | `OSS4-HMAC-SHA256 Credential=..` | `x-oss-credential`, .. |
//! | S3 2 | `AWS ID:SIGNATURE` | `AWSAccessKeyId`, `Expires`, `Signature` |
//! | S3 4 | `AWS4-HMAC-SHA256 Credential=..` | `X-Amz-Credential`, .. |

mod form;
mod v1;
mod v4;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, Method, Uri, header};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::chunked::{self, ChunkKey};
use crate::dates;
use crate::error::{ApiError, INVALID_ACCESS_KEY_ID, REQUEST_TIME_TOO_SKEWED, SIGNATURE_DOES_NOT_MATCH, access_denied};
use crate::query::Query;
use crate::target::Target;

pub use form::check_form;

/// How far the clock of a client may be off.
const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

/// A key that may sign requests.
#[derive(Clone)]
pub struct AccessKey {
    id: String,
    secret: String,
}

impl FromStr for AccessKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
                Ok(Self { id: id.to_owned(), secret: secret.to_owned() })
            }
            _ => Err("not a key; write its id and its secret with a colon between them"),
        }
    }
}

/// Without the secret.
impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The keys of the server. With none, every signature is accepted.
#[derive(Debug, Default)]
pub struct Keys(HashMap<String, String>);

impl Keys {
    pub fn new(keys: &[AccessKey]) -> Self {
        Self(keys.iter().map(|key| (key.id.clone(), key.secret.clone())).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn secret(&self, id: &str) -> Result<&str, ApiError> {
        self.0.get(id).map(String::as_str).ok_or_else(|| INVALID_ACCESS_KEY_ID.detail("OSSAccessKeyId", id))
    }
}

/// What a signature covers.
pub struct Subject<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub host: &'a str,
    pub headers: &'a HeaderMap,
    pub query: &'a Query,
    pub target: &'a Target,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    /// Holds a key: there is one account, which owns everything.
    Owner,
}

/// Whose spelling of headers a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Oss,
    S3,
}

impl Family {
    pub fn of(headers: &HeaderMap, query: &Query) -> Self {
        let s3_header = headers.keys().any(|name| name.as_str().starts_with("x-amz-"));
        let s3_key = text(headers, header::AUTHORIZATION.as_str()).is_some_and(|value| value.starts_with("AWS"));
        let s3_query = query.iter().any(|(name, _)| name == "AWSAccessKeyId" || name.starts_with("X-Amz-"));
        if s3_header || s3_key || s3_query { Self::S3 } else { Self::Oss }
    }

    /// What the names of its own headers begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Oss => "x-oss-",
            Self::S3 => "x-amz-",
        }
    }
}

/// Finds out who asks. Also, where the chunks of the body are signed, what with.
pub fn verify(keys: &Keys, subject: &Subject<'_>) -> Result<(Caller, Option<ChunkKey>), ApiError> {
    let now = SystemTime::now();
    let found = Claim::find(subject).transpose();
    if keys.is_empty() {
        return match found {
            // No signature is verified, but a URL expires all the same, and must say when.
            Some(Ok(Claim { validity: validity @ Validity::Until { .. }, .. })) => {
                validity.check(now).map(|()| (Caller::Owner, None))
            }
            Some(Err(error)) if !subject.headers.contains_key(header::AUTHORIZATION) => Err(error),
            Some(_) => Ok((Caller::Owner, None)),
            None => Ok((Caller::Anonymous, None)),
        };
    }
    let Some(claim) = found.transpose()? else { return Ok((Caller::Anonymous, None)) };
    let secret = keys.secret(claim.key_id)?;
    claim.validity.check(now)?;
    let chunk_key = match &claim.scheme {
        Scheme::First(claimed) => {
            let text = claimed.string_to_sign(subject);
            matches(claim.signature, &v1::sign(secret, &text), &text)?;
            None
        }
        Scheme::Fourth(claimed) => {
            let text = claimed.string_to_sign(subject)?;
            let signing_key = claimed.scope.signing_key(secret);
            matches(claim.signature, &hex::encode(hmac_sha256(&signing_key, text.as_bytes())), &text)?;
            chunked::is_signed(subject.headers).then(|| ChunkKey {
                signing_key,
                date: claimed.time.to_owned(),
                scope: claimed.scope.to_string(),
                signature: claim.signature.to_owned(),
            })
        }
    };
    Ok((Caller::Owner, chunk_key))
}

/// What a request says of its signature.
struct Claim<'a> {
    key_id: &'a str,
    signature: &'a str,
    validity: Validity,
    scheme: Scheme<'a>,
}

enum Scheme<'a> {
    First(v1::Claimed),
    Fourth(v4::Claimed<'a>),
}

impl<'a> Claim<'a> {
    fn find(subject: &Subject<'a>) -> Result<Option<Self>, ApiError> {
        if let Some(value) = subject.headers.get(header::AUTHORIZATION) {
            let value = value.to_str().map_err(|_| access_denied("The Authorization header is not text."))?;
            let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
            return match scheme {
                "OSS" => v1::in_header(Family::Oss, rest, subject),
                "AWS" => v1::in_header(Family::S3, rest, subject),
                "OSS4-HMAC-SHA256" => v4::in_header(Family::Oss, rest, subject),
                "AWS4-HMAC-SHA256" => v4::in_header(Family::S3, rest, subject),
                _ => Err(access_denied("The authorization type you have provided is not supported.")),
            }
            .map(Some);
        }
        let query = subject.query;
        if query.has("x-oss-signature") {
            v4::in_query(Family::Oss, query).map(Some)
        } else if query.has("X-Amz-Signature") {
            v4::in_query(Family::S3, query).map(Some)
        } else if query.has("OSSAccessKeyId") {
            v1::in_query(Family::Oss, query).map(Some)
        } else if query.has("AWSAccessKeyId") {
            v1::in_query(Family::S3, query).map(Some)
        } else if query.has("Signature") {
            Err(access_denied("The query has a signature and no access key id."))
        } else {
            Ok(None)
        }
    }
}

/// When a signature is good.
enum Validity {
    /// Made at this time, for now.
    At(SystemTime),
    /// Made for later, too.
    Until { from: Option<SystemTime>, until: SystemTime },
}

impl Validity {
    fn check(&self, now: SystemTime) -> Result<(), ApiError> {
        let early = |from: &SystemTime| from.duration_since(now).is_ok_and(|early| early > MAX_SKEW);
        match self {
            Self::At(time) if early(time) || now.duration_since(*time).is_ok_and(|late| late > MAX_SKEW) => {
                Err(REQUEST_TIME_TOO_SKEWED
                    .detail("RequestTime", dates::listed(*time))
                    .detail("ServerTime", dates::listed(now)))
            }
            Self::Until { from: Some(from), .. } if early(from) => Err(access_denied("Request is not yet valid.")),
            Self::Until { until, .. } if now > *until => {
                Err(access_denied("Request has expired.").detail("Expires", dates::listed(*until)))
            }
            Self::At(_) | Self::Until { .. } => Ok(()),
        }
    }
}

fn matches(given: &str, expected: &str, text: &str) -> Result<(), ApiError> {
    match equal(given.as_bytes(), expected.as_bytes()) {
        true => Ok(()),
        false => Err(SIGNATURE_DOES_NOT_MATCH.detail("SignatureProvided", given).detail("StringToSign", text)),
    }
}

/// In a time that tells nothing of where they differ.
pub fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

pub fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    mac::<Hmac<Sha256>>(key, text)
}

fn mac<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length is one, so nothing is ever signed with none.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
