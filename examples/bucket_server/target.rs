//! Which bucket and which object a request is for.
//!
//! 1. A host that is an IP address, has no dot, or is a `--domain` is path style: `/bucket/key`.
//! 2. `bucket.DOMAIN` is that bucket.
//! 3. So is any other host with a dot, by its first label, if that can be a bucket's name. The endpoints of OSS's own
//!    regions (`oss-REGION.aliyuncs.com`) are path style.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;

use crate::error::{ApiError, INVALID_BUCKET_NAME, INVALID_OBJECT_NAME};

/// The most bytes of a key. Source: OSS, object naming.
const MAX_KEY_BYTES: usize = 1023;

/// How buckets are found. Clones are cheap.
#[derive(Clone, Debug)]
pub struct Naming {
    domains: Arc<[String]>,
}

/// What a request is for: the service itself, a bucket, or an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub bucket: Option<String>,
    pub key: Option<String>,
    /// The bucket stands in the host.
    pub virtual_host: bool,
}

impl Naming {
    pub fn new(domains: &[String]) -> Self {
        Self { domains: domains.iter().map(|domain| domain.trim_matches('.').to_ascii_lowercase()).collect() }
    }

    /// The bucket alone: what the CORS layer asks. It may not exist.
    pub fn bucket<'a>(&self, host: &'a str, path: &'a str) -> Option<Cow<'a, str>> {
        match self.host_bucket(host) {
            Some(bucket) => Some(bucket.into()),
            None => percent_decode_str(in_path(path)?.0).decode_utf8().ok(),
        }
    }

    /// Bucket and key, both of which can exist.
    pub fn target(&self, host: &str, path: &str) -> Result<Target, ApiError> {
        let (bucket, key, virtual_host) = match self.host_bucket(host) {
            Some(bucket) => (Some(bucket), path.strip_prefix('/').unwrap_or(path), true),
            None => match in_path(path) {
                Some((bucket, key)) => (Some(decode(bucket).ok_or(INVALID_BUCKET_NAME)?), key, false),
                None => (None, "", false),
            },
        };
        if bucket.as_deref().is_some_and(|name| !is_bucket_name(name)) {
            return Err(INVALID_BUCKET_NAME);
        }
        let key = (!key.is_empty()).then(|| decode(key).filter(|key| is_key(key)).ok_or(INVALID_OBJECT_NAME));
        Ok(Target { bucket, key: key.transpose()?, virtual_host })
    }

    fn host_bucket(&self, host: &str) -> Option<String> {
        let host = without_port(host).to_ascii_lowercase();
        if self.domains.contains(&host) || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return None;
        }
        // The label is checked later: below a domain of ours nothing else than a bucket can be meant.
        if let Some(label) = self.domains.iter().find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.')) {
            return Some(label.to_owned());
        }
        let (label, rest) = host.split_once('.')?;
        let region = label.starts_with("oss-") && rest == "aliyuncs.com";
        (is_bucket_name(label) && !region).then(|| label.to_owned())
    }
}

/// Bucket and key of a path, as they stand there.
fn in_path(path: &str) -> Option<(&str, &str)> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (!path.is_empty()).then_some((bucket, key))
}

/// The host that a request was sent to, with its port: HTTP/2 has it in the URI, HTTP/1 in a header.
pub fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> &'a str {
    let authority = uri.authority().and_then(|authority| authority.as_str().rsplit('@').next());
    let header = || headers.get(header::HOST).and_then(|host| host.to_str().ok());
    authority.or_else(header).unwrap_or_default()
}

/// 3 to 63 lower-case letters, digits and hyphens, no hyphen first or last. Source: OSS, bucket naming.
pub fn is_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// 1 to 1023 bytes of UTF-8, neither `/` nor `\` first. Source: OSS, object naming.
pub fn is_key(key: &str) -> bool {
    (1..=MAX_KEY_BYTES).contains(&key.len()) && !key.starts_with(['/', '\\'])
}

pub fn decode(raw: &str) -> Option<String> {
    percent_decode_str(raw).decode_utf8().ok().map(Cow::into_owned)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
