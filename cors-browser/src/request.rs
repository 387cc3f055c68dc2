//! A request that a page makes to another origin.

use std::fmt;

use crate::check::{self, Credentials};
use crate::expose;
use crate::failure::Failure;
use crate::fields::is_token;
use crate::forbidden::is_forbidden_request_header;
use crate::method::{is_forbidden_method, is_safelisted_method, normalized_method};
use crate::preflight::Preflight;
use crate::response::Response;
use crate::safelist::unsafe_names;
use crate::shown::Shown;

/// What a page asks `fetch` or `XMLHttpRequest` for, in mode `cors`, from another origin than its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest<'a> {
    origin: &'a str,
    method: String,
    headers: Vec<(&'a str, &'a [u8])>,
    dropped: Vec<&'a str>,
    credentials: Credentials,
    forced: bool,
}

/// Why a browser throws instead of sending anything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NeverSent {
    /// The method is no token.
    NotAMethod {
        /// The method.
        method: String,
    },
    /// CONNECT, TRACE or TRACK.
    ForbiddenMethod {
        /// The method.
        method: String,
    },
    /// A header whose name is no token, or whose value has a line break or NUL.
    NotAHeader {
        /// Its name.
        name: String,
    },
}

/// What the page sees of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Readable<'a> {
    /// The header lines that are left for it.
    pub headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> PageRequest<'a> {
    /// A page of `origin`, as the browser serializes it (`https://app.example.com`, or `null`), sends `method` with the
    /// `headers` that it sets itself. Those that no page can set are [dropped](Self::dropped).
    ///
    /// # Errors
    ///
    /// The browser throws: the method or a header is malformed, or the method forbidden.
    pub fn new(
        origin: &'a str,
        method: &str,
        headers: &[(&'a str, &'a [u8])],
        credentials: Credentials,
    ) -> Result<Self, NeverSent> {
        if !is_token(method) {
            return Err(NeverSent::NotAMethod { method: method.to_owned() });
        }
        if is_forbidden_method(method) {
            return Err(NeverSent::ForbiddenMethod { method: method.to_owned() });
        }
        let is_sendable = |value: &[u8]| !value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'));
        if let Some((name, _)) = headers.iter().find(|(name, value)| !is_token(name) || !is_sendable(value)) {
            return Err(NeverSent::NotAHeader { name: (*name).to_owned() });
        }
        let (dropped, headers): (Vec<_>, Vec<_>) =
            headers.iter().partition(|(name, value)| is_forbidden_request_header(name, value));
        Ok(Self {
            origin,
            method: normalized_method(method).to_owned(),
            headers,
            dropped: dropped.into_iter().map(|(name, _)| name).collect(),
            credentials,
            forced: false,
        })
    }

    /// Makes a preflight necessary whatever is sent: the page listens to `xhr.upload`, or sends a stream.
    #[must_use]
    pub fn with_upload_listeners(mut self) -> Self {
        self.forced = true;
        self
    }

    /// The method, as it is sent.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The headers that are sent of those that the page sets.
    pub fn headers(&self) -> &[(&'a str, &'a [u8])] {
        &self.headers
    }

    /// The names of those that the browser drops.
    pub fn dropped(&self) -> &[&'a str] {
        &self.dropped
    }

    /// What is asked first; `None` where the request is sent without asking.
    pub fn preflight(&self) -> Option<Preflight> {
        let unsafe_names = unsafe_names(&self.headers);
        let needed = self.forced || !is_safelisted_method(&self.method) || !unsafe_names.is_empty();
        needed.then(|| Preflight {
            origin: self.origin.to_owned(),
            method: self.method.clone(),
            unsafe_names,
            credentials: self.credentials,
            forced: self.forced,
        })
    }

    /// What the page sees of the answer to the request itself.
    ///
    /// # Errors
    ///
    /// The answer fails the CORS check, and the page sees nothing, not even the status. A 304 and a 407 are not
    /// checked: the first is judged by the stored answer that it freshens.
    pub fn reads<'r>(&self, answer: &Response<'r>) -> Result<Readable<'r>, Failure> {
        if !matches!(answer.status, 304 | 407) {
            check::check(self.origin, self.credentials, answer).map_err(|check| Failure::Check {
                check,
                origin: self.origin.to_owned(),
                status: answer.status,
            })?;
        }
        Ok(Readable { headers: expose::visible(self.credentials, answer) })
    }
}

impl Readable<'_> {
    /// Whether the page can read the field `name`.
    pub fn sees(&self, name: &str) -> bool {
        self.headers.iter().any(|(visible, _)| visible.eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for NeverSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAMethod { method } => {
                write!(f, "{} is no method: a browser throws; send one token", Shown(method.as_bytes()))
            }
            Self::ForbiddenMethod { method } => {
                write!(f, "no page may send {}: a browser throws; use another method", Shown(method.as_bytes()))
            }
            Self::NotAHeader { name } => {
                write!(
                    f,
                    "the header {} is malformed: a browser throws; correct its name or value",
                    Shown(name.as_bytes())
                )
            }
        }
    }
}

impl std::error::Error for NeverSent {}
