//! An AllowedOrigin, read as the address of a page: its parts, and what a browser sends for it.

use std::net::Ipv4Addr;

use url::{Origin, Url};

/// An entry, taken apart as a browser puts an origin together.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) scheme: Scheme<'a>,
    /// Host and port.
    pub(super) authority: &'a str,
    /// From the first `/`, `?`, `#` or `\` after the port: nothing, in an origin.
    pub(super) rest: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme<'a> {
    Missing,
    /// The `*` stands for it, whole or in part, or reaches from it into the authority. `http`: also for plain http.
    Wild {
        http: bool,
    },
    Named(&'a str),
}

impl<'a> Parts<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let Some((scheme, after)) = text.split_once("://") else { return Self::without_separator(text) };
        if let Some((start, end)) = scheme.split_once('*') {
            let stands_for = |name: &str| name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end));
            if stands_for("http") || stands_for("https") {
                return Self::new(Scheme::Wild { http: stands_for("http") }, after);
            }
        } else if is_web(scheme) {
            // A browser forgives further slashes.
            let named = after.trim_start_matches('/');
            return Self::new(Scheme::Named(scheme), if named.is_empty() { after } else { named });
        }
        let named = is_scheme(scheme);
        Self::new(if named { Scheme::Named(scheme) } else { Scheme::Missing }, if named { after } else { text })
    }

    /// `*.example.com`, `http*`, `*//example.com`; or no scheme at all.
    fn without_separator(text: &'a str) -> Self {
        let missing = Self::new(Scheme::Missing, text);
        let Some((start, end)) = text.split_once('*') else { return missing };
        let http = "http://".starts_with(start);
        if !http && !"https://".starts_with(start) {
            return missing;
        }
        let named = end.trim_start_matches('/');
        let authority =
            if named.is_empty() || named.len() == end.len() { text.get(start.len()..) } else { Some(named) };
        Self::new(Scheme::Wild { http }, authority.unwrap_or_default())
    }

    fn new(scheme: Scheme<'a>, after: &'a str) -> Self {
        let (authority, rest) = after.split_at(after.find(['/', '?', '#', '\\']).unwrap_or(after.len()));
        Self { scheme, authority, rest }
    }

    pub(super) fn is_web(&self) -> bool {
        match self.scheme {
            Scheme::Missing => false,
            Scheme::Wild { .. } => true,
            Scheme::Named(scheme) => is_web(scheme),
        }
    }

    /// The host, and the port with its colon.
    pub(super) fn host_and_port(&self) -> (&'a str, &'a str) {
        let from = self.authority.rfind(']').map_or(0, |bracket| bracket + 1);
        let colon = self.authority.get(from..).and_then(|port| port.find(':')).map(|colon| from + colon);
        self.authority.split_at(colon.unwrap_or(self.authority.len()))
    }
}

fn is_web(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}

/// RFC 3986 section 3.1, or with a `*`.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'*'))
}

/// What a browser sends for the entry, read as the address of a page; `None` where that is not known.
pub(super) fn as_sent(text: &str, origin: &Parts<'_>) -> Option<String> {
    let (scheme, after) = match origin.scheme {
        Scheme::Wild { .. } => return None,
        Scheme::Named(scheme) => (scheme, origin.authority),
        Scheme::Missing => guessed_scheme(text),
    };
    let Parts { authority, .. } = Parts::new(Scheme::Named(scheme), after);
    // A label, in the place of the `*`, that a URL takes and leaves as it is.
    const LABEL: &str = "wildcard0label";
    let (authority, any_port) = match authority.strip_suffix(":*") {
        Some(host) => (host, ":*"),
        None => (authority, ""),
    };
    // In a foreign label it would become part of the ASCII form.
    let foreign = |label: &str| label.contains('*') && !label.is_ascii();
    if authority.contains(LABEL) || authority.split('.').any(foreign) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{}", authority.replace('*', LABEL))).ok()?;
    let origin = match url.origin() {
        Origin::Tuple(scheme, ..) if !matches!(scheme.as_str(), "http" | "https") => return None,
        origin @ Origin::Tuple(..) => origin.ascii_serialization(),
        Origin::Opaque(_) => return None,
    };
    Some(format!("{}{any_port}", origin.replace(LABEL, "*")))
}

/// For text without `://`: what was probably meant.
fn guessed_scheme(text: &str) -> (&'static str, &str) {
    for scheme in ["https", "http"] {
        let Some((start, rest)) = text.split_at_checked(scheme.len()) else { continue };
        let named = rest.trim_start_matches([':', '/', '\\']);
        if start.eq_ignore_ascii_case(scheme) && named.len() < rest.len() {
            return (scheme, named);
        }
    }
    let named = text.trim_start_matches([':', '/', '\\']);
    let (host, _) = Parts::new(Scheme::Missing, named).host_and_port();
    (if is_loopback(host) { "http" } else { "https" }, named)
}

/// Never leaves the machine, so nobody on the way can change it. `host` is fixed but for whole labels at its start.
pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let ipv4 = host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    host == "localhost" || host.ends_with(".localhost") || host == "[::1]" || ipv4
}
