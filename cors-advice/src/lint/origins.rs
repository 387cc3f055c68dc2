//! What one AllowedOrigin says: text that no browser sends, and text that lets in more than meant.
//!
//! A browser sends the ASCII serialisation of an origin: scheme, host and port in one normal form. The engine
//! compares byte for byte (SEMANTICS section 2), so whatever is not in that form matches no browser.

use url::Url;

use oss_cors_core::{CorsRule, Element, MAX_ORIGIN_BYTES};

use super::address::{Parts, Scheme, as_sent, is_loopback};
use super::code::LintCode;
use super::entry::{Entry, entries_of};
use super::finding::{Fault, Findings, code, listed};
use super::wildcards;

pub(super) fn lint(rule: usize, written: &CorsRule, findings: &mut Findings) {
    let entries = entries_of(rule, Element::AllowedOrigin, &written.allowed_origins);
    let every = entries.clone().find(|entry| entry.text == "*");
    if let Some(every) = every {
        let others = written.allowed_origins.iter().filter(|text| *text != "*").count();
        if others > 0 {
            let message = "every origin matches, and the answer is `*` to each; delete the other origins, or the `*`";
            findings.in_entry(LintCode::WildcardWithOthers, every, message);
        }
        every_origin_writes(every, &written.allowed_methods, findings);
    }
    for entry in entries.filter(|entry| entry.text != "*") {
        lint_entry(entry, findings);
    }
}

fn every_origin_writes(every: Entry<'_>, methods: &[String], findings: &mut Findings) {
    let mut writing: Vec<&str> = methods.iter().map(String::as_str).collect();
    writing.retain(|method| !matches!(*method, "GET" | "HEAD" | "OPTIONS"));
    writing.dedup();
    if !writing.is_empty() {
        let message = format!(
            "every page on the web may send {}; name the origins that may write, and leave `*` to a rule for reading",
            listed(&writing)
        );
        findings.in_entry(LintCode::EveryOriginWrites, every, message);
    }
}

fn lint_entry(entry: Entry<'_>, findings: &mut Findings) {
    let text = entry.text;
    if text == "null" {
        let message = "every file page and sandboxed frame has this origin, so any page can take it; \
                       serve the page from a web server and write its origin";
        return findings.in_entry(LintCode::NullOrigin, entry, message);
    }
    if let Some((code, message)) = not_one_origin(text) {
        return findings.in_entry(code, entry, message);
    }
    let origin = Parts::of(text);
    let faults = unsendable(text, &origin);
    let sendable = faults.is_empty();
    for (code, message) in faults {
        findings.in_entry(code, entry, message);
    }
    // What cannot match lets nobody in; its repair is judged when it is written.
    if sendable {
        if let Some((code, message)) = wildcards::too_wide(&origin).or_else(|| risky_scheme(&origin)) {
            findings.in_entry(code, entry, message);
        }
    }
}

/// Text of which nothing else is worth saying.
fn not_one_origin(text: &str) -> Option<Fault> {
    // A `*` may stand for nothing.
    if text.len() > MAX_ORIGIN_BYTES + usize::from(text.contains('*')) {
        let message = format!("longer than {MAX_ORIGIN_BYTES} bytes, which no origin may be; correct or delete it");
        return Some((LintCode::OriginTooLong, message.into()));
    }
    if text.contains([',', ';']) || text.split_whitespace().filter(|part| looks_like_origin(part)).count() > 1 {
        let message = "several origins in one entry, which matches none of them; write an AllowedOrigin for each";
        return Some((LintCode::OriginList, message.into()));
    }
    if text.contains(char::is_whitespace) {
        let joined: String = text.split_whitespace().collect();
        let repaired = as_sent(&joined, &Parts::of(&joined)).unwrap_or(joined);
        let message = format!("an origin has no blank; write {}", code(&repaired));
        return Some((LintCode::OriginBlank, message.into()));
    }
    None
}

fn looks_like_origin(part: &str) -> bool {
    part.split_once("://").is_some_and(|(_, host)| !host.is_empty())
        || part.contains('.')
        || part.eq_ignore_ascii_case("localhost")
        || part == "null"
}

/// Why no browser sends what the entry says: every reason.
fn unsendable(text: &str, origin: &Parts<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.eq_ignore_ascii_case("null") {
        let message = "browsers send `null` in lower case, and it is every file page and sandboxed frame; \
                       delete the entry, or write the origin of a web server";
        faults.push((LintCode::OriginUpperCase, message.into()));
        return faults;
    }
    let sent = as_sent(text, origin);
    let mut fault = |lint, why: &str, otherwise: &str| {
        let remedy = sent.as_deref().map_or_else(|| otherwise.to_owned(), |sent| format!("write {}", code(sent)));
        faults.push((lint, format!("{why}; {remedy}").into()));
    };
    if origin.scheme == Scheme::Missing {
        fault(
            LintCode::OriginWithoutScheme,
            "no scheme, and every origin of a browser has one",
            "write `https://`, the host, and the port if there is one",
        );
        return faults;
    }
    if !text.is_ascii() {
        fault(
            LintCode::OriginNotAscii,
            "browsers send hosts in ASCII, foreign labels in a form that begins with `xn--`",
            "write what `location.origin` says in the browser's console",
        );
    }
    if has_upper_case(origin) {
        fault(
            LintCode::OriginUpperCase,
            "browsers send scheme and host in lower case, and the comparison is byte for byte",
            "write it in lower case",
        );
    }
    if let (Scheme::Named(scheme), (_, port)) = (origin.scheme, origin.host_and_port()) {
        let default = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
        if origin.is_web() && port == default {
            fault(
                LintCode::OriginDefaultPort,
                "browsers leave out the default port of a scheme",
                &format!("delete the `{default}`"),
            );
        }
    }
    match origin.rest {
        "" => {}
        _ if origin.authority.is_empty() && origin.is_web() => {}
        "/" => fault(LintCode::OriginTrailingSlash, "an origin has no slash at its end", "delete it"),
        rest => fault(LintCode::OriginPath, "an origin ends after host and port", &format!("delete {}", code(rest))),
    }
    if faults.is_empty() {
        faults.extend(otherwise_sent(text, origin, sent.as_deref()));
    }
    faults
}

fn has_upper_case(origin: &Parts<'_>) -> bool {
    let upper = |text: &str| text.bytes().any(|byte| byte.is_ascii_uppercase());
    match origin.scheme {
        // Only of http and https is it known that the host is folded.
        Scheme::Named(scheme) => upper(scheme) || (origin.is_web() && upper(origin.authority)),
        _ => upper(origin.authority),
    }
}

/// What the other lints have no name for: user names, odd ports, IP addresses in other forms, hosts that cannot be.
fn otherwise_sent(text: &str, origin: &Parts<'_>, sent: Option<&str>) -> Option<Fault> {
    let message = match (origin.scheme, sent) {
        _ if origin.authority.is_empty() && origin.is_web() => "no host, and every origin has one; write it".into(),
        (Scheme::Named(_), Some(sent)) if sent != text => format!("browsers send it otherwise; write {}", code(sent)),
        (Scheme::Named(scheme @ ("ws" | "wss" | "ftp")), _) => {
            let why = format!("no page has an origin of `{scheme}`, and a WebSocket sends its page's");
            format!("{why}; write `https://` and the host")
        }
        (Scheme::Named(_), None) if origin.is_web() && !text.contains('*') => {
            let why = Url::parse(text).err()?;
            format!("no browser sends it ({why}); correct or delete it")
        }
        _ => return None,
    };
    Some((LintCode::OriginNotAsSent, message.into()))
}

/// Whom one lets in with what the entry says.
fn risky_scheme(origin: &Parts<'_>) -> Option<Fault> {
    let (host, port) = origin.host_and_port();
    let secure = || {
        let secure = format!("https://{host}{port}");
        // Without a port that is now the default.
        code(&as_sent(&secure, &Parts::of(&secure)).unwrap_or(secure))
    };
    let (lint, message) = match origin.scheme {
        Scheme::Wild { http: true } if !is_loopback(host) => {
            let why = "the `*` stands for the scheme too, so plain http matches, and anyone on the way can change such \
                       a page";
            (LintCode::WildcardScheme, format!("{why}; write {}", secure()))
        }
        Scheme::Named("http") if !is_loopback(host) => {
            let why = "anyone on the way can change a page of plain http, which then reads what this origin may";
            (LintCode::PlainHttpOrigin, format!("{why}; serve it over https, and write {}", secure()))
        }
        Scheme::Missing | Scheme::Wild { .. } | Scheme::Named("http" | "https") => return None,
        Scheme::Named(scheme) => {
            let why = format!("no website has an origin of `{scheme}`, only an app's own pages or an extension's");
            let remedy = "keep it if they are yours, and correct it if a website is meant";
            (LintCode::AppScheme, format!("{why}; {remedy}"))
        }
    };
    Some((lint, message.into()))
}
