//! `man`: the manual page, of the command or of one of its verbs.

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;
use serde::Serialize;

use crate::args::Arguments;
use crate::report::{Exit, Failure, Report, Screen};

/// Write the manual page
#[derive(Debug, Args)]
#[command(after_long_help = "\
For example:
  oss-cors man > oss-cors.1
  oss-cors man check > oss-cors-check.1

With --json: {\"page\": TEXT, \"text\": TEXT}")]
pub struct Man {
    /// The page of one command
    #[arg(value_parser = verbs())]
    command: Option<String>,
}

#[derive(Serialize)]
struct Document {
    page: String,
    text: String,
}

impl Man {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        let mut whole = Arguments::command();
        // Names the pages of the verbs, and gives them the options that all share.
        whole.build();
        let command = match &self.command {
            Some(name) => whole.find_subcommand(name).cloned().unwrap_or(whole),
            None => whole,
        };
        let page = command.get_display_name().unwrap_or("oss-cors").to_owned();
        let mut text = Vec::new();
        let write = Page::new(command).render(&mut text);
        write.map_err(|error| Failure::new(format!("cannot write the manual page: {error}")))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        if screen.json {
            return Ok(Report::json(&Document { page, text }, Exit::Good));
        }
        Ok(Report::exact(text, Exit::Good))
    }
}

/// Without the whole description, which would ask for itself.
fn verbs() -> clap::builder::PossibleValuesParser {
    ["check", "explain", "test", "convert", "diff", "init", "completions", "man"].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_its_page() {
        use clap::builder::TypedValueParser;
        let named: Vec<String> =
            verbs().possible_values().into_iter().flatten().map(|value| value.get_name().to_owned()).collect();
        let existing: Vec<String> =
            Arguments::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        assert_eq!(named, existing);
    }
}
