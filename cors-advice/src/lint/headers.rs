//! AllowedHeader and ExposeHeader: names that do nothing, and names that are missing.

use oss_cors_core::{CorsRule, Element, MAX_REQUEST_HEADERS_BYTES, can_match_header};

use super::code::LintCode;
use super::entry::{Entry, entries_of};
use super::finding::{Findings, code};

use crate::text::is_token;

pub(super) fn lint(rule: usize, written: &CorsRule, findings: &mut Findings) {
    let allowed = entries_of(rule, Element::AllowedHeader, &written.allowed_headers);
    for entry in allowed.clone() {
        lint_allowed(entry, findings);
    }
    match allowed.clone().find(|entry| entry.text == "*").filter(|_| written.allow_credentials) {
        Some(any) => {
            let message = "with credentials, every header that a page asks for is allowed; name those that it needs";
            findings.in_entry(LintCode::CredentialsAnyHeader, any, message);
        }
        None => lone_wildcard(allowed, findings),
    }
    let exposed = entries_of(rule, Element::ExposeHeader, &written.expose_headers);
    for entry in exposed {
        lint_exposed(entry, findings);
    }
    etag(rule, written, findings);
}

fn lint_allowed(entry: Entry<'_>, findings: &mut Findings) {
    let text = entry.text;
    if let Some((name, _)) = text.split_once(':') {
        let name = name.trim();
        let remedy =
            if is_token(name.as_bytes()) { format!("write {}", code(name)) } else { "write the name alone".into() };
        let message = format!("a header's name has no `:` and no value, so no request matches; {remedy}");
        return findings.in_entry(LintCode::HeaderWithValue, entry, message);
    }
    if !can_match_header(text) {
        let message = if text.len() > MAX_REQUEST_HEADERS_BYTES {
            format!("longer than {MAX_REQUEST_HEADERS_BYTES} bytes, so no request matches; delete it")
        } else if text.split([',', ';', ' ', '\t']).filter(|part| is_token(part.as_bytes())).count() > 1 {
            "several names in one entry, so no request matches; write an AllowedHeader for each".into()
        } else {
            let odd = text.chars().find(|found| !is_token(found.encode_utf8(&mut [0; 4]).as_bytes()));
            let odd = odd.map(String::from).unwrap_or_default();
            format!("{} is in no header's name, so no request matches; correct or delete it", code(&odd))
        };
        return findings.in_entry(LintCode::HeaderNeverMatches, entry, message);
    }
    let name = text.to_ascii_lowercase();
    if is_forbidden(&name) {
        let message = "the browser sets this header, never the page, so it is never asked for; delete it";
        findings.in_entry(LintCode::ForbiddenHeader, entry, message);
    } else if matches!(name.as_str(), "accept" | "accept-language" | "content-language") {
        let message = "browsers ask for it only when its value is over 128 bytes or has odd characters; delete it, \
                       unless your pages send such values";
        findings.in_entry(LintCode::SafelistedHeader, entry, message);
    }
}

/// Fetch, forbidden request-header: those that depend on the name alone. With a `*`, when all that it stands for are.
fn is_forbidden(name: &str) -> bool {
    const NAMES: [&str; 21] = [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    NAMES.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-")
}

fn lone_wildcard<'a>(mut allowed: impl Iterator<Item = Entry<'a>> + Clone, findings: &mut Findings) {
    let named = allowed.clone().any(|entry| entry.text.eq_ignore_ascii_case("authorization"));
    if let (Some(every), false) = (allowed.find(|entry| entry.text == "*"), named) {
        let message = "a lone `*` allows every header; OSS's guide advises to name `authorization` beside it, for which \
                       a browser takes no `*`; add it, or name the headers";
        findings.in_entry(LintCode::LoneHeaderWildcard, every, message);
    }
}

/// The names of an entry: the values are joined with commas, so one with commas is several names to a browser.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim_ascii).filter(|name| !name.is_empty())
}

fn lint_exposed(entry: Entry<'_>, findings: &mut Findings) {
    for name in names(entry.text) {
        let is = |known: &&str| name.eq_ignore_ascii_case(known);
        if !is_token(name.as_bytes()) {
            let message = "not a header's name, and a browser drops the whole list for it; write one name alone";
            return findings.in_entry(LintCode::ExposeNotAName, entry, message);
        }
        if ["set-cookie", "set-cookie2"].iter().any(is) {
            let message = "browsers show cookies to no page, exposed or not; delete it";
            return findings.in_entry(LintCode::ExposeSetCookie, entry, message);
        }
        const SAFELISTED: [&str; 7] = [
            "cache-control",
            "content-language",
            "content-length",
            "content-type",
            "expires",
            "last-modified",
            "pragma",
        ];
        if SAFELISTED.iter().any(is) {
            let message = "every page may read it anyway; it does no harm, and can go";
            return findings.in_entry(LintCode::SafelistedExposeHeader, entry, message);
        }
    }
}

fn etag(rule: usize, written: &CorsRule, findings: &mut Findings) {
    let Some(method) = written.allowed_methods.iter().find(|method| matches!(method.as_str(), "PUT" | "POST")) else {
        return;
    };
    let exposed = written.expose_headers.iter().any(|text| names(text).any(|name| name.eq_ignore_ascii_case("etag")));
    if !exposed {
        let message = format!(
            "{method} is allowed and `ETag` is not exposed: uploads in parts fail, for they read it from each answer; \
             add the ExposeHeader `ETag`"
        );
        findings.in_rule(LintCode::EtagNotExposed, rule, Element::ExposeHeader, None, message);
    }
}
