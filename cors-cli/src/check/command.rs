//! The arguments, and the report in the format that they ask for.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use oss_cors_advice::LintCode;

use super::checked::{Checked, Criteria, Deny};
use super::codes::{self, codes};
use super::document::{self, Document, Total};
use super::files::{Found, find};
use super::github;
use super::sarif::Log;
use crate::profile::ProfileChoice;
use crate::report::{Exit, Failure, Report, Screen};

/// Find every fault and every trap in rule files
///
/// Faults are errors: the file does not load. Lints are traps in files that load: warnings are almost certainly
/// mistakes or dangerous, advice is worth a thought. Errors make the exit code 1, lints only where --deny names them.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_SHAPE)]
pub struct Check {
    /// Rule files, folders of rule files, and patterns such as `rules/**/*.xml`; `-` is standard input
    ///
    /// Of a folder the files are checked that end in .xml, .json, .yaml, .yml or .toml, hidden ones apart.
    #[arg(value_name = "PATH", required_unless_present_any = ["list", "explain"])]
    paths: Vec<PathBuf>,

    /// Check the folders below each folder too
    #[arg(long, short)]
    recursive: bool,

    /// How to write what is found
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_default_value = true, conflicts_with = "json")]
    output_format: OutputFormat,

    /// Count as findings: `warnings`, `advice` (and warnings), or one lint code
    #[arg(long, value_name = "LEVEL|CODE", value_parser = levels_and_codes(), hide_possible_values = true)]
    deny: Vec<Deny>,

    /// Do not report one lint code, whatever --deny says
    #[arg(long, value_name = "CODE", value_parser = codes(), hide_possible_values = true)]
    allow: Vec<LintCode>,

    /// List the lint codes, one a line, and check nothing
    #[arg(long, conflicts_with_all = CHECKING)]
    list: bool,

    /// Print the page of one lint code, and check nothing
    #[arg(long, value_name = "CODE", value_parser = codes(), hide_possible_values = true,
        conflicts_with_all = CHECKING, conflicts_with = "list")]
    explain: Option<LintCode>,

    #[command(flatten)]
    choice: ProfileChoice,
}

/// The arguments of a check, which `--list` and `--explain` do not make.
const CHECKING: [&str; 6] = ["paths", "recursive", "output_format", "deny", "allow", "profile"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// A line for each finding; at a terminal its source
    Text,
    /// As --json
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

const JSON_SHAPE: &str = "\
With --json:
  {
    \"files\": [{\"file\": TEXT, \"unreadable\": TEXT or null, \"findings\": [FINDING]}],
    \"errors\": NUMBER, \"warnings\": NUMBER, \"advice\": NUMBER, \"denied\": NUMBER
  }
FINDING is
  {
    \"severity\": \"error\", \"warning\" or \"advice\", \"code\": a lint's code or null, \"denied\": BOOLEAN,
    \"line\": NUMBER or null, \"column\": NUMBER or null, \"rule\": NUMBER or null, \"element\": TEXT or null,
    \"entry\": NUMBER or null, \"value\": TEXT or null, \"message\": TEXT
  }
Lines, columns (in characters), rules and entries are counted from 1. With --list:
[{\"code\": TEXT, \"severity\": TEXT, \"summary\": TEXT}]. With --explain: {\"code\": TEXT, \"severity\": TEXT,
\"page\": TEXT}.";

fn levels_and_codes() -> impl TypedValueParser<Value = Deny> {
    let names = ["warnings", "advice"].into_iter().chain(codes::names());
    PossibleValuesParser::new(names).try_map(|name| match name.as_str() {
        "warnings" => Ok(Deny::Warnings),
        "advice" => Ok(Deny::Advice),
        code => code.parse().map(Deny::Code),
    })
}

impl Check {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        if let Some(code) = self.explain {
            return Ok(codes::explain(code, screen));
        }
        if self.list {
            return Ok(codes::list(screen.json));
        }
        if self.paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
            return Err(Failure::new("standard input can be read once; write `-` once".to_owned()));
        }
        let criteria = Criteria { profile: self.choice.profile(), deny: self.deny.clone(), allow: self.allow.clone() };
        let checked = in_parallel(&find(&self.paths, self.recursive), |found| match found {
            Found::File(path) => Checked::read(path, &criteria),
            Found::Nothing { path, why } => Checked::unreadable(path, why.clone()),
        });
        let total = Total::of(&checked);
        let exit = if total.unreadable > 0 { Exit::Unusable } else { Exit::findings(total.denied > 0) };
        Ok(match self.output_format {
            OutputFormat::Text if !screen.json => {
                let (text, notes) = document::text(&checked, &total, screen.excerpts);
                Report::text(text, exit).with_notes(notes)
            }
            OutputFormat::Text | OutputFormat::Json => Report::json(&Document::new(&checked, &total), exit),
            OutputFormat::Sarif => Report::json(&Log::new(&checked), exit),
            OutputFormat::Github => Report::text(github::annotations(&checked, &total), exit),
        })
    }
}

/// What `work` makes of each item, in the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return done };
            done.push((index, work(item)));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
