//! The command line: one description for parsing, `--help`, completions and the manual page.

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::check::Check;
use crate::completions::Completions;
use crate::convert::Convert;
use crate::diff::Diff;
use crate::explain::Explain;
use crate::init::Init;
use crate::man::Man;
use crate::test::Test;

/// Check, explain, test, convert and compare the CORS rules of a bucket
///
/// Rules are those of an object store: the first rule that matches origin, method and every requested header answers
/// alone. FILE is XML, JSON, YAML or TOML, recognised by its extension, else by its content; `-` is standard input.
#[derive(Debug, Parser)]
#[command(name = "oss-cors", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,

    /// Write one JSON document instead of text; its shape is in the help of each command
    #[arg(long, global = true)]
    pub json: bool,

    #[command(flatten)]
    pub color: Color,
}

const EXIT_CODES: &str = "\
Exit codes: 0 good, 1 findings, 2 wrong usage or something that cannot be read.
Colour follows the terminal, NO_COLOR and CLICOLOR_FORCE.";

#[derive(Debug, Subcommand)]
pub enum Verb {
    Check(Check),
    Explain(Explain),
    Test(Test),
    Convert(Convert),
    Diff(Diff),
    Init(Init),
    Completions(Completions),
    Man(Man),
}

#[derive(Debug, Args)]
pub struct Color {
    /// When to colour, and to show the source of what is found
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true)]
    color: When,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    /// On a terminal, unless NO_COLOR says otherwise
    Auto,
    /// Also in a file or a pipe
    Always,
    /// Never
    Never,
}

impl Color {
    /// From here on every stream follows it.
    pub fn write_global(&self) {
        match self.color {
            When::Auto => anstream::ColorChoice::Auto,
            When::Always => anstream::ColorChoice::Always,
            When::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_description_contradicts_itself_nowhere() {
        super::Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_has_its_page() {
        use clap::builder::TypedValueParser;
        let named: Vec<String> = crate::man::verbs()
            .possible_values()
            .into_iter()
            .flatten()
            .map(|value| value.get_name().to_owned())
            .collect();
        let existing: Vec<String> =
            super::Arguments::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        assert_eq!(named, existing);
    }
}
