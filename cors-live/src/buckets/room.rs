//! Growing by an eighth: there are many small arenas, and doubling would leave half of their memory unused.

pub(super) fn reserve<T>(arena: &mut Vec<T>, more: usize) {
    if arena.capacity() - arena.len() < more {
        arena.reserve_exact(more.max(arena.len() / 8));
    }
}
