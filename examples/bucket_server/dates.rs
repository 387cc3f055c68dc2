//! Times, in the three forms that requests and answers have.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `2026-11-22T18:04:05.000Z`, as listings have it.
pub fn listed(time: SystemTime) -> String {
    let time = Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// `20261122T180405Z`, as signatures of the fourth version have it.
pub fn compact(text: &str) -> Option<SystemTime> {
    parse(text, "%Y%m%dT%H%M%SZ")
}

/// `2026-11-22T18:04:05.000Z`, as the policy of a form has it.
pub fn policy(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

/// `Sun, 22 Nov 2026 18:04:05 GMT`, as signatures of the first version have it. Some clients write `+0000`.
pub fn mail(text: &str) -> Option<SystemTime> {
    jiff::fmt::rfc2822::parse(text).ok().map(|time| SystemTime::from(time.timestamp()))
}

/// Seconds since 1970, as records have it; at most the last second of the year 9999, beyond which HTTP writes no date.
pub fn recorded(seconds: u64) -> SystemTime {
    const LAST: u64 = 253_402_300_799;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.min(LAST))).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Seconds since 1970, as presigned URLs of the first version have it.
pub fn seconds(text: &str) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(text.parse().ok()?))
}

fn parse(text: &str, format: &str) -> Option<SystemTime> {
    let time = DateTime::strptime(format, text).ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(SystemTime::from(time.timestamp()))
}
