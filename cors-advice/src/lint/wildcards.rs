//! A `*` in the host of an AllowedOrigin: it must be fenced in by a name that somebody owns.

use super::address::{Parts, Scheme};
use super::code::LintCode;
use super::finding::{Fault, code};

/// Why the entry matches hosts of anyone.
pub(super) fn too_wide(origin: &Parts<'_>) -> Option<Fault> {
    let (host, port) = origin.host_and_port();
    let (before, after) = host.split_once('*')?;
    if matches!((before, after), ("", "" | ".")) {
        let every = match origin.scheme {
            Scheme::Named(scheme) if origin.is_web() => {
                format!("every host of `{scheme}` matches, and OSS's guide calls it invalid")
            }
            _ => "every host matches".into(),
        };
        let message = format!("{every}; name the hosts, or write a bare `*` if every origin is meant");
        return Some((LintCode::EveryHost, message.into()));
    }
    // A name in another scheme nobody can register, and a number in brackets has no owner.
    if !origin.is_web() || before.starts_with('[') {
        return None;
    }
    let scheme = match origin.scheme {
        Scheme::Named(scheme) => scheme,
        _ => "https",
    };
    let with = |middle: &str| code(&format!("{scheme}://{before}{middle}{after}{port}"));
    if matches!(after, "" | ".") {
        let complete = !before.ends_with(['.', '-']);
        let sample = with(if complete { ".evil.example" } else { "evil.example" });
        let remedy = match complete && port.is_empty() {
            true => format!("write {}, or {} for any port", with(""), with(":*")),
            false => "write out the hosts".into(),
        };
        let message = format!("{sample} matches too, and its owner is anyone; {remedy}");
        return Some((LintCode::WildcardAtEnd, message.into()));
    }
    // What follows the label in which the `*` stands.
    let (label, domain) = after.split_once('.').unwrap_or((after, ""));
    if label.is_empty() {
        return is_public_suffix(domain).then(|| {
            let (below, sample) = (code(domain), with("evil"));
            let message =
                format!("anyone can register a name under {below}, and {sample} matches; name your own below it");
            (LintCode::WildcardPublicSuffix, message.into())
        });
    }
    if !domain.is_empty() && !is_public_suffix(domain) && !is_last_label(domain) {
        return None;
    }
    let remedy = match before.is_empty() && !label.starts_with('-') {
        true => format!("write {}, and {} beside it if that host is meant too", with("*."), with("")),
        false => "write out the hosts".into(),
    };
    let message = format!("{} matches too, and its owner is anyone; {remedy}", with("evil"));
    Some((LintCode::WildcardWithoutDot, message.into()))
}

/// Whether the names right below `domain` belong to different people, as far as the Public Suffix List knows.
fn is_public_suffix(domain: &str) -> bool {
    let domain = domain.to_ascii_lowercase();
    let listed = |name: &str| psl::suffix(name.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == name);
    // The list has `*.ck` too: each name below `ck` is a suffix itself.
    listed(&domain) || listed(&format!("x.{domain}"))
}

/// The list's own rule for what it does not know.
fn is_last_label(domain: &str) -> bool {
    !domain.trim_end_matches('.').contains('.')
}
