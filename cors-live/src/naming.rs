//! Which bucket a request is for: by its path, by its host, or as the caller says.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use oss_cors_core::{MAX_QUOTED, cut};
use percent_encoding::percent_decode_str;

use crate::buckets::MAX_BUCKET_BYTES;

/// How the bucket is found in a request. Cheap to clone.
///
/// ```
/// use oss_cors_live::BucketNaming;
///
/// let naming = BucketNaming::virtual_host(["oss.example.com", "example.com"])?;
/// assert_eq!(naming.bucket("Photos.oss.example.com:8080", "/cat.jpg").as_deref(), Some("photos"));
/// assert_eq!(naming.bucket("oss.example.com", "/photos/cat.jpg"), None);
///
/// let naming = BucketNaming::path();
/// assert_eq!(naming.bucket("oss.example.com", "/photos/cat.jpg").as_deref(), Some("photos"));
/// # Ok::<(), oss_cors_live::SuffixError>(())
/// ```
#[derive(Clone)]
pub struct BucketNaming(Way);

#[derive(Clone)]
enum Way {
    Path,
    /// In lower case, longest first.
    VirtualHost(Arc<[String]>),
    Function(Arc<Function>),
}

type Function = dyn for<'a> Fn(&'a str, &'a str) -> Option<Cow<'a, str>> + Send + Sync;

impl BucketNaming {
    /// The first segment of the path, percent-decoded: `/photos/cat.jpg` and `/%70hotos` are for `photos`. No bucket
    /// has a path that does not begin with one `/`, whose first segment is empty, or is not UTF-8 once decoded.
    ///
    /// The server behind must take the bucket from the path as it stands, too: one that resolves `..` in it would give
    /// the objects of one bucket under the rules of another.
    pub fn path() -> Self {
        Self(Way::Path)
    }

    /// What stands before one of `suffixes` in the host, whatever the port: `photos.oss.example.com:8080` is for
    /// `photos` where `oss.example.com` is a suffix. Hosts are compared ignoring ASCII case, and the bucket's
    /// name is given in lower case. It may have dots, as S3 allows. Where several suffixes fit, the longest counts.
    ///
    /// No bucket has a suffix itself, another host, an IP address, or a host that is malformed.
    ///
    /// # Errors
    ///
    /// No suffix at all, or one that is no name of DNS: labels of ASCII letters, digits, `-` and `_` with dots between
    /// them, at most 253 bytes, without scheme, port or `*`.
    pub fn virtual_host<S: AsRef<str>>(suffixes: impl IntoIterator<Item = S>) -> Result<Self, SuffixError> {
        let mut suffixes: Vec<String> =
            suffixes.into_iter().map(|suffix| checked(suffix.as_ref())).collect::<Result<_, _>>()?;
        if suffixes.is_empty() {
            return Err(SuffixError(None));
        }
        suffixes.sort_by_key(|suffix| std::cmp::Reverse(suffix.len()));
        Ok(Self(Way::VirtualHost(suffixes.into())))
    }

    /// As `function` says of the host, as received, and the path. Both come from the client.
    pub fn from_fn(
        function: impl for<'a> Fn(&'a str, &'a str) -> Option<Cow<'a, str>> + Send + Sync + 'static,
    ) -> Self {
        Self(Way::Function(Arc::new(function)))
    }

    /// The bucket that a request for `host` (with or without port) and `path` (without the query) is for, if it is for
    /// any. The name need not be that of a bucket that exists.
    pub fn bucket<'a>(&self, host: &'a str, path: &'a str) -> Option<Cow<'a, str>> {
        match &self.0 {
            Way::Path => in_path(path),
            Way::VirtualHost(suffixes) => before_suffix(host, suffixes),
            Way::Function(function) => function(host, path),
        }
    }
}

fn in_path(path: &str) -> Option<Cow<'_, str>> {
    let segment = path.strip_prefix('/')?.split('/').next()?;
    // No longer name is kept; a byte may be written as three.
    if segment.is_empty() || segment.len() > 3 * MAX_BUCKET_BYTES {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

fn before_suffix<'a>(host: &'a str, suffixes: &[String]) -> Option<Cow<'a, str>> {
    let name = match host.rsplit_once(':') {
        // An IPv6 address has colons, and ends in `]` where it has no port.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => return None,
        None => host,
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    for suffix in suffixes {
        let Some((head, tail)) = name.len().checked_sub(suffix.len()).and_then(|at| name.split_at_checked(at)) else {
            continue;
        };
        if !tail.eq_ignore_ascii_case(suffix) {
            continue;
        }
        match head.strip_suffix('.') {
            Some(bucket) => return is_host(bucket).then(|| lower_case(bucket)),
            // The suffix itself. A shorter one would take its first label for a bucket.
            None if head.is_empty() => return None,
            None => {}
        }
    }
    None
}

fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// The most bytes of a name in DNS, as written (RFC 1035 section 2.3.4).
const MAX_HOST_BYTES: usize = 253;

/// One or more labels with dots between them. An underscore is no letter of a host, but buckets and networks have it.
fn is_host(text: &str) -> bool {
    let in_label = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(in_label);
    text.len() <= MAX_HOST_BYTES && text.split('.').all(is_label)
}

fn checked(suffix: &str) -> Result<String, SuffixError> {
    if is_host(suffix) {
        Ok(suffix.to_ascii_lowercase())
    } else {
        Err(SuffixError(Some(cut(suffix, MAX_QUOTED).to_owned())))
    }
}

impl fmt::Debug for BucketNaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Way::Path => f.write_str("Path"),
            Way::VirtualHost(suffixes) => f.debug_tuple("VirtualHost").field(suffixes).finish(),
            Way::Function(_) => f.write_str("Function"),
        }
    }
}

/// A list of suffixes for [`BucketNaming::virtual_host`] that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuffixError(Option<String>);

impl fmt::Display for SuffixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(suffix) => write!(
                f,
                "host suffix `{}`: not a name; write it as `oss.example.com`, without scheme, port, `*` or outer dots",
                suffix.escape_debug()
            ),
            None => f.write_str("no host suffix; name at least one, such as `oss.example.com`"),
        }
    }
}

impl std::error::Error for SuffixError {}
