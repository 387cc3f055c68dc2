//! The rules of many buckets: changed while they are asked, kept small, found by path or host.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::with_credentials;
use alloc_tracker::Session;
use oss_cors_core::{CorsConfiguration, CorsRequest, CorsRule, Outcome, Profile, RuleTable, Unmatched};
use oss_cors_live::{BucketError, BucketNaming, Buckets, MAX_BUCKET_BYTES, MAX_BUCKET_FAILURES, SetBucketError};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn rule(origin: &str) -> CorsRule {
    CorsRule::new([origin.to_owned()], ["GET".to_owned()])
}

fn rules(origin: &str) -> CorsConfiguration {
    CorsConfiguration::from_rules([rule(origin)]).response_vary(false)
}

/// So many origins that the set is kept compiled.
fn many_rules(name: &str) -> CorsConfiguration {
    let allowed_origins = (0..200).map(|number| format!("https://{number}.{name}.example.com"));
    CorsConfiguration::from_rules([rule("").allowed_origins(allowed_origins)])
}

fn set(buckets: &Buckets, bucket: &str, configuration: &CorsConfiguration) {
    buckets.set(bucket, configuration, Profile::Oss).expect("the rules are right");
}

fn outcome(buckets: &Buckets, bucket: &str, origin: &str) -> Outcome {
    buckets.load(bucket).decide(&CorsRequest::actual(b"GET", origin.as_bytes())).outcome()
}

const ALLOWED: Outcome = Outcome::Forwarded(Ok(1));
const OTHER_ORIGIN: Outcome = Outcome::Forwarded(Err(Unmatched::Origin));
const NOT_ENABLED: Outcome = Outcome::Forwarded(Err(Unmatched::NotEnabled));
const NO_SUCH_BUCKET: Outcome = Outcome::Forwarded(Err(Unmatched::NoSuchBucket));

// One at a time.

#[test]
fn a_bucket_has_rules_or_none_or_is_not_known() {
    let buckets = Buckets::new();
    let (first, second) = (rules("https://a.com"), rules("https://b.com"));
    let is = |expected: Outcome, configuration: Option<Option<&CorsConfiguration>>| {
        assert_eq!(outcome(&buckets, "photos", "https://a.com"), expected);
        assert_eq!(buckets.configuration("photos"), configuration.map(Option::<&_>::cloned));
        assert_eq!(buckets.contains("photos"), configuration.is_some());
        assert_eq!(
            (buckets.len(), buckets.is_empty()),
            (usize::from(configuration.is_some()), configuration.is_none())
        );
        assert_eq!(outcome(&buckets, "other", "https://a.com"), NO_SUCH_BUCKET);
    };
    is(NO_SUCH_BUCKET, None);
    set(&buckets, "photos", &first);
    is(ALLOWED, Some(Some(&first)));
    set(&buckets, "photos", &second);
    is(OTHER_ORIGIN, Some(Some(&second)));
    buckets.set_without_rules("photos").unwrap();
    is(NOT_ENABLED, Some(None));
    set(&buckets, "photos", &first);
    is(ALLOWED, Some(Some(&first)));
    assert!(buckets.remove("photos"));
    is(NO_SUCH_BUCKET, None);
    assert!(!buckets.remove("photos"));
    assert_eq!((buckets.rule_sets(), buckets.generation()), (0, 6));
}

#[test]
fn clones_share_the_buckets() {
    let buckets = Buckets::default();
    let clone = buckets.clone();
    set(&clone, "photos", &rules("*"));
    assert_eq!(outcome(&buckets, "photos", "https://a.com"), ALLOWED);
}

#[test]
fn a_loaded_table_outlives_the_change() {
    let buckets = Buckets::new();
    for configuration in [rules("https://a.com"), many_rules("a")] {
        set(&buckets, "photos", &configuration);
        let table = buckets.load("photos");
        buckets.remove("photos");
        set(&buckets, "videos", &rules("https://b.com"));
        drop(buckets.load("videos"));
        assert_eq!(table.rules().len(), 1);
        let origin = configuration.rules[0].allowed_origins[0].as_bytes();
        assert_eq!(table.decide(&CorsRequest::actual(b"GET", origin)).outcome(), ALLOWED);
    }
}

#[test]
fn bad_rules_change_nothing_and_tell_every_fault() {
    let buckets = Buckets::new();
    set(&buckets, "photos", &rules("https://a.com"));
    let bad = CorsConfiguration::from_rules([rule("https://*.*"), CorsRule::default()]).response_vary(false);
    let errors = buckets.set("photos", &bad, Profile::Oss).unwrap_err();
    let SetBucketError::Rules(errors) = errors else { panic!("{errors}") };
    assert_eq!(errors, RuleTable::compile(&bad, Profile::Oss).unwrap_err());
    assert_eq!(errors.iter().count(), 3);
    assert_eq!(outcome(&buckets, "photos", "https://a.com"), ALLOWED);
    assert_eq!(buckets.generation(), 2);
}

#[test]
fn a_name_has_1_to_255_bytes() {
    let refused = |bytes: usize, message: &str| {
        let (buckets, name) = (Buckets::new(), "a".repeat(bytes));
        let errors = [
            buckets.set(&name, &rules("*"), Profile::Oss).unwrap_err().to_string(),
            buckets.set_without_rules(&name).unwrap_err().to_string(),
            buckets.replace([(&name, Some(rules("*")))], Profile::Oss).unwrap_err().to_string(),
        ];
        assert!(errors.iter().all(|error| error.ends_with(message)), "{errors:?}");
        assert!(buckets.is_empty() && !buckets.contains(&name) && !buckets.remove(&name));
    };
    refused(0, "the bucket's name is empty; give it one");
    refused(256, "the bucket's name has 256 bytes; at most 255 are allowed");

    let longest = "é".repeat(MAX_BUCKET_BYTES / 2) + "a";
    for name in ["a", "A", "a.b", "a/b", " ", "\0", "桶", &longest] {
        let buckets = Buckets::new();
        set(&buckets, name, &rules("*"));
        assert_eq!(outcome(&buckets, name, "https://a.com"), ALLOWED, "{name}");
        assert!(!buckets.contains("b") && buckets.remove(name), "{name}");
    }
}

// As a whole.

#[test]
fn all_buckets_are_replaced_or_none() {
    let buckets = Buckets::new();
    set(&buckets, "old", &rules("*"));
    let (good, bad) = (rules("https://a.com"), rules("https://*.*"));
    let errors = buckets
        .replace([("a", Some(&good)), ("b", None), ("c\n", Some(&bad)), ("d", Some(&bad))], Profile::Oss)
        .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "bucket `c\\n`: rule 1, AllowedOrigin 1 `https://*.*`: more than one `*`; keep one in each entry, or write \
         several entries\n\
         bucket `d`: rule 1, AllowedOrigin 1 `https://*.*`: more than one `*`; keep one in each entry, or write several \
         entries"
    );
    assert_eq!(errors.iter().map(BucketError::bucket).collect::<Vec<_>>(), ["c\n", "d"]);
    assert!(buckets.contains("old") && !buckets.contains("a"));
    assert_eq!(buckets.generation(), 2);

    buckets.replace([("a", Some(&bad)), ("b", None)], Profile::Extended).unwrap_err();
    buckets.replace([("a", None), ("b", None), ("a", Some(&good))], Profile::Oss).unwrap();
    assert_eq!(outcome(&buckets, "old", "https://a.com"), NO_SUCH_BUCKET);
    assert_eq!(outcome(&buckets, "a", "https://a.com"), ALLOWED);
    assert_eq!(outcome(&buckets, "b", "https://a.com"), NOT_ENABLED);
    assert_eq!((buckets.len(), buckets.rule_sets(), buckets.generation()), (2, 1, 3));
}

#[test]
fn the_faults_of_a_replacement_are_bounded() {
    let bad = rules("");
    let all = (0..2 * MAX_BUCKET_FAILURES).map(|bucket| (bucket.to_string(), Some(&bad)));
    let errors = Buckets::new().replace(all, Profile::Oss).unwrap_err();
    assert_eq!(errors.iter().count(), MAX_BUCKET_FAILURES);
}

// What is known of them.

#[test]
fn the_status_tells_what_fails_until_it_is_mended() {
    let buckets = Buckets::new().with_source("rules/");
    type Act = fn(&Buckets);
    let steps: [(&str, Act, &[&str], bool); 13] = [
        ("nothing", |_| {}, &[], false),
        ("a fails", |buckets| buckets.failed("a", "bad a"), &["a"], true),
        ("b fails too", |buckets| buckets.failed("b", "bad b"), &["a", "b"], true),
        ("a fails again", |buckets| buckets.failed("a", "bad again"), &["a", "b"], true),
        ("a is set", |buckets| set(buckets, "a", &rules("*")), &["b"], true),
        ("b recovers", |buckets| buckets.recovered("b"), &[], false),
        ("c fails", |buckets| buckets.failed("c", "bad c"), &["c"], true),
        ("c goes, never known", |buckets| assert!(!buckets.remove("c")), &[], false),
        ("the source fails", |buckets| buckets.source_failed("gone"), &[], true),
        ("a is set meanwhile", |buckets| set(buckets, "a", &rules("*")), &[], true),
        ("the source recovers", Buckets::source_recovered, &[], false),
        (
            "a and the source fail",
            |buckets| {
                buckets.failed("a", "bad");
                buckets.source_failed("gone");
            },
            &["a"],
            true,
        ),
        ("all is replaced", |buckets| buckets.replace([("a", Some(rules("*")))], Profile::Oss).unwrap(), &[], false),
    ];
    for (step, act, failing, any) in steps {
        let before = buckets.status();
        act(&buckets);
        let (after, failures) = (buckets.status(), buckets.failures());
        assert_eq!(failures.iter().map(|(bucket, _)| bucket).collect::<Vec<_>>(), failing, "{step}");
        assert_eq!(after.failing, any, "{step}");
        assert_eq!(after.failing_since.is_some(), any, "{step}");
        if before.failing && after.failing {
            assert_eq!(after.failing_since, before.failing_since, "{step}: it has not worked in between");
        }
        assert_eq!((after.source.as_deref(), after.generation), (Some("rules/"), buckets.generation()), "{step}");
        assert!(after.loaded >= before.loaded, "{step}");
    }
    assert_eq!(buckets.generation(), 4);
    assert_eq!(buckets.status().last_error.unwrap().message, "gone");
    buckets.failed("a\n", "line 1\nline 2");
    assert_eq!(buckets.status().last_error.unwrap().message, "bucket `a\\n`: line 1\nline 2");
    assert_eq!(buckets.failures()[0].1.message, "line 1\nline 2");
}

/// A set of this size takes a good while to compile.
#[test]
fn a_large_set_keeps_no_other_writer_waiting() {
    let origins = (0..100_000).map(|number| format!("https://{number}.example.com"));
    let large = CorsConfiguration::from(CorsRule::new(origins, ["GET"]));
    let buckets = Buckets::new();
    let began = Instant::now();
    RuleTable::compile(&large, Profile::Oss).unwrap();
    let compiling = began.elapsed();
    let longest = std::thread::scope(|scope| {
        let writer = scope.spawn(|| buckets.set("large", &large, Profile::Oss).unwrap());
        let mut longest = Duration::ZERO;
        while !writer.is_finished() {
            let began = Instant::now();
            buckets.set("small", &rules("*"), Profile::Oss).unwrap();
            longest = longest.max(began.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        longest
    });
    assert_eq!(buckets.load("large").rules().len(), 1);
    assert!(longest < compiling / 2, "{longest:?}, and compiling takes {compiling:?}");
}

#[test]
fn failures_are_bounded() {
    let buckets = Buckets::new();
    let long = "ü".repeat(100_000);
    buckets.failed(&long, long.clone());
    let [(name, error)] = &buckets.failures()[..] else { panic!("one bucket fails") };
    assert!(name.len() <= MAX_BUCKET_BYTES && error.message.len() <= 4096);
    buckets.recovered(&long);
    assert_eq!(buckets.failures(), []);

    for bucket in 0..2 * MAX_BUCKET_FAILURES {
        buckets.failed(&bucket.to_string(), "bad");
    }
    assert_eq!(buckets.failures().len(), MAX_BUCKET_FAILURES);
    assert!(buckets.status().last_error.unwrap().message.starts_with("bucket `1999`"));
}

#[test]
fn what_is_kept_ends_with_the_last_clone() {
    let buckets = Buckets::new();
    let (clone, weak, resource) = (buckets.clone(), buckets.downgrade(), Arc::new(()));
    buckets.keep(Arc::clone(&resource));
    drop(buckets);
    assert_eq!(Arc::strong_count(&resource), 2);
    assert!(weak.upgrade().is_some());
    drop(clone);
    assert_eq!(Arc::strong_count(&resource), 1);
    assert!(weak.upgrade().is_none());
}

// Rule sets.

#[test]
fn equal_rule_sets_are_one() {
    for configuration in [rules("https://a.com"), many_rules("a")] {
        let buckets = Buckets::new();
        set(&buckets, "a", &configuration);
        set(&buckets, "b", &configuration.clone());
        assert_eq!((buckets.len(), buckets.rule_sets()), (2, 1));
        assert_eq!(buckets.load("a").id(), buckets.load("b").id());

        set(&buckets, "c", &rules("https://c.com"));
        assert_ne!(buckets.load("a").id(), buckets.load("c").id());
        assert_eq!(buckets.rule_sets(), 2);
        set(&buckets, "c", &configuration);
        assert_eq!(buckets.rule_sets(), 1);
        buckets.remove("a");
        buckets.remove("b");
        assert_eq!((buckets.rule_sets(), buckets.load("c").rules().len()), (1, 1));
        buckets.set_without_rules("c").unwrap();
        assert_eq!(buckets.rule_sets(), 0);
    }
}

#[test]
fn the_profile_counts_whatever_was_set_before() {
    let buckets = Buckets::new();
    let patch = rule("https://a.com").allowed_methods(["PATCH"]).allow_credentials(true);
    let extended = CorsConfiguration::from_rules([patch]).response_vary(false);
    buckets.set("a", &extended, Profile::Extended).unwrap();
    buckets.set("b", &extended, Profile::Oss).unwrap_err();
    assert!(!buckets.contains("b"));
    assert_eq!(buckets.configuration("a"), Some(Some(extended)));
    assert!(buckets.load("a").rules()[0].allow_credentials());
}

fn entry(kind: &'static str) -> BoxedStrategy<String> {
    match kind {
        "origin" => prop_oneof![
            Just("*".to_owned()),
            "https?://[a-z0-9.]{1,20}(:[0-9]{1,4})?",
            "\\PC{1,40}".prop_filter("one star", |entry| entry.matches('*').count() <= 1),
            "[a-z]{1,5}".prop_map(|entry| entry.repeat(60)),
        ]
        .boxed(),
        "method" => prop_oneof!["GET|PUT|POST|DELETE|HEAD", "[A-Za-z!#]{1,9}"].boxed(),
        "header" => prop_oneof!["\\*|x-oss-\\*|authorization|content-type", "[a-zA-Z-]{0,5}\\*?[a-zA-Z-]{1,5}"].boxed(),
        _ => prop_oneof!["ETag|etag|x-oss-request-id|Content-Length", "[ !#-%()+-;=?-~]{1,20}"].boxed(),
    }
}

fn any_rule() -> impl Strategy<Value = CorsRule> {
    let lists = (
        vec(entry("origin"), 1..6),
        vec(entry("method"), 1..5),
        vec(entry("header"), 0..5),
        vec(entry("expose"), 0..5),
        option::of(0_u32..=999_999_999),
        any::<bool>(),
    );
    lists.prop_map(
        |(allowed_origins, allowed_methods, allowed_headers, expose_headers, max_age_seconds, credentials)| {
            let rule = CorsRule::new(allowed_origins, allowed_methods)
                .allowed_headers(allowed_headers)
                .expose_headers(expose_headers)
                .max_age_seconds(max_age_seconds);
            with_credentials(rule, credentials)
        },
    )
}

fn any_configuration() -> impl Strategy<Value = CorsConfiguration> {
    (vec(any_rule(), 1..=5), any::<bool>())
        .prop_map(|(rules, response_vary)| CorsConfiguration::from_rules(rules).response_vary(response_vary))
}

/// All that a table says of a request, as an adapter writes it.
fn said(table: &RuleTable, method: &str, origin: &str) -> String {
    let decision = table.decide(&CorsRequest::actual(method.as_bytes(), origin.as_bytes()));
    let rule = match &decision {
        oss_cors_core::Decision::Forward { rule: Ok(rule), .. } => Some((
            rule.any_origin(),
            rule.allow_methods(),
            rule.expose_headers(),
            rule.max_age(),
            rule.allow_credentials(),
        )),
        _ => None,
    };
    format!("{:?} {rule:?} {}", decision.outcome(), table.response_vary())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Three at once, so that arenas hold more than one; the first two are set, the third comes with the whole.
    #[test]
    fn rules_come_back_as_written_and_decide_as_written(sets in vec(any_configuration(), 3)) {
        let buckets = Buckets::new();
        buckets.set("0", &sets[0], Profile::Extended).unwrap();
        buckets.set("1", &sets[1], Profile::Extended).unwrap();
        let check = |count: usize| -> Result<(), TestCaseError> {
            for (number, configuration) in sets.iter().enumerate().take(count) {
                let name = number.to_string();
                prop_assert_eq!(buckets.configuration(&name), Some(Some(configuration.clone())));
                let (expected, found) = (RuleTable::compile(configuration, Profile::Extended).unwrap(), buckets.load(&name));
                for rule in &configuration.rules {
                    for (origin, method) in rule.allowed_origins.iter().zip(rule.allowed_methods.iter().cycle()) {
                        prop_assert_eq!(said(&found, method, origin), said(&expected, method, origin));
                    }
                }
            }
            Ok(())
        };
        check(2)?;
        let all = sets.iter().enumerate().map(|(number, set)| (number.to_string(), Some(set)));
        buckets.replace(all, Profile::Extended).unwrap();
        check(3)?;
    }
}

// Many.

fn name(bucket: usize) -> String {
    format!("bucket-{bucket:06}")
}

fn origin(bucket: usize, version: u32) -> String {
    format!("https://v{version}.bucket-{bucket}.example.com")
}

/// A rule set that tells by itself whose it is, and which of them.
fn versioned(bucket: usize, version: u32) -> CorsConfiguration {
    let rule = rule(&origin(bucket, version)).expose_headers([name(bucket)]).max_age_seconds(version);
    CorsConfiguration::from_rules([rule]).response_vary(false)
}

/// The version of the rules that `bucket` answers with; `None` without rules.
#[track_caller]
fn version(buckets: &Buckets, bucket: usize) -> Option<u32> {
    let table = buckets.load(&name(bucket));
    let rule = table.rules().first()?;
    assert_eq!(rule.expose_headers().unwrap(), &name(bucket), "the rules of another bucket");
    let version = rule.max_age().unwrap().to_str().unwrap().parse().unwrap();
    let origin = origin(bucket, version);
    assert_eq!(table.decide(&CorsRequest::actual(b"GET", origin.as_bytes())).outcome(), ALLOWED);
    Some(version)
}

/// Numbers in an order without pattern, the same in every run.
fn shuffled(bound: usize) -> impl Iterator<Item = usize> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    })
}

#[test]
fn a_hundred_thousand_buckets_answer_as_a_map_of_them_does() {
    const BUCKETS: usize = 100_000;
    let buckets = Buckets::new();
    let mut expected: HashMap<String, u32> = (0..BUCKETS).map(|bucket| (name(bucket), 0)).collect();
    let all = (0..BUCKETS).map(|bucket| (name(bucket), Some(versioned(bucket, 0))));
    buckets.replace(all, Profile::Oss).unwrap();
    assert_eq!((buckets.len(), buckets.rule_sets()), (BUCKETS, BUCKETS));
    for (bucket, change) in shuffled(BUCKETS).zip(1..20_000) {
        if change % 3 == 0 {
            assert_eq!(buckets.remove(&name(bucket)), expected.remove(&name(bucket)).is_some());
        } else {
            set(&buckets, &name(bucket), &versioned(bucket, change));
            expected.insert(name(bucket), change);
        }
        let asked = bucket * 7 % BUCKETS;
        assert_eq!(version(&buckets, asked), expected.get(&name(asked)).copied());
    }
    assert_eq!((buckets.len(), buckets.rule_sets()), (expected.len(), expected.len()));
    for bucket in 0..BUCKETS {
        assert_eq!(buckets.contains(&name(bucket)), expected.contains_key(&name(bucket)));
        let configuration = expected.get(&name(bucket)).map(|version| Some(versioned(bucket, *version)));
        assert_eq!(buckets.configuration(&name(bucket)), configuration);
    }
}

// While serving.

/// Readers load until the writer is done; what each of them does, once a round.
fn under_readers(buckets: &Buckets, read: impl Fn(&Buckets, usize) + Sync, write: impl FnOnce()) {
    let over = AtomicBool::new(false);
    let rounds: Vec<usize> = thread::scope(|scope| {
        let readers = [0, 1].map(|_| {
            scope.spawn(|| {
                let mut rounds = 0;
                while !over.load(Ordering::Relaxed) {
                    read(buckets, rounds);
                    rounds += 1;
                }
                rounds
            })
        });
        write();
        over.store(true, Ordering::Relaxed);
        readers.map(|reader| reader.join().expect("a reader finds only right tables")).into()
    });
    assert!(rounds.iter().all(|rounds| *rounds > 0));
}

/// Numbers of rule sets are given out again all the time here, to sets of other buckets.
#[test]
fn readers_find_only_tables_of_the_bucket_they_ask_for() {
    const BUCKETS: usize = 64;
    let buckets = Buckets::new();
    under_readers(
        &buckets,
        |buckets, round| {
            version(buckets, round % BUCKETS);
        },
        || {
            for (bucket, change) in shuffled(BUCKETS).zip(1..30_000) {
                match change % 5 {
                    0 => drop(buckets.remove(&name(bucket))),
                    1 => buckets.set_without_rules(&name(bucket)).unwrap(),
                    _ => set(&buckets, &name(bucket), &versioned(bucket, change)),
                }
            }
        },
    );
}

/// Each bucket found has at least the version of those found before, whichever they were: no state is half the next.
#[test]
fn readers_find_all_buckets_replaced_at_once() {
    const BUCKETS: usize = 700;
    let buckets = Buckets::new();
    let replace = |version: u32| {
        let all = (0..BUCKETS).map(|bucket| (name(bucket), Some(versioned(bucket, version))));
        buckets.replace(all, Profile::Oss).unwrap();
    };
    replace(0);
    under_readers(
        &buckets,
        |buckets, round| {
            let versions: Vec<_> = (0..20).map(|step| version(buckets, (round + step * 31) % BUCKETS)).collect();
            assert!(versions.is_sorted() && versions[0].is_some(), "{versions:?}");
        },
        || (1..60).for_each(replace),
    );
}

#[test]
fn writers_lose_nothing_of_each_other() {
    const BUCKETS: usize = 3000;
    let buckets = Buckets::new();
    thread::scope(|scope| {
        for half in [0, 1] {
            let buckets = &buckets;
            scope.spawn(move || {
                for bucket in (half..BUCKETS).step_by(2) {
                    set(buckets, &name(bucket), &versioned(bucket, 1));
                }
            });
        }
    });
    assert_eq!((buckets.len(), buckets.rule_sets(), buckets.generation()), (BUCKETS, BUCKETS, 1 + BUCKETS as u64));
    assert!((0..BUCKETS).all(|bucket| version(&buckets, bucket) == Some(1)));
}

// What goes away is freed.

/// The most heap that `work` has at once.
fn peak(work: impl FnOnce()) -> f64 {
    let session = Session::new().no_stdout().no_file();
    let operation = session.operation("work");
    {
        let _span = operation.measure_thread().iterations(1);
        work();
    }
    let report = session.to_report();
    report.operations().find_map(|(_, operation)| operation.peak_outstanding_bytes()).expect("a span was recorded")
}

/// The heap that `value` frees when it is dropped: what a probe, larger than any value, then does not add to the peak.
fn live(value: impl Sized) -> f64 {
    const PROBE: usize = 1 << 30;
    PROBE as f64
        - peak(|| {
            drop(value);
            drop(std::hint::black_box(Vec::<u8>::with_capacity(PROBE)));
        })
}

#[test]
fn churn_takes_no_memory() {
    let churn = |rounds: usize| {
        peak(|| {
            let buckets = Buckets::new();
            for (change, bucket) in shuffled(500).take(rounds * 2000).enumerate() {
                let (name, other) = (name(bucket), name(bucket * 3 % 500));
                match change % 10 {
                    0 => drop(buckets.remove(&name)),
                    1 => buckets.set_without_rules(&name).unwrap(),
                    2 if bucket < 5 => set(&buckets, &name, &many_rules(&change.to_string())),
                    // New each time, but of one length.
                    _ => set(&buckets, &name, &rules(&format!("https://{change:09}.example.com"))),
                }
                drop(buckets.load(&other));
                if change % 1999 == 0 {
                    let some =
                        (0..300).map(|bucket| (bucket.to_string(), Some(rules(&format!("{change:09}.{bucket}")))));
                    buckets.replace(some, Profile::Oss).unwrap();
                }
            }
        })
    };
    let (short, long) = (churn(4), churn(40));
    assert!(long < 1.1 * short, "{short} bytes after 8,000 changes, {long} after 80,000");
}

#[test]
fn removing_frees() {
    const BUCKETS: usize = 20_000;
    let full = || {
        let buckets = Buckets::new();
        let all = (0..BUCKETS).map(|bucket| (name(bucket), Some(versioned(bucket, 0))));
        buckets.replace(all, Profile::Oss).unwrap();
        buckets
    };
    let (empty, used) = (live(Buckets::new()), live(full()));
    assert!(used > empty + 50.0 * BUCKETS as f64);
    let left = |remain: usize, free: &dyn Fn(&Buckets)| {
        let buckets = full();
        free(&buckets);
        assert_eq!(buckets.len(), remain);
        assert!((0..remain).all(|bucket| version(&buckets, bucket) == Some(0)));
        live(buckets)
    };
    let removed = left(10, &|buckets| assert!((10..BUCKETS).all(|bucket| buckets.remove(&name(bucket)))));
    let replaced = left(10, &|buckets| {
        buckets.replace((0..10).map(|bucket| (name(bucket), Some(versioned(bucket, 0)))), Profile::Oss).unwrap();
    });
    assert!(replaced < empty + 30_000.0, "{empty} bytes empty, {replaced} replaced by ten");
    // What is not worth building anew for may stay, with the most that is never built anew.
    assert!(removed < empty + 0.25 * (used - empty), "{empty} bytes empty, {used} full, {removed} with ten left");

    // Their tables too.
    const FEW: usize = 1000;
    let asked = live({
        let buckets = Buckets::new();
        (0..FEW).for_each(|bucket| set(&buckets, &name(bucket), &versioned(bucket, 0)));
        assert!((0..FEW).all(|bucket| version(&buckets, bucket) == Some(0)));
        assert!((0..FEW).all(|bucket| buckets.remove(&name(bucket))));
        buckets
    });
    assert!(asked < empty + 300.0 * FEW as f64, "{empty} bytes empty, {asked} after a thousand were there");
}

#[test]
fn a_bucket_with_the_rules_of_others_takes_at_most_56_bytes() {
    const BUCKETS: usize = 20_000;
    let heap = live({
        let buckets = Buckets::new();
        buckets.replace((0..BUCKETS).map(|bucket| (name(bucket), Some(versioned(0, 0)))), Profile::Oss).unwrap();
        buckets
    });
    let each = (heap - live(Buckets::new())) / BUCKETS as f64;
    assert!(each > 16.0 && each <= 56.0, "{each} bytes each");
}

// Which bucket.

#[track_caller]
fn found<'a>(naming: &BucketNaming, host: &'a str, path: &'a str) -> Option<Cow<'a, str>> {
    naming.bucket(host, path)
}

#[test]
fn by_path_the_first_segment_counts() {
    let naming = BucketNaming::path();
    let (long, escaped) = ("a".repeat(255), "%61".repeat(255));
    let (long_path, escaped_path, huge) =
        (format!("/{long}/x"), format!("/{escaped}"), format!("/{}", "%61".repeat(300)));
    for (path, bucket) in [
        ("", None),
        ("*", None),
        ("/", None),
        ("//", None),
        ("//photos", None),
        ("photos", None),
        ("photos/cat", None),
        ("/photos", Some("photos")),
        ("/photos/", Some("photos")),
        ("/photos//", Some("photos")),
        ("/photos/a/b.jpg", Some("photos")),
        ("/Photos/a", Some("Photos")),
        ("/%70hotos/a", Some("photos")),
        ("/a%2Fb/c", Some("a/b")),
        ("/a%2fb", Some("a/b")),
        ("/%e6%a1%b6", Some("桶")),
        ("/桶/x", Some("桶")),
        ("/%ff/x", None),
        ("/%c3", None),
        ("/%zz", Some("%zz")),
        ("/a%", Some("a%")),
        ("/a+b", Some("a+b")),
        ("/..", Some("..")),
        ("/a\0b", Some("a\0b")),
        (&long_path, Some(&long)),
        (&escaped_path, Some(&long)),
        (&huge, None),
    ] {
        assert_eq!(found(&naming, "host.example.com", path).as_deref(), bucket, "{path:?}");
    }
    assert!(matches!(found(&naming, "", "/photos/cat"), Some(Cow::Borrowed("photos"))));
}

#[test]
fn by_host_the_labels_before_a_suffix_count() {
    let naming = BucketNaming::virtual_host(["example.com", "OSS.example.com", "localhost", "s3_dev"]).unwrap();
    let (label, host) = ("a".repeat(253), "a".repeat(100_000));
    let (long, too_long, huge) =
        (format!("{label}.localhost"), format!("a{label}.localhost"), format!("{host}.example.com:80"));
    let colons = ":".repeat(1000);
    for (host, bucket) in [
        ("photos.oss.example.com", Some("photos")),
        ("photos.oss.example.com:8080", Some("photos")),
        ("photos.oss.example.com:", Some("photos")),
        ("photos.oss.example.com.", Some("photos")),
        ("photos.oss.example.com.:80", Some("photos")),
        ("PHOTOS.Oss.Example.COM", Some("photos")),
        ("my.photos.oss.example.com", Some("my.photos")),
        ("my-photos_1.oss.example.com", Some("my-photos_1")),
        ("photos.example.com", Some("photos")),
        ("oss.photos.example.com", Some("oss.photos")),
        ("photos.localhost:3000", Some("photos")),
        ("photos.s3_dev", Some("photos")),
        (&long, Some(&label)),
        // The suffixes themselves, however short another is.
        ("oss.example.com", None),
        ("oss.example.com:80", None),
        ("oss.example.com.", None),
        ("example.com", None),
        ("localhost:3000", None),
        // Other hosts.
        ("", None),
        (".", None),
        (":", None),
        (":80", None),
        ("com", None),
        ("photos.example.org", None),
        ("photos.example.com.evil.org", None),
        ("photosexample.com", None),
        ("evil-example.com", None),
        ("evil-oss.example.com", Some("evil-oss")),
        ("127.0.0.1", None),
        ("127.0.0.1:80", None),
        ("[::1]", None),
        ("[::1]:80", None),
        ("::1", None),
        ("[photos.example.com]", None),
        ("[photos.example.com]:80", None),
        // Malformed.
        (".example.com", None),
        ("..example.com", None),
        ("photos..example.com", None),
        (".photos.example.com", None),
        ("photos.example.com..", None),
        ("photos.example.com:80:80", None),
        ("photos.example.com:8o", None),
        ("photos.example.com:-1", None),
        ("photos.example.com/x", None),
        ("user@photos.example.com", None),
        ("user:1@photos.example.com", None),
        ("a b.example.com", None),
        ("*.example.com", None),
        ("%61.example.com", None),
        ("桶.example.com", None),
        ("é", None),
        ("ééééééééééé", None),
        ("photos.example.com\0", None),
        ("photos\n.example.com", None),
        (&too_long, None),
        (&huge, None),
        (&colons, None),
    ] {
        assert_eq!(found(&naming, host, "/other/x").as_deref(), bucket, "{host:?}");
    }
    assert!(matches!(found(&naming, "photos.example.com:80", ""), Some(Cow::Borrowed("photos"))));
    assert!(matches!(found(&naming, "photos.EXAMPLE.com:80", ""), Some(Cow::Borrowed("photos"))));
}

#[test]
fn a_suffix_is_a_name() {
    let long = "a".repeat(254);
    for suffix in [
        "",
        ".",
        ".example.com",
        "example.com.",
        "example..com",
        "*.example.com",
        "https://example.com",
        "example.com:80",
        "example.com/",
        "[::1]",
        "::1",
        "exämple.com",
        "a b",
        "a\n",
        &long,
    ] {
        let error = BucketNaming::virtual_host(["example.com", suffix]).unwrap_err().to_string();
        assert!(error.starts_with("host suffix `") && error.contains(": not a name; "), "{suffix:?}: {error}");
    }
    let none: [&str; 0] = [];
    let error = BucketNaming::virtual_host(none).unwrap_err().to_string();
    assert_eq!(error, "no host suffix; name at least one, such as `oss.example.com`");
    let error = BucketNaming::virtual_host(["a\n"]).unwrap_err().to_string();
    assert!(error.starts_with("host suffix `a\\n`: "), "{error}");
    BucketNaming::virtual_host([String::from("Oss-1.example.com"), "localhost".into()]).unwrap();
}

#[test]
fn or_as_the_caller_says() {
    let naming = BucketNaming::from_fn(|host, path| match path {
        "/none" => None,
        "/host" => Some(Cow::Borrowed(host)),
        path => Some(Cow::Owned(path.to_uppercase())),
    });
    for (path, bucket) in [("/none", None), ("/host", Some("a.com")), ("/x", Some("/X"))] {
        assert_eq!(found(&naming.clone(), "a.com", path).as_deref(), bucket);
    }
    assert_eq!(format!("{naming:?}"), "Function");
}

proptest! {
    #[test]
    fn nothing_that_a_client_sends_is_too_much(host in "\\PC{0,80}", path in "/?\\PC{0,80}", label in "[a-z0-9-]{1,20}") {
        let by_host = BucketNaming::virtual_host(["a", "a.b", "example.com"]).unwrap();
        let _ = (by_host.bucket(&host, &path), BucketNaming::path().bucket(&host, &path));
        let host = format!("{label}.Example.com:80");
        prop_assert_eq!(by_host.bucket(&host, &path), Some(Cow::Borrowed(&label[..])));
        let path = format!("/{label}/{path}");
        prop_assert_eq!(BucketNaming::path().bucket(&host, &path), Some(Cow::Borrowed(&label[..])));
    }
}
