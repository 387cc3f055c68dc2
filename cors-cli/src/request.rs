//! A request as arguments and case files describe it.

use oss_cors_advice::{Explanation, explain};
use oss_cors_core::{CorsRequest, FieldLine, RuleTable};

pub struct Request<'a> {
    pub origin: &'a str,
    /// The method that the page wants: of a preflight, the one that it asks about.
    pub method: &'a str,
    pub preflight: bool,
    /// What the preflight asks for, besides.
    pub headers: &'a [String],
}

impl Request<'_> {
    pub fn explain(&self, table: &RuleTable) -> Explanation {
        if !self.preflight {
            return explain(table, &CorsRequest::actual(self.method.as_bytes(), self.origin.as_bytes()));
        }
        // One line, as browsers send it.
        let names = self.headers.join(",");
        explain(
            table,
            &CorsRequest::new(
                b"OPTIONS",
                FieldLine::One(self.origin.as_bytes()),
                FieldLine::One(self.method.as_bytes()),
                (!self.headers.is_empty()).then_some(names.as_bytes()).into_iter(),
            ),
        )
    }
}
