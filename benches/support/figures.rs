//! Figures beside their goals, and what a value holds on the heap: for benches with the tracking allocator.

use std::hint::black_box;

use alloc_tracker::Session;

/// Beside its goal.
pub fn judged(actual: f64, most: f64) -> String {
    let sign = if actual <= most { "ok" } else { "MISSED" };
    format!("{sign}, at most {most}")
}

/// The heap that `value` frees when it is dropped.
///
/// The tracker tells the highest level since a span began. A value that goes away inside of one lowers the level that a
/// probe, larger than any, then starts from: the peak is the probe less the value.
pub fn live_bytes<T>(value: T) -> f64 {
    const PROBE: usize = 1 << 30;
    let session = Session::new().no_stdout().no_file();
    let operation = session.operation("drop");
    {
        let _span = operation.measure_thread().iterations(1);
        drop(value);
        // Never written to, so it takes no memory.
        drop(black_box(Vec::<u8>::with_capacity(PROBE)));
    }
    let report = session.to_report();
    let peak = report.operations().find_map(|(_, operation)| operation.peak_outstanding_bytes());
    PROBE as f64 - peak.expect("a span was recorded")
}
