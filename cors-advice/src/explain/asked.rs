//! The request: what kind it is, and what is malformed about it.

use std::fmt;

use oss_cors_core::{FieldLine, MAX_ORIGIN_BYTES, MAX_REQUEST_HEADER_ITEMS, MAX_REQUEST_HEADERS_BYTES};

use super::points::Points;
use super::quoted::{Listed, Quoted};
use super::request::{Request, is_header_name};
use crate::text::is_token;

/// The request, as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Asked {
    /// What kind of request it is.
    pub kind: RequestKind,
    /// The method that the rules are asked for: `Access-Control-Request-Method` of a preflight, else the request's own.
    /// `None` for several lines of it.
    pub method: Option<Quoted>,
    /// `Origin`; `None` for none and for several. Of an over-long one the first 1024 bytes.
    pub origin: Option<Quoted>,
    /// The names in `Access-Control-Request-Headers` of a preflight, as sent, each once; empty for too many.
    pub headers: Vec<Quoted>,
    /// What is malformed: nothing that is malformed matches any rule.
    #[cfg_attr(feature = "serde", serde(serialize_with = "super::serializers::with_messages"))]
    pub problems: Vec<Problem>,
}

impl Asked {
    pub(super) fn new(request: &Request<'_>, points: &Points<'_>) -> Self {
        let kind = RequestKind::of(request);
        let shown = |text: &[u8]| Quoted::new(text.get(..MAX_ORIGIN_BYTES).unwrap_or(text));
        Self {
            kind,
            method: points.method_asked.map(shown),
            origin: match request.origin {
                FieldLine::One(origin) => Some(shown(origin)),
                FieldLine::Absent | FieldLine::Several => None,
            },
            headers: points.headers.iter().map(|(name, _)| name.clone()).collect(),
            problems: problems(request, points),
        }
    }
}

/// What kind of request it is (SEMANTICS section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum RequestKind {
    /// No `Origin`, and no `OPTIONS`.
    NotCrossOrigin,
    /// With `Origin`, and no `OPTIONS`.
    Actual,
    /// `OPTIONS` with `Origin` and `Access-Control-Request-Method`.
    Preflight,
    /// `OPTIONS` with `Access-Control-Request-Method`, without `Origin`.
    OptionsWithoutOrigin,
    /// `OPTIONS` with `Origin`, without `Access-Control-Request-Method`.
    OptionsWithoutRequestMethod,
    /// `OPTIONS` without either.
    OptionsWithoutBoth,
}

impl RequestKind {
    fn of(request: &Request<'_>) -> Self {
        match (request.method == b"OPTIONS", request.origin.is_absent(), request.request_method.is_absent()) {
            _ if request.is_preflight() => Self::Preflight,
            (false, true, _) => Self::NotCrossOrigin,
            (false, false, _) => Self::Actual,
            (true, true, false) => Self::OptionsWithoutOrigin,
            (true, false, _) => Self::OptionsWithoutRequestMethod,
            (true, true, true) => Self::OptionsWithoutBoth,
        }
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCrossOrigin => "not a cross-origin request: no Origin",
            Self::Actual => "actual request",
            Self::Preflight => "preflight",
            Self::OptionsWithoutOrigin => "OPTIONS, but no preflight: no Origin",
            Self::OptionsWithoutRequestMethod => "OPTIONS, but no preflight: no Access-Control-Request-Method",
            Self::OptionsWithoutBoth => "OPTIONS, but no preflight: neither Origin nor Access-Control-Request-Method",
        })
    }
}

/// Something malformed in a request. Its `Display` says what, and what to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "problem", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Problem {
    /// Two `Origin` lines or more.
    SeveralOrigins,
    /// An `Origin` without a value.
    EmptyOrigin,
    /// An `Origin` of more than [`MAX_ORIGIN_BYTES`].
    OriginTooLong {
        /// How many bytes it has.
        bytes: usize,
    },
    /// An `Origin` with a blank, a control character or a byte outside ASCII.
    OriginNotVisibleAscii,
    /// Two `Access-Control-Request-Method` lines or more.
    SeveralRequestMethods,
    /// An `Access-Control-Request-Method` that is no token.
    RequestMethodNotAToken,
    /// More than [`MAX_REQUEST_HEADERS_BYTES`] of `Access-Control-Request-Headers`, or more than
    /// [`MAX_REQUEST_HEADER_ITEMS`] items in it.
    TooManyRequestHeaders {
        /// How many bytes they have, all lines together as if joined with commas.
        bytes: usize,
    },
    /// Names in `Access-Control-Request-Headers` that no request header can have, or `*`.
    NotHeaderNames {
        /// The names, as sent.
        names: Vec<Quoted>,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SeveralOrigins => f.write_str("several Origin lines; send one"),
            Self::EmptyOrigin => f.write_str("the Origin is empty; send `scheme://host[:port]`"),
            Self::OriginTooLong { bytes } => {
                write!(f, "the Origin has {bytes} bytes; more than {MAX_ORIGIN_BYTES} match nothing")
            }
            Self::OriginNotVisibleAscii => f.write_str(
                "the Origin has a blank, a control character or a byte outside ASCII; \
                 browsers write host names in ASCII (`xn--`)",
            ),
            Self::SeveralRequestMethods => f.write_str("several Access-Control-Request-Method lines; send one"),
            Self::RequestMethodNotAToken => f.write_str("Access-Control-Request-Method is no method; send one token"),
            Self::TooManyRequestHeaders { bytes } if *bytes <= MAX_REQUEST_HEADERS_BYTES => write!(
                f,
                "Access-Control-Request-Headers lists more than {MAX_REQUEST_HEADER_ITEMS} items; so many match nothing"
            ),
            Self::TooManyRequestHeaders { bytes } => write!(
                f,
                "Access-Control-Request-Headers has {bytes} bytes; more than {MAX_REQUEST_HEADERS_BYTES} match nothing"
            ),
            Self::NotHeaderNames { names } => {
                write!(f, "Access-Control-Request-Headers has what is no header name: {}", Listed(names))
            }
        }
    }
}

fn problems(request: &Request<'_>, points: &Points<'_>) -> Vec<Problem> {
    let origin = match request.origin {
        FieldLine::Several => Some(Problem::SeveralOrigins),
        FieldLine::One(origin) if points.origin.is_none() => Some(match origin.len() {
            0 => Problem::EmptyOrigin,
            bytes if bytes > MAX_ORIGIN_BYTES => Problem::OriginTooLong { bytes },
            _ => Problem::OriginNotVisibleAscii,
        }),
        FieldLine::One(_) | FieldLine::Absent => None,
    };
    let method = match request.request_method {
        _ if !request.is_preflight() => None,
        FieldLine::Several => Some(Problem::SeveralRequestMethods),
        FieldLine::One(method) if !is_token(method) => Some(Problem::RequestMethodNotAToken),
        FieldLine::One(_) | FieldLine::Absent => None,
    };
    let too_many = points.too_many_headers.map(|bytes| Problem::TooManyRequestHeaders { bytes });
    let names: Vec<_> =
        points.headers.iter().filter(|(name, _)| !is_header_name(name)).map(|(name, _)| name.clone()).collect();
    let names = (!names.is_empty()).then_some(Problem::NotHeaderNames { names });
    origin.into_iter().chain(method).chain(too_many).chain(names).collect()
}
