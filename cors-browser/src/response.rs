//! An answer as it came over the wire.

/// The status and the header lines of an answer, in their order: two lines of one field stay two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The status.
    pub status: u16,
    /// Names, in any case, and values. Blanks around a value do not count.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> Response<'a> {
    /// An answer with this status and these header lines.
    pub fn new(status: u16, headers: &'a [(&'a str, &'a [u8])]) -> Self {
        Self { status, headers }
    }

    /// Whether the status is one of 200 to 299.
    pub fn is_ok(&self) -> bool {
        (200..=299).contains(&self.status)
    }
}
