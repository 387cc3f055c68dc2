//! What some work costs in instructions and allocations, counted by callgrind: they repeat to about one percent.

use std::collections::BTreeSet;
use std::error::Error;
use std::process::{self, Command};
use std::{env, fs};

use serde::Serialize;

/// Between two runs of so many requests each, all but the requests cancels out. Both are whole turns of the origins that
/// [`super::core`] goes through.
const FEW: u64 = 100;
const MANY: u64 = 300;

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Cost {
    pub instructions: f64,
    pub allocations: f64,
}

/// The cost of one request, where this program with these `arguments` and a number does so many requests. What is very
/// fast needs so many `times` as many.
pub fn cost(arguments: &[&str], times: u64) -> Result<Cost, Box<dyn Error>> {
    let (many, few) = (process_cost(arguments, times * MANY)?, process_cost(arguments, times * FEW)?);
    let each = |many: u64, few: u64| many.saturating_sub(few) as f64 / (times * (MANY - FEW)) as f64;
    Ok(Cost { instructions: each(many.0, few.0), allocations: each(many.1, few.1) })
}

/// Instructions and allocations of a whole process.
pub fn process_cost(arguments: &[&str], requests: u64) -> Result<(u64, u64), Box<dyn Error>> {
    let profile = env::temp_dir().join(format!("oss-cors-callgrind-{}", process::id()));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", profile.display())])
        .arg(env::current_exe()?)
        .args(arguments)
        .arg(requests.to_string())
        .output()
        .map_err(|error| format!("cannot run valgrind, which counts the instructions: {error}"))?;
    if !output.status.success() {
        return Err(format!("callgrind of {arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let text = fs::read_to_string(&profile)?;
    fs::remove_file(&profile)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind tells no total")?;
    Ok((total.parse()?, allocations(&text)))
}

/// Calls of the allocator in a callgrind profile. It names each function once, `cfn=(7) malloc`, and then by its number.
fn allocations(profile: &str) -> u64 {
    const ALLOCATORS: [&str; 4] = ["malloc", "calloc", "realloc", "posix_memalign"];
    let mut numbers = BTreeSet::new();
    let mut calls_count = false;
    let mut sum = 0;
    for line in profile.lines() {
        let named = line.split_once("fn=").and_then(|(_, function)| function.split_once(' '));
        numbers.extend(named.filter(|(_, name)| ALLOCATORS.contains(name)).map(|(number, _)| number));
        if let Some(function) = line.strip_prefix("cfn=") {
            calls_count = numbers.contains(function.split(' ').next().unwrap_or_default());
        } else if let Some(calls) = line.strip_prefix("calls=") {
            let calls = calls.split(' ').next().and_then(|calls| calls.parse::<u64>().ok());
            sum += calls.filter(|_| calls_count).unwrap_or_default();
        }
    }
    sum
}
