//! The changes to a request and to the rules, each tried: only one after which a rule matches is named.

use std::collections::HashSet;

use oss_cors_core::{CorsConfiguration, CorsRule, Element, FieldLine, Profile, Rule, RuleSet, RuleTable};

use super::asked::RequestKind;
use super::change::Change;
use super::points::Points;
use super::quoted::Quoted;
use super::request::Request;

/// One request that no rule matches, and how a changed one is decided.
pub(super) struct Trial<'a> {
    pub(super) table: &'a RuleTable,
    pub(super) request: &'a Request<'a>,
    pub(super) kind: RequestKind,
    pub(super) points: &'a Points<'a>,
    pub(super) matches: &'a dyn Fn(&RuleTable, &Request<'_>) -> bool,
}

impl Trial<'_> {
    /// To send `origin` instead, if a rule matches then.
    pub(super) fn send_origin(&self, origin: &str) -> Option<Change> {
        let mut changed = self.request.clone();
        changed.origin = FieldLine::One(origin.as_bytes());
        (self.matches)(self.table, &changed).then(|| Change::SendOrigin { value: Quoted::new(origin) })
    }

    /// To send `method` instead, if a rule matches then.
    pub(super) fn send_method(&self, method: &[u8]) -> Option<Change> {
        let mut changed = self.request.clone();
        let value = Quoted::new(method);
        let change = if self.kind == RequestKind::Preflight {
            changed.request_method = FieldLine::One(method);
            Change::SendRequestMethod { value }
        } else {
            changed.method = method;
            Change::SendMethod { value }
        };
        (self.matches)(self.table, &changed).then_some(change)
    }

    /// To leave `names` out, if a rule matches then.
    pub(super) fn leave_out(&self, names: &[Quoted]) -> Option<Change> {
        let left_out: HashSet<_> = names.iter().map(|name| name.as_bytes().to_ascii_lowercase()).collect();
        let kept: Vec<&[u8]> =
            self.request.header_names().filter(|item| !left_out.contains(&item.to_ascii_lowercase())).collect();
        let mut changed = self.request.clone();
        changed.request_headers = kept;
        (self.matches)(self.table, &changed).then(|| Change::LeaveOutHeaders { names: names.to_vec() })
    }

    /// To change the rules so, if they load then and one of them matches.
    pub(super) fn change_rules(&self, change: Change) -> Option<Change> {
        let mut changed = self.rules();
        let profile = apply(&change, &mut changed)?;
        let table = RuleTable::compile(&changed, profile).ok()?;
        (self.matches)(&table, self.request).then_some(change)
    }

    /// The rules of the table, with all entries that some request can match.
    fn rules(&self) -> CorsConfiguration {
        let (origins, headers) = (self.table.origin_entries(), self.table.header_entries());
        let of = |entries: &[(String, RuleSet)], index| -> Vec<String> {
            entries.iter().filter(|(_, rules)| rules.contains(index)).map(|(entry, _)| entry.clone()).collect()
        };
        CorsConfiguration::from_rules(self.table.rules().iter().enumerate().map(|(index, rule)| {
            let mut origins = of(&origins, index);
            if origins.is_empty() {
                // A rule must have one: it has one that no origin can match.
                origins.push("\u{fffd}".to_owned());
            }
            CorsRule::new(origins, methods(rule))
                .allowed_headers(of(&headers, index))
                .allow_credentials(rule.allow_credentials())
        }))
    }
}

/// Makes the change; the profile that the rules need then.
fn apply(change: &Change, configuration: &mut CorsConfiguration) -> Option<Profile> {
    let (rule, element, entries, replaced, mut extended) = match change {
        Change::AddEntries { rule, element, entries, extended_only } => (rule, element, entries, None, *extended_only),
        Change::ReplaceEntry { rule, element, entry, entries } => (rule, element, entries, Some(entry), false),
        _ => return None,
    };
    extended |= configuration.rules.iter().any(|rule| {
        rule.allow_credentials || rule.allowed_methods.iter().any(|method| !is_oss_method(method.as_bytes()))
    });
    let rule = configuration.rules.get_mut(rule.checked_sub(1)?)?;
    let list = match element {
        Element::AllowedOrigin => &mut rule.allowed_origins,
        Element::AllowedMethod => &mut rule.allowed_methods,
        Element::AllowedHeader => &mut rule.allowed_headers,
        _ => return None,
    };
    list.retain(|entry| replaced.is_none_or(|replaced| replaced.as_bytes() != entry.as_bytes()));
    for entry in entries {
        list.push(String::from_utf8(entry.as_bytes().to_vec()).ok()?);
    }
    Some(if extended { Profile::Extended } else { Profile::Oss })
}

pub(super) fn is_oss_method(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"PUT" | b"POST" | b"DELETE" | b"HEAD")
}

/// The rule's list, read from the header that it sends.
pub(super) fn methods(rule: &Rule) -> impl Iterator<Item = &str> {
    rule.allow_methods().to_str().unwrap_or_default().split(", ")
}
