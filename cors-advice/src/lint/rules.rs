//! Rules against each other: what an earlier rule answers, a later one never does.
//!
//! Nothing is guessed: the engine's own index is asked. No entry has a `*` that means itself, but a request may have
//! one. So an entry's own text, asked as if it were a request's, is matched by just those entries that match all that
//! it matches: one lookup gives the rules that cover it, for origins and for headers.
//!
//! A rule is unreachable when, for each of its origins with each of its methods, an earlier rule covers the origin, has
//! the method, and covers all headers that the rule allows. Different origins and methods may have different earlier
//! rules. Where there is none, the request with just this origin, method and list of headers gets to the rule. So the
//! answer is exact, unless that request is longer than requests may be: then a rule that nothing gets to may go
//! unnamed. A rule that is named is never first.

use std::collections::{BTreeSet, HashMap};

use oss_cors_core::{CorsConfiguration, CorsRule, Element, MAX_RULES, Pattern, Profile, RuleSet, RuleTable};

use super::code::LintCode;
use super::entry::{Entry, entries_of, matchable};
use super::finding::{Findings, code, listed};

/// Entries, times the different lengths before a `*`, times those after it.
const MAX_PROBES: usize = 1 << 25;

pub(super) fn lint(configuration: &CorsConfiguration, findings: &mut Findings) {
    // No valid configuration has more, and no set of rules.
    let rules: Vec<&CorsRule> = configuration.rules.iter().take(MAX_RULES).collect();
    let mut identical = vec![None; rules.len()];
    let mut known = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        let earlier = *known.entry(Meaning::of(rule)).or_insert(index);
        if let (true, Some(same)) = (earlier < index, identical.get_mut(index)) {
            *same = Some(earlier);
        }
    }
    // Compared are rules that load, whatever else is wrong with them.
    let table = RuleTable::compile(configuration, Profile::Extended).ok();
    let numbered = || (1..).zip(&rules);
    let worth_it = is_worth_it(numbered().flat_map(|(number, rule)| origins(number, rule)))
        && is_worth_it(numbered().flat_map(|(number, rule)| headers(number, rule)));
    let covers = table.as_ref().filter(|_| worth_it).map(|table| Covers::new(&rules, table));
    for (index, rule) in rules.iter().enumerate() {
        let number = index + 1;
        if let Some(Some(earlier)) = identical.get(index) {
            let message = format!("the same as rule {}, which comes first; delete one of the two", earlier + 1);
            findings.in_rule(LintCode::IdenticalRules, number, Element::CorsRule, None, message);
        } else if let Some(covers) = &covers {
            Later { index, rule, rules: &rules, covers }.lint(findings);
        }
    }
}

/// What a rule says, whatever the order and repetition.
#[derive(PartialEq, Eq, Hash)]
struct Meaning<'a> {
    origins: BTreeSet<&'a str>,
    methods: BTreeSet<&'a str>,
    headers: BTreeSet<String>,
    answer: Answer,
}

impl<'a> Meaning<'a> {
    fn of(rule: &'a CorsRule) -> Self {
        Self {
            origins: rule.allowed_origins.iter().map(String::as_str).collect(),
            methods: rule.allowed_methods.iter().map(String::as_str).collect(),
            headers: rule.allowed_headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            answer: Answer::of(rule),
        }
    }
}

/// What a page can tell of a rule that matched. Not the list of methods: a browser reads it for the one it asked for.
#[derive(PartialEq, Eq, Hash)]
struct Answer {
    any_origin: bool,
    exposed: BTreeSet<String>,
    max_age: Option<u32>,
    credentials: bool,
}

impl Answer {
    fn of(rule: &CorsRule) -> Self {
        Self {
            any_origin: rule.allowed_origins.iter().any(|origin| origin == "*"),
            exposed: rule.expose_headers.iter().map(|name| name.to_ascii_lowercase()).collect(),
            max_age: rule.max_age_seconds,
            credentials: rule.allow_credentials,
        }
    }

    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let differences = [
            (self.any_origin != other.any_origin, "another Allow-Origin"),
            (self.exposed != other.exposed, "other exposed headers"),
            (self.max_age != other.max_age, "another max age"),
            (self.credentials != other.credentials, "other credentials"),
        ];
        differences.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name).collect()
    }
}

/// Which rules match all that an entry, or a rule's headers match.
struct Covers<'a> {
    table: &'a RuleTable,
    /// For each rule, for each of its origins that can match.
    origins: Vec<Vec<RuleSet>>,
    /// For each rule: those that allow every header that it allows.
    headers: Vec<RuleSet>,
}

impl<'a> Covers<'a> {
    fn new(rules: &[&CorsRule], table: &'a RuleTable) -> Self {
        let numbered = || (1..).zip(rules);
        let of_origins = |(number, rule): (usize, &&CorsRule)| {
            origins(number, rule).map(|entry| table.rules_covering_origin(entry.text)).collect()
        };
        let of_headers = |(number, rule): (usize, &&CorsRule)| {
            let each = headers(number, rule).map(|entry| table.rules_covering_header(entry.text));
            each.fold(before(rules.len()), |all, rules| all & rules)
        };
        Self { table, origins: numbered().map(of_origins).collect(), headers: numbered().map(of_headers).collect() }
    }

    fn method(&self, method: &str) -> RuleSet {
        self.table.rules_allowing_method(method.as_bytes())
    }
}

fn origins(number: usize, rule: &CorsRule) -> impl Iterator<Item = Entry<'_>> + Clone {
    entries_of(number, Element::AllowedOrigin, &rule.allowed_origins).filter(matchable)
}

fn headers(number: usize, rule: &CorsRule) -> impl Iterator<Item = Entry<'_>> + Clone {
    entries_of(number, Element::AllowedHeader, &rule.allowed_headers).filter(matchable)
}

/// Whether to ask for every one of `entries` takes no more than it is worth.
fn is_worth_it<'a>(entries: impl Iterator<Item = Entry<'a>>) -> bool {
    let (mut count, mut prefixes, mut suffixes) = (0_usize, BTreeSet::new(), BTreeSet::new());
    for entry in entries {
        count += 1;
        if let Some(Pattern::Affix { prefix, suffix }) = Pattern::parse(entry.text) {
            prefixes.insert(prefix.len());
            suffixes.insert(suffix.len());
        }
    }
    count.saturating_mul(prefixes.len()).saturating_mul(suffixes.len()) <= MAX_PROBES
}

fn before(rule: usize) -> RuleSet {
    (0..rule).collect()
}

/// A rule, seen from those before it.
struct Later<'a> {
    index: usize,
    rule: &'a CorsRule,
    rules: &'a [&'a CorsRule],
    covers: &'a Covers<'a>,
}

impl Later<'_> {
    fn lint(&self, findings: &mut Findings) {
        let (Some(origins), Some(allowing)) =
            (self.covers.origins.get(self.index), self.covers.headers.get(self.index).copied())
        else {
            return;
        };
        if let Some(message) = self.unreachable(origins, allowing) {
            let code = LintCode::UnreachableRule;
            return findings.in_rule(code, self.index + 1, Element::CorsRule, None, message);
        }
        for earlier in (0..self.index).filter(|earlier| self.answers_first(origins, *earlier)) {
            if let Some(message) = self.shadowed(origins, allowing, earlier) {
                let code = LintCode::PartlyShadowedRule;
                findings.in_rule(code, self.index + 1, Element::CorsRule, None, message);
            }
        }
    }

    /// For each origin and method: the earlier rules that match all that the two match, where no header is asked for.
    fn earlier<'s>(&'s self, origins: &'s [RuleSet]) -> impl Iterator<Item = RuleSet> + 's {
        let earlier = before(self.index);
        let methods = || self.rule.allowed_methods.iter().map(|method| self.covers.method(method));
        origins.iter().flat_map(move |origin| methods().map(move |method| *origin & method & earlier))
    }

    fn unreachable(&self, origins: &[RuleSet], allowing: RuleSet) -> Option<String> {
        let written = &self.rule.allowed_origins;
        let readable = entries_of(self.index + 1, Element::AllowedOrigin, written).count() == written.len();
        if written.is_empty() || !readable || self.rule.allowed_methods.is_empty() {
            return None;
        }
        if origins.is_empty() {
            return Some("no request matches any of its origins; correct them".into());
        }
        let (mut alone, mut together) = (before(self.index), RuleSet::default());
        for rules in self.earlier(origins) {
            let rules = rules & allowing;
            together = together.union(rules.first().into_iter().collect());
            if rules.is_empty() {
                return None;
            }
            alone = alone & rules;
        }
        let Some(first) = alone.first() else {
            let together: Vec<usize> = together.iter().map(|rule| rule + 1).collect();
            let together = listed(&together);
            return Some(format!(
                "rules {together} come first and together match all that this rule matches; move this rule before \
                 them, or delete it"
            ));
        };
        let number = first + 1;
        Some(format!(
            "rule {number} comes first and matches all that this rule matches; move this rule before it, or delete it"
        ))
    }

    fn answers_first(&self, origins: &[RuleSet], rule: usize) -> bool {
        self.earlier(origins).any(|rules| rules.first() == Some(rule))
    }

    /// What `earlier` takes from this rule whole: origins with methods.
    fn shadowed(&self, origin_sets: &[RuleSet], allowing: RuleSet, earlier: usize) -> Option<String> {
        let differences = Answer::of(self.rules.get(earlier)?).differences(&Answer::of(self.rule));
        if differences.is_empty() {
            return None;
        }
        let mut methods: Vec<&str> = Vec::new();
        for method in self.rule.allowed_methods.iter().map(String::as_str) {
            if self.covers.method(method).contains(earlier) && !methods.contains(&method) {
                methods.push(method);
            }
        }
        let mut taken =
            origins(self.index + 1, self.rule).zip(origin_sets).filter(|(_, rules)| rules.contains(earlier));
        let (origin, _) = taken.next()?;
        let more = match taken.count() {
            0 => String::new(),
            1 => " and one more origin".into(),
            more => format!(" and {more} more origins"),
        };
        let except = match allowing.contains(earlier) {
            true => "",
            false => ", except to preflights with headers that only this rule allows",
        };
        Some(format!(
            "rule {} comes first for {} from {}{more} and answers with {}{except}; move this rule before it",
            earlier + 1,
            listed(&methods),
            code(origin.text),
            listed(&differences),
        ))
    }
}
