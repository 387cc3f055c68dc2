//! Whole processes of the command, beside what people wait for without noticing: `cargo bench -p oss-cors`.
//!
//! Time moves with the machine, so nothing here fails on it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const COMMAND: &str = env!("CARGO_BIN_EXE_oss-cors");
const RUNS: usize = 21;

fn main() {
    let directory = std::env::temp_dir().join(format!("oss-cors-speed-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    let file = |name: &str, text: String| {
        let path = directory.join(name);
        fs::write(&path, text).expect("a rule file");
        path
    };
    let small = file("small.xml", rules(4, 80, "example.com"));
    let (old, new) = (file("old.xml", rules(20, 200, "example.com")), file("new.xml", rules(20, 200, "example.org")));
    let asked = ["--origin", "https://app-1-1.example.com", "--method", "PUT", "--header", "x-other"];
    let size = fs::metadata(&small).map_or(0, |metadata| metadata.len());
    tell(&format!("check of {size} bytes"), 50, median(&["check"], &[&small]));
    tell("explain, the same file", 50, median(&[&["explain"], &asked[..]].concat(), &[&small]));
    tell("diff of 20 rules with 200 origins each", 1000, median(&["diff"], &[&old, &new]));
    fs::remove_dir_all(&directory).expect("the temporary directory goes");
}

fn rules(rules: usize, origins: usize, domain: &str) -> String {
    let origin = |rule: usize, index: usize| {
        let label = if index % 10 == 0 { format!("*.app-{rule}-{index}") } else { format!("app-{rule}-{index}") };
        format!("<AllowedOrigin>https://{label}.{domain}</AllowedOrigin>")
    };
    let rule = |rule: usize| {
        let origins: String = (0..origins).map(|index| origin(rule, index)).collect();
        format!(
            "<CORSRule>{origins}<AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader></CORSRule>"
        )
    };
    format!("<CORSConfiguration>{}</CORSConfiguration>", (0..rules).map(rule).collect::<String>())
}

/// The median time of a whole process: started, run, ended.
fn median(arguments: &[&str], files: &[&PathBuf]) -> Duration {
    let mut times: Vec<Duration> = (0..RUNS).map(|_| once(arguments, files)).collect();
    times.sort();
    times[RUNS / 2]
}

fn once(arguments: &[&str], files: &[&PathBuf]) -> Duration {
    let (verb, options) = arguments.split_first().expect("a verb");
    let mut command = Command::new(Path::new(COMMAND));
    command.arg(verb).args(files).args(options).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = command.status().expect("the command runs");
    let time = start.elapsed();
    // Findings are no failure here; what it could not read would be.
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    time
}

fn tell(what: &str, goal: u128, time: Duration) {
    let sign = if time.as_millis() < goal { "ok" } else { "above" };
    println!("{what}: {:.1} ms  ({sign}: goal under {goal} ms)", time.as_secs_f64() * 1e3);
}
