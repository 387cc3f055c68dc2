//! Methods and max age of a rule; what the configuration says as a whole.

use oss_cors_core::{CorsConfiguration, CorsRule, Element, Profile};

use super::code::LintCode;
use super::entry::entries_of;
use super::finding::{Findings, listed};

/// The largest XML that OSS takes. Source: OSS, `PutBucketCors`.
const MAX_OSS_BYTES: usize = 16 * 1024;

/// How long browsers keep a preflight's answer at most (SEMANTICS section 6, point 12).
const CHROMIUM_SECONDS: u32 = 7_200;
const FIREFOX_SECONDS: u32 = 86_400;
const WEBKIT_SECONDS: u32 = 600;

pub(super) fn lint_rule(rule: usize, written: &CorsRule, profile: Profile, findings: &mut Findings) {
    methods(rule, written, profile, findings);
    max_age(rule, written.max_age_seconds, findings);
}

fn methods(rule: usize, written: &CorsRule, profile: Profile, findings: &mut Findings) {
    let methods = entries_of(rule, Element::AllowedMethod, &written.allowed_methods);
    let head = methods.clone().any(|method| method.text == "HEAD");
    if let (Some(get), false) = (methods.clone().find(|method| method.text == "GET"), head) {
        let message = "pages that may GET may not ask for the size or the time with HEAD; add HEAD";
        findings.in_entry(LintCode::HeadMissing, get, message);
    }
    // In the other profile these do not load.
    for method in methods.filter(|_| profile == Profile::Extended) {
        let upper = method.text.to_ascii_uppercase();
        let folded = matches!(upper.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS");
        if folded && method.text != upper {
            let message = format!("browsers send it in upper case, whatever the page writes; write `{upper}`");
            findings.in_entry(LintCode::MethodNeverSent, method, message);
        } else if matches!(upper.as_str(), "CONNECT" | "TRACE" | "TRACK") {
            let message = "browsers let no page send it; delete it";
            findings.in_entry(LintCode::MethodNeverSent, method, message);
        }
    }
}

fn max_age(rule: usize, seconds: Option<u32>, findings: &mut Findings) {
    let (code, message) = match seconds {
        None => {
            let message =
                "browsers keep a preflight's answer for 5 seconds and then ask again; write a number such as 600";
            (LintCode::MaxAgeUnset, message.into())
        }
        Some(0) => {
            let message = "browsers ask before every request, which doubles them; write a number such as 600, \
                           unless you are looking for a fault";
            (LintCode::MaxAgeZero, message.into())
        }
        Some(..=WEBKIT_SECONDS) => return,
        Some(seconds) => {
            let mut caps = vec![format!("WebKit at most {WEBKIT_SECONDS}")];
            if seconds > CHROMIUM_SECONDS {
                caps.insert(0, format!("Chromium at most {CHROMIUM_SECONDS}"));
            }
            if seconds > FIREFOX_SECONDS {
                caps.insert(0, format!("Firefox at most {FIREFOX_SECONDS}"));
            }
            let message = format!(
                "not every browser keeps an answer so long: {} seconds; count on no more, or write {WEBKIT_SECONDS}",
                listed(&caps)
            );
            (LintCode::MaxAgeOverCap, message)
        }
    };
    let value = seconds.map(|seconds| seconds.to_string());
    findings.in_rule(code, rule, Element::MaxAgeSeconds, value, message);
}

pub(super) fn lint_whole(configuration: &CorsConfiguration, profile: Profile, findings: &mut Findings) {
    vary(configuration, findings);
    let bytes = if profile == Profile::Oss { configuration.to_xml().len() } else { 0 };
    if bytes > MAX_OSS_BYTES {
        let message = format!(
            "{bytes} bytes as XML, and OSS takes {MAX_OSS_BYTES}; this engine takes it, but a bucket would not: \
             use wildcards, or delete what is no longer needed"
        );
        findings.in_whole(LintCode::LargerThanOss, Element::CorsConfiguration, message);
    }
}

fn vary(configuration: &CorsConfiguration, findings: &mut Findings) {
    let any_origin = |rule: &CorsRule| rule.allowed_origins.iter().any(|origin| origin == "*");
    let mut echoing = (1..).zip(&configuration.rules).filter(|(_, rule)| !any_origin(rule)).map(|(number, _)| number);
    match (configuration.response_vary, echoing.next()) {
        (false, Some(first)) => {
            let message = format!(
                "rule {first} answers with the request's own origin, and without `Vary: Origin` a cache hands that \
                 answer to every other origin; write true"
            );
            findings.in_whole(LintCode::VaryOff, Element::ResponseVary, message);
        }
        (true, None) if !configuration.rules.is_empty() => {
            let message = "every rule answers `*`, the same for all origins, and `Vary: Origin` makes caches keep a \
                           copy for each; write false, unless they also keep answers to requests without Origin";
            findings.in_whole(LintCode::VaryUnneeded, Element::ResponseVary, message);
        }
        _ => {}
    }
}
