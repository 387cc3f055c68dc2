//! A loaded table.

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::Guard;
use oss_cors_core::RuleTable;

/// A loaded table. Short-lived: it keeps the table alive and slows the swap down while held.
#[derive(Debug)]
pub struct TableGuard(Guard<Arc<RuleTable>>);

impl TableGuard {
    #[inline]
    pub(crate) fn new(table: Guard<Arc<RuleTable>>) -> Self {
        Self(table)
    }
}

impl From<Arc<RuleTable>> for TableGuard {
    fn from(table: Arc<RuleTable>) -> Self {
        Self(Guard::from_inner(table))
    }
}

/// To keep the table for longer, or to [`store`](crate::CorsHandle::store) it elsewhere.
impl From<TableGuard> for Arc<RuleTable> {
    fn from(table: TableGuard) -> Self {
        Guard::into_inner(table.0)
    }
}

impl Deref for TableGuard {
    type Target = RuleTable;

    #[inline]
    fn deref(&self) -> &RuleTable {
        &self.0
    }
}
