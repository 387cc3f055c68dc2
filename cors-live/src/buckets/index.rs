//! All buckets at one moment, for those who read; and what it takes to change them.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::names::Names;
use super::packed::compile;
use super::sets::{Kept, Set, Sets};

/// A copy shares nearly all with the original.
#[derive(Clone, Default)]
pub(super) struct Index {
    names: Names,
    sets: Sets,
}

/// The number that stands for no rules.
const WITHOUT_RULES: u32 = u32::MAX;

impl Index {
    /// `None` for an unknown bucket, `Some(None)` for one without rules.
    #[inline]
    pub(super) fn find(&self, bucket: &str) -> Option<Option<Set<'_>>> {
        self.names.find(bucket.as_bytes()).map(|number| self.sets.find(number))
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn rule_sets(&self) -> usize {
        self.sets.len()
    }
}

/// The index that is changed next, and how often each set is used in it.
#[derive(Default)]
pub(super) struct Writer {
    index: Index,
    /// How many buckets have each set, by its number; 0 where there is none.
    uses: Vec<usize>,
    /// The numbers that no set has any more.
    vacant: Vec<u32>,
    /// The numbers by what the sets say.
    by_content: HashTable<u32>,
    state: RandomState,
    /// The most names since the index was built.
    most: usize,
    /// Sets that went away since [`forgotten`](Self::forgotten) was asked.
    forgotten: Forgotten,
}

/// Sets whose tables are of no more use.
pub(super) enum Forgotten {
    These(Vec<u32>),
    All,
}

/// A set that takes more bytes packed is kept compiled as well: its table is about twice as large, and takes more
/// than 10 us to compile.
const MOST_PACKED: usize = 2048;

/// Not worth freeing.
const SPARE: usize = 4096;

/// A large set, compiled. `packed` has been validated.
pub(super) fn keep(packed: &[u8]) -> Option<Arc<Kept>> {
    (packed.len() > MOST_PACKED).then(|| Arc::new(Kept::new(packed, compile(packed))))
}

impl Writer {
    /// Empty, to take the place of another.
    pub(super) fn building() -> Self {
        Self { forgotten: Forgotten::All, ..Self::default() }
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// The sets that went away since the last call.
    pub(super) fn forgotten(&mut self) -> Forgotten {
        std::mem::take(&mut self.forgotten)
    }

    /// `packed` has been validated; `keep` is asked where no other bucket has the same set: what [`keep`] makes of it.
    pub(super) fn set(&mut self, bucket: &str, packed: Option<&[u8]>, keep: impl FnOnce(&[u8]) -> Option<Arc<Kept>>) {
        self.put(bucket.as_bytes(), packed.map(|packed| (packed, keep)));
        self.shrink();
    }

    /// Whether it was known.
    pub(super) fn remove(&mut self, bucket: &str) -> bool {
        let number = self.index.names.remove(bucket.as_bytes());
        if let Some(number) = number {
            self.release(number);
            self.shrink();
        }
        number.is_some()
    }

    fn put(&mut self, bucket: &[u8], set: Option<(&[u8], impl FnOnce(&[u8]) -> Option<Arc<Kept>>)>) {
        // Before the former set is released: it may be the same.
        let number = set.map_or(WITHOUT_RULES, |(packed, keep)| self.acquire(packed, keep));
        if let Some(former) = self.index.names.insert(bucket, number) {
            self.release(former);
        }
        self.most = self.most.max(self.index.len());
    }

    /// The number of the set that says so, used once more.
    fn acquire(&mut self, packed: &[u8], keep: impl FnOnce(&[u8]) -> Option<Arc<Kept>>) -> u32 {
        let Self { index: Index { sets, .. }, uses, vacant, by_content, state, .. } = self;
        let hash = hash(state, packed);
        let number = match by_content.find(hash, |number| content(sets, *number) == packed) {
            Some(number) => *number,
            None => {
                let next = || u32::try_from(uses.len()).unwrap_or(WITHOUT_RULES);
                let number = vacant.pop().unwrap_or_else(next);
                // More sets than there are numbers, or memory: what has no number stays closed.
                if number == WITHOUT_RULES {
                    return number;
                }
                sets.put(number, packed, keep(packed));
                by_content.insert_unique(hash, number, |number| self::hash(state, content(sets, *number)));
                number
            }
        };
        match uses.get_mut(number as usize) {
            Some(uses) => *uses += 1,
            None => uses.push(1),
        }
        number
    }

    fn release(&mut self, number: u32) {
        let Some(uses) = self.uses.get_mut(number as usize) else { return };
        *uses -= 1;
        if *uses > 0 {
            return;
        }
        let sets = &mut self.index.sets;
        let hash = hash(&self.state, content(sets, number));
        if let Ok(entry) = self.by_content.find_entry(hash, |other| *other == number) {
            entry.remove();
        }
        sets.remove(number);
        self.vacant.push(number);
        if let Forgotten::These(numbers) = &mut self.forgotten {
            numbers.push(number);
        }
    }

    /// Builds everything anew where more than three quarters of what there once was is gone: neither leaves nor chunks
    /// shrink by themselves.
    fn shrink(&mut self) {
        let few = |now: usize, once: usize| once > SPARE && now < once / 4;
        if !few(self.index.len(), self.most) && !few(self.index.sets.len(), self.uses.len()) {
            return;
        }
        let mut built = Self::building();
        let Index { names, sets } = &self.index;
        names.for_each(&mut |bucket, number| {
            let set = sets.find(number);
            built.put(bucket, set.map(|set| (set.packed(), move |_: &[u8]| set.kept().cloned())));
        });
        *self = built;
    }
}

fn content(sets: &Sets, number: u32) -> &[u8] {
    sets.find(number).map_or(&[], |set| set.packed())
}

fn hash(state: &RandomState, packed: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(packed);
    hasher.finish()
}

impl Default for Forgotten {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}
