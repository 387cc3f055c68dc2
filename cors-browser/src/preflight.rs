//! The preflight: what a browser asks first, and what it makes of the answer.

use crate::browser::Browser;
use crate::check::{self, Credentials};
use crate::failure::{CheckFailure, Failure};
use crate::fields::{List, lines};
use crate::method::is_safelisted_method;
use crate::response::Response;

/// How long an answer to a preflight is kept without a usable `Access-Control-Max-Age`, in seconds.
pub const DEFAULT_MAX_AGE: u64 = 5;

/// The preflight of one request. The browser sends it as `OPTIONS` with `Accept: */*`, without cookies, and follows no
/// redirect. Made by [`PageRequest::preflight`](crate::PageRequest::preflight).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    pub(crate) origin: String,
    pub(crate) method: String,
    pub(crate) unsafe_names: Vec<String>,
    pub(crate) credentials: Credentials,
    pub(crate) forced: bool,
}

/// What an answer to a preflight allows: the page's request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grant {
    /// The seconds that the answer asks to be kept for. [`kept`](Self::kept) is what a browser makes of it.
    pub max_age: u64,
}

impl Grant {
    /// For how many seconds `browser` asks no second time. 0 is never kept.
    pub fn kept(&self, browser: Browser) -> u64 {
        self.max_age.min(browser.longest_max_age())
    }
}

impl Preflight {
    /// `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `Access-Control-Request-Method`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The names in `Access-Control-Request-Headers`: lower case, sorted, each once.
    pub fn names(&self) -> &[String] {
        &self.unsafe_names
    }

    /// `Access-Control-Request-Headers`, on one line without blanks; `None` if there is none.
    pub fn request_headers(&self) -> Option<String> {
        (!self.unsafe_names.is_empty()).then(|| self.unsafe_names.join(","))
    }

    /// Whether `answer` lets the browser send the page's request.
    ///
    /// # Errors
    ///
    /// The first thing on which it fails, in the order of Chromium: Allow-Origin before the status.
    pub fn allows(&self, answer: &Response<'_>) -> Result<Grant, Failure> {
        self.judge(answer, false)
    }

    /// As Fetch says, or with `*` allowing `Authorization` too.
    fn judge(&self, answer: &Response<'_>, by_wildcard_too: bool) -> Result<Grant, Failure> {
        if is_redirect(answer) {
            // Its headers are not even looked at.
            return Err(Failure::PreflightRedirect { status: answer.status });
        }
        let checked = check::check(&self.origin, self.credentials, answer);
        checked.map_err(|check| Failure::PreflightCheck {
            check,
            origin: self.origin.clone(),
            status: answer.status,
        })?;
        if !answer.is_ok() {
            return Err(Failure::PreflightStatus { status: answer.status });
        }
        let methods = List::of(answer.headers, "access-control-allow-methods");
        let names = List::of(answer.headers, "access-control-allow-headers");
        if let List::Malformed(item) = methods {
            return Err(Failure::MalformedAllowMethods { item: item.to_vec() });
        }
        if let List::Malformed(item) = names {
            return Err(Failure::MalformedAllowHeaders { item: item.to_vec() });
        }
        if !self.method_is_in(&methods) {
            return Err(Failure::MethodNotAllowed { method: self.method.clone() });
        }
        if let Some(name) = self.first_name_not_in(&names, by_wildcard_too) {
            return Err(Failure::HeaderNotAllowed { name: name.to_owned() });
        }
        Ok(Grant { max_age: max_age(answer) })
    }

    fn method_is_in(&self, methods: &List<'_>) -> bool {
        let listed = |method: &str| methods.tokens().contains(&method);
        is_safelisted_method(&self.method)
            || listed(&self.method)
            || (self.wildcards_count() && listed("*"))
            || (self.forced && *methods == List::Absent)
    }

    /// `Authorization` before all others, which `*` does not allow.
    fn first_name_not_in(&self, allowed: &List<'_>, by_wildcard_too: bool) -> Option<&str> {
        let named = |name: &str| allowed.tokens().iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
        let by_wildcard = self.wildcards_count() && allowed.tokens().contains(&"*");
        let mut names = self.unsafe_names.iter().map(String::as_str);
        let authorization = names.clone().find(|name| !by_wildcard_too && *name == "authorization" && !named(name));
        authorization.or_else(|| names.find(|name| !by_wildcard && !named(name)))
    }

    /// `*` is the name `*` where credentials are sent.
    fn wildcards_count(&self) -> bool {
        self.credentials != Credentials::Include
    }
}

fn is_redirect(answer: &Response<'_>) -> bool {
    matches!(answer.status, 301 | 302 | 303 | 307 | 308) && lines(answer.headers, "location").next().is_some()
}

/// How long the answer asks to be kept for: one line of digits.
fn max_age(answer: &Response<'_>) -> u64 {
    let mut lines = lines(answer.headers, "access-control-max-age");
    match (lines.next(), lines.next()) {
        (Some(seconds), None) if !seconds.is_empty() && seconds.iter().all(u8::is_ascii_digit) => {
            // What is longer than any number is longer than any browser keeps it.
            std::str::from_utf8(seconds).ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX)
        }
        _ => DEFAULT_MAX_AGE,
    }
}

impl Failure {
    /// Whether Chromium, against Fetch, lets the request pass although `answer` fails so: it takes `*` among the
    /// allowed headers for `Authorization` too.
    pub fn passes_in_chromium(&self, preflight: &Preflight, answer: &Response<'_>) -> bool {
        let is_of_authorization = matches!(self, Self::HeaderNotAllowed { name } if name == "authorization");
        is_of_authorization && preflight.judge(answer, true).is_ok()
    }

    /// Whether only the check of Allow-Origin failed, and how.
    pub fn check(&self) -> Option<&CheckFailure> {
        match self {
            Self::PreflightCheck { check, .. } | Self::Check { check, .. } => Some(check),
            _ => None,
        }
    }
}
