//! Requests as hyper shapes them: 13 to 15 headers, values that are slices of one read buffer.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request};

/// A request, in no framework's types: what a case asks.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// `Origin` and the `Access-Control-Request-*` headers.
    pub cors: Vec<(&'static str, String)>,
}

/// What a browser sends with every request, and what a proxy adds.
const USUAL: [(&str, &str); 12] = [
    ("host", "bucket.example.com"),
    ("connection", "keep-alive"),
    ("sec-ch-ua-platform", "\"Linux\""),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    ("accept", "*/*"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("referer", "https://app.example.com/"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
    ("x-forwarded-for", "203.0.113.7"),
];

impl Asked {
    pub fn same_origin() -> Self {
        Self { method: Method::GET, cors: vec![] }
    }

    pub fn actual(origin: &str) -> Self {
        Self { method: Method::GET, cors: vec![("origin", origin.to_owned())] }
    }

    /// A preflight that asks for `names` request headers.
    pub fn preflight(origin: &str, names: &[String]) -> Self {
        let mut cors = vec![("origin", origin.to_owned()), ("access-control-request-method", "GET".to_owned())];
        if !names.is_empty() {
            // As browsers write it: lower case, sorted, joined with a comma alone.
            cors.push(("access-control-request-headers", names.join(",")));
        }
        Self { method: Method::OPTIONS, cors }
    }

    /// Every header, the usual ones first.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines: Vec<_> = USUAL.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        lines.push(("cache-control", "no-cache".to_owned()));
        lines.truncate(15 - self.cors.len().min(3));
        lines.extend(self.cors.iter().cloned());
        lines
    }

    /// The lines' values as slices of one buffer, as hyper makes them.
    pub fn header_map(&self) -> HeaderMap {
        let lines = self.lines();
        let buffer = Bytes::from(lines.iter().map(|(_, value)| value.as_str()).collect::<String>());
        let mut headers = HeaderMap::with_capacity(lines.len());
        let mut at = 0;
        for (name, value) in lines {
            let slice = buffer.slice(at..at + value.len());
            at += value.len();
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            headers.append(name, HeaderValue::from_maybe_shared(slice).expect("a header value"));
        }
        headers
    }

    pub fn request(&self) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = "/photos/b.txt".parse().expect("a path");
        *request.headers_mut() = self.header_map();
        request
    }
}

/// The CORS headers and `Vary` of a response, by name: what is compared with the oracle.
pub fn cors_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> BTreeMap<String, Vec<u8>> {
    headers
        .filter(|(name, _)| name.starts_with("access-control-") || *name == header::VARY.as_str())
        .map(|(name, value)| (name.to_owned(), value.to_vec()))
        .collect()
}
