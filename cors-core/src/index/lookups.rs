//! What one request may still look up.

/// How often a request may still look into a table; below zero, it wanted to look more often than it may.
pub(crate) struct Lookups(i32);

impl Lookups {
    /// For one text whose length is bounded.
    pub(crate) fn unbounded() -> Self {
        Self(i32::MAX)
    }

    pub(crate) fn at_most(lookups: i32) -> Self {
        Self(lookups)
    }

    /// Takes one, if there is one left. Once there was none, what was found may not be all there is.
    #[inline]
    pub(crate) fn take(&mut self) -> bool {
        self.0 -= 1;
        self.0 >= 0
    }
}
