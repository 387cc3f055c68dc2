//! Where each part of a configuration stands: bytes while it is read, lines and columns when all is known.

use crate::error::{Element, Position};

/// Rule, element and entry, as an error names them.
pub(super) type Part = (Option<usize>, Option<Element>, Option<usize>);

/// The place of each part that the file has.
#[derive(Clone, Debug, Default)]
pub(super) struct Places<T>(Vec<(Part, T)>);

impl<T: Copy> Places<T> {
    /// Each part once.
    pub(super) fn insert(&mut self, part: Part, place: T) {
        self.0.push((part, place));
    }

    /// To be called after the last `insert`.
    pub(super) fn sort(&mut self) {
        self.0.sort_unstable_by_key(|(part, _)| *part);
    }

    /// The place of the part, or of what it is missing from: its element, its rule, the file.
    pub(super) fn of(&self, (rule, element, entry): Part) -> Option<T> {
        let element = element.filter(|element| !matches!(element, Element::CorsConfiguration | Element::CorsRule));
        [(rule, element, entry), (rule, element, None), (rule, None, None)].into_iter().find_map(|part| {
            let index = self.0.binary_search_by_key(&part, |(part, _)| *part).ok()?;
            self.0.get(index).map(|(_, place)| *place)
        })
    }
}

impl Places<usize> {
    /// Bytes of `text` as lines and columns, in one walk.
    pub(super) fn positions(mut self, text: &str) -> Places<Position> {
        self.0.sort_by_key(|(_, at)| *at);
        let mut walk = Walk::new(text);
        let mut positions = Places(self.0.into_iter().map(|(part, at)| (part, walk.to(at))).collect());
        positions.sort();
        positions
    }
}

/// A walk over a text that only goes on.
pub(super) struct Walk<'a> {
    text: &'a str,
    done: usize,
    here: Position,
}

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, done: 0, here: Position { line: 1, column: 1 } }
    }

    /// The position of byte `at`, which is not before the last one.
    pub(super) fn to(&mut self, at: usize) -> Position {
        let over = self.text.get(self.done..at).unwrap_or_default();
        self.here = match over.rfind('\n') {
            None => Position { line: self.here.line, column: self.here.column + over.chars().count() },
            Some(last) => Position {
                line: self.here.line + over.bytes().filter(|byte| *byte == b'\n').count(),
                column: 1 + over.get(last + 1..).unwrap_or_default().chars().count(),
            },
        };
        self.done = at;
        self.here
    }
}

/// The position of byte `at` of `text`.
pub(super) fn position(text: &str, at: usize) -> Position {
    Walk::new(text).to(at)
}
