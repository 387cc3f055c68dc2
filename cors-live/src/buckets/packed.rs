//! A configuration as bytes: a twentieth of its table, and equal if and only if the configurations are.
//!
//! ```text
//!   flags, count of rules, then for each rule: flags, max age, four lists
//!   list: count, then for each entry: its number in WORDS, or WORDS.len() + its length and its text
//! ```
//!
//! Numbers are in groups of seven bits, lowest first, as in LEB128.

use oss_cors_core::{CorsConfiguration, CorsRule, Profile, RuleTable};

/// Entries that most rule sets have.
const WORDS: [&str; 16] = [
    "GET",
    "PUT",
    "POST",
    "DELETE",
    "HEAD",
    "*",
    "ETag",
    "x-oss-request-id",
    "x-oss-*",
    "x-oss-meta-*",
    "authorization",
    "content-type",
    "content-md5",
    "Content-Length",
    "x-amz-request-id",
    "x-amz-*",
];

const EXTENDED: u8 = 1;
const VARY: u8 = 2;

const CREDENTIALS: u8 = 1;
const MAX_AGE: u8 = 2;

/// The profile is part of it: a set that one profile takes need not be one that the other does.
pub(super) fn pack(configuration: &CorsConfiguration, profile: Profile) -> Vec<u8> {
    let extended = flag(EXTENDED, profile == Profile::Extended);
    let mut bytes = vec![extended | flag(VARY, configuration.response_vary)];
    put_number(&mut bytes, configuration.rules.len());
    for rule in &configuration.rules {
        bytes.push(flag(CREDENTIALS, rule.allow_credentials) | flag(MAX_AGE, rule.max_age_seconds.is_some()));
        put_number(&mut bytes, rule.max_age_seconds.unwrap_or_default() as usize);
        put_list(&mut bytes, &rule.allowed_origins);
        put_list(&mut bytes, &rule.allowed_methods);
        put_list(&mut bytes, &rule.allowed_headers);
        put_list(&mut bytes, &rule.expose_headers);
    }
    bytes
}

fn flag(bit: u8, set: bool) -> u8 {
    if set { bit } else { 0 }
}

fn put_list(bytes: &mut Vec<u8>, entries: &[String]) {
    put_number(bytes, entries.len());
    for entry in entries {
        match WORDS.iter().position(|word| word == entry) {
            Some(word) => put_number(bytes, word),
            None => {
                put_number(bytes, WORDS.len() + entry.len());
                bytes.extend_from_slice(entry.as_bytes());
            }
        }
    }
}

fn put_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What [`pack`] was given. Of other bytes, no rules at all.
pub(super) fn unpack(bytes: &[u8]) -> CorsConfiguration {
    Reader(bytes).configuration().unwrap_or_default()
}

/// The table of what [`pack`] was given, whose faults were checked then. Other bytes refuse, as no rules do.
pub(super) fn compile(bytes: &[u8]) -> RuleTable {
    let extended = bytes.first().is_some_and(|flags| flags & EXTENDED != 0);
    let profile = if extended { Profile::Extended } else { Profile::Oss };
    RuleTable::compile(&unpack(bytes), profile).unwrap_or_else(|_| RuleTable::not_enabled())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn configuration(&mut self) -> Option<CorsConfiguration> {
        let flags = self.byte()?;
        let count = self.number()?;
        let rules = (0..count).map(|_| self.rule()).collect::<Option<Vec<_>>>()?;
        Some(CorsConfiguration::from_rules(rules).response_vary(flags & VARY != 0))
    }

    fn rule(&mut self) -> Option<CorsRule> {
        let flags = self.byte()?;
        let max_age = u32::try_from(self.number()?).ok()?;
        Some(
            CorsRule::new(self.list()?, self.list()?)
                .allowed_headers(self.list()?)
                .expose_headers(self.list()?)
                .max_age_seconds((flags & MAX_AGE != 0).then_some(max_age))
                .allow_credentials(flags & CREDENTIALS != 0),
        )
    }

    fn list(&mut self) -> Option<Vec<String>> {
        let count = self.number()?;
        (0..count).map(|_| self.entry().map(str::to_owned)).collect()
    }

    fn entry(&mut self) -> Option<&'a str> {
        let number = self.number()?;
        let Some(length) = number.checked_sub(WORDS.len()) else { return WORDS.get(number).copied() };
        let (entry, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(entry).ok()
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }
}
