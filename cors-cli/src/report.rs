//! What a verb has to say, and the only place that says it.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use serde::Serialize;

use crate::excerpt;
use crate::finding::Finding;
use crate::source::{Source, SourceError};
use crate::style::ERROR;

/// How to write: chosen once, from the arguments and the terminal.
pub struct Screen {
    pub json: bool,
    /// Whether somebody looks at the output: findings are shown in their source.
    pub excerpts: bool,
    /// Whether somebody looks at standard error.
    excerpts_in_notes: bool,
}

impl Screen {
    pub fn detect(json: bool) -> Self {
        Self { json, excerpts: is_looked_at(&io::stdout()), excerpts_in_notes: is_looked_at(&io::stderr()) }
    }
}

fn is_looked_at(stream: &impl RawStream) -> bool {
    stream.is_terminal() || AutoStream::choice(stream) != ColorChoice::Never
}

/// All that a verb has to say. Nothing is printed before all of it is known.
pub struct Report {
    text: String,
    /// Whether `text` is a document for programs, written to the byte. All else is for people, and may be coloured.
    exact: bool,
    /// For people, beside the output: standard error.
    notes: String,
    exit: Exit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Good,
    Findings,
    /// Wrong usage, or something that cannot be read.
    Unusable,
}

impl Exit {
    pub fn findings(any: bool) -> Self {
        if any { Self::Findings } else { Self::Good }
    }
}

impl Report {
    pub fn text(text: String, exit: Exit) -> Self {
        Self { text, exact: false, notes: String::new(), exit }
    }

    pub fn exact(text: String, exit: Exit) -> Self {
        Self { exact: true, ..Self::text(text, exit) }
    }

    pub fn json(document: &impl Serialize, exit: Exit) -> Self {
        // Text, numbers and lists under fixed keys: there is nothing in them that JSON cannot say.
        let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
        text.push('\n');
        Self::exact(text, exit)
    }

    pub fn with_notes(self, notes: String) -> Self {
        Self { notes, ..self }
    }

    /// Writes everything and gives the exit code. A reader that has seen enough (`| head`) is no error.
    pub fn print(self) -> ExitCode {
        let said = if self.exact { write(&mut io::stdout().lock(), &self.text) } else { styled(&self.text) };
        // What cannot be said on standard error can be said nowhere.
        let _ = write(&mut anstream::stderr().lock(), &self.notes);
        if let Err(error) = said {
            let _ = writeln!(anstream::stderr(), "{ERROR}error{ERROR:#}: cannot write: {error}");
            return ExitCode::from(2);
        }
        ExitCode::from(match self.exit {
            Exit::Good => 0,
            Exit::Findings => 1,
            Exit::Unusable => 2,
        })
    }
}

fn styled(text: &str) -> io::Result<()> {
    write(&mut anstream::stdout().lock(), text)
}

fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    match stream.write_all(text.as_bytes()).and_then(|()| stream.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Why a verb could not do its work. Ends with exit code 2.
#[derive(Debug)]
pub struct Failure {
    /// For people: what failed and the remedy.
    message: String,
    file: Option<String>,
    /// What is wrong with the file, where it was read and does not load.
    findings: Vec<Finding>,
    /// `findings`, already in their text.
    shown: Option<Source>,
}

impl Failure {
    pub fn new(message: String) -> Self {
        Self { message, file: None, findings: Vec::new(), shown: None }
    }

    pub fn of_file(file: String, message: String) -> Self {
        Self { file: Some(file), ..Self::new(message) }
    }

    pub fn report(self, screen: &Screen) -> Report {
        if screen.json {
            let Self { message: error, file, findings, .. } = &self;
            return Report::json(&FailureDocument { error, file: file.as_deref(), findings }, Exit::Unusable);
        }
        let mut notes = String::new();
        if let Some(source) = &self.shown {
            notes.push_str(&excerpt::show(&self.findings, source, screen.excerpts_in_notes));
        }
        notes.push_str(&format!("{ERROR}error{ERROR:#}: {}\n", self.message));
        Report::text(String::new(), Exit::Unusable).with_notes(notes)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let message = error.to_string();
        match error {
            SourceError::Unreadable { path, .. } => Self::of_file(path.to_string_lossy().into_owned(), message),
            SourceError::Faulty { source, findings } => {
                Self { message, file: Some(source.json_name()), findings, shown: Some(source) }
            }
            SourceError::StandardInputTwice => Self::new(message),
        }
    }
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
}
