//! Changes put together: origins that see the same change, methods that change with the same request headers.

use std::collections::HashMap;

use super::classes::{Class, HeaderSet};
use super::judge::{Judge, Kind, Turn};
use super::universe::Candidate;

/// Requests that change in the same way.
pub struct Change {
    pub kind: Kind,
    pub origins: Vec<Candidate>,
    /// Methods that change with the same request headers.
    pub requests: Vec<Requests>,
}

/// Methods, and the request headers with which they change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Requests {
    pub methods: Vec<String>,
    /// Whether the request without any header changes.
    pub without_headers: bool,
    /// The smallest sets of header names with which it changes, the empty one apart.
    pub headers: Vec<Vec<String>>,
}

/// All that is compared, and what changes.
pub struct Grouping<'a> {
    pub origins: &'a [Class],
    pub methods: &'a [Class],
    pub headers: &'a [Class],
    pub sets: &'a [HeaderSet],
    pub judge: &'a Judge,
}

/// `Requests` in numbers: names are looked up for what is told in the end alone.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shape {
    /// Indexes of classes of methods.
    methods: Vec<usize>,
    without_headers: bool,
    /// Indexes of sets of headers.
    sets: Vec<usize>,
}

impl Grouping<'_> {
    /// What changes, newly allowed first, at most so many; and how many changes there are.
    pub fn changes(&self, most: usize) -> (Vec<Change>, usize) {
        // Kept in the order in which they are found: the same files give the same report.
        let mut alike: Vec<(Turn, Vec<usize>)> = Vec::new();
        let mut known: HashMap<(Turn, Vec<Shape>), usize> = HashMap::new();
        for (index, origin) in self.origins.iter().enumerate() {
            for (turn, shapes) in self.changes_of(origin) {
                let place = *known.entry((turn, shapes)).or_insert(alike.len());
                match alike.get_mut(place) {
                    Some((_, origins)) => origins.push(index),
                    None => alike.push((turn, vec![index])),
                }
            }
        }
        let total = alike.len();
        let mut told: Vec<(Kind, Vec<Shape>, Vec<usize>, usize)> = known
            .into_iter()
            .filter_map(|((turn, shapes), place)| {
                let origins = alike.get_mut(place).map(|(_, origins)| std::mem::take(origins))?;
                Some((self.judge.kind(turn)?, shapes, origins, place))
            })
            .collect();
        told.sort_by(|(one, _, _, first), (other, _, _, second)| (one, first).cmp(&(other, second)));
        told.truncate(most);
        (told.into_iter().map(|(kind, shapes, origins, _)| self.named(kind, &shapes, &origins)).collect(), total)
    }

    /// Of the requests from one class of origins: every turn, and the requests that take it.
    fn changes_of(&self, origin: &Class) -> Vec<(Turn, Vec<Shape>)> {
        let mut found: Vec<(Turn, Vec<Shape>)> = Vec::new();
        for (index, method) in self.methods.iter().enumerate() {
            // No request with an origin and a method that no rule has together is answered by any.
            if origin.masks.0 & method.masks.0 == 0 && origin.masks.1 & method.masks.1 == 0 {
                continue;
            }
            for (turn, sets) in self.turns(origin, method) {
                let (without_headers, sets) = self.smallest(&sets);
                let shapes = match found.iter().position(|(known, _)| *known == turn) {
                    Some(place) => found.get_mut(place),
                    None => {
                        found.push((turn, Vec::new()));
                        found.last_mut()
                    }
                };
                let Some((_, shapes)) = shapes else { continue };
                match shapes.iter_mut().find(|known| known.without_headers == without_headers && known.sets == sets) {
                    Some(known) => known.methods.push(index),
                    None => shapes.push(Shape { methods: vec![index], without_headers, sets }),
                }
            }
        }
        found
    }

    /// The indexes of the sets that take each turn, in the order of the first of each.
    fn turns(&self, origin: &Class, method: &Class) -> Vec<(Turn, Vec<usize>)> {
        let mut turns: Vec<(Turn, Vec<usize>)> = Vec::new();
        let mut known: HashMap<Turn, usize> = HashMap::new();
        for (index, set) in self.sets.iter().enumerate() {
            let Some(turn) = self.judge.turn(origin.masks, method.masks, set.masks) else { continue };
            let place = *known.entry(turn).or_insert(turns.len());
            match turns.get_mut(place) {
                Some((_, sets)) => sets.push(index),
                None => turns.push((turn, vec![index])),
            }
        }
        turns
    }

    /// Whether the empty set is among `sets`, and the smallest of the others: what contains a smaller one says nothing
    /// new.
    fn smallest(&self, sets: &[usize]) -> (bool, Vec<usize>) {
        let mut without_headers = false;
        let mut smallest: Vec<(usize, &[usize])> = Vec::new();
        // Sets come smaller ones first.
        for index in sets {
            let classes = self.classes_of(*index);
            if classes.is_empty() {
                without_headers = true;
            } else if !smallest.iter().any(|(_, smaller)| smaller.iter().all(|class| classes.contains(class))) {
                smallest.push((*index, classes));
            }
        }
        (without_headers, smallest.into_iter().map(|(index, _)| index).collect())
    }

    fn classes_of(&self, set: usize) -> &[usize] {
        self.sets.get(set).map(|set| set.classes.as_slice()).unwrap_or_default()
    }

    fn named(&self, kind: Kind, shapes: &[Shape], origins: &[usize]) -> Change {
        let mut origins: Vec<Candidate> = origins
            .iter()
            .filter_map(|index| self.origins.get(*index))
            .flat_map(|class| class.members.clone())
            .collect();
        origins.sort_by_key(|origin| origin.near_miss);
        Change { kind, origins, requests: shapes.iter().map(|shape| self.requests(shape)).collect() }
    }

    fn requests(&self, shape: &Shape) -> Requests {
        let methods = shape.methods.iter().filter_map(|index| self.methods.get(*index));
        let headers = shape.sets.iter().flat_map(|set| match self.classes_of(*set) {
            // Each header of the class changes alone.
            [class] => self.header_names(*class).into_iter().map(|name| vec![name]).collect::<Vec<_>>(),
            classes => vec![classes.iter().filter_map(|class| self.header_names(*class).into_iter().next()).collect()],
        });
        Requests {
            methods: methods.flat_map(|class| &class.members).map(|method| method.text.clone()).collect(),
            without_headers: shape.without_headers,
            headers: headers.collect(),
        }
    }

    /// As the files write them; those that they do not mention only where nothing else is in the class.
    fn header_names(&self, class: usize) -> Vec<String> {
        let members = self.headers.get(class).map(|class| class.members.as_slice()).unwrap_or_default();
        let name = |header: &Candidate| header.stands_for.clone().unwrap_or_else(|| header.text.clone());
        let mentioned: Vec<String> = members.iter().filter(|header| !header.near_miss).map(name).collect();
        if mentioned.is_empty() { members.iter().map(name).collect() } else { mentioned }
    }
}
