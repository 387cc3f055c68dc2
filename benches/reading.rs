//! Rule files made to be expensive to read.
//!
//! `cargo bench --bench reading [FILTER]` counts the instructions of reading each at three sizes, and exits with 1 when
//! twice the bytes take more than 2.3 times as many. Then it reads 16 MiB of each, prints time and memory, and exits with
//! 1 when the memory is over the goal, or the time so far that no noise explains it. `-- --largest` does that part alone.

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

#[derive(Debug, Serialize)]
struct Row {
    format: String,
    shape: &'static str,
    growth: Option<f64>,
    seconds: f64,
    mib: f64,
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
    println!("{:<7} {:<32} {:>6}  {:>8}  {:>8}\n", "format", "shape", "growth", "16 MiB", "memory");
    let mut rows = Vec::new();
    for (number, shape) in SHAPES.iter().enumerate() {
        let format = format!("{:?}", shape.format);
        if format!("{format} {}", shape.name).contains(filter) {
            let row = row(number, shape, format, counted)?;
            let growth = row.growth.map(|growth| format!("{growth:.2}")).unwrap_or_default();
            let grows = if row.grows() { "  GROWS" } else { "" };
            let cost = if row.is_over(SECONDS) { "  over the goal" } else { "" };
            println!(
                "{:<7} {:<32} {growth:>6}  {:>6.2} s  {:>4.0} MiB{grows}{cost}",
                row.format, row.shape, row.seconds, row.mib
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
        "{over} take more than {SECONDS} s or {MIB} MiB for 16 MiB; {held} more than {MOST_SECONDS} s or {MIB} MiB"
    );
    Ok(if growing == 0 && held == 0 && !rows.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Row {
    fn grows(&self) -> bool {
        self.growth.is_some_and(|growth| growth > MOST_GROWTH)
    }

    fn is_over(&self, seconds: f64) -> bool {
        self.seconds > seconds || self.mib > MIB
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
    let output = Command::new(env::current_exe()?).args(["--read", &number, &MAX_FILE_BYTES.to_string()]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut figures = text.split_whitespace().map(str::parse::<f64>);
    let (Some(Ok(seconds)), Some(Ok(mib))) = (figures.next(), figures.next()) else {
        return Err(format!("reading 16 MiB of `{}` ended with {}", shape.name, output.status).into());
    };
    Ok(Row { format, shape: shape.name, growth, seconds, mib })
}
