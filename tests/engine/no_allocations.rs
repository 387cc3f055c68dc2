//! `decide` allocates nothing, whatever it is asked and however it answers.

use alloc_tracker::Session;
use oss_cors_core::{CorsConfiguration, CorsRequest, CorsRule, FieldLine, Profile, RuleTable};

/// How many allocations `work` makes on this thread.
fn allocations(work: impl FnOnce()) -> u64 {
    let session = Session::new().no_stdout().no_file();
    let operation = session.operation("work");
    {
        let _span = operation.measure_thread().iterations(1);
        work();
    }
    let report = session.to_report();
    report.operations().map(|(_, operation)| operation.total_allocations_count()).sum()
}

fn table() -> RuleTable {
    let rule = |index: usize| {
        CorsRule::new(
            [format!("https://{index}.example.com"), format!("https://*.{index}.example.com")],
            ["GET", "PUT"],
        )
        .allowed_headers(["content-type", &format!("x-{index}-*"), "x-*-id"])
    };
    let configuration = CorsConfiguration::from_rules((1..=20).map(rule));
    RuleTable::compile(&configuration, Profile::Oss).expect("the rules are right")
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1_u8; 100]))), 1);
}

#[test]
fn decide_allocates_nothing() {
    let table = table();
    let long_name = "X-20-".repeat(1000);
    let origins = [
        FieldLine::Absent,
        FieldLine::Several,
        FieldLine::One(b""),
        FieldLine::One(b"https://1.example.com"),
        FieldLine::One(b"https://a.b.20.example.com"),
        FieldLine::One(b"https://other.example.org"),
        FieldLine::One(&[b'a'; 2000]),
    ];
    let header_lines: [&[&[u8]]; 6] = [
        &[],
        &[b"content-type,x-20-a"],
        &[b"Content-Type , X-20-A,,", b"x-a-id"],
        &[b"x-other"],
        &[long_name.as_bytes()],
        &[&[b','; 10_000]],
    ];
    for origin in origins {
        for lines in header_lines {
            for method in ["GET", "OPTIONS", "PATCH"] {
                let request =
                    CorsRequest::new(method.as_bytes(), origin, FieldLine::One(b"PUT"), lines.iter().copied());
                let count = allocations(|| {
                    std::hint::black_box(table.decide(&request));
                    std::hint::black_box(table.decide_as_bucket(&request));
                });
                assert_eq!(count, 0, "{method} {origin:?} {lines:?}");
            }
        }
    }
}
