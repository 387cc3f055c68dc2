//! Names, each with a number: a tree of small hash tables over packed text, shared by its copies but for what differs.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::name::MAX_BUCKET_BYTES;
use super::room::reserve;

/// A copy shares every leaf with the original; a change copies the one leaf it is in and the branches above.
#[derive(Clone, Default)]
pub(super) struct Names {
    root: Arc<Node>,
    len: usize,
    /// Seeded: tenants choose the names.
    state: RandomState,
}

#[derive(Clone)]
enum Node {
    Leaf(Leaf),
    Branch([Arc<Node>; 1 << WAY_BITS]),
}

#[derive(Clone, Default)]
struct Leaf {
    /// The length of each name in one byte, then the name.
    texts: Vec<u8>,
    entries: HashTable<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// Where the name's length stands.
    at: u32,
    value: u32,
}

/// How many bits of a hash choose the way at each branch.
const WAY_BITS: u32 = 4;

/// The bits that choose the ways. Tables look at the lowest and at the seven highest first.
const FIRST_WAY: u32 = 32;
const DEEPEST: u32 = 6;

/// A leaf with so many names becomes a branch: what a change copies stays below about 20 KiB.
const MOST_IN_LEAF: usize = 512;

/// Every length fits in a byte.
const _: () = assert!(MAX_BUCKET_BYTES <= u8::MAX as usize);

impl Names {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        let hash = hash(&self.state, name);
        let mut node = &*self.root;
        let mut depth = 0;
        loop {
            match node {
                Node::Leaf(leaf) => return leaf.find(hash, name),
                Node::Branch(children) => node = children.get(way(hash, depth))?,
            }
            depth += 1;
        }
    }

    /// Gives `name`, of at most [`MAX_BUCKET_BYTES`], this value; its former one, if there was one.
    pub(super) fn insert(&mut self, name: &[u8], value: u32) -> Option<u32> {
        let former = insert(&mut self.root, 0, &self.state, name, value);
        self.len += usize::from(former.is_none());
        former
    }

    /// The value that `name` had.
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<u32> {
        // A name that is not there leaves every leaf shared.
        self.find(name)?;
        let removed = remove(&mut self.root, 0, hash(&self.state, name), name);
        self.len -= usize::from(removed.is_some());
        removed
    }

    pub(super) fn for_each(&self, visit: &mut impl FnMut(&[u8], u32)) {
        for_each(&self.root, visit);
    }
}

fn insert(node: &mut Arc<Node>, depth: u32, state: &RandomState, name: &[u8], value: u32) -> Option<u32> {
    let hash_of = |name: &[u8]| hash(state, name);
    let full = matches!(&**node, Node::Leaf(leaf) if leaf.entries.len() >= MOST_IN_LEAF && depth < DEEPEST);
    if full {
        *node = Arc::new(split(node, depth, state));
    }
    match Arc::make_mut(node) {
        Node::Leaf(leaf) => leaf.insert(hash_of(name), name, value, hash_of),
        Node::Branch(children) => {
            let child = children.get_mut(way(hash_of(name), depth))?;
            insert(child, depth + 1, state, name, value)
        }
    }
}

fn split(node: &Node, depth: u32, state: &RandomState) -> Node {
    let mut leaves: [Leaf; 1 << WAY_BITS] = Default::default();
    for_each(node, &mut |name, value| {
        let hash = hash(state, name);
        if let Some(leaf) = leaves.get_mut(way(hash, depth)) {
            leaf.insert(hash, name, value, |name| self::hash(state, name));
        }
    });
    Node::Branch(leaves.map(|leaf| Arc::new(Node::Leaf(leaf))))
}

fn remove(node: &mut Arc<Node>, depth: u32, hash: u64, name: &[u8]) -> Option<u32> {
    match Arc::make_mut(node) {
        Node::Leaf(leaf) => leaf.remove(hash, name),
        Node::Branch(children) => remove(children.get_mut(way(hash, depth))?, depth + 1, hash, name),
    }
}

fn for_each(node: &Node, visit: &mut impl FnMut(&[u8], u32)) {
    match node {
        Node::Leaf(leaf) => leaf.entries.iter().for_each(|entry| visit(text(&leaf.texts, entry.at), entry.value)),
        Node::Branch(children) => children.iter().for_each(|child| for_each(child, visit)),
    }
}

impl Leaf {
    #[inline]
    fn find(&self, hash: u64, name: &[u8]) -> Option<u32> {
        self.entries.find(hash, |entry| text(&self.texts, entry.at) == name).map(|entry| entry.value)
    }

    fn insert(&mut self, hash: u64, name: &[u8], value: u32, hash_of: impl Fn(&[u8]) -> u64) -> Option<u32> {
        let Self { texts, entries } = self;
        if let Some(entry) = entries.find_mut(hash, |entry| text(texts, entry.at) == name) {
            return Some(std::mem::replace(&mut entry.value, value));
        }
        let at = texts.len() as u32;
        reserve(texts, 1 + name.len());
        texts.push(name.len() as u8);
        texts.extend_from_slice(name);
        entries.insert_unique(hash, Entry { at, value }, |entry| hash_of(text(texts, entry.at)));
        None
    }

    fn remove(&mut self, hash: u64, name: &[u8]) -> Option<u32> {
        let entry = self.entries.find_entry(hash, |entry| text(&self.texts, entry.at) == name).ok()?;
        let (Entry { at, value }, _) = entry.remove();
        let length = 1 + name.len();
        self.texts.drain(at as usize..at as usize + length);
        for later in self.entries.iter_mut().filter(|entry| entry.at > at) {
            later.at -= length as u32;
        }
        Some(value)
    }
}

#[inline]
fn text(texts: &[u8], at: u32) -> &[u8] {
    let Some((length, rest)) = texts.get(at as usize..).and_then(<[u8]>::split_first) else { return &[] };
    rest.get(..usize::from(*length)).unwrap_or_default()
}

#[inline]
fn hash(state: &RandomState, name: &[u8]) -> u64 {
    let mut hasher = state.build_hasher();
    hasher.write(name);
    hasher.finish()
}

#[inline]
fn way(hash: u64, depth: u32) -> usize {
    (hash >> (FIRST_WAY + depth * WAY_BITS)) as usize & ((1 << WAY_BITS) - 1)
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Leaf::default())
    }
}
