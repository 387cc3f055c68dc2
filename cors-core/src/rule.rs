//! One compiled rule: the header values it answers with, built once.

use http::HeaderValue;

use crate::config::CorsRule;

/// A rule of a [`RuleTable`](crate::RuleTable): what it writes when it matches.
#[derive(Debug)]
pub struct Rule {
    number: usize,
    any_origin: bool,
    allow_methods: HeaderValue,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    allow_credentials: bool,
}

impl Rule {
    /// `rule` has been validated.
    pub(crate) fn new(number: usize, rule: &CorsRule) -> Self {
        let expose = (!rule.expose_headers.is_empty()).then(|| value(&rule.expose_headers.join(", ")));
        Self {
            number,
            any_origin: rule.allowed_origins.iter().any(|origin| origin == "*"),
            allow_methods: value(&rule.allowed_methods.join(", ")),
            expose_headers: expose,
            max_age: rule.max_age_seconds.map(HeaderValue::from),
            allow_credentials: rule.allow_credentials,
        }
    }

    /// Its number in the configuration, counted from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether `Access-Control-Allow-Origin` is `*` (a bare `*` stands among the rule's origins) rather than the
    /// request's own `Origin`, byte for byte.
    pub fn any_origin(&self) -> bool {
        self.any_origin
    }

    /// `Access-Control-Allow-Methods`: the rule's whole list, in its order.
    pub fn allow_methods(&self) -> &HeaderValue {
        &self.allow_methods
    }

    /// `Access-Control-Expose-Headers`: the rule's whole list, in its order, as written.
    pub fn expose_headers(&self) -> Option<&HeaderValue> {
        self.expose_headers.as_ref()
    }

    /// `Access-Control-Max-Age`, in seconds.
    pub fn max_age(&self) -> Option<&HeaderValue> {
        self.max_age.as_ref()
    }

    /// Whether to write `Access-Control-Allow-Credentials: true` ([`Profile::Extended`](crate::Profile::Extended)).
    pub fn allow_credentials(&self) -> bool {
        self.allow_credentials
    }
}

/// Validation lets only tokens into methods, and only ASCII without control characters into exposed headers.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
