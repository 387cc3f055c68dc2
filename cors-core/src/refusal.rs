//! Why no rule matched, and what a refused preflight carries.

use std::fmt;

use crate::escape;

/// Why no rule matched: the first point at which none was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unmatched {
    /// The request has no `Origin`: it is not cross-origin.
    NoOrigin,
    /// There is no configuration.
    NotEnabled,
    /// There is no such bucket.
    NoSuchBucket,
    /// Several `Origin` lines, an empty one, one over [`MAX_ORIGIN_BYTES`](crate::MAX_ORIGIN_BYTES), or bytes outside
    /// visible ASCII. Nothing matches it, not even `*`.
    MalformedOrigin,
    /// No rule allows the origin.
    Origin,
    /// No rule that allows the origin allows the method.
    Method,
    /// No rule that allows origin and method allows every requested header.
    Headers,
    /// More than [`MAX_REQUEST_HEADERS_BYTES`](crate::MAX_REQUEST_HEADERS_BYTES) of request-header names, or so many that
    /// they take more than [`MAX_HEADER_LOOKUPS`](crate::MAX_HEADER_LOOKUPS).
    TooManyHeaders,
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOrigin => "no Origin header",
            Self::NotEnabled => "no CORS configuration",
            Self::NoSuchBucket => "no such bucket",
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
    NotAllowed(Unmatched),
}

impl Refusal {
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
            Self::NotAllowed(unmatched) => unmatched.fmt(f),
        }
    }
}
