//! Traps of a right configuration: what loads, and does other than its author meant. Never changes a decision.
//!
//! ```text
//!   CorsConfiguration --lint--> each entry alone:  origins, headers, methods
//!                               each rule alone:   entries twice or covered, max age
//!                               rules together:    what an earlier rule answers, on the engine's own index
//!                               the whole:         Vary, size
//! ```
//!
//! # Limits
//!
//! Time and memory grow with the configuration, not with its square:
//!
//! - At most [`MAX_ALIKE`] lints of one code are reported in one rule.
//! - Entries covered by another of their rule ([`LintCode::CoveredEntry`]) are looked for in at most 4 million
//!   comparisons of an entry with a wildcard, in all rules together.
//! - Rules are compared with each other as long as the entries, times the different lengths of text before and after
//!   the wildcards, stay below 2^25: always for a file that OSS would take. Beyond, nothing is said about
//!   [`LintCode::UnreachableRule`] and [`LintCode::PartlyShadowedRule`].

mod address;
mod code;
mod entries;
mod entry;
mod finding;
mod headers;
mod origins;
mod rules;
mod settings;
mod wildcards;

pub use code::{LintCode, Severity, UnknownLintCode};
pub use finding::{Lint, MAX_ALIKE};

use finding::Findings;

use oss_cors_core::{CorsConfiguration, Profile};

/// What is right and yet a mistake, dangerous, or worth a thought; rule by rule, and what concerns all rules last.
///
/// For a configuration that `profile` accepts; of entries that it would refuse, little is said. See
/// [the module](self) for the limits.
///
/// ```
/// use oss_cors_advice::{LintCode, Severity, lint};
/// use oss_cors_core::{Format, Profile, RuleFile};
///
/// let file = RuleFile::parse(
///     br#"<CORSConfiguration>
///           <CORSRule>
///             <AllowedOrigin>https://www.example.com/</AllowedOrigin>
///             <AllowedMethod>GET</AllowedMethod>
///             <AllowedMethod>HEAD</AllowedMethod>
///             <MaxAgeSeconds>600</MaxAgeSeconds>
///           </CORSRule>
///           <ResponseVary>true</ResponseVary>
///         </CORSConfiguration>"#,
///     Some(Format::Xml),
///     Profile::Oss,
/// )?;
/// let [found] = &lint(file.configuration(), Profile::Oss)[..] else { panic!() };
/// assert_eq!(found.code(), LintCode::OriginTrailingSlash);
/// assert_eq!(found.severity(), Severity::Warning);
/// assert_eq!(found.value(), Some("https://www.example.com/"));
/// assert_eq!(found.to_string(), "an origin has no slash at its end; write `https://www.example.com`");
/// # Ok::<(), oss_cors_core::ConfigErrors>(())
/// ```
pub fn lint(configuration: &CorsConfiguration, profile: Profile) -> Vec<Lint> {
    let mut findings = Findings::default();
    let mut comparisons = entries::MAX_COMPARISONS;
    for (index, rule) in configuration.rules.iter().enumerate() {
        let number = index + 1;
        origins::lint(number, rule, &mut findings);
        headers::lint(number, rule, &mut findings);
        entries::lint(number, rule, &mut comparisons, &mut findings);
        settings::lint_rule(number, rule, profile, &mut findings);
    }
    rules::lint(configuration, &mut findings);
    settings::lint_whole(configuration, profile, &mut findings);
    findings.sorted()
}
