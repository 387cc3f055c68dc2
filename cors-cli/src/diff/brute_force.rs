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
