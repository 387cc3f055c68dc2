//! Rule files made to be expensive to read.
//!
//! `cargo bench --bench reading [FILTER]` counts the instructions of reading each at three sizes, and exits with 1 when
//! twice the bytes take more than 2.3 times as many. Then it reads 16 MiB of each, prints time and memory, and exits with
//! 1 when the memory is over the goal, or the time so far that no noise explains it, or when the list of faults is longer
//! than anybody keeps, of 16 MiB or of a file so short that all its faults are looked for. `-- --largest` does that part
//! alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a bench")]

mod support;

use std::env;
use std::error::Error;
use std::process::{Command, ExitCode};
use std::time::Instant;

use oss_cors_core::{MAX_FILE_BYTES, Profile, RuleFile};
use serde::Serialize;

use support::callgrind::process_cost;
use support::report::save;
use support::shapes::{SHAPES, Shape};

const SIZES: [usize; 3] = [96 << 10, 192 << 10, 384 << 10];
const MOST_GROWTH: f64 = 2.3;
/// For 16 MiB.
const SECONDS: f64 = 1.0;
/// On a machine that does other work besides.
const MOST_SECONDS: f64 = 3.0;
const MIB: f64 = 64.0 + 12.0 * 16.0;
/// Below the size from which a reader may stop at the first fault.
const SMALL: usize = 60 << 10;
/// The text of a list of faults.
const MOST_SHOWN: usize = 1 << 20;

#[derive(Debug, Serialize)]
struct Row {
    format: String,
    shape: &'static str,
    growth: Option<f64>,
    seconds: f64,
    mib: f64,
    /// Bytes of the longer list of faults, of the small file or of the largest.
    shown: usize,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--read", shape, bytes] => read(shape, bytes),
        [] => measure("", true),
        ["--largest"] => measure("", false),
        ["--largest", filter] => measure(filter, false),
        [filter] => measure(filter, true),
        _ => Err("usage: reading [--largest] [FILTER]".into()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The process that is measured: time in seconds and the most memory in MiB, on standard output.
fn read(shape: &str, bytes: &str) -> Result<ExitCode, Box<dyn Error>> {
    let shape = SHAPES.get(shape.parse::<usize>()?).ok_or("no such shape")?;
    let text = shape.text(bytes.parse()?);
    let before = most_memory()?;
    let start = Instant::now();
    let errors = RuleFile::parse(text.as_bytes(), Some(shape.format), Profile::Oss).err();
    // What a status keeps, and a command prints.
    let shown = errors.map(|errors| errors.to_string().len()).unwrap_or_default();
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds} {} {shown}", most_memory()? - before);
    Ok(ExitCode::SUCCESS)
}

fn most_memory() -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.split_whitespace().next().ok_or("no figure")?.parse::<f64>()? / 1024.0)
}

fn measure(filter: &str, counted: bool) -> Result<ExitCode, Box<dyn Error>> {
    println!("{:<7} {:<32} {:>6}  {:>8}  {:>8}  {:>8}\n", "format", "shape", "growth", "16 MiB", "memory", "faults");
    let mut rows = Vec::new();
    for (number, shape) in SHAPES.iter().enumerate() {
        let format = format!("{:?}", shape.format);
        if format!("{format} {}", shape.name).contains(filter) {
            let row = row(number, shape, format, counted)?;
            let growth = row.growth.map(|growth| format!("{growth:.2}")).unwrap_or_default();
            let grows = if row.grows() { "  GROWS" } else { "" };
            let cost = if row.is_over(SECONDS) { "  over the goal" } else { "" };
            println!(
                "{:<7} {:<32} {growth:>6}  {:>6.2} s  {:>4.0} MiB  {:>4} KiB{grows}{cost}",
                row.format,
                row.shape,
                row.seconds,
                row.mib,
                row.shown >> 10
            );
            rows.push(row);
        }
    }
    save("reading", &rows)?;
    let count = |broken: fn(&Row) -> bool| rows.iter().filter(|row| broken(row)).count();
    let (growing, over, held) =
        (count(Row::grows), count(|row| row.is_over(SECONDS)), count(|row| row.is_over(MOST_SECONDS)));
    println!("\n{} shapes; {growing} grow faster than {MOST_GROWTH} for twice the bytes", rows.len());
    println!(
        "{over} take more than {SECONDS} s, {MIB} MiB or {} KiB of faults; {held} of them more than {MOST_SECONDS} s",
        MOST_SHOWN >> 10
    );
    Ok(if growing == 0 && held == 0 && !rows.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Row {
    fn grows(&self) -> bool {
        self.growth.is_some_and(|growth| growth > MOST_GROWTH)
    }

    fn is_over(&self, seconds: f64) -> bool {
        self.seconds > seconds || self.mib > MIB || self.shown > MOST_SHOWN
    }
}

/// What the process takes beside reading grows with nothing; the differences are without it.
fn growth(number: &str) -> Result<f64, Box<dyn Error>> {
    let mut counts = Vec::new();
    for size in SIZES {
        counts.push(process_cost(&["--read", number], size as u64)?.0 as f64);
    }
    match counts[..] {
        [one, two, four] => Ok((four - two) / (two - one).max(1.0)),
        _ => Err("three sizes were counted".into()),
    }
}

fn row(number: usize, shape: &'static Shape, format: String, counted: bool) -> Result<Row, Box<dyn Error>> {
    let number = number.to_string();
    let growth = if counted { Some(growth(&number)?) } else { None };
    let (_, _, of_small) = read_apart(&number, SMALL)?;
    let (seconds, mib, of_largest) = read_apart(&number, MAX_FILE_BYTES)?;
    Ok(Row { format, shape: shape.name, growth, seconds, mib, shown: of_small.max(of_largest) })
}

/// In a process of its own: seconds, MiB, bytes of the list of faults.
fn read_apart(number: &str, bytes: usize) -> Result<(f64, f64, usize), Box<dyn Error>> {
    let output = Command::new(env::current_exe()?).args(["--read", number, &bytes.to_string()]).output()?;
    let text = String::from_utf8(output.stdout)?;
    match text.split_whitespace().collect::<Vec<_>>()[..] {
        [seconds, mib, shown] => Ok((seconds.parse()?, mib.parse()?, shown.parse()?)),
        _ => Err(format!("reading {bytes} bytes of shape {number} ended with {}", output.status).into()),
    }
}
