//! Instructions and allocations of one request: the application alone, behind our layer, behind the peer's.
//!
//! `cargo bench --bench instructions [FILTER]` runs every case under callgrind, prints what each side costs more than
//! the application alone, and exits with 1 when a goal is missed or, where one is known to be missed, when what is held
//! instead is. The figures go to `target/bench/instructions.json`. Instruction counts repeat to about one percent, so
//! they can gate.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::process::{self, Command, ExitCode};
use std::{env, fs};

use serde::Serialize;

use support::cases::{CASES, Case, Goal, Place};
use support::report::save;
use support::{Subject, Work};

/// Between two runs of so many requests each, all but the requests cancels out. Both are whole turns of the origins that
/// `support::core` goes through.
const FEW: u64 = 100;
const MANY: u64 = 300;
/// The engine alone is so fast that what compiling a large table costs more with one seed than with another would show
/// among so few requests: so many times as many.
const CORE: u64 = 20;
/// What no request should cost, in preflights of 5 headers. Missed by what is 8 KiB long: each byte of it is read five
/// times, as a list, as a token, in lower case, joined and as a header value; and by thousands of names beside a bare
/// `*`, which are all written again.
const WORST_GOAL: f64 = 10.0;
/// What is held until then.
const WORST_HELD: f64 = 125.0;

/// What one request costs more than the application alone.
#[derive(Clone, Copy, Debug, Serialize)]
struct Cost {
    instructions: f64,
    allocations: f64,
}

#[derive(Debug, Serialize)]
struct Row {
    case: &'static str,
    ours: Cost,
    floor: Option<Cost>,
    peer: Option<Cost>,
    ratio: Option<f64>,
    goals: Vec<Verdict>,
}

#[derive(Debug, Serialize)]
struct Verdict {
    goal: String,
    actual: f64,
    limit: f64,
    /// Where the goal is known to be missed: what is held instead.
    held: Option<f64>,
    why: Option<&'static str>,
}

impl Verdict {
    fn met(&self) -> bool {
        self.actual <= self.limit
    }

    /// The goal, or what is held where it is known to be missed.
    fn holds(&self) -> bool {
        self.actual <= self.held.unwrap_or(self.limit)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--work", case, subject, times] => work(case, subject, times),
        [] => measure(""),
        [filter] => measure(filter),
        _ => Err("usage: instructions [FILTER]".into()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The process that callgrind watches.
fn work(case: &str, subject: &str, times: &str) -> Result<ExitCode, Box<dyn Error>> {
    let mut work = prepared(case, subject)?;
    for _ in 0..times.parse::<u64>()? {
        work();
    }
    Ok(ExitCode::SUCCESS)
}

fn prepared(case: &str, subject: &str) -> Result<Work, Box<dyn Error>> {
    let case = Case::by_name(case).ok_or("no such case")?;
    let subject = Subject::ALL.into_iter().find(|one| format!("{one:?}") == subject).ok_or("no such subject")?;
    Ok(case.work(subject))
}

fn measure(filter: &str) -> Result<ExitCode, Box<dyn Error>> {
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.name.contains(filter)).collect();
    if cases.is_empty() {
        return Err(format!("no case matches `{filter}`").into());
    }
    println!(
        "net instructions / allocations of one request; ours, the peer's (tower-http, actix-cors), and the goals\n"
    );
    let mut ours = BTreeMap::new();
    let mut rows = Vec::new();
    for case in cases {
        let bare = cost(case, Subject::Bare)?;
        let mine = less(cost(case, Subject::Ours)?, bare);
        ours.insert(case.name, mine.instructions);
        let has_floor = case.place == Place::Tower;
        let floor = has_floor.then(|| cost(case, Subject::Floor)).transpose()?.map(|floor| less(floor, bare));
        let peer = case.has_peer().then(|| cost(case, Subject::Peer)).transpose()?.map(|peer| less(peer, bare));
        let ratio = peer.map(|peer| mine.instructions / peer.instructions);
        let mut goals = Vec::new();
        for goal in case.goals {
            let held = case.held.filter(|_| goals.len() + 1 == case.goals.len());
            goals.extend(judge(*goal, held, mine.instructions, ratio, &mut ours)?);
        }
        let row = Row { case: case.name, ours: mine, floor, peer, ratio, goals };
        print(&row);
        rows.push(row);
    }
    save("instructions", &rows)?;
    let verdicts = || rows.iter().flat_map(|row| row.goals.iter().map(move |verdict| (row.case, verdict)));
    let missed: Vec<_> = verdicts().filter(|(_, verdict)| !verdict.met()).collect();
    println!("\n{} cases, {} goals, {} missed", rows.len(), verdicts().count(), missed.len());
    for (case, verdict) in &missed {
        println!("  {case}: {}", verdict.why.unwrap_or("not known to be missed"));
    }
    let broken = verdicts().filter(|(_, verdict)| !verdict.holds()).count();
    println!("{broken} above what is held");
    let normal = rows.iter().find(|row| row.case == "tower: preflight, 5 headers");
    let worst = rows.iter().filter(|row| row.case.starts_with("worst: "));
    let worst = worst.max_by(|one, other| one.ours.instructions.total_cmp(&other.ours.instructions));
    if let (Some(normal), Some(worst)) = (normal, worst) {
        let times = worst.ours.instructions / normal.ours.instructions;
        let verdict = if times < WORST_GOAL { "met" } else { "missed" };
        let worst = worst.case;
        println!("the worst found, `{worst}`, costs {times:.1} preflights of 5 headers, goal {WORST_GOAL}: {verdict}");
        if times > WORST_HELD {
            println!("FAILED: held at {WORST_HELD}");
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn less(one: Cost, other: Cost) -> Cost {
    Cost { instructions: one.instructions - other.instructions, allocations: one.allocations - other.allocations }
}

fn judge(
    goal: Goal,
    held: Option<(f64, &'static str)>,
    ours: f64,
    ratio: Option<f64>,
    known: &mut BTreeMap<&'static str, f64>,
) -> Result<Option<Verdict>, Box<dyn Error>> {
    let mut other = |name: &'static str| -> Result<f64, Box<dyn Error>> {
        if let Some(instructions) = known.get(name) {
            return Ok(*instructions);
        }
        let case = Case::by_name(name).ok_or_else(|| format!("no case `{name}`"))?;
        let instructions = less(cost(case, Subject::Ours)?, cost(case, Subject::Bare)?).instructions;
        known.insert(name, instructions);
        Ok(instructions)
    };
    let (held, why) = held.unzip();
    let verdict = |goal: &str, actual, limit| Some(Verdict { goal: goal.to_owned(), actual, limit, held, why });
    Ok(match goal {
        Goal::None => None,
        Goal::Ratio(limit) => verdict("of the peer", ratio.ok_or("a ratio without a peer")?, limit),
        Goal::Most(limit) => verdict("instructions", ours, limit),
        Goal::Over(name, limit) => verdict("of one origin", ours / other(name)?, limit),
        Goal::EachAbove(name, count, limit) => verdict("instructions a header", (ours - other(name)?) / count, limit),
    })
}

fn print(row: &Row) {
    let side = |cost: Cost| format!("{:>9.0} / {:<5.1}", cost.instructions, cost.allocations);
    let (floor, peer) = (row.floor.map(side).unwrap_or_default(), row.peer.map(side).unwrap_or_default());
    let ratio = row.ratio.map(|ratio| format!("{ratio:.4}")).unwrap_or_default();
    print!("{:<53} {} {floor:>17} {peer:>17} {ratio:>7}", row.case, side(row.ours));
    for verdict in &row.goals {
        print!("  {:.4} {}, goal {}", verdict.actual, verdict.goal, verdict.limit);
        match verdict.held {
            _ if !verdict.holds() => print!(": FAILED"),
            Some(held) if !verdict.met() => print!(": missed, held at {held}"),
            _ => print!(": met"),
        }
    }
    println!();
}

/// One request of `subject`, whole.
fn cost(case: &Case, subject: Subject) -> Result<Cost, Box<dyn Error>> {
    let times = if case.place == Place::Core { CORE } else { 1 };
    let (many, few) = (callgrind(case.name, subject, times * MANY)?, callgrind(case.name, subject, times * FEW)?);
    let each = |many: u64, few: u64| many.saturating_sub(few) as f64 / (times * (MANY - FEW)) as f64;
    Ok(Cost { instructions: each(many.0, few.0), allocations: each(many.1, few.1) })
}

/// Instructions and allocations of a whole process that does so many requests.
fn callgrind(case: &str, subject: Subject, times: u64) -> Result<(u64, u64), Box<dyn Error>> {
    let profile = env::temp_dir().join(format!("oss-cors-callgrind-{}", process::id()));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", profile.display())])
        .arg(env::current_exe()?)
        .args(["--work", case, &format!("{subject:?}"), &times.to_string()])
        .output()
        .map_err(|error| format!("cannot run valgrind, which counts the instructions: {error}"))?;
    if !output.status.success() {
        return Err(format!("callgrind of `{case}` failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
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
