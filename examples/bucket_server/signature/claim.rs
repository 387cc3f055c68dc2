//! What a request says of its signature, and what that covers.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, Uri, header};

use crate::dates;
use crate::digest::equal;
use crate::error::{ApiError, REQUEST_TIME_TOO_SKEWED, SIGNATURE_DOES_NOT_MATCH, access_denied};
use crate::query::Query;
use crate::target::Target;

/// How far the clock of a client may be off.
const MAX_SKEW: Duration = Duration::from_secs(15 * 60);

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

/// A signature that is claimed: made with the key of this id, as `scheme` says.
pub struct Claim<'a, S> {
    pub key_id: &'a str,
    pub signature: &'a str,
    pub validity: Validity,
    pub scheme: S,
}

impl<'a, S> Claim<'a, S> {
    pub fn map<T>(self, scheme: impl FnOnce(S) -> T) -> Claim<'a, T> {
        let Self { key_id, signature, validity, .. } = self;
        Claim { key_id, signature, validity, scheme: scheme(self.scheme) }
    }
}

/// When a signature is good.
pub enum Validity {
    /// Made at this time, for now.
    At(SystemTime),
    /// Made for later, too.
    Until { from: Option<SystemTime>, until: SystemTime },
}

impl Validity {
    pub fn check(&self, now: SystemTime) -> Result<(), ApiError> {
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

pub fn matches(given: &str, expected: &str, text: &str) -> Result<(), ApiError> {
    match equal(given.as_bytes(), expected.as_bytes()) {
        true => Ok(()),
        false => Err(SIGNATURE_DOES_NOT_MATCH.detail("SignatureProvided", given).detail("StringToSign", text)),
    }
}

/// Refuses headers, or fields of a form, of the other family. Where a signature does not list them by name it does not
/// cover them, so anyone on the way could have added them.
pub fn only_of<'a>(family: Family, mut names: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    let other = match family {
        Family::Oss => Family::S3,
        Family::S3 => Family::Oss,
    };
    match names.find(|name| name.starts_with(other.prefix())) {
        Some(name) => Err(access_denied(format!(
            "`{name}` is not covered by the signature, which is of the other family; write it as `{}..`.",
            family.prefix()
        ))),
        None => Ok(()),
    }
}

pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
