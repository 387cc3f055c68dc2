//! The naive oracle: sections 2 and 3 of SEMANTICS.md read aloud, rule by rule and byte by byte.
//!
//! It shares nothing with the engine but the configuration as written, so that one mistake is not made twice.
//! Header names are in lower case, here and in what it returns.

use oss_cors_core::{CorsConfiguration, CorsRule};

/// A header: its name in lower case, and the bytes of its value.
pub(crate) type Header = (String, Vec<u8>);

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Bucket<'a> {
    Rules(&'a CorsConfiguration),
    NotEnabled,
    Missing,
}

/// Who answers, and what CORS has to say about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Answered here; otherwise the application is called.
    pub(crate) answered: bool,
    /// The matching rule, counted from 1.
    pub(crate) rule: Option<usize>,
    /// Status and code of a refusal.
    pub(crate) refusal: Option<(u16, &'static str)>,
    /// The CORS headers to write.
    pub(crate) headers: Vec<Header>,
    /// Whether the response carries `Vary: Origin`.
    pub(crate) vary: bool,
}

pub(crate) fn verdict(bucket: Bucket<'_>, method: &[u8], headers: &[Header], answer_every_options: bool) -> Verdict {
    let lines = |wanted: &str| -> Vec<&[u8]> {
        headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| &value[..]).collect()
    };
    let origins = lines("origin");
    let wanted_methods = lines("access-control-request-method");
    let wanted_headers = lines("access-control-request-headers").join(&b","[..]);

    let options = method == b"OPTIONS";
    let preflight = options && !origins.is_empty() && !wanted_methods.is_empty();
    let answered = preflight || (options && answer_every_options);
    let vary = matches!(bucket, Bucket::Rules(configuration) if configuration.response_vary);
    let refused = |status, code| Verdict { answered, rule: None, refusal: Some((status, code)), headers: vec![], vary };
    let silent = Verdict { answered, rule: None, refusal: None, headers: vec![], vary };

    let configuration = match bucket {
        Bucket::Missing if answered => return refused(404, "NoSuchBucket"),
        _ if answered && !preflight => return refused(400, "BadRequest"),
        Bucket::NotEnabled if answered => return refused(403, "AccessForbidden"),
        Bucket::Missing | Bucket::NotEnabled => return silent,
        Bucket::Rules(configuration) => configuration,
    };
    let asked_method = match wanted_methods[..] {
        _ if !preflight => method,
        [one] => one,
        _ => b"",
    };
    let asked_headers = if preflight { names(&wanted_headers) } else { vec![] };
    let items = wanted_headers.iter().filter(|byte| **byte == b',').count() + 1;
    let too_many = wanted_headers.len() > 8192 || items > 128;
    for (index, rule) in configuration.rules.iter().enumerate() {
        if !(preflight && too_many) && allows(rule, &origins, asked_method, &asked_headers) {
            let headers = headers_of(rule, origins[0], &asked_headers);
            return Verdict { answered, rule: Some(index + 1), refusal: None, headers, vary };
        }
    }
    if answered { refused(403, "AccessForbidden") } else { silent }
}

/// The application's response headers after `verdict` was written onto them.
pub(crate) fn written(verdict: &Verdict, application: &[Header], keep_inner: bool) -> Vec<Header> {
    let inner = |name: &str| {
        name.starts_with("access-control-allow-")
            || name == "access-control-expose-headers"
            || name == "access-control-max-age"
    };
    let ours = |name: &str| verdict.headers.iter().any(|(written, _)| written == name);
    let mut headers = verdict.headers.clone();
    headers.extend(application.iter().filter(|(name, _)| !ours(name) && (keep_inner || !inner(name))).cloned());
    if !verdict.vary {
        return headers;
    }
    let (lines, mut headers): (Vec<Header>, Vec<Header>) = headers.into_iter().partition(|(name, _)| name == "vary");
    headers.push(("vary".to_owned(), with_origin(&lines)));
    headers
}

/// The one `Vary` line that says what the application's lines say, and `Origin` once.
fn with_origin(lines: &[Header]) -> Vec<u8> {
    let joined = lines.iter().map(|(_, value)| &value[..]).collect::<Vec<_>>().join(&b","[..]);
    let mut tokens = items(&joined);
    let says = |wanted: &[u8]| tokens.iter().any(|token| token.eq_ignore_ascii_case(wanted));
    if lines.len() == 1 && (says(b"*") || says(b"origin")) {
        return joined;
    }
    if says(b"*") {
        return b"*".to_vec();
    }
    tokens.push(b"Origin");
    let mut seen = false;
    tokens.retain(|token| !token.eq_ignore_ascii_case(b"origin") || !std::mem::replace(&mut seen, true));
    tokens.join(&b", "[..])
}

fn allows(rule: &CorsRule, origins: &[&[u8]], method: &[u8], names: &[Vec<u8>]) -> bool {
    let [origin] = *origins else { return false };
    let visible = !origin.is_empty() && origin.len() <= 1024 && origin.iter().all(|byte| (0x21..=0x7e).contains(byte));
    visible
        && rule.allowed_origins.iter().any(|entry| matches(entry.as_bytes(), origin))
        && rule.allowed_methods.iter().any(|entry| entry.as_bytes() == method)
        && names.iter().all(|name| {
            let allowed = |entry: &String| matches(entry.to_ascii_lowercase().as_bytes(), name);
            is_token(name) && name != b"*" && rule.allowed_headers.iter().any(allowed)
        })
}

fn headers_of(rule: &CorsRule, origin: &[u8], names: &[Vec<u8>]) -> Vec<Header> {
    let any = rule.allowed_origins.iter().any(|entry| entry == "*");
    let mut headers = vec![
        ("allow-origin", if any { b"*".to_vec() } else { origin.to_vec() }),
        ("allow-methods", rule.allowed_methods.join(", ").into_bytes()),
    ];
    if !names.is_empty() {
        headers.push(("allow-headers", names.join(&b", "[..])));
    }
    if !rule.expose_headers.is_empty() {
        headers.push(("expose-headers", rule.expose_headers.join(", ").into_bytes()));
    }
    if let Some(seconds) = rule.max_age_seconds {
        headers.push(("max-age", seconds.to_string().into_bytes()));
    }
    if rule.allow_credentials {
        headers.push(("allow-credentials", b"true".to_vec()));
    }
    headers.into_iter().map(|(name, value)| (format!("access-control-{name}"), value)).collect()
}

/// Prefix and suffix both match and do not overlap.
fn matches(entry: &[u8], text: &[u8]) -> bool {
    match entry.iter().position(|byte| *byte == b'*') {
        None => entry == text,
        Some(star) => {
            let (prefix, suffix) = (&entry[..star], &entry[star + 1..]);
            text.len() >= prefix.len() + suffix.len() && text.starts_with(prefix) && text.ends_with(suffix)
        }
    }
}

/// The names of a list, in lower case.
fn names(list: &[u8]) -> Vec<Vec<u8>> {
    items(list).iter().map(|name| name.to_ascii_lowercase()).collect()
}

fn items(list: &[u8]) -> Vec<&[u8]> {
    list.split(|byte| *byte == b',').filter_map(trimmed).collect()
}

/// Without blanks at both ends; `None` for nothing but blanks.
fn trimmed(item: &[u8]) -> Option<&[u8]> {
    let solid = |byte: &u8| *byte != b' ' && *byte != b'\t';
    Some(&item[item.iter().position(solid)?..=item.iter().rposition(solid)?])
}

fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}
