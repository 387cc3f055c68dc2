//! The comparison against the engine itself, request by request.

use std::collections::BTreeSet;

use oss_cors_core::{
    CorsConfiguration, CorsRequest, CorsRule, Decision, FieldLine, Format, Profile, Rule, RuleFile, RuleTable,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::compare::compare;
use super::judge::Kind;
use super::masks::decided;
use super::universe;

const ORIGINS: [&str; 7] =
    ["*", "null", "https://a.com", "http://a.com", "https://*.a.com", "https://b.a.com", "https://*a.com"];
const METHODS: [&str; 3] = ["GET", "PUT", "HEAD"];
const HEADERS: [&str; 4] = ["x-a", "x-b", "x-c", "*"];

fn rule() -> impl Strategy<Value = CorsRule> {
    let texts = |all: &'static [&'static str], least: usize| {
        subsequence(all, least..=all.len()).prop_map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    (
        texts(&ORIGINS, 1),
        texts(&METHODS, 1),
        texts(&HEADERS, 0),
        texts(&["ETag", "Date"], 0),
        select(vec![None, Some(60)]),
    )
        .prop_map(|(allowed_origins, allowed_methods, allowed_headers, expose_headers, max_age_seconds)| {
            CorsRule::new(allowed_origins, allowed_methods)
                .allowed_headers(allowed_headers)
                .expose_headers(expose_headers)
                .max_age_seconds(max_age_seconds)
        })
}

fn file() -> impl Strategy<Value = RuleFile> {
    proptest::collection::vec(rule(), 1..5).prop_map(|rules| {
        let xml = CorsConfiguration::from_rules(rules).response_vary(false).to_xml();
        RuleFile::parse(xml.as_bytes(), Some(Format::Xml), Profile::Oss).unwrap()
    })
}

/// What one table answers, apart from what the request itself says.
fn answer<'t>(table: &'t RuleTable, origin: &str, method: &str, headers: &[&str]) -> Option<&'t Rule> {
    let names = headers.join(",");
    let request = CorsRequest::new(
        b"OPTIONS",
        FieldLine::One(origin.as_bytes()),
        FieldLine::One(method.as_bytes()),
        [names.as_bytes()],
    );
    let decision = table.decide(&request);
    if headers.is_empty() {
        // The request itself is answered by the same rule.
        let actual = table.decide(&CorsRequest::actual(method.as_bytes(), origin.as_bytes()));
        assert_eq!(decided(&actual).map(Rule::number), decided(&decision).map(Rule::number));
        assert!(matches!(actual, Decision::Forward { .. }));
    }
    decided(&decision)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Allowed,
    Refused,
    Differs,
}

fn turn(old: Option<&Rule>, new: Option<&Rule>) -> Option<Turn> {
    let said = |rule: &Rule| {
        let values = (rule.allow_methods().clone(), rule.expose_headers().cloned(), rule.max_age().cloned());
        (rule.any_origin(), rule.allow_credentials(), values)
    };
    match (old, new) {
        (None, None) => None,
        (None, Some(_)) => Some(Turn::Allowed),
        (Some(_), None) => Some(Turn::Refused),
        (Some(old), Some(new)) => (said(old) != said(new)).then_some(Turn::Differs),
    }
}

fn turn_of(kind: &Kind) -> Turn {
    match kind {
        Kind::Allowed { .. } => Turn::Allowed,
        Kind::Refused { .. } => Turn::Refused,
        Kind::Widened { .. } | Kind::Altered { .. } => Turn::Differs,
    }
}

/// The header names as asked for: `*` stands for one that no entry names.
fn asked(names: &[String]) -> Vec<&str> {
    names.iter().map(|name| if name == "*" { "x-unmentioned" } else { name }).collect()
}

proptest! {
    #[test]
    fn tells_all_that_changes_and_nothing_else(old in file(), new in file()) {
        let comparison = compare(&old, &new).unwrap();
        let tables = (old.table(), new.table());
        let asked_of_both = |origin: &str, method: &str, headers: &[&str]| {
            turn(answer(&tables.0, origin, method, headers), answer(&tables.1, origin, method, headers))
        };
        // What is told is so.
        let mut told = BTreeSet::new();
        for change in &comparison.changes {
            let turn = turn_of(&change.kind);
            for requests in &change.requests {
                for (origin, method) in change.origins.iter().flat_map(|origin| requests.methods.iter().map(move |method| (origin, method))) {
                    if requests.without_headers {
                        prop_assert_eq!(asked_of_both(&origin.text, method, &[]), Some(turn));
                        told.insert((origin.text.clone(), method.clone(), turn, true));
                    }
                    for names in &requests.headers {
                        prop_assert_eq!(asked_of_both(&origin.text, method, &asked(names)), Some(turn), "{:?}", names);
                        told.insert((origin.text.clone(), method.clone(), turn, false));
                    }
                }
            }
        }
        // What is so is told: each origin, method and turn, of the requests without headers and of those with any.
        let files = [old.configuration(), new.configuration()];
        let names: Vec<String> = universe::headers(files).tried.into_iter().map(|header| header.text).filter(|name| name.starts_with("x-")).collect();
        for origin in universe::origins(files).tried {
            for method in universe::methods(files).tried {
                for set in 0_usize..1 << names.len() {
                    let headers: Vec<&str> = names.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1).map(|(_, name)| name.as_str()).collect();
                    if let Some(turn) = asked_of_both(&origin.text, &method.text, &headers) {
                        // A larger set may change as a smaller one does, down to none.
                        let is_told = |bare| told.contains(&(origin.text.clone(), method.text.clone(), turn, bare));
                        prop_assert!(is_told(headers.is_empty()) || is_told(true), "{} {} {:?}", origin.text, method.text, headers);
                    }
                }
            }
        }
    }
}

/// Entries over two letters, so that wildcards overlap, contain each other and meet in short texts.
fn entry() -> impl Strategy<Value = String> {
    "[xy]{0,2}\\*?[xy]{0,2}".prop_filter("an entry has text", |entry| !entry.is_empty())
}

/// Two files that share entries: what differs is often one wildcard, or the order of the rules.
fn two_files() -> impl Strategy<Value = [RuleFile; 2]> {
    let rule = |of_origins: bool| {
        (proptest::collection::vec(entry(), 1..4), select(vec![vec![], vec!["ETag".to_owned()]])).prop_map(
            move |(entries, exposed)| {
                let rule = if of_origins {
                    CorsRule::new(entries, ["GET".to_owned()])
                } else {
                    CorsRule::new(["https://a.com".to_owned()], ["GET".to_owned()]).allowed_headers(entries)
                };
                rule.expose_headers(exposed)
            },
        )
    };
    let rules = any::<bool>().prop_flat_map(move |of_origins| proptest::collection::vec(rule(of_origins), 1..4));
    let changed = (rules, any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), entry(), any::<bool>());
    changed.prop_map(|(old, one, other, entry, swaps)| {
        let mut new = old.clone();
        let (one, other) = (one.index(new.len()), other.index(new.len()));
        if swaps {
            new.swap(one, other);
        } else if let Some(rule) = new.get_mut(one) {
            let entries =
                if rule.allowed_headers.is_empty() { &mut rule.allowed_origins } else { &mut rule.allowed_headers };
            entries.truncate(other + 1);
            entries.pop();
            entries.push(entry);
        }
        [old, new].map(|rules| {
            let xml = CorsConfiguration::from_rules(rules).response_vary(false).to_xml();
            RuleFile::parse(xml.as_bytes(), Some(Format::Xml), Profile::Oss).unwrap()
        })
    })
}

/// Every text of up to seven letters, `z` being one that no entry has: longer than any beginning, another letter and any
/// end together.
fn all_texts() -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut longest = 0..1;
    for _ in 0..7 {
        let start = texts.len();
        for index in longest {
            for letter in ["x", "y", "z"] {
                texts.push(format!("{}{letter}", texts[index]));
            }
        }
        longest = start..texts.len();
    }
    texts.remove(0);
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn widens_exactly_where_some_text_is_newly_allowed([old, new] in two_files()) {
        let comparison = compare(&old, &new).unwrap();
        prop_assert!(comparison.tried.sampled.is_empty());
        let tables = (old.table(), new.table());
        let origins = if old.configuration().rules[0].allowed_headers.is_empty() {
            all_texts()
        } else {
            vec!["https://a.com".to_owned()]
        };
        let names = if origins.len() > 1 { Vec::new() } else { all_texts() };
        let mut turns = BTreeSet::new();
        let mut ask = |origin: &str, headers: &[&str]| {
            turns.extend(turn(answer(&tables.0, origin, "GET", headers), answer(&tables.1, origin, "GET", headers)));
        };
        for origin in &origins {
            ask(origin, &[]);
        }
        for name in &names {
            ask("https://a.com", &[name]);
        }
        // Names together are allowed by the rules that allow each, so one name of each kind is enough.
        let allowing = |name: &str| [&tables.0, &tables.1].map(|table| {
            table.rules_allowing_header(name.as_bytes()).iter().fold(0_u32, |rules, rule| rules | 1 << rule)
        });
        let mut kinds: Vec<([u32; 2], Vec<&str>)> = Vec::new();
        for name in &names {
            let rules = allowing(name);
            if kinds.iter().all(|(known, _)| *known != rules) {
                kinds.push((rules, vec![name]));
            }
        }
        let single = kinds.clone();
        let mut next = 0;
        while let Some((rules, together)) = kinds.get(next).cloned() {
            ask("https://a.com", &together);
            for (other, name) in &single {
                let both = [rules[0] & other[0], rules[1] & other[1]];
                if kinds.iter().all(|(known, _)| *known != both) {
                    kinds.push((both, [&together[..], name].concat()));
                }
            }
            next += 1;
        }
        let told: BTreeSet<Turn> = comparison.changes.iter().map(|change| turn_of(&change.kind)).collect();
        prop_assert_eq!(told, turns);
    }
}
