//! Instructions and allocations of one request: the application alone, behind our layer, behind the peer's.
//!
//! `cargo bench --bench instructions [FILTER]` runs every case under callgrind, prints what each side costs more than
//! the application alone, and exits with 1 when a goal is missed or, where one is known to be missed, when what is held
//! instead is. The figures go to `target/bench/instructions.json`. Instruction counts repeat to about one percent, so
//! they can gate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

mod support;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::env;
use std::error::Error;
use std::process::ExitCode;

use serde::Serialize;

use support::callgrind::{Cost, cost};
use support::cases::{CASES, Case, Goal, Place};
use support::report::save;
use support::{Subject, Work};

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
    let mut costs = Costs::default();
    let mut ours = BTreeMap::new();
    let mut rows = Vec::new();
    for case in cases {
        let mine = costs.net(case, Subject::Ours)?;
        ours.insert(case.name, mine.instructions);
        let has_floor = case.place == Place::Tower;
        let floor = has_floor.then(|| costs.net(case, Subject::Floor)).transpose()?;
        let peer = case.has_peer().then(|| costs.net(case, Subject::Peer)).transpose()?;
        let ratio = peer.map(|peer| mine.instructions / peer.instructions);
        let mut goals = Vec::new();
        for goal in case.goals {
            let held = case.held.filter(|_| goals.len() + 1 == case.goals.len());
            goals.extend(judge(*goal, held, mine.instructions, ratio, &mut ours, &mut costs)?);
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
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn judge(
    goal: Goal,
    held: Option<(f64, &'static str)>,
    ours: f64,
    ratio: Option<f64>,
    known: &mut BTreeMap<&'static str, f64>,
    costs: &mut Costs,
) -> Result<Option<Verdict>, Box<dyn Error>> {
    let mut other = |name: &'static str| -> Result<f64, Box<dyn Error>> {
        if let Some(instructions) = known.get(name) {
            return Ok(*instructions);
        }
        let case = Case::by_name(name).ok_or_else(|| format!("no case `{name}`"))?;
        let instructions = costs.net(case, Subject::Ours)?.instructions;
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

/// What was counted. The application alone costs the same in every case that asks it for the same.
#[derive(Default)]
struct Costs {
    bare: BTreeMap<String, Cost>,
}

impl Costs {
    /// One request of `subject`, without what the application alone costs.
    fn net(&mut self, case: &Case, subject: Subject) -> Result<Cost, Box<dyn Error>> {
        let bare = match self.bare.entry(case.application()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => *unknown.insert(whole(case, Subject::Bare)?),
        };
        let whole = whole(case, subject)?;
        Ok(Cost {
            instructions: whole.instructions - bare.instructions,
            allocations: whole.allocations - bare.allocations,
        })
    }
}

/// One request of `subject`, with what the application alone costs.
fn whole(case: &Case, subject: Subject) -> Result<Cost, Box<dyn Error>> {
    // So fast that what compiling a large table costs more with one seed than with another would show.
    let times = if case.place == Place::Core { 20 } else { 1 };
    cost(&["--work", case.name, &format!("{subject:?}")], times)
}
