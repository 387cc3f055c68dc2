//! The request as borrowed bytes.

use std::cell::OnceCell;
use std::iter::Map;

use http::Request;
use http::header::{self, GetAll, HeaderMap, HeaderName, HeaderValue, ValueIter};
use oss_cors_core::{FieldLine, allow_headers};

/// `Origin`: the one line, or the first of several, which no rule matches.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'r> {
    pub(crate) value: Option<&'r HeaderValue>,
    several: bool,
}

impl<'r> Origin<'r> {
    #[inline]
    pub(crate) fn of(headers: &'r HeaderMap) -> Self {
        let mut lines = headers.get_all(header::ORIGIN).into_iter();
        let value = lines.next();
        Self { value, several: value.is_some() && lines.next().is_some() }
    }

    #[inline]
    pub(crate) fn line(self) -> FieldLine<'r> {
        match self.value {
            None => FieldLine::Absent,
            Some(_) if self.several => FieldLine::Several,
            Some(origin) => FieldLine::One(origin.as_bytes()),
        }
    }
}

pub(crate) fn field_line(headers: &HeaderMap, name: HeaderName) -> FieldLine<'_> {
    FieldLine::from_lines(headers.get_all(name).iter().map(HeaderValue::as_bytes))
}

/// The lines of `Access-Control-Request-Headers`, looked up when first needed, and walked as often as needed.
#[derive(Clone, Copy)]
pub(crate) struct RequestHeaders<'r, 'c> {
    pub(crate) headers: &'r HeaderMap,
    pub(crate) found: &'c OnceCell<GetAll<'r, HeaderValue>>,
}

impl<'r> RequestHeaders<'r, '_> {
    /// `Access-Control-Allow-Headers` for a preflight that a rule allowed.
    pub(crate) fn allow_headers(self) -> Option<HeaderValue> {
        // Names that a rule allowed are tokens; joined, they are a header value.
        allow_headers(self, HeaderValue::from_bytes)?.ok()
    }
}

impl<'r> IntoIterator for RequestHeaders<'r, '_> {
    type Item = &'r [u8];
    type IntoIter = Map<ValueIter<'r, HeaderValue>, fn(&'r HeaderValue) -> &'r [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        let found = self.found.get_or_init(|| self.headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS));
        found.iter().map(HeaderValue::as_bytes)
    }
}

/// The host the request was sent to, with its port: HTTP/2 has it in the URI, HTTP/1 in a header.
pub(crate) fn host<B>(request: &Request<B>) -> &str {
    let header = || request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A user may stand before the host.
    let authority = request.uri().authority().and_then(|authority| authority.as_str().rsplit('@').next());
    authority.or_else(header).unwrap_or_default()
}
