//! For servers that speak the types of the `http` crate and have no adapter: one call that decides about a request's
//! head, and a decision that writes itself.
//!
//! The decision keeps the `Origin` that it was made for, so that no other can be written.

use http::header::{self, GetAll, HeaderMap, HeaderName, HeaderValue, ValueIter};
use http::{Method, Response, StatusCode};

use crate::decision::Decision;
use crate::headers::CorsHeader;
use crate::request::{CorsRequest, FieldLine};
use crate::response::{allow_headers, is_cors_response_header, merge_vary};
use crate::table::RuleTable;

/// The lines of `Access-Control-Request-Headers` in a request's head.
#[derive(Clone, Copy, Debug)]
pub struct RequestHeaderLines<'r>(&'r HeaderMap);

impl<'r> IntoIterator for RequestHeaderLines<'r> {
    type Item = &'r [u8];
    type IntoIter = std::iter::Map<ValueIter<'r, HeaderValue>, fn(&'r HeaderValue) -> &'r [u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).into_iter().map(HeaderValue::as_bytes)
    }
}

impl<'r> CorsRequest<'r, RequestHeaderLines<'r>> {
    /// What the rules look at in a request with this method and these headers.
    pub fn from_parts(method: &'r Method, headers: &'r HeaderMap) -> Self {
        let line = |name: HeaderName| FieldLine::from_lines(headers.get_all(name).iter().map(HeaderValue::as_bytes));
        Self {
            method: method.as_str().as_bytes(),
            origin: line(header::ORIGIN),
            request_method: line(header::ACCESS_CONTROL_REQUEST_METHOD),
            request_headers: RequestHeaderLines(headers),
        }
    }
}

impl RuleTable {
    /// Decides about a request with this method and these headers, as [`decide`](Self::decide) does.
    ///
    /// A handler without a framework is these lines, for a preflight and for everything else:
    ///
    /// ```
    /// use http::{Request, Response};
    /// use oss_cors_core::{Profile, RuleFile};
    ///
    /// # let rules = br#"<CORSConfiguration><CORSRule><AllowedOrigin>https://app.example.com</AllowedOrigin>
    /// #     <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"#;
    /// let table = RuleFile::parse(rules, None, Profile::Oss)?.table();
    /// let handler = |request: Request<()>| -> Response<String> {
    ///     let decision = table.decide_parts(request.method(), request.headers());
    ///     match decision.into_response() {
    ///         Some(preflight) => preflight,
    ///         None => {
    ///             let mut response = Response::new("hello".to_owned());
    ///             decision.apply(response.headers_mut());
    ///             response
    ///         }
    ///     }
    /// };
    ///
    /// let request = Request::get("/").header("origin", "https://app.example.com").body(())?;
    /// assert_eq!(handler(request).headers()["access-control-allow-origin"], "https://app.example.com");
    /// let preflight = Request::options("/").header("origin", "https://evil.example").header("access-control-request-method", "GET");
    /// assert_eq!(handler(preflight.body(())?).status(), 403);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn decide_parts<'t, 'r>(&'t self, method: &'r Method, headers: &'r HeaderMap) -> DecidedParts<'t, 'r> {
        DecidedParts { decision: self.decide(&CorsRequest::from_parts(method, headers)), headers }
    }
}

/// A decision together with the request's headers that it was made for. Made by [`RuleTable::decide_parts`].
#[derive(Clone, Copy, Debug)]
#[must_use = "a decision that nobody writes opens nothing"]
pub struct DecidedParts<'t, 'r> {
    decision: Decision<'t>,
    headers: &'r HeaderMap,
}

impl<'t> DecidedParts<'t, '_> {
    /// The decision itself.
    pub fn decision(&self) -> Decision<'t> {
        self.decision
    }

    /// The whole answer to a preflight, accepted or refused, with OSS's XML error for a body where it is refused; the
    /// error's `RequestId` and `HostId` are empty. `None` for a request that belongs to the application.
    pub fn into_response(self) -> Option<Response<String>> {
        let Decision::Answer { rule, .. } = self.decision else { return None };
        let mut response = Response::new(String::new());
        if let Err(refusal) = rule {
            *response.status_mut() = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
            *response.body_mut() = refusal.to_xml("", "");
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        }
        self.apply(response.headers_mut());
        Some(response)
    }

    /// Writes the decision onto the headers of an answer: those by which the application answers CORS itself are
    /// removed, and those of the matching rule are written.
    pub fn apply(&self, headers: &mut HeaderMap) {
        remove_inner(headers);
        let (is_preflight, rule, vary_origin) = match self.decision {
            Decision::Forward { rule, vary_origin } => (false, rule.ok(), vary_origin),
            Decision::Answer { rule, vary_origin } => (true, rule.ok(), vary_origin),
        };
        // No rule matches a request without `Origin`.
        if let Some((rule, origin)) = rule.zip(self.headers.get(header::ORIGIN)) {
            let allow_origin = rule.headers().allow_origin(|| origin.clone());
            rule.headers().write(allow_origin, |name, value| {
                headers.insert(header_name(name), value);
            });
            if is_preflight {
                // Names that a rule allowed are tokens; joined, they are a header value.
                let names = allow_headers(RequestHeaderLines(self.headers), HeaderValue::from_bytes);
                if let Some(Ok(names)) = names {
                    headers.insert(header_name(CorsHeader::AllowHeaders), names);
                }
            }
        }
        if vary_origin {
            write_vary_origin(headers);
        }
    }
}

/// The name in the type of the `http` crate.
#[inline]
pub fn header_name(header: CorsHeader) -> HeaderName {
    match header {
        CorsHeader::AllowOrigin => header::ACCESS_CONTROL_ALLOW_ORIGIN,
        CorsHeader::AllowMethods => header::ACCESS_CONTROL_ALLOW_METHODS,
        CorsHeader::AllowHeaders => header::ACCESS_CONTROL_ALLOW_HEADERS,
        CorsHeader::ExposeHeaders => header::ACCESS_CONTROL_EXPOSE_HEADERS,
        CorsHeader::MaxAge => header::ACCESS_CONTROL_MAX_AGE,
        CorsHeader::AllowCredentials => header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    }
}

/// Removes the headers by which an application answers CORS itself. Most responses have none, and looking at the
/// names they have costs less than asking for each.
#[inline]
pub fn remove_inner(headers: &mut HeaderMap) {
    if headers.is_empty() || !headers.keys().any(|name| is_cors_response_header(name.as_str())) {
        return;
    }
    let inner: Vec<_> = headers.keys().filter(|name| is_cors_response_header(name.as_str())).cloned().collect();
    for name in inner {
        headers.remove(name);
    }
}

/// Makes the answer say `Vary: Origin`, in one line with what it says already.
#[inline]
pub fn write_vary_origin(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::VARY);
    let merged = match lines.iter().next() {
        None => Some(HeaderValue::from_static("Origin")),
        Some(_) => merge_vary(VaryLines(&lines)).and_then(|value| HeaderValue::try_from(value).ok()),
    };
    if let Some(merged) = merged {
        headers.insert(header::VARY, merged);
    }
}

#[derive(Clone, Copy)]
struct VaryLines<'a, 'm>(&'a GetAll<'m, HeaderValue>);

impl<'m> IntoIterator for VaryLines<'_, 'm> {
    type Item = &'m [u8];
    type IntoIter = std::iter::Map<ValueIter<'m, HeaderValue>, fn(&HeaderValue) -> &[u8]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(HeaderValue::as_bytes)
    }
}
