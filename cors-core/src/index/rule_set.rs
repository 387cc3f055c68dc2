//! A set of rules: one bit each.

/// Bit `i` is set for rule `i`. The lowest set bit is the first matching rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RuleSet(u32);

impl RuleSet {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn only(rule: usize) -> Self {
        Self(1 << rule)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn first(self) -> Option<usize> {
        (self.0 != 0).then_some(self.0.trailing_zeros() as usize)
    }

    pub(crate) fn contains(self, rule: usize) -> bool {
        !(self & Self::only(rule)).is_empty()
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl std::ops::BitAnd for RuleSet {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl std::ops::BitOrAssign for RuleSet {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
