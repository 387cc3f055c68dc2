//! `oss-cors`: rule files in the shell. Checked, explained, tested, converted, compared.
//!
//! ```text
//!   arguments --clap--> a verb's arguments --verb--> Report { text, notes, exit } --print--> stdout, stderr, exit code
//! ```
//!
//! One file per verb. A verb reads what it needs, asks `oss-cors-core`, and returns what to say; only this file prints.

#![allow(unreachable_pub, reason = "a program has no users")]

mod args;
mod check;
mod completions;
mod convert;
mod diff;
mod escape;
mod excerpt;
mod explain;
mod finding;
mod init;
mod man;
mod profile;
mod replace;
mod report;
mod request;
mod source;
mod span;
mod style;
mod test;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Arguments, Verb};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.write_global();
    let screen = report::Screen::detect(arguments.json);
    let done = match arguments.verb {
        Verb::Check(verb) => verb.run(&screen),
        Verb::Explain(verb) => verb.run(&screen),
        Verb::Test(verb) => verb.run(&screen),
        Verb::Convert(verb) => verb.run(&screen),
        Verb::Diff(verb) => verb.run(&screen),
        Verb::Init(verb) => verb.run(&screen),
        Verb::Completions(verb) => verb.run(Arguments::command(), &screen),
        Verb::Man(verb) => verb.run(Arguments::command(), &screen),
    };
    done.unwrap_or_else(|failure| failure.report(&screen)).print()
}
