//! Conditions and ranges of a request: RFC 9110, sections 13 and 14.

use std::ops::Range;
use std::time::SystemTime;

use http::{HeaderMap, header};
use object_store::GetRange;

use crate::error::{
    ApiError, FILE_ALREADY_EXISTS, INVALID_RANGE, NOT_MODIFIED, PRECONDITION_FAILED, invalid_argument, not_implemented,
};
use crate::store::{Object, Record};

/// OSS's own condition, in the spelling of either family.
const FORBID_OVERWRITE: [&str; 2] = ["x-oss-forbid-overwrite", "x-amz-forbid-overwrite"];

/// What the names of the conditions begin with: nothing, or `x-oss-copy-source-`.
pub struct Conditions<'a> {
    pub headers: &'a HeaderMap,
    pub prefix: &'a str,
}

impl Conditions<'_> {
    /// In the order of RFC 9110, section 13.2.2.
    pub fn check(&self, record: &Record) -> Result<(), ApiError> {
        let modified = record.modified();
        match (self.header("if-match"), self.date("if-unmodified-since")) {
            (Some(tags), _) if !names(tags, &record.etag) => {
                return Err(PRECONDITION_FAILED.detail("Condition", "If-Match"));
            }
            (None, Some(since)) if modified > since => {
                return Err(PRECONDITION_FAILED.detail("Condition", "If-Unmodified-Since"));
            }
            _ => {}
        }
        match (self.header("if-none-match"), self.date("if-modified-since")) {
            (Some(tags), _) if names(tags, &record.etag) => Err(NOT_MODIFIED),
            (None, Some(since)) if modified <= since => Err(NOT_MODIFIED),
            _ => Ok(()),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(format!("{}{name}", self.prefix)).map(|value| value.to_str().unwrap_or_default())
    }

    /// A date that is none is not there: RFC 9110, section 13.1.3.
    fn date(&self, name: &str) -> Option<SystemTime> {
        httpdate::parse_http_date(self.header(name)?).ok()
    }
}

/// What a writer is refused with if the object is there already: `None` where it may be replaced.
///
/// A condition that this server has not is reported, never passed over.
pub fn refusal(headers: &HeaderMap) -> Result<Option<ApiError>, ApiError> {
    for name in [header::IF_MATCH, header::IF_UNMODIFIED_SINCE] {
        if headers.contains_key(&name) {
            return Err(not_implemented(name.as_str()));
        }
    }
    let mut refusal = None;
    for tags in headers.get_all(header::IF_NONE_MATCH) {
        match tags.as_bytes().trim_ascii() {
            b"*" => refusal = Some(PRECONDITION_FAILED),
            _ => return Err(not_implemented("if-none-match with an entity tag")),
        }
    }
    for name in FORBID_OVERWRITE {
        for value in headers.get_all(name) {
            match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                "true" => refusal = refusal.or(Some(FILE_ALREADY_EXISTS)),
                "false" => {}
                other => return Err(invalid_argument(name, other, "It is either `true` or `false`.")),
            }
        }
    }
    Ok(refusal)
}

/// For writes that know no conditions.
pub fn none(headers: &HeaderMap) -> Result<(), ApiError> {
    match refusal(headers)? {
        None => Ok(()),
        Some(_) => Err(not_implemented("a condition on this operation")),
    }
}

/// Whether a list of entity tags names this one. Clients of S3 leave the quotes out.
fn names(tags: &str, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"').to_ascii_lowercase();
    tags.split(',').any(|tag| tag.trim() == "*" || bare(tag) == bare(etag))
}

/// The one range that is asked for. `None` for all, for several ranges, and for what is no range.
pub fn range(headers: &HeaderMap, object: &Object) -> Result<Option<Range<u64>>, ApiError> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    // Another object than the one of which the client has a part: it gets the whole.
    let same = text("if-range").is_none_or(|condition| {
        let unmodified = |since| object.record.modified() <= since;
        names(condition, &object.record.etag) || httpdate::parse_http_date(condition).is_ok_and(unmodified)
    });
    match text("range").filter(|_| same).and_then(parse) {
        Some(GetRange::Suffix(_)) if object.size == 0 => Err(INVALID_RANGE),
        Some(range) => match range.as_range(object.size) {
            Ok(range) if !range.is_empty() => Ok(Some(range)),
            _ => Err(INVALID_RANGE),
        },
        None => Ok(None),
    }
}

/// `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-COUNT`.
pub fn parse(text: &str) -> Option<GetRange> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    match (first.trim(), last.trim()) {
        ("", count) => Some(GetRange::Suffix(count.parse().ok()?)),
        (first, "") => Some(GetRange::Offset(first.parse().ok()?)),
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then(|| GetRange::Bounded(first..last.saturating_add(1)))
        }
    }
}
