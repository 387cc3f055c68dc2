//! Judges a configuration against a profile: every fault, not just the first.
//! Source of the rules: OSS, `PutBucketCors` (SEMANTICS sections 1 and 7).

use crate::config::{
    CorsConfiguration, CorsRule, MAX_AGE_SECONDS, MAX_FILE_BYTES, MAX_METHOD_BYTES, MAX_RULES, Profile,
};
use crate::error::{ConfigError, ConfigErrorKind, ConfigErrors, Element, MAX_FAULTS};
use crate::pattern::{Pattern, every_host_matches};
use crate::shown::quoted;
use crate::text::is_token;

impl CorsConfiguration {
    /// Checks the rules without compiling them.
    ///
    /// # Errors
    ///
    /// Every fault that `profile` finds, not just the first.
    pub fn check(&self, profile: Profile) -> Result<(), ConfigErrors> {
        let mut errors = Vec::new();
        validate(self, profile, &mut errors);
        ConfigErrors::check(errors)
    }
}

/// Appends every fault of `configuration` to `errors`.
pub(crate) fn validate(configuration: &CorsConfiguration, profile: Profile, errors: &mut Vec<ConfigError>) {
    // The bound of a file holds for rules built in code too; the table counts on it.
    if configuration.rules.iter().map(text_bytes).sum::<usize>() > MAX_FILE_BYTES {
        errors.push(ConfigError::new(ConfigErrorKind::TooLarge));
        return;
    }
    match configuration.rules.len() {
        0 => errors.push(ConfigError::new(ConfigErrorKind::NoRules)),
        count if count > MAX_RULES => {
            let kind = ConfigErrorKind::TooManyRules(count);
            let at =
                ConfigError { rule: Some(MAX_RULES + 1), element: Some(Element::CorsRule), ..ConfigError::new(kind) };
            errors.push(at);
        }
        _ => {}
    }
    for (index, rule) in configuration.rules.iter().enumerate() {
        RuleCheck { number: index + 1, rule, profile, errors: &mut *errors }.run();
    }
}

fn text_bytes(rule: &CorsRule) -> usize {
    let lists = [&rule.allowed_origins, &rule.allowed_methods, &rule.allowed_headers, &rule.expose_headers];
    lists.into_iter().flatten().map(String::len).sum()
}

struct RuleCheck<'a> {
    number: usize,
    rule: &'a CorsRule,
    profile: Profile,
    errors: &'a mut Vec<ConfigError>,
}

impl RuleCheck<'_> {
    fn run(&mut self) {
        let rule = self.rule;
        self.entries(Element::AllowedOrigin, &rule.allowed_origins, pattern_fault);
        let method_fault = match self.profile {
            Profile::Oss => oss_method_fault,
            Profile::Extended => extended_method_fault,
        };
        self.entries(Element::AllowedMethod, &rule.allowed_methods, method_fault);
        self.entries(Element::AllowedHeader, &rule.allowed_headers, pattern_fault);
        self.entries(Element::ExposeHeader, &rule.expose_headers, expose_fault);
        if let Some(seconds) = rule.max_age_seconds.filter(|seconds| *seconds > MAX_AGE_SECONDS) {
            self.fault(Element::MaxAgeSeconds, None, Some(&seconds.to_string()), ConfigErrorKind::MaxAgeOutOfRange);
        }
        if rule.allow_credentials {
            self.credentials();
        }
        for (element, entries) in
            [(Element::AllowedOrigin, &rule.allowed_origins), (Element::AllowedMethod, &rule.allowed_methods)]
        {
            if entries.is_empty() {
                self.fault(element, None, None, ConfigErrorKind::Missing);
            }
        }
    }

    fn entries(&mut self, element: Element, entries: &[String], fault: fn(&str) -> Option<ConfigErrorKind>) {
        for (index, entry) in entries.iter().enumerate() {
            if let Some(kind) = text_fault(entry).or_else(|| fault(entry)) {
                self.fault(element, Some(index + 1), Some(entry), kind);
            }
        }
    }

    /// Credentials for every origin is what Fetch forbids for `*`, and what no rule should say in another way.
    fn credentials(&mut self) {
        if self.profile == Profile::Oss {
            self.fault(Element::AllowCredentials, None, Some("true"), ConfigErrorKind::CredentialsNotInProfile);
            return;
        }
        for (index, entry) in
            self.rule.allowed_origins.iter().enumerate().filter(|(_, entry)| every_host_matches(entry))
        {
            let kind = ConfigErrorKind::CredentialsWithWildcard;
            self.fault(Element::AllowedOrigin, Some(index + 1), Some(entry), kind);
        }
    }

    fn fault(&mut self, element: Element, entry: Option<usize>, value: Option<&str>, kind: ConfigErrorKind) {
        if self.errors.len() >= MAX_FAULTS {
            return;
        }
        self.errors.push(ConfigError {
            rule: Some(self.number),
            element: Some(element),
            entry,
            value: value.map(quoted),
            position: None,
            kind,
        });
    }
}

/// What no entry may be: empty, or text that the XML form could not hold.
fn text_fault(entry: &str) -> Option<ConfigErrorKind> {
    if entry.is_empty() {
        return Some(ConfigErrorKind::EmptyEntry);
    }
    let unprintable = |found: char| found.is_control() || matches!(found, '\u{fffe}' | '\u{ffff}');
    entry.chars().any(unprintable).then_some(ConfigErrorKind::Unprintable)
}

fn pattern_fault(entry: &str) -> Option<ConfigErrorKind> {
    Pattern::parse(entry).is_none().then_some(ConfigErrorKind::TwoWildcards)
}

fn oss_method_fault(entry: &str) -> Option<ConfigErrorKind> {
    let known = matches!(entry, "GET" | "PUT" | "POST" | "DELETE" | "HEAD");
    (!known).then_some(ConfigErrorKind::UnknownMethod)
}

/// `*` is a token, but a browser reads it in Access-Control-Allow-Methods as every method: more than the rule says.
fn extended_method_fault(entry: &str) -> Option<ConfigErrorKind> {
    let method = is_token(entry.as_bytes()) && !entry.contains('*') && entry.len() <= MAX_METHOD_BYTES;
    (!method).then_some(ConfigErrorKind::NotAMethodToken)
}

fn expose_fault(entry: &str) -> Option<ConfigErrorKind> {
    let refused = |found: &char| matches!(found, '*' | '<' | '>' | '&' | '\'' | '"') || !found.is_ascii();
    entry.chars().find(refused).map(ConfigErrorKind::ExposeCharacter)
}
