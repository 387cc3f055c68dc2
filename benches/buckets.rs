//! What many buckets cost: keeping them, building them, looking them up, changing one.
//!
//! `cargo bench --bench buckets` prints the figures beside their goals and writes `target/bench/buckets.json`. It is
//! for people: time moves with the machine, so only a wrong answer fails here.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what fails here may as well panic"
)]
#![allow(unreachable_pub, missing_debug_implementations, reason = "nobody builds on a test")]

#[path = "support/figures.rs"]
mod figures;
#[path = "support/report.rs"]
mod report;

use std::collections::HashMap;
use std::error::Error;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use alloc_tracker::Allocator;
use http::HeaderValue;
use oss_cors_core::{CorsConfiguration, CorsRequest, CorsRule, Decision, FieldLine, Profile, RuleTable};
use oss_cors_live::Buckets;
use serde::Serialize;

use figures::{judged, live_bytes};
use report::save;

#[global_allocator]
static ALLOCATOR: Allocator<std::alloc::System> = Allocator::system();

const K: usize = 1000;

/// Buckets, distinct rule sets, and the most bytes that each bucket may take, where there is a goal.
const SIZES: [(usize, usize, Option<f64>); 6] = [
    (K, K, None),
    (100 * K, K, None),
    (100 * K, 100 * K, None),
    (K * K, K, Some(56.0)),
    (K * K, 100 * K, Some(80.0)),
    (K * K, K * K, Some(260.0)),
];

/// One million buckets with a thousand distinct rule sets, in seconds: "a few".
const BUILD_GOAL: f64 = 5.0;

#[derive(Debug, Serialize)]
struct Report {
    sizes: Vec<Row>,
    changes: Changes,
    forms: Vec<Form>,
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
    let mut sizes = Vec::new();
    for (buckets, distinct, goal) in SIZES {
        sizes.push(row(buckets, distinct, goal)?);
    }
    let report = Report { sizes, changes: changes()?, forms: forms()? };
    save("buckets", &report)?;
    Ok(())
}

// Keeping, building, looking up.

#[derive(Debug, Serialize)]
struct Row {
    buckets: usize,
    distinct: usize,
    /// Making names and configurations included.
    build_s: f64,
    /// All heap of a million buckets over their number: as built, and once tables have been compiled.
    bytes_each: f64,
    warm_bytes_each: f64,
    /// The same bucket each time.
    hot_ns: f64,
    /// Any bucket, any other next.
    random_ns: f64,
    /// A name that no bucket has.
    unknown_ns: f64,
    /// `random_ns` and deciding about an actual request with the table that was found.
    random_decide_ns: f64,
}

fn row(buckets: usize, distinct: usize, goal: Option<f64>) -> Result<Row, Box<dyn Error>> {
    let (cold, build_s) = built(buckets, distinct)?;
    let bytes_each = live_bytes(cold) / buckets as f64;
    let (warm, again) = built(buckets, distinct)?;
    check(&warm, buckets, distinct)?;

    let mut names = Shuffled::new(buckets);
    let mut asked = |count: usize| -> Vec<(String, String)> {
        (0..count).map(|_| names.next()).map(|bucket| (name(bucket), origin(bucket % distinct))).collect()
    };
    let lookups = asked(LOOKUPS);
    let unknown: Vec<String> = lookups.iter().map(|(name, _)| name.replace('-', "_")).collect();
    let hot = name(buckets / 2);
    let row = Row {
        buckets,
        distinct,
        build_s: build_s.min(again),
        bytes_each,
        hot_ns: each(LOOKUPS, |_| drop(black_box(warm.load(&hot)))),
        random_ns: each(LOOKUPS, |lookup| drop(black_box(warm.load(&lookups[lookup].0)))),
        unknown_ns: each(LOOKUPS, |lookup| drop(black_box(warm.load(&unknown[lookup])))),
        random_decide_ns: each(LOOKUPS, |lookup| {
            let (bucket, origin) = &lookups[lookup];
            let table = warm.load(bucket);
            black_box(table.decide(&CorsRequest::actual(b"GET", origin.as_bytes())));
        }),
        warm_bytes_each: live_bytes(warm) / buckets as f64,
    };
    let size = |goal: Option<f64>| goal.map_or_else(String::new, |most| format!("  ({})", judged(bytes_each, most)));
    println!("{buckets} buckets, {distinct} distinct rule sets");
    println!("  {:>8.1} bytes each as built{}, {:.1} once used", row.bytes_each, size(goal), row.warm_bytes_each);
    let build = if (buckets, distinct) == (K * K, K) {
        format!("  ({})", judged(row.build_s, BUILD_GOAL))
    } else {
        String::new()
    };
    println!("  {:>8.2} s to build{build}", row.build_s);
    println!("  {:>8.1} ns a lookup, hot; {:.1} random; {:.1} unknown", row.hot_ns, row.random_ns, row.unknown_ns);
    println!("  {:>8.1} ns to look up and decide, random", row.random_decide_ns);
    Ok(row)
}

/// Enough to reach all of memory, few enough that the texts asked for do not push it out.
const LOOKUPS: usize = 200 * K;

fn built(buckets: usize, distinct: usize) -> Result<(Buckets, f64), Box<dyn Error>> {
    let built = Buckets::new();
    let begin = Instant::now();
    let all = (0..buckets).map(|bucket| (name(bucket), Some(configuration(bucket % distinct))));
    built.replace(all, Profile::Oss)?;
    let seconds = begin.elapsed().as_secs_f64();
    if (built.len(), built.rule_sets()) != (buckets, distinct) {
        return Err(format!("{} buckets with {} rule sets", built.len(), built.rule_sets()).into());
    }
    Ok((built, seconds))
}

/// Of the nanoseconds of each call, the mean of the fastest of three rounds.
fn each(calls: usize, mut call: impl FnMut(usize)) -> f64 {
    let mut round = || {
        let begin = Instant::now();
        (0..calls).for_each(&mut call);
        begin.elapsed().as_nanos() as f64 / calls as f64
    };
    round().min(round()).min(round())
}

/// Random buckets answer as plain tables do.
fn check(built: &Buckets, buckets: usize, distinct: usize) -> Result<(), Box<dyn Error>> {
    let mut shuffled = Shuffled::new(buckets);
    let mut expected = HashMap::new();
    for _ in 0..K {
        let bucket = shuffled.next();
        expected.insert(name(bucket), (bucket, RuleTable::compile(&configuration(bucket % distinct), Profile::Oss)?));
    }
    for (name, (bucket, expected)) in &expected {
        let found = built.load(name);
        for origin in [origin(bucket % distinct), origin(bucket % distinct + 1), "https://evil.example.org".to_owned()]
        {
            for (method, request_method) in [("GET", None), ("DELETE", None), ("OPTIONS", Some("PUT"))] {
                let mut request = CorsRequest::actual(method.as_bytes(), origin.as_bytes());
                request.request_method =
                    request_method.map_or(FieldLine::Absent, |method: &str| FieldLine::One(method.as_bytes()));
                if said(&found.decide(&request)) != said(&expected.decide(&request)) {
                    return Err(format!("bucket `{name}` answers `{origin}` wrongly").into());
                }
            }
        }
        if built.configuration(name) != Some(Some(configuration(bucket % distinct))) {
            return Err(format!("bucket `{name}` has other rules than were set").into());
        }
    }
    Ok(())
}

/// All that an adapter writes.
fn said(decision: &Decision<'_>) -> impl PartialEq + use<> {
    let (rule, vary_origin) = match decision {
        Decision::Forward { rule, vary_origin } => (rule.ok(), *vary_origin),
        Decision::Answer { rule, vary_origin } => (rule.ok(), *vary_origin),
    };
    let values = rule.map(|rule| {
        let copied = |value: Option<&HeaderValue>| value.cloned();
        (rule.any_origin(), rule.allow_methods().clone(), copied(rule.expose_headers()), copied(rule.max_age()))
    });
    (decision.outcome(), values, vary_origin)
}

// Changing one.

#[derive(Debug, Serialize)]
struct Changes {
    /// A million buckets, each set by itself, in an order that has nothing to do with their names; in seconds.
    one_by_one_s: f64,
    bytes_each: f64,
    /// In a million buckets with as many rule sets: to one more of the sets that are there, and to a new one.
    known_set_us: f64,
    new_set_us: f64,
    remove_us: f64,
}

const CHANGES: usize = 10 * K;

fn changes() -> Result<Changes, Box<dyn Error>> {
    const MANY: usize = K * K;
    let buckets = Buckets::new();
    let begin = Instant::now();
    for bucket in 0..MANY {
        buckets.set(&name(bucket), &configuration(bucket), Profile::Oss)?;
    }
    let one_by_one_s = begin.elapsed().as_secs_f64();
    check(&buckets, MANY, MANY)?;

    let mut shuffled = Shuffled::new(MANY);
    let mut timed =
        |change: &mut dyn FnMut(usize, usize) -> Result<(), Box<dyn Error>>| -> Result<f64, Box<dyn Error>> {
            let begin = Instant::now();
            (0..CHANGES).try_for_each(|number| change(shuffled.next(), number))?;
            Ok(begin.elapsed().as_secs_f64() * 1e6 / CHANGES as f64)
        };
    let known_set_us =
        timed(&mut |bucket, number| Ok(buckets.set(&name(bucket), &configuration(number), Profile::Oss)?))?;
    let new_set_us =
        timed(&mut |bucket, number| Ok(buckets.set(&name(bucket), &configuration(MANY + number), Profile::Oss)?))?;
    let remove_us = timed(&mut |bucket, _| {
        buckets.remove(&name(bucket));
        Ok(())
    })?;
    let bytes_each = live_bytes(buckets) / MANY as f64;
    let changes = Changes { one_by_one_s, bytes_each, known_set_us, new_set_us, remove_us };
    println!("{MANY} buckets set one by one, all distinct");
    println!("  {one_by_one_s:>8.1} s to build  ({})", judged(one_by_one_s, 60.0));
    println!("  {bytes_each:>8.1} bytes each, after changes");
    println!(
        "  {known_set_us:>8.1} us to set one to a known rule set; {new_set_us:.1} to a new one; {remove_us:.1} to remove"
    );
    Ok(changes)
}

// Packed or compiled.

/// What one rule set costs: why small ones stay packed and larger ones do not.
#[derive(Debug, Serialize)]
struct Form {
    rules: usize,
    origins_per_rule: usize,
    text_bytes: usize,
    table_bytes: f64,
    compile_us: f64,
}

fn forms() -> Result<Vec<Form>, Box<dyn Error>> {
    println!("one rule set, compiled");
    let mut forms = Vec::new();
    for (rules, origins_per_rule) in [(1, 1), (1, 2), (2, 2), (1, 10), (5, 2), (1, 100), (20, 5), (20, 1000)] {
        let rule = |rule: usize| {
            configuration(rule)
                .rules
                .swap_remove(0)
                .allowed_origins((0..origins_per_rule).map(|origin_number| origin(1000 * rule + origin_number)))
        };
        let configuration = CorsConfiguration::from_rules((0..rules).map(rule)).response_vary(false);
        let lists = configuration.rules.iter().flat_map(|rule| {
            [&rule.allowed_origins, &rule.allowed_methods, &rule.allowed_headers, &rule.expose_headers]
        });
        let text_bytes = lists.flatten().map(String::len).sum();
        let table = || RuleTable::compile(&configuration, Profile::Oss);
        let table_bytes = live_bytes(table()?);
        let compile_us = each(100, |_| drop(black_box(table()))) / 1e3;
        println!(
            "  {rules:>2} rules of {origins_per_rule:>4} origins  {text_bytes:>6} bytes of text  {table_bytes:>7} of \
             table  {compile_us:>7.1} us"
        );
        forms.push(Form { rules, origins_per_rule, text_bytes, table_bytes, compile_us });
    }
    Ok(forms)
}

// What is kept.

/// As tenants name buckets: 16 bytes on average.
fn name(bucket: usize) -> String {
    const USES: [&str; 8] = ["img", "assets", "backup", "user-files", "logs", "static", "video-cdn", "data"];
    format!("{}-{bucket:07}-{}", USES[bucket % USES.len()], ["eu", "us"][bucket / USES.len() % 2])
}

fn origin(set: usize) -> String {
    format!("https://app-{set:07}.example.com")
}

/// A rule as most buckets have one: one or two origins, two methods, few headers.
fn configuration(set: usize) -> CorsConfiguration {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mut allowed_origins = vec![origin(set)];
    if !set.is_multiple_of(2) {
        allowed_origins.push(format!("https://*.app-{set:07}.example.com"));
    }
    let rule = CorsRule::new(allowed_origins, texts(&["GET", "PUT"]))
        .allowed_headers(if set.is_multiple_of(3) {
            texts(&["content-type", "x-requested-with"])
        } else {
            texts(&["*"])
        })
        .expose_headers(if set.is_multiple_of(5) { texts(&["ETag"]) } else { texts(&["ETag", "x-oss-request-id"]) })
        .max_age_seconds(600)
        .allow_credentials(false);
    CorsConfiguration::from_rules([rule]).response_vary(!set.is_multiple_of(7))
}

/// Numbers below a bound, in an order without pattern that is the same in every run (SplitMix64).
struct Shuffled {
    state: u64,
    bound: usize,
}

impl Shuffled {
    fn new(bound: usize) -> Self {
        Self { state: 1, bound }
    }

    fn next(&mut self) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % self.bound
    }
}
