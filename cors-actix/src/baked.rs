//! The constant header values of rules, in the header type of actix-web (http 0.2). Each worker bakes its own: values
//! that threads share cost an atomic count on a shared cache line at every use.

use std::rc::Rc;

use actix_web::http::header::HeaderValue;
use oss_cors_core::{MAX_RULES, Rule, RuleHeaders, RuleTable};

/// How many rules stay baked, those of all tables together, however many buckets and reloads there are.
const PLACES: usize = 256;

/// Every rule has its place, where the last one that was used stays. Rules of one table never share a place.
#[derive(Debug)]
pub(crate) struct Baked(Box<[Place; PLACES]>);

type Place = Option<(u64, Rc<BakedRule>)>;

pub(crate) type BakedRule = RuleHeaders<HeaderValue>;

impl Baked {
    pub(crate) fn new() -> Self {
        Self(Box::new([const { None }; PLACES]))
    }

    /// `rule` of `table`; baked again when its place has another.
    #[inline]
    pub(crate) fn rule(&mut self, table: &RuleTable, rule: &Rule) -> Rc<BakedRule> {
        // Odd: tables of one rule each use all places.
        const STEP: u64 = MAX_RULES as u64 + 1;
        // Rules are numbered up to `MAX_RULES`, so that no two of any tables have the same key.
        let key = table.id() * STEP + rule.number() as u64;
        match self.0.get_mut(key as usize % PLACES) {
            Some(Some((baked, rule))) if *baked == key => Rc::clone(rule),
            Some(place) => bake(place, key, rule),
            // There is a place for every key.
            None => bake(&mut None, key, rule),
        }
    }
}

#[cold]
fn bake(place: &mut Place, key: u64, rule: &Rule) -> Rc<BakedRule> {
    let value = |value: &http::HeaderValue| HeaderValue::from_bytes(value.as_bytes());
    let baked = rule.headers().map(|shared| value(shared).unwrap_or(HeaderValue::from_static("")));
    Rc::clone(&place.insert((key, Rc::new(baked))).1)
}
