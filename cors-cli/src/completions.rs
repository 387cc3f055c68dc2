//! `completions`: what a shell needs to complete the command line.

use clap::{Args, Command};
use clap_complete::Shell;
use serde::Serialize;

use crate::report::{Exit, Failure, Report, Screen};

/// Write the completions for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
For example, in bash:
  source <(oss-cors completions bash)

With --json: {\"shell\": TEXT, \"text\": TEXT}")]
pub struct Completions {
    shell: Shell,
}

#[derive(Serialize)]
struct Document {
    shell: String,
    text: String,
}

impl Completions {
    /// `command` is the whole command line.
    pub fn run(&self, mut command: Command, screen: &Screen) -> Result<Report, Failure> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, "oss-cors", &mut text);
        let text = String::from_utf8_lossy(&text).into_owned();
        if screen.json {
            return Ok(Report::json(&Document { shell: self.shell.to_string(), text }, Exit::Good));
        }
        Ok(Report::exact(text, Exit::Good))
    }
}
