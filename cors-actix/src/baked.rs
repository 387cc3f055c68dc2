//! The constant header values of a table, in the header type of actix-web (http 0.2). Each worker bakes its own, once a
//! table: values that threads share cost an atomic count on a shared cache line at every use.

use std::rc::Rc;

use actix_web::http::header::HeaderValue;
use cors_core::{Rule, RuleTable};

#[derive(Debug)]
pub(crate) struct Baked {
    table: u64,
    rules: Vec<Rc<BakedRule>>,
}

#[derive(Debug)]
pub(crate) struct BakedRule {
    pub(crate) any_origin: bool,
    pub(crate) allow_methods: HeaderValue,
    pub(crate) expose_headers: Option<HeaderValue>,
    pub(crate) max_age: Option<HeaderValue>,
    pub(crate) allow_credentials: bool,
}

impl Baked {
    pub(crate) fn new(table: &RuleTable) -> Self {
        Self { table: table.id(), rules: table.rules().iter().map(|rule| Rc::new(BakedRule::new(rule))).collect() }
    }

    /// `rule` of `table`; baked again when the table is another than last time.
    #[inline]
    pub(crate) fn rule(&mut self, table: &RuleTable, rule: &Rule) -> Option<&Rc<BakedRule>> {
        if self.table != table.id() {
            *self = Self::new(table);
        }
        self.rules.get(rule.number() - 1)
    }
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
