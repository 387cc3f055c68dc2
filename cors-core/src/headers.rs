//! The one list of what a rule writes: which headers, with which values, on which kind of answer.
//!
//! | Header | Value | On |
//! |---|---|---|
//! | `Access-Control-Allow-Origin` | `*` for a rule with a bare `*`, else the request's own `Origin` | every answer |
//! | `Access-Control-Allow-Methods` | the rule's list | every answer |
//! | `Access-Control-Allow-Headers` | the requested names, see [`allow_headers`](crate::allow_headers) | preflights |
//! | `Access-Control-Expose-Headers` | the rule's list, if it has one | every answer |
//! | `Access-Control-Max-Age` | the rule's seconds, if it has some | every answer |
//! | `Access-Control-Allow-Credentials` | `true`, where the extended profile allows them | every answer |
//!
//! (SEMANTICS section 4.) Whatever writes, compares or describes an answer asks this list.

/// A header of the CORS protocol that a rule writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorsHeader {
    /// `Access-Control-Allow-Origin`.
    AllowOrigin,
    /// `Access-Control-Allow-Methods`.
    AllowMethods,
    /// `Access-Control-Allow-Headers`.
    AllowHeaders,
    /// `Access-Control-Expose-Headers`.
    ExposeHeaders,
    /// `Access-Control-Max-Age`.
    MaxAge,
    /// `Access-Control-Allow-Credentials`.
    AllowCredentials,
}

impl CorsHeader {
    /// The name, in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowOrigin => "access-control-allow-origin",
            Self::AllowMethods => "access-control-allow-methods",
            Self::AllowHeaders => "access-control-allow-headers",
            Self::ExposeHeaders => "access-control-expose-headers",
            Self::MaxAge => "access-control-max-age",
            Self::AllowCredentials => "access-control-allow-credentials",
        }
    }
}

/// What `Access-Control-Allow-Origin` is for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AllowOrigin<V> {
    /// `*`: the rule has a bare `*`.
    Any,
    /// The request's own `Origin`, byte for byte.
    Echo(V),
}

/// The values that a rule writes, in the value type of whoever writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleHeaders<V> {
    /// `*`, where the rule has a bare one.
    pub(crate) any_origin: Option<V>,
    pub(crate) allow_methods: V,
    pub(crate) expose_headers: Option<V>,
    pub(crate) max_age: Option<V>,
    /// `true`, where there is one.
    pub(crate) allow_credentials: Option<V>,
}

impl<V> RuleHeaders<V> {
    /// The same values in another type: each by `value`.
    pub fn map<W>(&self, value: impl Fn(&V) -> W) -> RuleHeaders<W> {
        RuleHeaders {
            any_origin: self.any_origin.as_ref().map(&value),
            allow_methods: value(&self.allow_methods),
            expose_headers: self.expose_headers.as_ref().map(&value),
            max_age: self.max_age.as_ref().map(&value),
            allow_credentials: self.allow_credentials.as_ref().map(&value),
        }
    }

    /// What Allow-Origin is for a request with this `Origin`.
    #[inline]
    pub fn allow_origin<O>(&self, origin: impl FnOnce() -> O) -> AllowOrigin<O> {
        if self.any_origin.is_some() { AllowOrigin::Any } else { AllowOrigin::Echo(origin()) }
    }
}

impl<V: Clone> RuleHeaders<V> {
    /// Gives every header of an answer but Allow-Headers to `write`, each once, in a fixed order. `allow_origin` is what
    /// [`allow_origin`](Self::allow_origin) made of the request.
    #[inline]
    pub fn write(&self, allow_origin: AllowOrigin<V>, mut write: impl FnMut(CorsHeader, V)) {
        match (allow_origin, &self.any_origin) {
            (AllowOrigin::Echo(origin), _) => write(CorsHeader::AllowOrigin, origin),
            (AllowOrigin::Any, Some(any)) => write(CorsHeader::AllowOrigin, any.clone()),
            // Another rule's: nothing is opened.
            (AllowOrigin::Any, None) => return,
        }
        write(CorsHeader::AllowMethods, self.allow_methods.clone());
        if let Some(expose_headers) = &self.expose_headers {
            write(CorsHeader::ExposeHeaders, expose_headers.clone());
        }
        if let Some(max_age) = &self.max_age {
            write(CorsHeader::MaxAge, max_age.clone());
        }
        if let Some(allow_credentials) = &self.allow_credentials {
            write(CorsHeader::AllowCredentials, allow_credentials.clone());
        }
    }
}
