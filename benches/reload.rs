//! What live rules cost: loading them, swapping them, compiling them, keeping them.
//!
//! `cargo bench --bench reload` prints the figures beside their goals and writes `target/bench/reload.json`. It is for
//! people: time moves with the machine, so nothing here can fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

#[path = "support/figures.rs"]
mod figures;
mod support;

use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use alloc_tracker::Allocator;
use oss_cors_core::{CorsConfiguration, CorsRule, Profile, RuleTable};
use oss_cors_live::CorsHandle;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use figures::{judged, live_bytes};
use support::report::save;
use support::rules::Setup;

#[global_allocator]
static ALLOCATOR: Allocator<std::alloc::System> = Allocator::system();

const RULES: usize = 20;

#[derive(Debug, Serialize)]
struct Report {
    loads: Loads,
    values: Values,
    swap: Swap,
    compile: Vec<Compile>,
    memory: Vec<Memory>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let report = Report { loads: loads(), values: values(), swap: swap(), compile: compile(), memory: memory() };
    save("reload", &report)?;
    Ok(())
}

// Loading, under a writer.

/// Between two stores.
const STORE_EVERY: Duration = Duration::from_micros(100);

/// One and two readers take turns, so often, so long each.
const TURNS: usize = 20;
const TURN: Duration = Duration::from_millis(100);

/// In a batch. Much shorter than the time between two stores: from the median batch neither the writer nor anyone else
/// takes the processor.
const LOADS: u32 = 2000;

#[derive(Debug, Serialize)]
struct Loads {
    one_reader: Load,
    two_readers: Load,
    ratio: f64,
    /// How far apart the stores really were.
    store_every_us: f64,
}

/// The ns of a load, for each reader.
#[derive(Clone, Copy, Debug, Serialize)]
struct Load {
    /// In the median batch.
    ns: f64,
    /// Of all the processor time the readers took: with the loads that find the line changed, and with what being
    /// interrupted costs.
    mean_ns: f64,
}

fn loads() -> Loads {
    let tables = tables();
    let handle = CorsHandle::new(pick(&tables, 0));
    let (mut one, mut two, mut every) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TURNS {
        for (readers, samples) in [(1, &mut one), (2, &mut two)] {
            let (each, stores) = turn(&handle, &tables, readers);
            samples.extend(each);
            every.push(TURN.as_secs_f64() * 1e6 / stores as f64);
        }
    }
    let typical = |loads: &[Load]| Load {
        ns: median(loads.iter().map(|load| load.ns).collect()),
        mean_ns: median(loads.iter().map(|load| load.mean_ns).collect()),
    };
    let (one, two) = (typical(&one), typical(&two));
    let ratio = two.ns / one.ns;
    let loads = Loads { one_reader: one, two_readers: two, ratio, store_every_us: median(every) };
    println!("load and drop, while a table is stored every {:.0} us", loads.store_every_us);
    println!("  1 reader   {:>5.1} ns, mean {:.1}  ({})", one.ns, one.mean_ns, judged(one.ns, 15.0));
    println!("  2 readers  {:>5.1} ns, mean {:.1}", two.ns, two.mean_ns);
    println!("  two over one {ratio:.2}  ({})", judged(ratio, 1.1));
    loads
}

/// What each reader found, and how many tables were stored meanwhile.
fn turn(handle: &CorsHandle, tables: &[Arc<RuleTable>], readers: usize) -> (Vec<Load>, usize) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..readers).map(|_| scope.spawn(|| read(handle.clone(), &over))).collect();
        let stores = store(handle, tables);
        over.store(true, Ordering::Relaxed);
        let each = readers.into_iter().map(|reader| reader.join().expect("a reader does not panic")).collect();
        (each, stores)
    })
}

fn read(handle: CorsHandle, over: &AtomicBool) -> Load {
    let mut batches = Vec::new();
    let start = processor_time();
    while !over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        for _ in 0..LOADS {
            drop(black_box(handle.load()));
        }
        batches.push(begin.elapsed().as_nanos() as f64 / f64::from(LOADS));
    }
    let spent = (processor_time() - start).as_nanos() as f64;
    Load { mean_ns: spent / f64::from(LOADS) / batches.len() as f64, ns: median(batches) }
}

/// Stores a table at every tick of a turn; how many.
fn store(handle: &CorsHandle, tables: &[Arc<RuleTable>]) -> usize {
    let start = Instant::now();
    let mut stores = 0;
    while start.elapsed() < TURN {
        handle.store(pick(tables, stores));
        stores += 1;
        // A sleep takes longer than asked: the next tick, not the next interval.
        thread::sleep((STORE_EVERY * stores as u32).saturating_sub(start.elapsed()));
    }
    stores
}

// What a rule writes, taken for an answer: values that live as long as the process, beside counted ones.

#[derive(Debug, Serialize)]
struct Values {
    interned: [f64; 2],
    counted: [f64; 2],
}

/// The ns in which one and two threads each clone and drop the three values of one rule.
fn values() -> Values {
    // An expose list of more than a KiB is not interned.
    let ns = |exposed: &str| {
        let rule = CorsRule::new(["https://app.example.com"], ["GET", "PUT"]);
        let rule = rule.expose_headers([exposed]).max_age_seconds(600);
        let table = RuleTable::compile(&CorsConfiguration::from(rule), Profile::Oss).expect("the rule is right");
        [1, 2].map(|threads| {
            let turns = (0..TURNS).flat_map(|_| take(&table, threads)).collect();
            median(turns)
        })
    };
    let values = Values { interned: ns("ETag"), counted: ns(&"x".repeat(1025)) };
    println!("take and drop the three values of a rule, 1 thread / 2 threads");
    println!("  interned {:>5.1} / {:.1} ns", values.interned[0], values.interned[1]);
    println!("  counted  {:>5.1} / {:.1} ns", values.counted[0], values.counted[1]);
    values
}

fn take(table: &RuleTable, threads: usize) -> Vec<f64> {
    let rule = table.rules().first().expect("it has one");
    let batch = || {
        let begin = Instant::now();
        for _ in 0..50 * LOADS {
            let values = (rule.allow_methods().clone(), rule.expose_headers().cloned(), rule.max_age().cloned());
            drop(black_box(values));
        }
        begin.elapsed().as_nanos() as f64 / f64::from(50 * LOADS)
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(batch)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    })
}

// Swapping.

const SWAPS: usize = 5000;

#[derive(Debug, Serialize)]
struct Swap {
    /// From `store` returning to a reader having the new table; 0 where it had it before.
    returned_ns: Latency,
    /// The same, from `store` being called.
    called_ns: Latency,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
    max: f64,
}

fn swap() -> Swap {
    let tables = tables();
    let handle = CorsHandle::new(pick(&tables, 0));
    let (seen, ready) = (AtomicUsize::new(0), Barrier::new(2));
    let (stored, found) = thread::scope(|scope| {
        let reader = scope.spawn(|| watch(&handle, &seen, &ready));
        ready.wait();
        let stored: Vec<(Instant, Instant)> = (1..=SWAPS)
            .map(|swap| {
                let called = Instant::now();
                handle.store(pick(&tables, swap));
                let returned = Instant::now();
                while seen.load(Ordering::Acquire) < swap {
                    thread::yield_now();
                }
                thread::sleep(Duration::from_micros(20));
                (called, returned)
            })
            .collect();
        (stored, reader.join().expect("the reader does not panic"))
    });
    let latencies = |from: fn(&(Instant, Instant)) -> Instant| {
        let waits = stored.iter().zip(&found).map(|(stored, found)| found.saturating_duration_since(from(stored)));
        let waits: Vec<f64> = waits.map(|wait| wait.as_nanos() as f64).collect();
        let at = |share| quantile(waits.clone(), share);
        Latency { p50: at(0.5), p99: at(0.99), max: at(1.0) }
    };
    let swap = Swap { returned_ns: latencies(|(_, returned)| *returned), called_ns: latencies(|(called, _)| *called) };
    println!("\nfrom a store to a reader that has the new table, {SWAPS} swaps; the longest are the scheduler's");
    for (from, latency) in [("called", swap.called_ns), ("returned", swap.returned_ns)] {
        let Latency { p50, p99, max } = latency;
        println!("  since it {from:<9} p50 {p50:>6.0} ns   p99 {p99:>8.0} ns   max {max:>9.0} ns");
    }
    swap
}

/// When each new table was first loaded.
fn watch(handle: &CorsHandle, seen: &AtomicUsize, ready: &Barrier) -> Vec<Instant> {
    let mut found = Vec::with_capacity(SWAPS);
    let mut last = handle.load().id();
    ready.wait();
    while found.len() < SWAPS {
        let id = handle.load().id();
        if id != last {
            found.push(Instant::now());
            last = id;
            seen.store(found.len(), Ordering::Release);
        }
    }
    found
}

// Compiling.

#[derive(Debug, Serialize)]
struct Compile {
    origins: &'static str,
    rules: usize,
    origins_per_rule: usize,
    us: f64,
}

/// So many origins, written one way.
type Origins = fn(usize) -> Setup;

const KINDS: [(&str, Origins); 2] = [("exact", Setup::exact), ("wildcard", Setup::wildcard)];

fn compile() -> Vec<Compile> {
    println!("\ncompiling a table of {RULES} rules, validation and all");
    let mut rows = Vec::new();
    for (origins, setup) in KINDS {
        for origins_per_rule in [1, 100, 10_000] {
            let us = compilation(&setup(RULES * origins_per_rule));
            println!("  {origins_per_rule:>6} {origins:<8} origins each  {us:>10.0} us");
            rows.push(Compile { origins, rules: RULES, origins_per_rule, us });
        }
    }
    rows
}

fn compilation(setup: &Setup) -> f64 {
    let begin = Instant::now();
    let mut samples = Vec::new();
    while samples.len() < 5 || (begin.elapsed() < Duration::from_millis(300) && samples.len() < 1000) {
        let start = processor_time();
        let table = black_box(setup.table());
        samples.push((processor_time() - start).as_nanos() as f64 / 1e3);
        drop(table);
    }
    median(samples)
}

// Keeping.

#[derive(Debug, Serialize)]
struct Memory {
    origins: &'static str,
    entries: usize,
    /// Of the whole table: rules and header names too.
    live_bytes: f64,
    /// Of the origins as written.
    text_bytes: usize,
    /// Live bytes over the text, per entry.
    over_text: f64,
}

fn memory() -> Vec<Memory> {
    println!("\nmemory of a table of {RULES} rules, per origin entry and over its text");
    let mut rows = Vec::new();
    for (origins, setup) in KINDS {
        for entries in [1000, 100_000] {
            let setup = setup(entries);
            let written = setup.configuration.rules.iter().flat_map(|rule| &rule.allowed_origins);
            let text_bytes = written.map(String::len).sum();
            let live_bytes = live_bytes(setup.table());
            let over_text = (live_bytes - text_bytes as f64) / entries as f64;
            let goal = judged(over_text, 64.0);
            println!("  {entries:>6} {origins:<8} entries  {over_text:>6.1} bytes over the text  ({goal})");
            rows.push(Memory { origins, entries, live_bytes, text_bytes, over_text });
        }
    }
    rows
}

// What all of them use.

/// Ready to be stored: a writer that compiles would take a processor from the readers.
fn tables() -> Vec<Arc<RuleTable>> {
    (0..64).map(|_| Arc::new(Setup::exact(RULES).table())).collect()
}

fn pick(tables: &[Arc<RuleTable>], index: usize) -> Arc<RuleTable> {
    let table = tables.get(index % tables.len()).expect("the remainder is an index");
    Arc::clone(table)
}

/// Of this thread: what others on the machine cannot take.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn median(samples: Vec<f64>) -> f64 {
    quantile(samples, 0.5)
}

/// The value that `share` of the samples do not exceed.
fn quantile(mut samples: Vec<f64>, share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples.get((last as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}
