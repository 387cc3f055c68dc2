//! One compiled rule: the header values it answers with, built once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, TryLockError};

use http::HeaderValue;

use crate::config::CorsRule;
use crate::headers::RuleHeaders;

/// A rule of a [`RuleTable`](crate::RuleTable): what it writes when it matches. Cheap to clone: an adapter keeps it for
/// the response, when the table may have been swapped.
#[derive(Clone, Debug)]
pub struct Rule {
    number: usize,
    headers: Shared,
}

#[derive(Clone, Debug)]
enum Shared {
    Interned(&'static RuleHeaders<HeaderValue>),
    Counted(Arc<RuleHeaders<HeaderValue>>),
}

impl Rule {
    /// `rule` has been validated.
    pub(crate) fn new(number: usize, rule: &CorsRule) -> Self {
        Self { number, headers: interned(&Texts::new(rule)) }
    }

    /// Its number in the configuration, counted from 1.
    #[inline]
    pub fn number(&self) -> usize {
        self.number
    }

    /// What it writes.
    #[inline]
    pub fn headers(&self) -> &RuleHeaders<HeaderValue> {
        match &self.headers {
            Shared::Interned(headers) => headers,
            Shared::Counted(headers) => headers,
        }
    }

    /// Whether a bare `*` stands among the rule's origins: then `Access-Control-Allow-Origin` is `*`, else the request's
    /// own `Origin`.
    #[inline]
    pub fn any_origin(&self) -> bool {
        self.headers().any_origin.is_some()
    }

    /// `Access-Control-Allow-Methods`: the rule's whole list, in its order.
    #[inline]
    pub fn allow_methods(&self) -> &HeaderValue {
        &self.headers().allow_methods
    }

    /// `Access-Control-Expose-Headers`: the rule's whole list, in its order, as written.
    #[inline]
    pub fn expose_headers(&self) -> Option<&HeaderValue> {
        self.headers().expose_headers.as_ref()
    }

    /// `Access-Control-Max-Age`, in seconds.
    #[inline]
    pub fn max_age(&self) -> Option<&HeaderValue> {
        self.headers().max_age.as_ref()
    }

    /// Whether `Access-Control-Allow-Credentials: true` is written ([`Profile::Extended`](crate::Profile::Extended)).
    #[inline]
    pub fn allow_credentials(&self) -> bool {
        self.headers().allow_credentials.is_some()
    }
}

/// The values' texts: what makes two rules answer alike.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Texts {
    any_origin: bool,
    allow_methods: String,
    expose_headers: Option<String>,
    max_age: Option<u32>,
    allow_credentials: bool,
}

impl Texts {
    fn new(rule: &CorsRule) -> Self {
        Self {
            any_origin: rule.allowed_origins.iter().any(|origin| origin == "*"),
            allow_methods: rule.allowed_methods.join(", "),
            expose_headers: (!rule.expose_headers.is_empty()).then(|| rule.expose_headers.join(", ")),
            max_age: rule.max_age_seconds,
            allow_credentials: rule.allow_credentials,
        }
    }

    fn bytes(&self) -> usize {
        self.allow_methods.len() + self.expose_headers.as_ref().map_or(0, String::len)
    }

    /// `value` makes a header value of a text.
    fn headers(&self, value: impl Fn(&str) -> HeaderValue) -> RuleHeaders<HeaderValue> {
        RuleHeaders {
            any_origin: self.any_origin.then_some(HeaderValue::from_static("*")),
            allow_methods: value(&self.allow_methods),
            expose_headers: self.expose_headers.as_deref().map(&value),
            max_age: self.max_age.map(|seconds| value(&seconds.to_string())),
            allow_credentials: self.allow_credentials.then_some(HeaderValue::from_static("true")),
        }
    }
}

/// At most so many sets of values live as long as the process, of at most so many bytes of text each: 1 MiB in all,
/// however often rules are loaded.
const MOST_INTERNED: usize = 1024;
const LONGEST_INTERNED: usize = 1024;

/// The same texts give the same values, in every table.
///
/// Values of static text are cloned without counting. A counted one costs two atomic operations at each use, on a
/// cache line that all threads share: 19 ns, and 64 ns where two threads do so, for each of up to three headers. Three
/// values taken together: 25 ns against 34, of 158 for an allowed request (`cargo bench --bench reload`).
fn interned(texts: &Texts) -> Shared {
    static KNOWN: LazyLock<Mutex<HashMap<Texts, &'static RuleHeaders<HeaderValue>>>> = LazyLock::new(Mutex::default);
    let shared = || Shared::Counted(Arc::new(texts.headers(|text| valid(HeaderValue::from_str(text)))));
    // A request may compile the rules of its bucket: it never waits here.
    let mut known = match KNOWN.try_lock() {
        Ok(known) => known,
        Err(TryLockError::Poisoned(known)) => known.into_inner(),
        Err(TryLockError::WouldBlock) => return shared(),
    };
    if let Some(values) = known.get(texts) {
        return Shared::Interned(values);
    }
    if known.len() >= MOST_INTERNED || texts.bytes() > LONGEST_INTERNED {
        return shared();
    }
    let values: &'static RuleHeaders<HeaderValue> = Box::leak(Box::new(texts.headers(|text| {
        // Checked first: `from_static` panics where `from_str` refuses.
        valid(HeaderValue::from_str(text).map(|_| HeaderValue::from_static(Box::leak(text.into()))))
    })));
    known.insert(texts.clone(), values);
    Shared::Interned(values)
}

/// Validation lets only tokens into methods, and only ASCII without control characters into exposed headers.
fn valid<E>(value: Result<HeaderValue, E>) -> HeaderValue {
    value.unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(expose: &str, max_age_seconds: u32) -> Rule {
        let rule = CorsRule {
            allowed_origins: vec!["*".into()],
            allowed_methods: vec!["GET".into(), "PUT".into()],
            expose_headers: vec![expose.into()],
            max_age_seconds: Some(max_age_seconds),
            ..CorsRule::default()
        };
        Rule::new(1, &rule)
    }

    #[test]
    fn interned_or_shared_the_values_are_the_same() {
        let long = "x".repeat(LONGEST_INTERNED);
        for (expose, interned) in [("ETag", true), (long.as_str(), false)] {
            // Another test may hold the lock for a moment: then they are shared.
            let interned_once = (0..10_000).any(|_| matches!(rule(expose, 600).headers, Shared::Interned(_)));
            assert_eq!(interned_once, interned);
            let rule = rule(expose, 600);
            assert_eq!(rule.allow_methods(), "GET, PUT");
            assert_eq!(rule.expose_headers().unwrap(), expose);
            assert_eq!(rule.max_age().unwrap(), "600");
            assert!(rule.any_origin() && !rule.allow_credentials());
        }
    }

    #[test]
    fn what_is_kept_for_ever_is_bounded() {
        let kept =
            (0..2 * MOST_INTERNED as u32).filter(|age| matches!(rule("ETag", *age).headers, Shared::Interned(_)));
        assert!(kept.count() <= MOST_INTERNED);
    }
}
