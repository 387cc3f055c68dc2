//! Nanoseconds of one request: the application alone, behind our layer, behind the peer's.
//!
//! `cargo bench --bench time [FILTER]` is for people. Time moves with the machine and whoever else is on it, so nothing
//! here can fail; what gates is `instructions`. The figures go to `target/bench/time.json`.
//!
//! A round runs a batch of each subject, in another order than the round before. A batch is timed by this thread's own
//! processor time, which others on the machine cannot take. What is reported are medians over the rounds of what a subject
//! takes more than the application alone in the same round.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

mod support;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use support::cases::{CASES, Case};
use support::report::save;
use support::{Subject, Work};

const ROUNDS: usize = 600;

/// How long a batch takes, about. Short, so that what a round compares lies close together.
const BATCH: Duration = Duration::from_micros(200);

/// Every order of three, so that each subject comes after each other one equally often.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0], [0, 2, 1], [1, 0, 2]];

#[derive(Debug, Serialize)]
struct Row {
    case: &'static str,
    /// The application alone.
    bare_ns: f64,
    ours: Net,
    peer: Option<Net>,
    /// Ours over the peer's.
    ratio: Option<f64>,
    goal: Option<f64>,
}

/// What a subject takes more than the application alone.
#[derive(Clone, Copy, Debug, Serialize)]
struct Net {
    ns: f64,
    /// A quarter of the rounds is below the first, a quarter above the second.
    quartiles: [f64; 2],
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run(""),
        [filter] => run(filter),
        _ => Err("usage: time [FILTER]".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(filter: &str) -> Result<(), Box<dyn Error>> {
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.name.contains(filter)).collect();
    if cases.is_empty() {
        return Err(format!("no case matches `{filter}`").into());
    }
    println!("net ns of one request, median of {ROUNDS} interleaved rounds (and the middle half of them)");
    println!("the peer is tower-http or actix-cors; it checks no request headers in tower and axum\n");
    println!("{:<50} {:>26} {:>30} {:>7}  goal", "", "ours", "peer", "ratio");
    let mut rows = Vec::new();
    for case in cases {
        let row = measure(case);
        print(&row);
        rows.push(row);
    }
    save("time", &rows)?;
    println!("\ntime is not gated: it moves with the machine; `cargo bench --bench instructions` is what can fail");
    Ok(())
}

fn measure(case: &Case) -> Row {
    let peer = case.has_peer().then_some(Subject::Peer);
    let subjects = [Subject::Bare, Subject::Ours].into_iter().chain(peer);
    let mut lanes: Vec<Lane> = subjects.map(|subject| Lane::new(case.work(subject))).collect();
    for order in ORDERS.iter().cycle().take(ROUNDS) {
        for place in order {
            if let Some(lane) = lanes.get_mut(*place) {
                lane.batch();
            }
        }
    }
    let (bare, ours, peer) = match &lanes[..] {
        [bare, ours, peer] => (bare, ours, Some(peer)),
        [bare, ours] => (bare, ours, None),
        _ => panic!("a case is measured bare and with ours"),
    };
    let (net, peer) = (Net::new(ours, bare), peer.map(|peer| Net::new(peer, bare)));
    Row {
        case: case.name,
        bare_ns: quantile(bare.samples.clone(), 0.5),
        ours: net,
        peer,
        ratio: peer.map(|peer| net.ns / peer.ns),
        goal: case.time_goal,
    }
}

/// One subject and the ns of a request in each of its batches.
struct Lane {
    work: Work,
    requests: u32,
    samples: Vec<f64>,
}

impl Lane {
    fn new(work: Work) -> Self {
        let mut lane = Self { work, requests: 1, samples: Vec::new() };
        loop {
            // The better of two: the first call may find everything cold.
            let spent = lane.time(lane.requests).min(lane.time(lane.requests));
            if spent >= BATCH / 4 {
                let all = BATCH.as_secs_f64() / spent.as_secs_f64() * f64::from(lane.requests);
                lane.requests = all.ceil() as u32;
                return lane;
            }
            lane.requests *= 2;
        }
    }

    fn time(&mut self, requests: u32) -> Duration {
        let start = processor_time();
        for _ in 0..requests {
            (self.work)();
        }
        processor_time() - start
    }

    fn batch(&mut self) {
        // The caches are those of the subject before.
        self.time(self.requests.div_ceil(10));
        let spent = self.time(self.requests);
        self.samples.push(spent.as_nanos() as f64 / f64::from(self.requests));
    }
}

impl Net {
    fn new(subject: &Lane, bare: &Lane) -> Self {
        let nets: Vec<f64> = subject.samples.iter().zip(&bare.samples).map(|(subject, bare)| subject - bare).collect();
        let at = |share| quantile(nets.clone(), share);
        Self { ns: at(0.5), quartiles: [at(0.25), at(0.75)] }
    }
}

/// Of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The value that `share` of the samples do not exceed.
fn quantile(mut samples: Vec<f64>, share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

fn print(row: &Row) {
    let side = |net: Net| {
        let [low, high] = net.quartiles;
        format!("{:.0} ({low:.0} to {high:.0})", net.ns)
    };
    let peer = row.peer.map(side).unwrap_or_default();
    let ratio = row.ratio.map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
    let sign = if row.ratio <= row.goal { "ok" } else { "above" };
    let goal = row.goal.map(|goal| format!("{sign}: at most {goal}")).unwrap_or_default();
    println!("{:<50} {:>26} {peer:>30} {ratio:>7}  {goal}", row.case, side(row.ours));
}
