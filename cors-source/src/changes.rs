//! What a reload changed, for people: a line in a log. No decision looks at it.

use std::collections::HashSet;
use std::fmt;

use oss_cors_core::{CorsConfiguration, CorsRule};

use crate::text::quoted;

/// How two configurations differ. A rule that was edited counts as one removed and one added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleChanges {
    added: usize,
    removed: usize,
    reordered: bool,
    new_origins: Vec<String>,
    response_vary: Option<bool>,
}

impl RuleChanges {
    /// What it takes to get from `old` to `new`. Against `CorsConfiguration::default()` everything is new.
    pub fn between(old: &CorsConfiguration, new: &CorsConfiguration) -> Self {
        let (old_ids, new_ids) = numbered(&old.rules, &new.rules);
        let kept = in_both(&old_ids, &new_ids);
        let mut known: HashSet<&str> = origins(old).collect();
        Self {
            added: new_ids.len() - kept,
            removed: old_ids.len() - kept,
            reordered: longest_common_subsequence(&old_ids, &new_ids) < kept,
            new_origins: origins(new).filter(|origin| known.insert(origin)).map(str::to_owned).collect(),
            response_vary: (old.response_vary != new.response_vary).then_some(new.response_vary),
        }
    }

    /// How many rules are in the new configuration alone.
    pub fn added(&self) -> usize {
        self.added
    }

    /// How many rules are in the old configuration alone.
    pub fn removed(&self) -> usize {
        self.removed
    }

    /// Whether rules that both have stand in another order: the first that matches answers.
    pub fn reordered(&self) -> bool {
        self.reordered
    }

    /// Every AllowedOrigin, as written, that no rule had before; each once, in the order of the new configuration.
    pub fn new_origins(&self) -> &[String] {
        &self.new_origins
    }

    /// The new ResponseVary, where it changed.
    pub fn response_vary(&self) -> Option<bool> {
        self.response_vary
    }

    /// Whether both say the same.
    pub fn is_empty(&self) -> bool {
        self.added == 0 && self.removed == 0 && !self.reordered && self.response_vary.is_none()
    }
}

fn origins(configuration: &CorsConfiguration) -> impl Iterator<Item = &str> {
    configuration.rules.iter().flat_map(|rule| rule.allowed_origins.iter().map(String::as_str))
}

/// Both lists with a number for each rule: equal rules have equal numbers.
fn numbered(old: &[CorsRule], new: &[CorsRule]) -> (Vec<usize>, Vec<usize>) {
    let mut known: Vec<&CorsRule> = Vec::new();
    let mut number = |rule| match known.iter().position(|other| *other == rule) {
        Some(number) => number,
        None => {
            known.push(rule);
            known.len() - 1
        }
    };
    (old.iter().map(&mut number).collect(), new.iter().map(&mut number).collect())
}

/// How many rules both lists have; a rule that stands twice in both counts twice.
fn in_both(old: &[usize], new: &[usize]) -> usize {
    let mut left = new.to_vec();
    let taken = old.iter().filter(|rule| match left.iter().position(|other| other == *rule) {
        Some(equal) => {
            left.swap_remove(equal);
            true
        }
        None => false,
    });
    taken.count()
}

/// How many rules can stay in place while the others are removed and added around them. If these are fewer than both
/// lists have in common, no choice of removed and added rules explains the new order.
fn longest_common_subsequence(old: &[usize], new: &[usize]) -> usize {
    // The row of the usual table for what was seen of `old`: the longest with the first so many of `new`.
    let mut row = vec![0; new.len() + 1];
    for rule in old {
        let mut above_left = 0;
        let mut left = 0;
        for (other, cell) in new.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = if rule == other { above_left + 1 } else { above.max(left) };
            above_left = above;
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A line names no more origins than a person reads.
const MAX_NAMED: usize = 8;

/// In one line, whatever the rules say: at most eight origins, escaped and cut at
/// [`MAX_QUOTED`](oss_cors_core::MAX_QUOTED) bytes.
impl fmt::Display for RuleChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("no change");
        }
        let rules = |count: usize, what| {
            (count > 0).then(|| format!("{count} {} {what}", if count == 1 { "rule" } else { "rules" }))
        };
        let parts = [
            rules(self.added, "added"),
            rules(self.removed, "removed"),
            self.reordered.then(|| "rules in another order".to_owned()),
            self.response_vary.map(|vary| format!("ResponseVary is {vary}")),
            (!self.new_origins.is_empty()).then(|| self.origins_in_words()),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl RuleChanges {
    fn origins_in_words(&self) -> String {
        let named = self.new_origins.iter().take(MAX_NAMED).map(|origin| format!("`{}`", quoted(origin)));
        let named = named.collect::<Vec<_>>().join(", ");
        match self.new_origins.len().saturating_sub(MAX_NAMED) {
            0 => format!("newly allowed: {named}"),
            more => format!("newly allowed: {named} and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(rules: &[&[&str]]) -> CorsConfiguration {
        let rule = |origins: &&[&str]| CorsRule::new(origins.iter().copied(), ["GET"]);
        CorsConfiguration::from_rules(rules.iter().map(rule)).response_vary(false)
    }

    #[track_caller]
    fn reported(old: &[&[&str]], new: &[&[&str]], expected: &str) {
        assert_eq!(RuleChanges::between(&configuration(old), &configuration(new)).to_string(), expected);
    }

    #[test]
    fn in_words() {
        reported(&[&["a"]], &[&["a"]], "no change");
        reported(&[], &[&["a"]], "1 rule added, newly allowed: `a`");
        reported(&[&["a"], &["b"]], &[], "2 rules removed");
        reported(&[&["a"]], &[&["a", "b"]], "1 rule added, 1 rule removed, newly allowed: `b`");
        reported(&[&["a"], &["b"]], &[&["b"], &["a"]], "rules in another order");
        reported(&[&["a"], &["b"], &["c"]], &[&["c"], &["a"]], "1 rule removed, rules in another order");
        reported(&[&["a"], &["b"], &["a"]], &[&["b"], &["a"]], "1 rule removed");
        reported(&[&["b"], &["a"]], &[&["a"], &["b"], &["a"]], "1 rule added");
        reported(
            &[&["a"], &["b"], &["a"], &["c"]],
            &[&["c"], &["b"], &["a"]],
            "1 rule removed, rules in another order",
        );
        reported(&[&["a"], &["a"], &["b"]], &[&["b"], &["a"], &["a"]], "rules in another order");
        reported(&[&["a"], &["b"]], &[&["c"], &["a"], &["b"]], "1 rule added, newly allowed: `c`");
        reported(&[&["a"]], &[&["a"], &["a"]], "1 rule added");
        reported(&[&["a"]], &[&["b", "b"], &["b"]], "2 rules added, 1 rule removed, newly allowed: `b`");
    }

    #[test]
    fn vary_alone() {
        let old = configuration(&[&["a"]]);
        let new = old.clone().response_vary(true);
        let changes = RuleChanges::between(&old, &new);
        assert_eq!(changes.to_string(), "ResponseVary is true");
        assert_eq!((changes.response_vary(), changes.is_empty()), (Some(true), false));
    }

    #[test]
    fn hostile_text_stays_in_one_short_line() {
        let hostile = format!("\n\u{1b}[31m`{}", "x".repeat(10_000));
        let origins: Vec<String> = (0..1000).map(|number| format!("{hostile}{number}")).collect();
        let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
        let line = RuleChanges::between(&configuration(&[]), &configuration(&[&origins])).to_string();
        assert!(line.len() < 2000 && !line.contains(['\n', '\u{1b}']), "{line}");
        assert!(line.ends_with(" and 992 more"), "{line}");
    }
}
