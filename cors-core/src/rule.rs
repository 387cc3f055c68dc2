//! One compiled rule: the header values it answers with, built once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, TryLockError};

use http::HeaderValue;

use crate::config::CorsRule;

/// A rule of a [`RuleTable`](crate::RuleTable): what it writes when it matches. Cheap to clone: an adapter keeps it for
/// the response, when the table may have been swapped.
#[derive(Clone, Debug)]
pub struct Rule {
    number: usize,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Interned(&'static HeaderValues),
    Shared(Arc<HeaderValues>),
}

#[derive(Debug)]
struct HeaderValues {
    any_origin: bool,
    allow_methods: HeaderValue,
    expose_headers: Option<HeaderValue>,
    max_age: Option<HeaderValue>,
    allow_credentials: bool,
}

impl Rule {
    /// `rule` has been validated.
    pub(crate) fn new(number: usize, rule: &CorsRule) -> Self {
        Self { number, values: interned(&Texts::new(rule)) }
    }

    #[inline]
    fn values(&self) -> &HeaderValues {
        match &self.values {
            Values::Interned(values) => values,
            Values::Shared(values) => values,
        }
    }

    /// Its number in the configuration, counted from 1.
    #[inline]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether `Access-Control-Allow-Origin` is `*` (a bare `*` stands among the rule's origins) rather than the
    /// request's own `Origin`, byte for byte.
    #[inline]
    pub fn any_origin(&self) -> bool {
        self.values().any_origin
    }

    /// `Access-Control-Allow-Methods`: the rule's whole list, in its order.
    #[inline]
    pub fn allow_methods(&self) -> &HeaderValue {
        &self.values().allow_methods
    }

    /// `Access-Control-Expose-Headers`: the rule's whole list, in its order, as written.
    #[inline]
    pub fn expose_headers(&self) -> Option<&HeaderValue> {
        self.values().expose_headers.as_ref()
    }

    /// `Access-Control-Max-Age`, in seconds.
    #[inline]
    pub fn max_age(&self) -> Option<&HeaderValue> {
        self.values().max_age.as_ref()
    }

    /// Whether to write `Access-Control-Allow-Credentials: true` ([`Profile::Extended`](crate::Profile::Extended)).
    #[inline]
    pub fn allow_credentials(&self) -> bool {
        self.values().allow_credentials
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
    fn values(&self, value: impl Fn(&str) -> HeaderValue) -> HeaderValues {
        HeaderValues {
            any_origin: self.any_origin,
            allow_methods: value(&self.allow_methods),
            expose_headers: self.expose_headers.as_deref().map(&value),
            max_age: self.max_age.map(|seconds| value(&seconds.to_string())),
            allow_credentials: self.allow_credentials,
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
/// cache line that all threads share: 19 ns, and 64 ns where two threads do so, for each of up to three headers.
fn interned(texts: &Texts) -> Values {
    static KNOWN: LazyLock<Mutex<HashMap<Texts, &'static HeaderValues>>> = LazyLock::new(Mutex::default);
    let shared = || Values::Shared(Arc::new(texts.values(|text| valid(HeaderValue::from_str(text)))));
    // A request may compile the rules of its bucket: it never waits here.
    let mut known = match KNOWN.try_lock() {
        Ok(known) => known,
        Err(TryLockError::Poisoned(known)) => known.into_inner(),
        Err(TryLockError::WouldBlock) => return shared(),
    };
    if let Some(values) = known.get(texts) {
        return Values::Interned(values);
    }
    if known.len() >= MOST_INTERNED || texts.bytes() > LONGEST_INTERNED {
        return shared();
    }
    let values: &'static HeaderValues = Box::leak(Box::new(texts.values(|text| {
        // Checked first: `from_static` panics where `from_str` refuses.
        valid(HeaderValue::from_str(text).map(|_| HeaderValue::from_static(Box::leak(text.into()))))
    })));
    known.insert(texts.clone(), values);
    Values::Interned(values)
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
            let interned_once = (0..10_000).any(|_| matches!(rule(expose, 600).values, Values::Interned(_)));
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
        let kept = (0..2 * MOST_INTERNED as u32).filter(|age| matches!(rule("ETag", *age).values, Values::Interned(_)));
        assert!(kept.count() <= MOST_INTERNED);
    }
}
