//! The rules that a server starts with, how they are reloaded, and what it says about them.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use comfy_table::{Table, presets};
use oss_cors_source::{FileWatch, LoadError, RuleChanges, WatchEvent, load_file};
use oss_cors_tower::oss_cors_core::{ConfigErrors, CorsConfiguration, Format, Profile, RuleFile};
use oss_cors_tower::oss_cors_live::CorsHandle;

use super::args::Args;
use super::serve::{say, warn};

/// The four scenarios of the OSS user's guide.
const SCENARIOS: &str = include_str!("../rules/scenarios.xml");

/// Live rules.
pub struct Rules {
    /// Those in force.
    pub handle: CorsHandle,
    /// Those of the start.
    pub start: CorsConfiguration,
    /// Reads their file again.
    pub reload: Reload,
}

/// What to do on SIGHUP.
pub type Reload = Box<dyn FnMut() + Send>;

impl Rules {
    /// The rules of `--rules`, or the embedded ones.
    pub fn load(args: &Args) -> Result<Self, Box<dyn Error>> {
        match &args.rules {
            Some(path) => Ok(Self::file(path, !args.no_watch, || {})?),
            None => Ok(Self::embedded()?),
        }
    }

    /// The rules of the file at `path`. `on_load` is called whenever others are in force.
    pub fn file(path: &Path, watch: bool, on_load: impl FnMut() + Send + 'static) -> Result<Self, LoadError> {
        if watch { Self::watched(path, on_load) } else { Self::read(path, on_load) }
    }

    fn watched(path: &Path, mut on_load: impl FnMut() + Send + 'static) -> Result<Self, LoadError> {
        let mut news = News::of(path.display().to_string());
        let watch = FileWatch::new(path).on_event(move |event| {
            if let WatchEvent::Loaded { .. } = event {
                on_load();
            }
            news.tell(event);
        });
        let watched = watch.start()?;
        // Read again, only to be shown: it is at rest now.
        let start = load_file(path)?.into_configuration();
        Ok(Self { handle: watched.handle().clone(), start, reload: Box::new(move || watched.reload()) })
    }

    fn read(path: &Path, mut on_load: impl FnMut() + Send + 'static) -> Result<Self, LoadError> {
        let file = load_file(path)?;
        let handle = CorsHandle::new(file.table()).with_source(path.display().to_string());
        let start = file.into_configuration();
        let (path, live, mut known) = (path.to_owned(), handle.clone(), start.clone());
        let mut news = News::of(path.display().to_string());
        let reload = move || {
            let event = match load_file(&path) {
                Ok(file) if *file.configuration() == known => {
                    live.recovered();
                    if news.bad { WatchEvent::Recovered } else { WatchEvent::Unchanged }
                }
                Ok(file) => {
                    live.store(file.table());
                    on_load();
                    let old = std::mem::replace(&mut known, file.into_configuration());
                    WatchEvent::Loaded { generation: live.generation(), changes: RuleChanges::between(&old, &known) }
                }
                Err(error) => {
                    live.failed(error.to_string());
                    WatchEvent::Failed { error }
                }
            };
            news.tell(&event);
        };
        Ok(Self { handle, start, reload: Box::new(reload) })
    }

    fn embedded() -> Result<Self, ConfigErrors> {
        let file = RuleFile::parse(SCENARIOS.as_bytes(), Some(Format::Xml), Profile::Oss)?;
        let handle = CorsHandle::new(file.table()).with_source("embedded");
        let reload = || say("nothing to reload: the rules are embedded; start with `--rules FILE`");
        Ok(Self { handle, start: file.into_configuration(), reload: Box::new(reload) })
    }
}

/// What is reported of a rule file: on standard error where someone has to repair it, and when that is done.
struct News {
    file: String,
    bad: bool,
}

impl News {
    fn of(file: String) -> Self {
        Self { file, bad: false }
    }

    fn tell(&mut self, event: &WatchEvent) {
        let was_bad = self.bad;
        self.bad = match event {
            WatchEvent::Failed { .. } | WatchEvent::Missing => true,
            WatchEvent::Loaded { .. } | WatchEvent::Recovered => false,
            _ => was_bad,
        };
        let line = format!("{}: {event}", self.file);
        match event {
            WatchEvent::Failed { .. } | WatchEvent::Missing | WatchEvent::Recovered | WatchEvent::Growing { .. } => {
                warn(line);
            }
            WatchEvent::Loaded { .. } if was_bad => {
                say(line);
                warn(format_args!("{}: recovered: other rules are in force", self.file));
            }
            _ => say(line),
        }
    }
}

/// Says how many rules `--rules` has; its faults are the error.
pub fn check(args: &Args) -> Result<(), Box<dyn Error>> {
    let (name, count) = match &args.rules {
        Some(path) => (path.display().to_string(), load_file(path)?.configuration().rules.len()),
        None => ("the embedded rules".to_owned(), Rules::embedded()?.start.rules.len()),
    };
    say(format_args!("{name}: {count} rules, no fault"));
    Ok(())
}

/// Reloads on SIGHUP, which would end the process otherwise.
#[cfg(unix)]
pub fn reload_on_hangup(mut reloads: Vec<Reload>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            reloads.iter_mut().for_each(|reload| reload());
        }
    });
    Ok(())
}

/// There is no such signal here: a file is reloaded by its watch alone.
#[cfg(not(unix))]
pub fn reload_on_hangup(reloads: Vec<Reload>) -> io::Result<()> {
    tokio::spawn(async move {
        // The watches live in them.
        let _kept = reloads;
        std::future::pending::<()>().await;
    });
    Ok(())
}

/// Prints the address, and of one rule set the rules and what to try.
pub fn announce(address: SocketAddr, start: Option<&CorsConfiguration>) {
    if let Some(configuration) = start {
        say(table(configuration));
        say(format_args!("ResponseVary: {}", configuration.response_vary));
        say("\ntry:");
        for line in curl_lines(address, configuration) {
            say(format_args!("  {line}"));
        }
        say("");
    }
    say(format_args!("listening on http://{address}"));
}

fn table(configuration: &CorsConfiguration) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_FULL_CONDENSED).set_header([
        "rule",
        "AllowedOrigin",
        "AllowedMethod",
        "AllowedHeader",
        "ExposeHeader",
        "MaxAgeSeconds",
    ]);
    for (index, rule) in configuration.rules.iter().enumerate() {
        table.add_row([
            (index + 1).to_string(),
            rule.allowed_origins.join("\n"),
            rule.allowed_methods.join("\n"),
            rule.allowed_headers.join("\n"),
            rule.expose_headers.join("\n"),
            rule.max_age_seconds.map(|seconds| seconds.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

/// A preflight and an actual request that the last rule with a wildcard or, failing that, the first rule allows, and a
/// preflight that no rule should.
fn curl_lines(address: SocketAddr, configuration: &CorsConfiguration) -> Vec<String> {
    let with_wildcard =
        configuration.rules.iter().rfind(|rule| rule.allowed_origins.iter().any(|one| one.contains('*')));
    let Some(rule) = with_wildcard.or(configuration.rules.first()) else { return Vec::new() };
    let origin = rule.allowed_origins.first().map(|one| one.replace('*', "dev")).unwrap_or_default();
    let method = rule.allowed_methods.first().map_or("GET", String::as_str);
    let header = rule.allowed_headers.first().map(|one| one.replace('*', "x-oss-meta-a"));
    let asked = header.map(|name| format!(" -H 'Access-Control-Request-Headers: {name}'")).unwrap_or_default();
    let preflight = format!("curl -i -X OPTIONS http://{address}/a.txt -H 'Access-Control-Request-Method: {method}'");
    vec![
        format!("{preflight} -H 'Origin: {origin}'{asked}"),
        format!("curl -i http://{address}/a.txt -H 'Origin: {origin}'"),
        format!("{preflight} -H 'Origin: {origin}.evil.example'"),
    ]
}
