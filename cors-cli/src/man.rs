//! `man`: the manual page, of the command or of one of its verbs.

use clap::{Args, Command};
use clap_mangen::Man as Page;
use serde::Serialize;

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
    /// `whole` is the whole command line.
    pub fn run(&self, mut whole: Command, screen: &Screen) -> Result<Report, Failure> {
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
pub fn verbs() -> clap::builder::PossibleValuesParser {
    ["check", "explain", "test", "convert", "diff", "init", "completions", "man"].into()
}
