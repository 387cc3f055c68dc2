//! Why a browser keeps an answer from a page, or never sends its request; and what each browser calls it.

use std::borrow::Cow;
use std::fmt;

use crate::browser::Browser;
use crate::shown::Shown;

/// How an answer fails the CORS check.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckFailure {
    /// No `Access-Control-Allow-Origin`.
    MissingAllowOrigin,
    /// Several lines of it, or several values in one.
    SeveralAllowOrigins {
        /// All of them, joined.
        value: Vec<u8>,
    },
    /// A value that is no origin.
    NotAnOrigin {
        /// The value.
        value: Vec<u8>,
    },
    /// An origin, but not the page's, byte for byte.
    OtherOrigin {
        /// The value.
        value: Vec<u8>,
    },
    /// `*`, and the request carries credentials.
    WildcardWithCredentials,
    /// The request carries credentials, and `Access-Control-Allow-Credentials` is not `true`.
    CredentialsNotAllowed {
        /// Its value, if there is one.
        value: Option<Vec<u8>>,
    },
}

/// Why the page gets nothing. `Display` says what is wrong with the answer; the names are the browsers' own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The answer to the preflight fails the CORS check.
    PreflightCheck {
        /// How.
        check: CheckFailure,
        /// The page's origin.
        origin: String,
        /// The status, which Safari looks at first.
        status: u16,
    },
    /// The preflight is answered by a redirect, which no browser follows.
    PreflightRedirect {
        /// The status.
        status: u16,
    },
    /// The preflight is opened to the origin, but its status is not one of 200 to 299.
    PreflightStatus {
        /// The status.
        status: u16,
    },
    /// `Access-Control-Allow-Methods` has an item that is no method.
    MalformedAllowMethods {
        /// The item.
        item: Vec<u8>,
    },
    /// `Access-Control-Allow-Headers` has an item that is no header name.
    MalformedAllowHeaders {
        /// The item.
        item: Vec<u8>,
    },
    /// The preflight's answer does not list the method.
    MethodNotAllowed {
        /// The method, in the case that is sent.
        method: String,
    },
    /// The preflight's answer does not list a request header.
    HeaderNotAllowed {
        /// The first of them, in lower case.
        name: String,
    },
    /// The answer itself fails the CORS check.
    Check {
        /// How.
        check: CheckFailure,
        /// The page's origin.
        origin: String,
        /// The status, which Safari names.
        status: u16,
    },
}

impl Failure {
    /// Whether the page's own request was never sent.
    pub fn is_of_preflight(&self) -> bool {
        !matches!(self, Self::Check { .. })
    }

    /// What `browser` calls it.
    pub fn named_by(&self, browser: Browser) -> Cow<'static, str> {
        match browser {
            Browser::Chromium => self.chromium().into(),
            Browser::Firefox => self.firefox().into(),
            Browser::Safari => self.safari().into(),
        }
    }

    /// The name in Chromium's developer protocol (`Network.CorsError`).
    pub fn chromium(&self) -> &'static str {
        use CheckFailure as C;
        match self {
            Self::PreflightCheck { check, .. } => match check {
                C::MissingAllowOrigin => "PreflightMissingAllowOriginHeader",
                C::SeveralAllowOrigins { .. } => "PreflightMultipleAllowOriginValues",
                C::NotAnOrigin { .. } => "PreflightInvalidAllowOriginValue",
                C::OtherOrigin { .. } => "PreflightAllowOriginMismatch",
                C::WildcardWithCredentials => "PreflightWildcardOriginNotAllowed",
                C::CredentialsNotAllowed { .. } => "PreflightInvalidAllowCredentials",
            },
            Self::Check { check, .. } => match check {
                C::MissingAllowOrigin => "MissingAllowOriginHeader",
                C::SeveralAllowOrigins { .. } => "MultipleAllowOriginValues",
                C::NotAnOrigin { .. } => "InvalidAllowOriginValue",
                C::OtherOrigin { .. } => "AllowOriginMismatch",
                C::WildcardWithCredentials => "WildcardOriginNotAllowed",
                C::CredentialsNotAllowed { .. } => "InvalidAllowCredentials",
            },
            Self::PreflightRedirect { .. } => "PreflightDisallowedRedirect",
            Self::PreflightStatus { .. } => "PreflightInvalidStatus",
            Self::MalformedAllowMethods { .. } => "InvalidAllowMethodsPreflightResponse",
            Self::MalformedAllowHeaders { .. } => "InvalidAllowHeadersPreflightResponse",
            Self::MethodNotAllowed { .. } => "MethodDisallowedByPreflightResponse",
            Self::HeaderNotAllowed { .. } => "HeaderDisallowedByPreflightResponse",
        }
    }

    /// The reason in Firefox's console, as the pages of MDN are named after it.
    pub fn firefox(&self) -> &'static str {
        use CheckFailure as C;
        match self {
            Self::PreflightCheck { check, .. } | Self::Check { check, .. } => match check {
                C::MissingAllowOrigin => "CORSMissingAllowOrigin",
                C::SeveralAllowOrigins { .. } => "CORSMultipleAllowOriginNotAllowed",
                C::NotAnOrigin { .. } | C::OtherOrigin { .. } => "CORSAllowOriginNotMatchingOrigin",
                C::WildcardWithCredentials => "CORSNotSupportingCredentials",
                C::CredentialsNotAllowed { .. } => "CORSMissingAllowCredentials",
            },
            Self::PreflightRedirect { .. } => "CORSExternalRedirectNotAllowed",
            Self::PreflightStatus { .. } => "CORSPreflightDidNotSucceed",
            Self::MalformedAllowMethods { .. } => "CORSInvalidAllowMethod",
            Self::MalformedAllowHeaders { .. } => "CORSInvalidAllowHeader",
            Self::MethodNotAllowed { .. } => "CORSMethodNotFound",
            Self::HeaderNotAllowed { .. } => "CORSMissingAllowHeaderFromPreflight",
        }
    }

    /// The sentence in Safari's console. It looks at the status of a preflight before anything else.
    pub fn safari(&self) -> String {
        use CheckFailure as C;
        match self {
            Self::PreflightCheck { status, .. }
            | Self::PreflightStatus { status }
            | Self::PreflightRedirect { status }
                if !(200..=299).contains(status) =>
            {
                format!("Preflight response is not successful. Status code: {status}")
            }
            Self::PreflightCheck { check, origin, status } | Self::Check { check, origin, status } => match check {
                C::MissingAllowOrigin | C::NotAnOrigin { .. } | C::OtherOrigin { .. } => {
                    format!("Origin {origin} is not allowed by Access-Control-Allow-Origin. Status code: {status}")
                }
                C::SeveralAllowOrigins { .. } => {
                    "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
                }
                C::WildcardWithCredentials => {
                    "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.".to_owned()
                }
                C::CredentialsNotAllowed { .. } => {
                    "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".".to_owned()
                }
            },
            Self::PreflightStatus { .. } | Self::PreflightRedirect { .. } => {
                "Preflight response is not successful".to_owned()
            }
            Self::MalformedAllowMethods { .. } => "Access-Control-Allow-Methods is malformed.".to_owned(),
            Self::MalformedAllowHeaders { .. } => "Access-Control-Allow-Headers is malformed.".to_owned(),
            Self::MethodNotAllowed { method } => {
                format!("Method {method} is not allowed by Access-Control-Allow-Methods.")
            }
            Self::HeaderNotAllowed { name } => {
                format!("Request header field {name} is not allowed by Access-Control-Allow-Headers.")
            }
        }
    }
}

impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingAllowOrigin => f.write_str("no Access-Control-Allow-Origin"),
            Self::SeveralAllowOrigins { value } => {
                write!(f, "several values of Access-Control-Allow-Origin, {}; one must be sent", Shown(value))
            }
            Self::NotAnOrigin { value } => {
                write!(f, "Access-Control-Allow-Origin is {}, which is no origin", Shown(value))
            }
            Self::OtherOrigin { value } => {
                write!(f, "Access-Control-Allow-Origin is {}, not the page's origin byte for byte", Shown(value))
            }
            Self::WildcardWithCredentials => f.write_str(
                "Access-Control-Allow-Origin is `*`, which does not count for a request with credentials; \
                 send it without, or allow the origin by name",
            ),
            Self::CredentialsNotAllowed { value: None } => {
                f.write_str("no Access-Control-Allow-Credentials, and the request carries credentials; send it without")
            }
            Self::CredentialsNotAllowed { value: Some(value) } => {
                write!(f, "Access-Control-Allow-Credentials is {}; only `true` counts", Shown(value))
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreflightCheck { check, status, .. } => write!(f, "the preflight's answer, {status}: {check}"),
            Self::Check { check, status, .. } => write!(f, "the answer, {status}: {check}"),
            Self::PreflightRedirect { status } => {
                write!(f, "the preflight is answered by a redirect, {status}, which no browser follows")
            }
            Self::PreflightStatus { status } => {
                write!(f, "the preflight's answer is {status}; only 200 to 299 count")
            }
            Self::MalformedAllowMethods { item } => {
                write!(f, "Access-Control-Allow-Methods has {}, which is no method", Shown(item))
            }
            Self::MalformedAllowHeaders { item } => {
                write!(f, "Access-Control-Allow-Headers has {}, which is no header name", Shown(item))
            }
            Self::MethodNotAllowed { method } => {
                write!(f, "Access-Control-Allow-Methods does not list {}", Shown(method.as_bytes()))
            }
            Self::HeaderNotAllowed { name } => {
                write!(f, "Access-Control-Allow-Headers does not list {}", Shown(name.as_bytes()))
            }
        }
    }
}

impl std::error::Error for CheckFailure {}

impl std::error::Error for Failure {}
