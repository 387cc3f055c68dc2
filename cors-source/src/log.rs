//! Events for a log, through the facade `tracing`, with the target `oss_cors` and the fields `source` and `bucket`.
//!
//! Feature `tracing`, on by default: a reload that fails is loud although nobody listens for it. Each fault is an event
//! of its own, so that it has a line of its own in every log.

use std::fmt::Display;

use oss_cors_core::{CorsConfiguration, Profile};

#[cfg(feature = "tracing")]
use crate::text::quoted;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Info,
    Warn,
    Error,
}

/// Logs `text`, a line an event. `source` is what the status names, such as a path.
pub(crate) fn log(level: Level, source: &str, bucket: Option<&str>, text: &dyn Display) {
    #[cfg(feature = "tracing")]
    {
        let text = text.to_string();
        let mut lines = text.lines();
        lines.by_ref().take(MOST_LINES).for_each(|line| event(level, source, bucket, line.trim_start()));
        match lines.count() {
            0 => {}
            rest => event(level, source, bucket, &format!("and {rest} more lines like these")),
        }
    }
    let _ = (level, source, bucket, text);
}

/// What is right and yet a mistake, dangerous or worth a thought in rules that have been put in force: with feature
/// `advice` every lint, as loud as it is sure, else only that answers do not vary.
pub(crate) fn lints(source: &str, bucket: Option<&str>, rules: &CorsConfiguration, profile: Profile) {
    #[cfg(all(feature = "tracing", feature = "advice"))]
    {
        use oss_cors_advice::Severity;
        let lints = oss_cors_advice::lint(rules, profile);
        let (warnings, advice): (Vec<_>, Vec<_>) = lints.iter().partition(|lint| lint.severity() >= Severity::Warning);
        for (level, lints) in [(Level::Warn, warnings), (Level::Info, advice)] {
            let lines: Vec<String> = lints.into_iter().map(line).collect();
            log(level, source, bucket, &lines.join("\n"));
        }
    }
    #[cfg(all(feature = "tracing", not(feature = "advice")))]
    if !rules.response_vary {
        log(Level::Warn, source, bucket, &VARY_OFF);
    }
    let _ = (source, bucket, rules, profile);
}

/// Of the lines of one text.
#[cfg(feature = "tracing")]
const MOST_LINES: usize = 25;

#[cfg(all(feature = "tracing", not(feature = "advice")))]
const VARY_OFF: &str = "vary-off: caches may give one origin's answer to another; write `<ResponseVary>true</ResponseVary>` \
                        unless none stands before this server";

#[cfg(feature = "tracing")]
fn event(level: Level, source: &str, bucket: Option<&str>, line: &str) {
    let source = tracing::field::display(quoted(source));
    let bucket = bucket.map(|bucket| tracing::field::display(quoted(bucket)));
    // What others wrote is escaped in it already, and cut.
    let line: String = line.chars().filter(|found| !found.is_control()).collect();
    match level {
        Level::Info => tracing::info!(target: "oss_cors", source, bucket, "{line}"),
        Level::Warn => tracing::warn!(target: "oss_cors", source, bucket, "{line}"),
        Level::Error => tracing::error!(target: "oss_cors", source, bucket, "{line}"),
    }
}

/// The code, the place, what and why.
#[cfg(all(feature = "tracing", feature = "advice"))]
fn line(lint: &oss_cors_advice::Lint) -> String {
    let rule = lint.rule().map(|rule| format!(" rule {rule}")).unwrap_or_default();
    let element = lint.element().map(|element| format!(" {element}")).unwrap_or_default();
    let value = lint.value().map(|value| format!(" `{}`", quoted(value))).unwrap_or_default();
    let place = format!("{rule}{element}{value}");
    let colon = if place.is_empty() { "" } else { ":" };
    format!("{}:{place}{colon} {lint}", lint.code())
}

#[cfg(all(test, feature = "tracing"))]
#[allow(clippy::expect_used, reason = "a test")]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use oss_cors_core::CorsRule;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(run: impl FnOnce()) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let collector = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(move || writer.clone());
        tracing::subscriber::with_default(collector.finish(), run);
        let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("UTF-8");
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn each_line_is_an_event_and_they_are_bounded() {
        let faults: String = (1..=30).map(|number| format!("\n  fault {number}\u{1b}[2J\r")).collect();
        let text = format!("wrong:{faults}");
        let lines = logged(|| log(Level::Error, "a\nfile", Some("b\u{1b}"), &text));
        assert_eq!(lines.first().map(String::as_str), Some(r"ERROR oss_cors: wrong: source=a\nfile bucket=b\u{1b}"));
        assert_eq!(lines.get(1).map(String::as_str), Some(r"ERROR oss_cors: fault 1[2J source=a\nfile bucket=b\u{1b}"));
        let last = lines.last().expect("a line");
        assert!(lines.len() == MOST_LINES + 1 && last.contains("and 6 more lines like these"), "{last}");
        assert_eq!(logged(|| log(Level::Info, "file", None, &"")), [""; 0]);
        assert_eq!(logged(|| log(Level::Info, "file", None, &"new")), ["INFO oss_cors: new source=file"]);
    }

    /// With the feature `advice`, and without.
    #[test]
    fn rules_without_vary_are_warned_of() {
        let warned = |rules: &CorsConfiguration| {
            let lines = logged(|| lints("file", None, rules, Profile::Oss));
            lines.iter().filter(|line| line.starts_with("WARN oss_cors: vary-off: ")).count()
        };
        let rules = CorsConfiguration::from_rules([CorsRule::new(["https://a.example.com"], ["GET"])]);
        assert_eq!((warned(&rules.clone().response_vary(false)), warned(&rules.response_vary(true))), (1, 0));
    }
}
