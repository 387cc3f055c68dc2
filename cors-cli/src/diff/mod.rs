//! `diff`: which requests two rule files answer differently. Decisions are compared, not lines of text.

#[cfg(test)]
mod brute_force;
mod classes;
mod compare;
mod document;
mod group;
mod judge;
mod masks;
mod text;
mod universe;
mod witnesses;

use std::path::PathBuf;

use clap::Args;

use crate::profile::ProfileChoice;
use crate::report::{Exit, Failure, Report, Screen};
use crate::source::{Source, only_once};
use crate::style::ERROR;
use compare::compare;

/// Tell which requests two rule files answer differently, newly allowed ones first
///
/// Compared are the origins, methods and request headers that either file mentions, what their wildcards stand for, and
/// near misses: another scheme or port, a subdomain, a look-alike. Where two wildcards differ, a text that tells them
/// apart is found. Files that are too large for that are sampled, and the output says so.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_SHAPE)]
pub struct Diff {
    /// The rules as they are
    old: PathBuf,
    /// The rules as they are to be
    new: PathBuf,

    /// Exit with 1 when something is newly allowed, or when the files are too large to be sure that nothing is
    #[arg(long)]
    deny_widening: bool,

    #[command(flatten)]
    profile: ProfileChoice,
}

const JSON_SHAPE: &str = "\
With --json:
  {
    \"widens\": BOOLEAN, \"changes\": [CHANGE], \"vary_origin\": BOOLEAN, or null where it stays,
    \"compared\": {\"origins\": NUMBER, \"methods\": NUMBER, \"request_headers\": NUMBER}, \"sampled\": [TEXT]
  }
CHANGE is
  {
    \"kind\": \"allowed\", \"widened\", \"refused\" or \"altered\",
    \"old_rule\": NUMBER or null, \"new_rule\": NUMBER or null, \"reason\": TEXT or null,
    \"origins\": [TEXT], \"near_misses\": [TEXT],
    \"requests\": [{\"methods\": [TEXT], \"without_headers\": BOOLEAN, \"headers\": [[TEXT]]}],
    \"differences\": [{\"header\": TEXT, \"old\": TEXT or null, \"new\": TEXT or null}]
  }
\"headers\" lists the smallest sets of request headers with which a preflight changes.";

const UNSURE: &str = "the files are too large to be compared as a whole, so --deny-widening cannot pass; \
split them, or use fewer wildcards or entries";

impl Diff {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        only_once(&self.old, &self.new)?;
        let profile = self.profile.profile();
        let (old, new) = (Source::load(&self.old, profile)?, Source::load(&self.new, profile)?);
        let comparison = compare(&old, &new).map_err(|errors| Failure::new(errors.to_string()))?;
        let widens = comparison.changes.iter().any(|change| change.kind.widens());
        // What was not compared may be newly allowed.
        let unsure = !widens && !comparison.tried.sampled.is_empty();
        let exit = Exit::findings(self.deny_widening && (widens || unsure));
        let report = if screen.json {
            Report::json(&document::Document::new(&comparison, widens), exit)
        } else {
            Report::text(text::text(&comparison), exit)
        };
        if self.deny_widening && unsure {
            return Ok(report.with_notes(format!("{ERROR}error{ERROR:#}: {UNSURE}\n")));
        }
        Ok(report)
    }
}
