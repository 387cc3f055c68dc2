//! The request as the rules see it: borrowed bytes, in no framework's types.

use crate::text::{find_comma, trim_blanks};

/// The most bytes an `Origin` may have; a longer one matches nothing.
pub const MAX_ORIGIN_BYTES: usize = 1024;

/// The most bytes of `Access-Control-Request-Headers`, all lines together as if joined with commas; more match nothing.
pub const MAX_REQUEST_HEADERS_BYTES: usize = 8 * 1024;

/// The most items of `Access-Control-Request-Headers`, empty ones too, all lines together; more match nothing. Browsers
/// list a dozen names.
pub const MAX_REQUEST_HEADER_ITEMS: usize = 128;

/// What the rules look at in one request.
///
/// `L` yields the lines of `Access-Control-Request-Headers`; it is walked only for a preflight whose origin and
/// method match some rule, and at most twice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CorsRequest<'a, L = std::iter::Empty<&'a [u8]>> {
    /// The request's own method.
    pub method: &'a [u8],
    /// `Origin`.
    pub origin: FieldLine<'a>,
    /// `Access-Control-Request-Method`.
    pub request_method: FieldLine<'a>,
    /// `Access-Control-Request-Headers`, line by line.
    pub request_headers: L,
}

impl<'a> CorsRequest<'a> {
    /// A request that is no preflight.
    pub fn actual(method: &'a [u8], origin: &'a [u8]) -> Self {
        Self {
            method,
            origin: FieldLine::One(origin),
            request_method: FieldLine::Absent,
            request_headers: std::iter::empty(),
        }
    }
}

impl<'a, L> CorsRequest<'a, L> {
    /// A request with this method, `Origin`, `Access-Control-Request-Method`, and lines of
    /// `Access-Control-Request-Headers`.
    #[inline]
    pub fn new(method: &'a [u8], origin: FieldLine<'a>, request_method: FieldLine<'a>, request_headers: L) -> Self {
        Self { method, origin, request_method, request_headers }
    }

    /// `OPTIONS` with `Origin` and `Access-Control-Request-Method`, whatever their values (SEMANTICS section 3).
    #[inline]
    pub fn is_preflight(&self) -> bool {
        self.method == b"OPTIONS" && !self.origin.is_absent() && !self.request_method.is_absent()
    }
}

impl<'a, L> CorsRequest<'a, L>
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    /// The names in [`request_headers`](Self::request_headers), in order, with repeats: split at commas, without blanks
    /// around them and without empty items (SEMANTICS section 2).
    pub fn header_names(&self) -> impl Iterator<Item = &'a [u8]> + use<'a, L> {
        list_items(self.request_headers.clone())
    }
}

/// A header field that counts only when exactly one line carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldLine<'a> {
    /// No line.
    Absent,
    /// One line, with this value.
    One(&'a [u8]),
    /// Two lines or more: no value at all.
    Several,
}

impl<'a> FieldLine<'a> {
    /// From a request's lines of one name.
    #[inline]
    pub fn from_lines(lines: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut lines = lines.into_iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(line), None) => Self::One(line),
            (Some(_), Some(_)) => Self::Several,
        }
    }

    /// Whether no line carries the field.
    #[inline]
    pub fn is_absent(self) -> bool {
        self == Self::Absent
    }
}

/// The items of a comma-separated field in several lines: trimmed, empty ones dropped, order and repeats kept.
pub(crate) fn list_items<'a, L>(lines: L) -> ListItems<'a, L::IntoIter>
where
    L: IntoIterator<Item = &'a [u8]>,
{
    ListItems { lines: lines.into_iter(), line: None }
}

/// A plain loop: the same chain of `split`, `map` and `filter` costs three times as much an item.
pub(crate) struct ListItems<'a, I> {
    lines: I,
    /// What is left of the line at hand.
    line: Option<&'a [u8]>,
}

impl<'a, I: Iterator<Item = &'a [u8]>> ListItems<'a, I> {
    /// The next item by `find`, which is given what is left of the line and tells how long the item there is. Where it
    /// finds nothing, the item is the next one still.
    #[inline]
    pub(crate) fn next_by<T>(&mut self, find: impl FnOnce(&'a [u8]) -> Option<(T, usize)>) -> Option<T> {
        if self.line.is_none() {
            self.line = self.lines.next();
        }
        let line = self.line?;
        let (found, length) = find(line)?;
        self.line = line.get(length + 1..);
        Some(found)
    }

    /// The next item, an empty one too.
    #[inline]
    pub(crate) fn next_or_empty(&mut self) -> Option<&'a [u8]> {
        let line = match self.line {
            Some(line) => line,
            None => self.lines.next()?,
        };
        let comma = find_comma(line);
        let (item, rest) = match comma.and_then(|comma| line.split_at_checked(comma)) {
            Some((item, rest)) => (item, rest.get(1..)),
            None => (line, None),
        };
        self.line = rest;
        Some(trim_blanks(item))
    }
}

impl<'a, I: Iterator<Item = &'a [u8]>> Iterator for ListItems<'a, I> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let item = self.next_or_empty()?;
            if !item.is_empty() {
                return Some(item);
            }
        }
    }
}
