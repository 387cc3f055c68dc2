//! Rules for our layer and a policy for the peer that allow the same origins, methods and headers.

use oss_cors_core::{CorsConfiguration, CorsRule, Profile, RuleTable};

/// What both sides are configured with.
#[derive(Clone, Debug)]
pub struct Setup {
    pub configuration: CorsConfiguration,
    /// Every origin, for the peer's list; where rules have wildcards, as many exact ones.
    pub peer_origins: Vec<String>,
}

pub const REQUEST_HEADERS: usize = 10;

/// Names of request headers as an upload sends them.
pub fn header_names(count: usize) -> Vec<String> {
    let names = [
        "authorization",
        "cache-control",
        "content-md5",
        "content-type",
        "x-oss-acl",
        "x-oss-date",
        "x-oss-meta-a",
        "x-oss-meta-owner",
        "x-oss-security-token",
        "x-requested-with",
    ];
    names.iter().take(count).map(|name| (*name).to_owned()).collect()
}

fn rule(origins: Vec<String>) -> CorsRule {
    CorsRule::new(origins, ["GET", "PUT", "POST"])
        .allowed_headers(header_names(REQUEST_HEADERS))
        .expose_headers(["ETag", "x-oss-request-id"])
        .max_age_seconds(600)
        .allow_credentials(false)
}

/// Of one length, as generated names are: a list compares each to the end.
pub fn exact(index: usize) -> String {
    format!("https://app{index:06}.example.com")
}

/// Of one length, however many there are.
fn wildcard(index: usize) -> String {
    format!("https://*.app{index:06}.example.com")
}

/// Of as many lengths as the numbers have digits.
fn ragged_wildcard(index: usize) -> String {
    format!("https://*.app{index}.example.com")
}

fn setup(origins: usize, rules: usize, entry: fn(usize) -> String) -> Setup {
    let per_rule = origins.div_ceil(rules);
    let entries: Vec<String> = (1..=origins).map(entry).collect();
    Setup {
        configuration: CorsConfiguration::from_rules(entries.chunks(per_rule).map(|entries| rule(entries.to_vec())))
            .response_vary(false),
        peer_origins: (1..=origins).map(exact).collect(),
    }
}

impl Setup {
    /// `origins` exact origins, spread over at most 20 rules.
    pub fn exact(origins: usize) -> Self {
        setup(origins, origins.min(20), exact)
    }

    /// As many wildcards.
    pub fn wildcard(origins: usize) -> Self {
        setup(origins, origins.min(20), wildcard)
    }

    /// As many wildcards, with suffixes of several lengths.
    pub fn ragged_wildcard(origins: usize) -> Self {
        setup(origins, origins.min(20), ragged_wildcard)
    }

    /// Request headers by wildcard instead of by name.
    pub fn with_allowed_headers(mut self, entries: &[&str]) -> Self {
        for rule in &mut self.configuration.rules {
            rule.allowed_headers = entries.iter().map(|entry| (*entry).to_owned()).collect();
        }
        self
    }

    pub fn with_vary(mut self) -> Self {
        self.configuration.response_vary = true;
        self
    }

    pub fn table(&self) -> RuleTable {
        RuleTable::compile(&self.configuration, Profile::Oss).expect("the rules are right")
    }
}
