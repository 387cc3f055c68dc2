//! Rule sets by number, packed: a tree of small arenas, shared by its copies but for what differs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};
use oss_cors_core::RuleTable;

use super::room::reserve;

/// A copy shares every chunk with the original; a change copies the one chunk it is in, its group, and the list of
/// groups.
#[derive(Clone, Default)]
pub(super) struct Sets {
    groups: Vec<Arc<Group>>,
    len: usize,
}

type Group = Vec<Arc<Chunk>>;

/// How many sets a chunk has, and how many chunks a group.
const IN_CHUNK: usize = 64;
const IN_GROUP: usize = 64;

#[derive(Clone, Default)]
struct Chunk {
    texts: Vec<u8>,
    slots: Vec<Slot>,
}

struct Slot {
    form: Form,
    /// The [`RuleTable::id`] of the table that was compiled from this set last.
    table: AtomicU64,
}

#[derive(Clone)]
enum Form {
    Vacant,
    Packed { at: u32, length: u32 },
    Kept(Arc<Kept>),
}

/// A set that is kept compiled.
pub(super) struct Kept {
    packed: Box<[u8]>,
    /// Never swapped: loading it counts nothing, cloning an `Arc` would.
    table: ArcSwap<RuleTable>,
}

impl Kept {
    pub(super) fn new(packed: &[u8], table: RuleTable) -> Self {
        Self { packed: packed.into(), table: ArcSwap::from_pointee(table) }
    }

    #[inline]
    pub(super) fn load(&self) -> Guard<Arc<RuleTable>> {
        self.table.load()
    }
}

/// One set, in one state of all buckets.
pub(super) struct Set<'a> {
    number: u32,
    chunk: &'a Chunk,
    slot: &'a Slot,
}

/// No table has this number: they are counted from 0.
const NO_TABLE: u64 = u64::MAX;

impl Sets {
    /// How many sets there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn find(&self, number: u32) -> Option<Set<'_>> {
        let [group, chunk, slot] = path(number);
        let chunk = self.groups.get(group)?.get(chunk)?;
        Some(Set { number, chunk, slot: chunk.slots.get(slot)? })
    }

    /// Puts a set at a `number` that is vacant, or the next.
    pub(super) fn put(&mut self, number: u32, packed: &[u8], kept: Option<Arc<Kept>>) {
        let [group, chunk, slot] = path(number);
        if self.groups.len() <= group {
            self.groups.push(Arc::default());
        }
        let Some(group) = self.groups.get_mut(group).map(Arc::make_mut) else { return };
        if group.len() <= chunk {
            group.push(Arc::default());
        }
        let Some(chunk) = group.get_mut(chunk).map(Arc::make_mut) else { return };
        chunk.put(slot, packed, kept);
        self.len += 1;
    }

    pub(super) fn remove(&mut self, number: u32) {
        let [group, chunk, slot] = path(number);
        let Some(group) = self.groups.get_mut(group).map(Arc::make_mut) else { return };
        let Some(chunk) = group.get_mut(chunk).map(Arc::make_mut) else { return };
        chunk.remove(slot);
        self.len -= 1;
    }
}

fn path(number: u32) -> [usize; 3] {
    let number = number as usize;
    [number / (IN_CHUNK * IN_GROUP), number / IN_CHUNK % IN_GROUP, number % IN_CHUNK]
}

impl Chunk {
    fn put(&mut self, slot: usize, packed: &[u8], kept: Option<Arc<Kept>>) {
        let form = kept.map_or_else(|| self.append(packed), Form::Kept);
        let filled = Slot { form, table: AtomicU64::new(NO_TABLE) };
        match self.slots.get_mut(slot) {
            Some(slot) => *slot = filled,
            None => {
                reserve(&mut self.slots, 1);
                self.slots.push(filled);
            }
        }
    }

    fn append(&mut self, packed: &[u8]) -> Form {
        let (at, length) = (self.texts.len() as u32, packed.len() as u32);
        reserve(&mut self.texts, packed.len());
        self.texts.extend_from_slice(packed);
        Form::Packed { at, length }
    }

    fn remove(&mut self, slot: usize) {
        let Some(slot) = self.slots.get_mut(slot) else { return };
        let Form::Packed { at: gone, length: less } = std::mem::replace(&mut slot.form, Form::Vacant) else { return };
        self.texts.drain(gone as usize..(gone + less) as usize);
        for slot in &mut self.slots {
            match &mut slot.form {
                Form::Packed { at, .. } if *at > gone => *at -= less,
                _ => {}
            }
        }
    }
}

impl Clone for Slot {
    fn clone(&self) -> Self {
        // A table that is compiled meanwhile is not found by way of the copy, and compiled again.
        Self { form: self.form.clone(), table: AtomicU64::new(self.table.load(Ordering::Acquire)) }
    }
}

impl<'a> Set<'a> {
    /// Another set may have had it before, or have it in a later state of the buckets.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn packed(&self) -> &'a [u8] {
        match &self.slot.form {
            Form::Vacant => &[],
            Form::Packed { at, length } => {
                let at = *at as usize;
                self.chunk.texts.get(at..at + *length as usize).unwrap_or_default()
            }
            Form::Kept(kept) => &kept.packed,
        }
    }

    pub(super) fn kept(&self) -> Option<&'a Arc<Kept>> {
        match &self.slot.form {
            Form::Kept(kept) => Some(kept),
            Form::Vacant | Form::Packed { .. } => None,
        }
    }

    /// Whether `table` was compiled from this very set. Ids of tables are never used again, numbers of sets are.
    pub(super) fn is_compiled_as(&self, table: &RuleTable) -> bool {
        self.slot.table.load(Ordering::Acquire) == table.id()
    }

    pub(super) fn compiled_as(&self, table: &RuleTable) {
        self.slot.table.store(table.id(), Ordering::Release);
    }
}
