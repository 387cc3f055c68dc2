//! The constant header values of rules, in the header type of actix-web (http 0.2). Each worker bakes its own: values
//! that threads share cost an atomic count on a shared cache line at every use.

use std::rc::Rc;

use actix_web::http::header::HeaderValue;
use oss_cors_core::{MAX_RULES, Rule, RuleTable};

/// How many rules stay baked, those of all tables together, however many buckets and reloads there are.
const PLACES: usize = 256;

/// Every rule has its place, where the last one that was used stays. Rules of one table never share a place.
#[derive(Debug)]
pub(crate) struct Baked(Box<[Place; PLACES]>);

type Place = Option<(u64, Rc<BakedRule>)>;

#[derive(Debug)]
pub(crate) struct BakedRule {
    pub(crate) any_origin: bool,
    pub(crate) allow_methods: HeaderValue,
    pub(crate) expose_headers: Option<HeaderValue>,
    pub(crate) max_age: Option<HeaderValue>,
    pub(crate) allow_credentials: bool,
}

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
        let place = &mut self.0[key as usize % PLACES];
        match place {
            Some((baked, rule)) if *baked == key => Rc::clone(rule),
            _ => bake(place, key, rule),
        }
    }
}

#[cold]
fn bake(place: &mut Place, key: u64, rule: &Rule) -> Rc<BakedRule> {
    Rc::clone(&place.insert((key, Rc::new(BakedRule::new(rule)))).1)
}

impl BakedRule {
    fn new(rule: &Rule) -> Self {
        let value = |bytes: &[u8]| HeaderValue::from_bytes(bytes).unwrap_or(HeaderValue::from_static(""));
        Self {
            any_origin: rule.any_origin(),
            allow_methods: value(rule.allow_methods().as_bytes()),
            expose_headers: rule.expose_headers().map(|expose| value(expose.as_bytes())),
            max_age: rule.max_age().map(|seconds| value(seconds.as_bytes())),
            allow_credentials: rule.allow_credentials(),
        }
    }
}
