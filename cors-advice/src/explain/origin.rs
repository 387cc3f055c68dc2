//! How an origin that a rule does not allow resembles one that it does (SEMANTICS section 6, point 6).
//!
//! What is found here is a guess at what was meant. It decides nothing: who uses it tries it on the table.

use std::fmt;

use super::quoted::Quoted;

/// One way in which an origin and an AllowedOrigin differ. Its `Display` is a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "difference", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum OriginDifference {
    /// Upper case, which no browser sends.
    UpperCase {
        /// Where it stands.
        side: Side,
    },
    /// A trailing slash or a path, which no origin has.
    Path {
        /// Where it stands.
        side: Side,
    },
    /// The default port of the scheme, which browsers leave out.
    DefaultPort {
        /// Where it stands.
        side: Side,
    },
    /// No scheme.
    NoScheme {
        /// Where it is missing.
        side: Side,
    },
    /// Several origins in one entry.
    List,
    /// A `*` in the request's origin; only entries have wildcards.
    Wildcard,
    /// Another scheme.
    Scheme {
        /// The entry's.
        entry: Quoted,
        /// The origin's.
        origin: Quoted,
    },
    /// The scheme of an app rather than of the web, such as `capacitor`.
    AppScheme {
        /// The origin's scheme.
        scheme: Quoted,
    },
    /// Another port; `None` for no port.
    Port {
        /// The entry's.
        entry: Option<Quoted>,
        /// The origin's.
        origin: Option<Quoted>,
    },
    /// The origin is the apex, where the entry's `*.` asks for a subdomain.
    Apex,
    /// The origin is a subdomain of the entry's host.
    Subdomain,
    /// The entry's host is a subdomain of the origin's.
    Parent,
    /// The origin is `null`.
    Null,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Side {
    /// In the rule: its AllowedOrigin.
    Rule,
    /// In the request: its `Origin`.
    Request,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rule => "the entry",
            Self::Request => "the origin",
        })
    }
}

impl fmt::Display for OriginDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpperCase { side } => write!(f, "{side} has upper case, which no browser sends"),
            Self::Path { side } => write!(f, "{side} has a trailing slash or a path, which no browser sends"),
            Self::DefaultPort { side } => write!(f, "{side} has the default port, which no browser sends"),
            Self::NoScheme { side } => write!(f, "{side} has no scheme"),
            Self::List => f.write_str("the entry lists several origins, and each needs an entry of its own"),
            Self::Wildcard => f.write_str("the origin has a `*`, which only entries may have"),
            Self::Scheme { entry, origin } => write!(f, "the scheme is {origin}, not {entry}"),
            Self::AppScheme { scheme } => {
                write!(f, "{scheme} is the scheme of an app, which needs an entry of its own")
            }
            Self::Port { entry: Some(entry), origin: Some(origin) } => write!(f, "the port is {origin}, not {entry}"),
            Self::Port { entry: Some(entry), origin: None } => {
                write!(f, "the origin has no port, the entry has {entry}")
            }
            Self::Port { origin: Some(origin), entry: None } => {
                write!(f, "the origin has the port {origin}, the entry has none")
            }
            Self::Port { entry: None, origin: None } => f.write_str("the port differs"),
            Self::Apex => f.write_str("`*.` asks for a subdomain, and the origin has none"),
            Self::Subdomain => f.write_str("the origin is a subdomain of the entry's host"),
            Self::Parent => f.write_str("the entry's host is a subdomain of the origin's"),
            Self::Null => f.write_str("`null` is what file pages, sandboxed frames and some redirects send"),
        }
    }
}

impl OriginDifference {
    /// The smaller, the more likely the origin was meant: slips of writing first, then another address of one site.
    fn cost(&self) -> u32 {
        match self {
            Self::UpperCase { .. }
            | Self::Path { .. }
            | Self::DefaultPort { .. }
            | Self::NoScheme { .. }
            | Self::List
            | Self::Wildcard => 1,
            Self::Scheme { .. } | Self::Port { .. } | Self::Apex => 12,
            Self::Subdomain | Self::Parent => 13,
            Self::AppScheme { .. } => 14,
            Self::Null => 30,
        }
    }
}

/// What an origin costs that resembles no entry.
const UNLIKE: u32 = 100;

pub(super) fn cost(differences: &[OriginDifference]) -> u32 {
    match differences {
        [] => UNLIKE,
        differences => differences.iter().map(OriginDifference::cost).sum(),
    }
}

/// An origin that is not as browsers send it: what is wrong, and what a browser may have meant, likeliest first.
pub(super) struct Slip {
    pub(super) differences: Vec<OriginDifference>,
    pub(super) meant: Vec<String>,
}

impl Slip {
    /// `None` for an origin as browsers send it.
    pub(super) fn of(origin: &str) -> Option<Self> {
        if origin.contains('*') {
            return Some(Self { differences: vec![OriginDifference::Wildcard], meant: Vec::new() });
        }
        let (text, mut differences) = tidied(origin, Side::Request);
        let has_scheme = text.contains("://") || text == "null";
        let meant = if has_scheme {
            vec![text]
        } else {
            differences.push(OriginDifference::NoScheme { side: Side::Request });
            // Tidied again: only with its scheme is a port the default.
            ["https", "http"].map(|scheme| tidied(&format!("{scheme}://{text}"), Side::Request).0).to_vec()
        };
        (!differences.is_empty()).then_some(Self { differences, meant })
    }
}

/// How an AllowedOrigin resembles an origin that it does not match.
#[derive(Clone)]
pub(super) struct Resemblance {
    pub(super) entry: String,
    pub(super) differences: Vec<OriginDifference>,
    /// What to write in the entry's place, if that alone is wrong.
    pub(super) replacement: Option<Vec<String>>,
    /// Where else the same page may be served from, for the entry to match.
    pub(super) page: Option<String>,
}

impl Resemblance {
    /// `origin` is as browsers send it.
    pub(super) fn of(entry: &str, origin: &str) -> Option<Self> {
        let (text, slips) = as_meant(entry, origin);
        if entry.contains(SEPARATORS) {
            listed(entry, origin)
        } else if !slips.is_empty() && text != "*" && fits(&text, origin) {
            Some(Self { entry: entry.to_owned(), differences: slips, replacement: Some(vec![text]), page: None })
        } else {
            related(entry, &text, slips, origin)
        }
    }
}

const SEPARATORS: [char; 3] = [',', ';', '|'];

/// Several origins in one entry, of which one fits. Those with blanks between are not here: no origin can match them,
/// so the table does not have them.
fn listed(entry: &str, origin: &str) -> Option<Resemblance> {
    let parts = entry.split(SEPARATORS).map(str::trim).filter(|part| !part.is_empty());
    let (parts, slips): (Vec<_>, Vec<_>) = parts.map(|part| as_meant(part, origin)).unzip();
    let meant = parts.iter().position(|part| fits(part, origin))?;
    if parts.len() < 2 || parts.iter().any(|part| part == "*") {
        return None;
    }
    let slips = slips.into_iter().nth(meant).unwrap_or_default();
    Some(Resemblance {
        entry: entry.to_owned(),
        differences: [OriginDifference::List].into_iter().chain(slips).collect(),
        replacement: Some(parts),
        page: None,
    })
}

/// Another address of one site. `text` is the entry tidied.
fn related(entry: &str, text: &str, slips: Vec<OriginDifference>, origin: &str) -> Option<Resemblance> {
    let (allowed, asked) = (Parts::of(text), Parts::of(origin));
    let asked_scheme = asked.scheme?;
    let allowed_scheme = allowed.scheme.unwrap_or(asked_scheme);
    let hosts = [
        Some((None, allowed.host)),
        allowed.host.strip_prefix("*.").map(|apex| (Some(OriginDifference::Apex), apex)),
        is_subdomain(asked.host, allowed.host).then_some((Some(OriginDifference::Subdomain), asked.host)),
        is_subdomain(allowed.host, asked.host).then_some((Some(OriginDifference::Parent), asked.host)),
    ];
    for (host_differs, host) in hosts.into_iter().flatten().filter(|(_, host)| fits(host, asked.host)) {
        for (scheme_differs, port_differs) in [(false, false), (true, false), (false, true), (true, true)] {
            let scheme = if scheme_differs { asked_scheme } else { allowed_scheme };
            let port = |port| if port_differs { None } else { port };
            if !fits(&joined(scheme, host, port(allowed.port)), &joined(asked_scheme, asked.host, port(asked.port))) {
                continue;
            }
            let scheme_difference = || match is_web(asked_scheme) {
                true => {
                    OriginDifference::Scheme { entry: Quoted::new(allowed_scheme), origin: Quoted::new(asked_scheme) }
                }
                false => OriginDifference::AppScheme { scheme: Quoted::new(asked_scheme) },
            };
            let port_difference =
                || OriginDifference::Port { entry: allowed.port.map(Quoted::new), origin: asked.port.map(Quoted::new) };
            let page = match (host_differs.is_none(), scheme_differs, port_differs) {
                (true, true, false) if is_web(asked_scheme) => Some(joined(allowed_scheme, asked.host, asked.port)),
                (true, false, true) => Some(joined(asked_scheme, asked.host, allowed.port)),
                _ => None,
            };
            let differences = slips.into_iter();
            let differences = differences.chain(scheme_differs.then(scheme_difference));
            let differences = differences.chain(port_differs.then(port_difference)).chain(host_differs);
            return Some(Resemblance {
                entry: entry.to_owned(),
                differences: differences.collect(),
                replacement: None,
                page: page.filter(|page| !page.contains('*')),
            });
        }
    }
    None
}

fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https")
}

/// What is special about an origin that resembles no entry.
pub(super) fn special(origin: &str) -> Option<OriginDifference> {
    match Parts::of(origin).scheme {
        None => (origin == "null").then_some(OriginDifference::Null),
        Some(scheme) => (!is_web(scheme)).then(|| OriginDifference::AppScheme { scheme: Quoted::new(scheme) }),
    }
}

/// Whether the `*`-pattern `entry` matches `text`. For guesses only: the index decides.
fn fits(entry: &str, text: &str) -> bool {
    match entry.split_once('*') {
        None => entry == text,
        Some((prefix, suffix)) => text.strip_prefix(prefix).is_some_and(|rest| rest.ends_with(suffix)),
    }
}

fn is_subdomain(host: &str, of: &str) -> bool {
    let head = host.strip_suffix(of).and_then(|head| head.strip_suffix('.'));
    !of.is_empty() && !of.contains('*') && !host.contains('*') && head.is_some_and(|head| !head.is_empty())
}

/// An entry tidied, with the scheme of `origin` where it has none.
fn as_meant(entry: &str, origin: &str) -> (String, Vec<OriginDifference>) {
    let (text, mut differences) = tidied(entry, Side::Rule);
    // A leading `*` covers the scheme.
    if text.contains("://") || text.starts_with('*') || text == "null" {
        return (text, differences);
    }
    match Parts::of(origin).scheme {
        None => (text, differences),
        Some(scheme) => {
            differences.push(OriginDifference::NoScheme { side: Side::Rule });
            (tidied(&format!("{scheme}://{text}"), Side::Rule).0, differences)
        }
    }
}

/// In lower case, without path and default port; with what was wrong.
fn tidied(text: &str, side: Side) -> (String, Vec<OriginDifference>) {
    let lower = text.to_ascii_lowercase();
    let parts = Parts::of(&lower);
    let port =
        parts.port.filter(|port| !matches!((parts.scheme, *port), (Some("http"), "80") | (Some("https"), "443")));
    let differences = [
        (lower != text, OriginDifference::UpperCase { side }),
        (!parts.path.is_empty(), OriginDifference::Path { side }),
        (port != parts.port, OriginDifference::DefaultPort { side }),
    ];
    let differences = differences.into_iter().filter_map(|(found, difference)| found.then_some(difference)).collect();
    let tidied = match parts.scheme {
        Some(scheme) => joined(scheme, parts.host, port),
        None => with_port(parts.host, port),
    };
    (tidied, differences)
}

struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
    path: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let is_port = |port: &str| port == "*" || (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => (host, Some(port)),
            _ => (authority, None),
        };
        Self { scheme, host, port, path }
    }
}

fn joined(scheme: &str, host: &str, port: Option<&str>) -> String {
    format!("{scheme}://{}", with_port(host, port))
}

fn with_port(host: &str, port: Option<&str>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// An origin that one of `entries` allows, to try the rules with: an exact one before a wildcard.
pub(super) fn example<'a>(entries: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    let sendable = |entry: &&str| *entry != "null" && Slip::of(entry).is_none();
    if let Some(exact) = entries.clone().find(sendable) {
        return Some(exact.to_owned());
    }
    let filled = entries.map(|entry| match entry {
        "*" => "https://www.example.com".to_owned(),
        entry if entry.ends_with(":*") => entry.replace('*', "3000"),
        entry if entry.starts_with("*.") => entry.replace('*', "https://www"),
        entry if entry.ends_with("://*") => entry.replace('*', "www.example.com"),
        entry => entry.replace('*', "www"),
    });
    filled.clone().find(|origin| sendable(&origin.as_str())).or_else(|| filled.clone().next())
}
