//! A set of rules: one bit each.

use std::fmt;
use std::ops::{BitAnd, BitOrAssign};

/// A set of the rules of one table, by their places counted from 0: the rule numbered 1 is at 0.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct RuleSet(u32);

impl RuleSet {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn only(rule: usize) -> Self {
        Self(1 << rule)
    }

    /// Whether no rule is in it.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first of the rules.
    #[inline]
    pub fn first(self) -> Option<usize> {
        (self.0 != 0).then_some(self.0.trailing_zeros() as usize)
    }

    /// Whether the rule at this place is in it.
    pub fn contains(self, rule: usize) -> bool {
        u32::try_from(rule).ok().and_then(|rule| self.0.checked_shr(rule)).is_some_and(|rest| rest & 1 != 0)
    }

    /// The rules of either.
    #[inline]
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The places of the rules, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..u32::BITS as usize).filter(move |rule| self.contains(*rule))
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The rules of both.
impl BitAnd for RuleSet {
    type Output = Self;

    #[inline]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOrAssign for RuleSet {
    #[inline]
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What is beyond the rules that a table may have is left out.
impl FromIterator<usize> for RuleSet {
    fn from_iter<I: IntoIterator<Item = usize>>(rules: I) -> Self {
        let bit = |rule| u32::try_from(rule).ok().and_then(|rule| 1_u32.checked_shl(rule)).unwrap_or_default();
        Self(rules.into_iter().map(bit).fold(0, |all, bit| all | bit))
    }
}

/// The places of the rules.
impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::RuleSet;

    #[test]
    fn a_set_has_what_was_put_in() {
        let set: RuleSet = [3, 19, 0, 32, usize::MAX].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 3, 19]);
        assert_eq!((set.first(), set.is_empty()), (Some(0), false));
        assert!(set.contains(19) && !set.contains(18) && !set.contains(32) && !set.contains(usize::MAX));
        assert_eq!(format!("{set:?}"), "{0, 3, 19}");
        assert_eq!((RuleSet::NONE.first(), RuleSet::NONE.is_empty()), (None, true));
    }
}
