//! The origin against the entries of every rule: what was meant, what resembles it, and what one change would help.

use std::rc::Rc;

use oss_cors_core::{Element, FieldLine, MAX_RULES, Pattern, Rule, RuleSet};

use super::change::Change;
use super::near_miss::Reason;
use super::origin::{self, Resemblance, Slip};
use super::quoted::Quoted;
use super::trial::Trial;

/// The origin, and for each rule that does not allow it the entry that resembles it most.
pub(super) struct Origins {
    origin: String,
    slip: Option<Slip>,
    /// What was meant, and the rules that allow it.
    meant: Option<(String, RuleSet)>,
    nearest: Vec<Option<Rc<Resemblance>>>,
    /// The rules with an entry that some origin can match.
    usable: RuleSet,
}

impl Trial<'_> {
    pub(super) fn origins(&self) -> Option<Origins> {
        let FieldLine::One(origin) = self.request.origin else { return None };
        let origin = std::str::from_utf8(origin).ok()?;
        let slip = Slip::of(origin);
        let meant = slip.iter().flat_map(|slip| &slip.meant).find_map(|meant| {
            let rules = self.table.rules_allowing_origin(meant.as_bytes())?;
            (!rules.is_empty()).then(|| (meant.clone(), rules))
        });
        let sent = match (&meant, &slip) {
            (Some((meant, _)), _) => meant,
            (None, Some(Slip { meant, .. })) => meant.first().map_or(origin, String::as_str),
            (None, None) => origin,
        };

        let mut usable = RuleSet::default();
        let mut nearest: Vec<Option<Rc<Resemblance>>> = vec![None; self.table.rules().len().min(MAX_RULES)];
        for (entry, rules) in self.table.origin_entries() {
            usable = usable.union(rules);
            let having = |index: usize| rules.contains(index) && !self.points.allow_origin(index);
            if !(0..nearest.len()).any(having) {
                continue;
            }
            let Some(resemblance) = Resemblance::of(&entry, sent).map(Rc::new) else { continue };
            for (_, best) in nearest.iter_mut().enumerate().filter(|(index, _)| having(*index)) {
                let nearer =
                    |best: &Rc<Resemblance>| origin::cost(&resemblance.differences) < origin::cost(&best.differences);
                if best.as_ref().is_none_or(nearer) {
                    *best = Some(Rc::clone(&resemblance));
                }
            }
        }
        Some(Origins { origin: origin.to_owned(), slip, meant, nearest, usable })
    }

    pub(super) fn judge_origin(&self, index: usize, rule: &Rule, origins: &Origins) -> (u32, Reason, Vec<Change>) {
        let origin = origins.origin.as_str();
        let resemblance = origins.nearest.get(index).and_then(Option::as_deref);
        let mut differences: Vec<_> = origins.slip.iter().flat_map(|slip| slip.differences.clone()).collect();
        let meant = origins.slip.as_ref().and_then(|slip| slip.meant.first());
        let reason = |entry, meant: Option<&String>, differences| Reason::Origin {
            origin: Quoted::new(origin),
            meant: meant.map(Quoted::new),
            entry,
            differences,
        };
        let allows_meant = origins.meant.as_ref().filter(|(_, rules)| rules.contains(index));
        if let Some((meant, _)) = allows_meant {
            let changes = self.send_origin(meant).into_iter().collect();
            return (origin::cost(&differences), reason(None, Some(meant), differences), changes);
        }

        let entry = resemblance.map(|found| Quoted::new(&found.entry));
        differences.extend(resemblance.iter().flat_map(|found| found.differences.clone()));
        if resemblance.is_none() {
            differences.extend(origin::special(meant.map_or(origin, String::as_str)));
        }
        let cost = origin::cost(&differences);
        if origins.slip.is_some() {
            // Two things are wrong: no one change helps but to allow an origin that no browser sends.
            let unlike = if resemblance.is_none() { origin::cost(&[]) } else { 0 };
            return (cost + unlike, reason(entry, meant, differences), Vec::new());
        }
        let add = Change::AddEntries {
            rule: rule.number(),
            element: Element::AllowedOrigin,
            entries: vec![Quoted::new(origin)],
            extended_only: false,
        };
        if !origins.usable.contains(index) {
            return (cost, Reason::NoUsableOrigin, self.change_rules(add).into_iter().collect());
        }
        let replaced = resemblance.and_then(|found| replacement(rule, found, origin));
        let moved = resemblance.and_then(|found| found.page.as_deref()).and_then(|page| self.send_origin(page));
        let changed = replaced.and_then(|change| self.change_rules(change)).or_else(|| self.change_rules(add));
        let changes = changed.into_iter().chain(moved).collect();
        (cost, reason(entry, None, differences), changes)
    }
}

/// To write the entry as it was meant, if `origin` matches it then.
fn replacement(rule: &Rule, found: &Resemblance, origin: &str) -> Option<Change> {
    let entries = found.replacement.as_ref()?;
    let matches = |entry: &String| Pattern::parse(entry).is_some_and(|pattern| pattern.matches(origin.as_bytes()));
    entries.iter().any(matches).then(|| Change::ReplaceEntry {
        rule: rule.number(),
        element: Element::AllowedOrigin,
        entry: Quoted::new(&found.entry),
        entries: entries.iter().map(Quoted::new).collect(),
    })
}

#[cfg(test)]
mod tests {
    use oss_cors_core::{CorsConfiguration, CorsRule, Profile, RuleTable};

    fn entries(rules: &[&[&str]]) -> Vec<(String, Vec<usize>)> {
        let rule = |origins: &&[&str]| CorsRule::new(origins.iter().copied(), ["GET".to_owned()]);
        let configuration = CorsConfiguration::from_rules(rules.iter().map(rule)).response_vary(false);
        let table = RuleTable::compile(&configuration, Profile::Oss).unwrap();
        let numbers = |set: oss_cors_core::RuleSet| (0..rules.len()).filter(|index| set.contains(*index)).collect();
        table.origin_entries().into_iter().map(|(entry, set)| (entry, numbers(set))).collect()
    }

    #[track_caller]
    fn gives_back(rules: &[&[&str]], expected: &[(&str, &[usize])]) {
        let expected: Vec<_> = expected.iter().map(|(entry, set)| ((*entry).to_owned(), set.to_vec())).collect();
        assert_eq!(entries(rules), expected);
    }

    #[test]
    fn the_index_gives_back_what_was_written() {
        gives_back(
            &[&["https://a.com"], &["https://b.com", "https://a.com"]],
            &[("https://a.com", &[0, 1]), ("https://b.com", &[1])],
        );
        gives_back(
            &[&["*.a.com", "https://*.a.com", "http://*.a.com"], &["http://*.a.com", "*"]],
            &[("*", &[1]), ("*.a.com", &[0]), ("http://*.a.com", &[0, 1]), ("https://*.a.com", &[0])],
        );
        gives_back(&[&["https://*"], &["http://localhost:*"]], &[("http://localhost:*", &[1]), ("https://*", &[0])]);
    }

    #[test]
    fn what_a_wildcard_of_another_rule_covers_is_not_of_that_rule() {
        gives_back(
            &[&["https://*.a.com"], &["https://x.a.com"], &["*"]],
            &[("*", &[2]), ("https://*.a.com", &[0]), ("https://x.a.com", &[1])],
        );
    }
}
