//! `convert`: a rule file in another format, and what that format cannot say.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use oss_cors_core::CorsConfiguration;
use serde::Serialize;

use crate::escape::Plain;
use crate::profile::ProfileChoice;
use crate::report::{Exit, Failure, Report, Screen};
use crate::source::Source;
use crate::style::WARNING;

/// Write a rule file in another format
///
/// The rules are written, not the text: comments, rule IDs and unknown elements are left out. What the target cannot
/// say is warned of on standard error.
#[derive(Debug, Args)]
#[command(after_long_help = "With --json: {\"to\": TEXT, \"text\": TEXT, \"warnings\": [TEXT]}")]
pub struct Convert {
    /// The rule file; `-` is standard input
    file: PathBuf,

    /// What to write
    #[arg(long, value_name = "FORMAT")]
    to: Target,

    #[command(flatten)]
    profile: ProfileChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Target {
    /// As OSS has it
    Xml,
    /// As ossutil has it
    Json,
    /// As `aws s3api put-bucket-cors` has it
    AwsJson,
    Yaml,
    Toml,
    /// Terraform's JSON syntax, for the provider of Alibaba Cloud
    Terraform,
}

#[derive(Serialize)]
struct Document<'a> {
    to: Target,
    text: &'a str,
    warnings: &'a [String],
}

impl Convert {
    pub fn run(&self, screen: &Screen) -> Result<Report, Failure> {
        let file = Source::load(&self.file, self.profile.profile())?;
        let configuration = file.configuration();
        let mut text = self.to.write(configuration);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let warnings = self.to.losses(configuration);
        if screen.json {
            return Ok(Report::json(&Document { to: self.to, text: &text, warnings: &warnings }, Exit::Good));
        }
        let notes = warnings.iter().map(|warning| format!("{WARNING}warning{WARNING:#}: {warning}\n")).collect();
        Ok(Report::exact(text, Exit::Good).with_notes(notes))
    }
}

impl Target {
    fn write(self, configuration: &CorsConfiguration) -> String {
        match self {
            Self::Xml => configuration.to_xml(),
            Self::Json => configuration.to_json(),
            Self::AwsJson => configuration.to_aws_json(),
            Self::Yaml => configuration.to_yaml(),
            Self::Toml => configuration.to_toml(),
            Self::Terraform => configuration.to_terraform_json(),
        }
    }
}

impl Target {
    /// What the rules say and the target cannot, in the words of the rule file.
    fn losses(self, configuration: &CorsConfiguration) -> Vec<String> {
        let (name, store) = match self {
            Self::AwsJson => ("aws-json", "S3"),
            Self::Terraform => ("terraform", "the provider"),
            // They say all that a rule file can.
            Self::Xml | Self::Json | Self::Yaml | Self::Toml => return Vec::new(),
        };
        let mut losses = Vec::new();
        for (index, rule) in configuration.rules.iter().enumerate() {
            let number = index + 1;
            if rule.allow_credentials {
                losses.push(format!("{name} cannot say AllowCredentials of rule {number}; it is left out"));
            }
            let others: Vec<String> =
                rule.allowed_methods.iter().filter(|method| !is_common(method)).map(|method| quoted(method)).collect();
            if !others.is_empty() {
                losses
                    .push(format!("{store} takes no AllowedMethod {} of rule {number}; delete it", others.join(", ")));
            }
        }
        if self == Self::AwsJson && configuration.response_vary {
            losses.push("aws-json cannot say ResponseVary; it is left out, S3 sends Vary by itself".to_owned());
        }
        if self == Self::Terraform && configuration.rules.len() > 1 {
            losses.push(
                "terraform cannot say the order of rules: the provider keeps them as a set, and the first that matches \
                 answers; make sure that no two match the same request"
                    .to_owned(),
            );
        }
        losses
    }
}

/// Whether OSS and S3 have it.
fn is_common(method: &str) -> bool {
    matches!(method, "GET" | "PUT" | "POST" | "DELETE" | "HEAD")
}

fn quoted(method: &str) -> String {
    format!("`{}`", Plain(method))
}
