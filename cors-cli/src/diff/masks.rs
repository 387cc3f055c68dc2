//! Which rules of a file allow an origin, a method, a header: asked of the engine, one rule at a time.
//!
//! A request's rule is the first that all three have in common, so origins with the same mask are answered alike, and
//! files are compared class by class instead of request by request.

use oss_cors_core::{
    ConfigErrors, CorsConfiguration, CorsRequest, CorsRule, Decision, FieldLine, Profile, Rule, RuleTable,
};

/// A set of rules of one file: bit 0 is rule 1.
pub type Mask = u32;

/// The number of the first rule of a set, counted from 1.
pub fn first(rules: Mask) -> Option<usize> {
    (rules != 0).then(|| rules.trailing_zeros() as usize + 1)
}

/// One file, ready to be asked.
pub struct Masks {
    rules: Vec<Apart>,
}

/// One rule taken apart: what decides, with all else allowed.
struct Apart {
    origins: RuleTable,
    methods: RuleTable,
    headers: RuleTable,
}

impl Masks {
    pub fn new(configuration: &CorsConfiguration) -> Result<Self, ConfigErrors> {
        Ok(Self { rules: configuration.rules.iter().map(Apart::new).collect::<Result<_, _>>()? })
    }

    pub fn origin(&self, origin: &str) -> Mask {
        self.mask(|rule| matches(rule.origins.decide(&CorsRequest::actual(b"GET", origin.as_bytes()))))
    }

    pub fn method(&self, method: &str) -> Mask {
        self.mask(|rule| matches(rule.methods.decide(&CorsRequest::actual(method.as_bytes(), ANY_ORIGIN))))
    }

    pub fn header(&self, name: &str) -> Mask {
        let request = CorsRequest::new(
            b"OPTIONS",
            FieldLine::One(ANY_ORIGIN),
            FieldLine::One(b"GET"),
            std::iter::once(name.as_bytes()),
        );
        self.mask(|rule| matches(rule.headers.decide(&request)))
    }

    fn mask(&self, allows: impl Fn(&Apart) -> bool) -> Mask {
        self.rules.iter().enumerate().filter(|(_, rule)| allows(rule)).fold(0, |mask, (index, _)| mask | 1 << index)
    }
}

const ANY_ORIGIN: &[u8] = b"https://a.example";

impl Apart {
    fn new(rule: &CorsRule) -> Result<Self, ConfigErrors> {
        let open = CorsRule::new(["*".to_owned()], ["GET".to_owned()]);
        // The rule was found right before; whose rules it followed makes no difference to what it matches.
        let alone = |rule| {
            let configuration = CorsConfiguration::from_rules([rule]).response_vary(false);
            RuleTable::compile(&configuration, Profile::Extended)
        };
        Ok(Self {
            origins: alone(open.clone().allowed_origins(rule.allowed_origins.clone()))?,
            methods: alone(open.clone().allowed_methods(rule.allowed_methods.clone()))?,
            headers: alone(open.allowed_headers(rule.allowed_headers.clone()))?,
        })
    }
}

fn matches(decision: Decision<'_>) -> bool {
    decided(&decision).is_some()
}

/// The rule that a decision is by.
pub fn decided<'t>(decision: &Decision<'t>) -> Option<&'t Rule> {
    match *decision {
        Decision::Forward { rule, .. } => rule.ok(),
        Decision::Answer { rule, .. } => rule.ok(),
    }
}
