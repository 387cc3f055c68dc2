//! The tables of packed sets, compiled when they are first asked for: as many as there is room for.

use std::sync::Arc;

use arc_swap::ArcSwap;
use oss_cors_core::RuleTable;

use super::packed;
use super::sets::Set;
use crate::guard::TableGuard;

/// So many tables are kept, of about 1 KiB, 4 KiB at most. Sets are numbered from 0, so that fewer than this never meet.
const SLOTS: usize = 4096;

pub(super) struct Tables {
    no_such_bucket: ArcSwap<RuleTable>,
    not_enabled: ArcSwap<RuleTable>,
    /// That of set `n` at `n % SLOTS`, or of another; where none is, `none`.
    slots: Box<[ArcSwap<RuleTable>]>,
    none: Arc<RuleTable>,
}

impl Tables {
    pub(super) fn new() -> Self {
        let none = Arc::new(RuleTable::not_enabled());
        Self {
            no_such_bucket: ArcSwap::from_pointee(RuleTable::no_such_bucket()),
            not_enabled: ArcSwap::from_pointee(RuleTable::not_enabled()),
            slots: (0..SLOTS).map(|_| ArcSwap::new(Arc::clone(&none))).collect(),
            none,
        }
    }

    pub(super) fn no_such_bucket(&self) -> TableGuard {
        TableGuard::new(self.no_such_bucket.load())
    }

    pub(super) fn not_enabled(&self) -> TableGuard {
        TableGuard::new(self.not_enabled.load())
    }

    #[inline]
    pub(super) fn load(&self, set: &Set<'_>) -> TableGuard {
        if let Some(kept) = set.kept() {
            return TableGuard::new(kept.load());
        }
        let Some(slot) = self.slots.get(set.number() as usize % SLOTS) else { return self.not_enabled() };
        let table = slot.load();
        if set.is_compiled_as(&table) { TableGuard::new(table) } else { compile(set, slot) }
    }

    /// The table of the set with this number is of no more use.
    pub(super) fn forget(&self, number: u32) {
        if let Some(slot) = self.slots.get(number as usize % SLOTS) {
            slot.store(Arc::clone(&self.none));
        }
    }

    pub(super) fn forget_all(&self) {
        for number in 0..SLOTS {
            self.forget(number as u32);
        }
    }
}

#[inline(never)]
fn compile(set: &Set<'_>, slot: &ArcSwap<RuleTable>) -> TableGuard {
    let table = Arc::new(packed::compile(set.packed()));
    slot.store(Arc::clone(&table));
    set.compiled_as(&table);
    TableGuard::from(table)
}
