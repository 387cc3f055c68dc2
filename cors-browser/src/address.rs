//! An address as a browser writes it: what CORS asks of one is its origin and whether it holds a password.

/// An absolute `http` or `https` URL, split as far as CORS looks.
///
/// ```
/// use oss_cors_browser::Address;
///
/// let address = Address::parse("HTTPS://me:secret@CDN.example.com:443/a?b").unwrap();
/// assert_eq!(address.origin(), "https://cdn.example.com");
/// assert!(address.has_credentials());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    origin: String,
    has_credentials: bool,
}

impl Address {
    /// `None` for anything that is not an absolute `http` or `https` URL with a host in ASCII: relative addresses are
    /// resolved, and names in other scripts written as `xn--`, before they come here.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => "80",
            "https" => "443",
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#', '\\']).next()?;
        let (user, host_and_port) = match authority.rsplit_once('@') {
            Some((user, rest)) => (user, rest),
            None => ("", authority),
        };
        let (host, port) = split_port(host_and_port)?;
        let host = host.to_ascii_lowercase();
        let port =
            port.map(|port| port.trim_start_matches('0')).filter(|port| !port.is_empty() && *port != default_port);
        Some(Self {
            origin: port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")),
            has_credentials: !matches!(user, "" | ":"),
        })
    }

    /// The origin, serialized: lower case, without a default port.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it names a user or a password.
    pub fn has_credentials(&self) -> bool {
        self.has_credentials
    }
}

fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(in_host),
    };
    let is_port = port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    let digits = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    (is_host && is_port && digits).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn origins_are_serialized_as_a_browser_does() {
        let origin = |url| Address::parse(url).map(|address| address.origin().to_owned());
        for (url, expected) in [
            ("http://a.example", "http://a.example"),
            ("http://A.example:80/x", "http://a.example"),
            ("https://a.example:0443?x", "https://a.example"),
            ("https://a.example:8443#x", "https://a.example:8443"),
            ("http://[::1]:3000/", "http://[::1]:3000"),
            ("https://a.example:/", "https://a.example"),
        ] {
            assert_eq!(origin(url).as_deref(), Some(expected), "{url}");
        }
        for bad in [
            "",
            "a.example",
            "/x",
            "//a.example/",
            "ftp://a.example",
            "http://",
            "http://a b/",
            "http://a:x/",
            "http://a:99999/",
            "http://a:+80/",
            "http://[x]/",
            "http://b\u{fc}cher.example/",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }

    #[test]
    fn users_and_passwords_are_seen() {
        let has = |url| Address::parse(url).unwrap().has_credentials();
        assert!(has("http://a@b.example/") && has("http://:x@b.example/") && has("http://a:x@b.example/"));
        assert!(!has("http://b.example/") && !has("http://@b.example/") && !has("http://b.example/a@c"));
    }
}
