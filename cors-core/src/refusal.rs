//! Why no rule matched, and what a refused preflight carries.

use std::fmt;

use crate::escape;

/// Why no rule matched an actual request: the first point at which none was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unmatched {
    /// The request has no `Origin`: it is not cross-origin.
    NoOrigin,
    /// There is no configuration.
    NotEnabled,
    /// There is no such bucket.
    NoSuchBucket,
    /// As [`Mismatch::MalformedOrigin`].
    MalformedOrigin,
    /// As [`Mismatch::Origin`].
    Origin,
    /// As [`Mismatch::Method`].
    Method,
}

impl Unmatched {
    /// The reason as one word, for counters and JSON.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoOrigin => "no_origin",
            Self::NotEnabled => "not_enabled",
            Self::NoSuchBucket => "no_such_bucket",
            Self::MalformedOrigin => Mismatch::MalformedOrigin.reason(),
            Self::Origin => Mismatch::Origin.reason(),
            Self::Method => Mismatch::Method.reason(),
        }
    }
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOrigin => f.write_str("no Origin header"),
            Self::NotEnabled => f.write_str("no CORS configuration"),
            Self::NoSuchBucket => f.write_str("no such bucket"),
            Self::MalformedOrigin => Mismatch::MalformedOrigin.fmt(f),
            Self::Origin => Mismatch::Origin.fmt(f),
            Self::Method => Mismatch::Method.fmt(f),
        }
    }
}

/// Why no rule matched a preflight: the first point at which none was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mismatch {
    /// Several `Origin` lines, an empty one, one over [`MAX_ORIGIN_BYTES`](crate::MAX_ORIGIN_BYTES), or bytes outside
    /// visible ASCII. Nothing matches it, not even `*`.
    MalformedOrigin,
    /// No rule allows the origin.
    Origin,
    /// No rule that allows the origin allows the method.
    Method,
    /// No rule that allows origin and method allows every requested header.
    Headers,
    /// More than [`MAX_REQUEST_HEADER_ITEMS`](crate::MAX_REQUEST_HEADER_ITEMS) requested headers, or more than
    /// [`MAX_REQUEST_HEADERS_BYTES`](crate::MAX_REQUEST_HEADERS_BYTES) of them.
    TooManyHeaders,
}

impl Mismatch {
    /// The reason as one word, for counters and JSON.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::MalformedOrigin => "malformed_origin",
            Self::Origin => "origin",
            Self::Method => "method",
            Self::Headers => "headers",
            Self::TooManyHeaders => "too_many_headers",
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MalformedOrigin => "malformed Origin header",
            Self::Origin => "no rule allows the origin",
            Self::Method => "no rule allows the method for this origin",
            Self::Headers => "no rule allows every requested header for this origin and method",
            Self::TooManyHeaders => "too many names in Access-Control-Request-Headers",
        })
    }
}

/// A refused preflight. Status, code and message are OSS's own (SEMANTICS section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such bucket.
    NoSuchBucket,
    /// `OPTIONS` without `Origin`, at a bucket server.
    OriginMissing,
    /// `OPTIONS` with `Origin`, without `Access-Control-Request-Method`, at a bucket server.
    MethodMissing,
    /// There is no configuration.
    NotEnabled,
    /// No rule matches.
    NotAllowed(Mismatch),
}

impl Refusal {
    /// The reason as one word, for counters and JSON.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoSuchBucket => "no_such_bucket",
            Self::OriginMissing => "origin_missing",
            Self::MethodMissing => "method_missing",
            Self::NotEnabled => "not_enabled",
            Self::NotAllowed(mismatch) => mismatch.reason(),
        }
    }

    /// The HTTP status code.
    pub const fn status(self) -> u16 {
        match self {
            Self::OriginMissing | Self::MethodMissing => 400,
            Self::NotEnabled | Self::NotAllowed(_) => 403,
            Self::NoSuchBucket => 404,
        }
    }

    /// `Code` of the XML error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OriginMissing | Self::MethodMissing => "BadRequest",
            Self::NotEnabled | Self::NotAllowed(_) => "AccessForbidden",
            Self::NoSuchBucket => "NoSuchBucket",
        }
    }

    /// OSS's finer code, as its servers send it in `x-oss-ec`; `None` where it is not known.
    pub const fn ec(self) -> Option<&'static str> {
        match self {
            Self::NotEnabled => Some("0034-00000001"),
            Self::NotAllowed(_) => Some("0034-00000002"),
            Self::NoSuchBucket => Some("0015-00000101"),
            Self::OriginMissing | Self::MethodMissing => None,
        }
    }

    /// `Message` of the XML error, in OSS's own spelling.
    pub const fn message(self) -> &'static str {
        match self {
            Self::OriginMissing => "Insufficient information. Origin request header needed.",
            Self::MethodMissing => "Insufficient information. Request Access-Control-Request-Method header needed.",
            Self::NotEnabled => "CORSResponse: CORS is not enabled for this bucket.",
            Self::NotAllowed(_) => {
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
                 request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted \
                 by the resource's CORS spec."
            }
            Self::NoSuchBucket => "The specified bucket does not exist.",
        }
    }

    /// The body, `application/xml`. `request_id` and `host_id` are escaped; of a `host_id` over 255 bytes, the longest
    /// name DNS knows, nothing is written.
    pub fn to_xml(self, request_id: &str, host_id: &str) -> String {
        let host_id = if host_id.len() > 255 { "" } else { host_id };
        let (code, message) = (self.code(), self.message());
        let (request_id, host_id) = (escape::xml(request_id), escape::xml(host_id));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
             <RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>\n"
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchBucket => f.write_str("no such bucket"),
            Self::OriginMissing => f.write_str("OPTIONS without an Origin header"),
            Self::MethodMissing => f.write_str("OPTIONS without an Access-Control-Request-Method header"),
            Self::NotEnabled => f.write_str("no CORS configuration"),
            Self::NotAllowed(mismatch) => mismatch.fmt(f),
        }
    }
}
