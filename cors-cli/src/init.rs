//! `init`: a commented rule file to start from.

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::report::{Exit, Failure, Report, Screen};

/// Write a commented rule file to start from
#[derive(Debug, Args)]
#[command(after_long_help = "\
For example:
  oss-cors init api > cors.xml

With --json: {\"scenario\": TEXT, \"text\": TEXT}")]
pub struct Init {
    scenario: Scenario,
}

/// The scenarios of the OSS user's guide.
#[derive(Clone, Copy, Debug, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Scenario {
    /// Pages of one site read
    StaticSite,
    /// Browsers upload from the pages of an application
    DirectUpload,
    /// Several environments under one domain
    Environments,
    /// An API with authentication
    Api,
    /// For an hour, to find out whether the rules are at fault: allows everything
    Troubleshooting,
}

#[derive(Serialize)]
struct Document {
    scenario: Scenario,
    text: &'static str,
}

impl Scenario {
    fn text(self) -> &'static str {
        match self {
            Self::StaticSite => include_str!("../scenarios/static-site.xml"),
            Self::DirectUpload => include_str!("../scenarios/direct-upload.xml"),
            Self::Environments => include_str!("../scenarios/environments.xml"),
            Self::Api => include_str!("../scenarios/api.xml"),
            Self::Troubleshooting => include_str!("../scenarios/troubleshooting.xml"),
        }
    }
}

impl Init {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        let text = self.scenario.text();
        if screen.json {
            return Ok(Report::json(&Document { scenario: self.scenario, text }, Exit::Good));
        }
        Ok(Report::exact(text.to_owned(), Exit::Good))
    }
}
