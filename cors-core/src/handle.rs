//! The live table: one pointer, swapped whole.

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use crate::table::RuleTable;

/// A shared place for the table in force. Clones share it.
///
/// Load once per request and keep that table for the response; do not hold the guard across an await.
#[derive(Clone, Debug)]
pub struct CorsHandle(Arc<ArcSwap<RuleTable>>);

impl CorsHandle {
    /// A handle that starts with `table`.
    pub fn new(table: impl Into<Arc<RuleTable>>) -> Self {
        Self(Arc::new(ArcSwap::new(table.into())))
    }

    /// The table in force. Wait-free.
    #[inline]
    pub fn load(&self) -> TableGuard {
        TableGuard(self.0.load())
    }

    /// Puts `table` in force. Requests that have loaded the old one finish with it.
    pub fn store(&self, table: impl Into<Arc<RuleTable>>) {
        self.0.store(table.into());
    }
}

impl From<RuleTable> for CorsHandle {
    fn from(table: RuleTable) -> Self {
        Self::new(table)
    }
}

/// A loaded table. Short-lived: it keeps the table alive and slows the swap down while held.
#[derive(Debug)]
pub struct TableGuard(Guard<Arc<RuleTable>>);

impl Deref for TableGuard {
    type Target = RuleTable;

    #[inline]
    fn deref(&self) -> &RuleTable {
        &self.0
    }
}
