//! What the tests of the engine share with others.

use oss_cors_core::{CorsConfiguration, CorsRule, Profile};

#[path = "../support/oracle.rs"]
#[allow(dead_code, reason = "the responses are the corpus' affair")]
pub(crate) mod oracle;

/// `rule` with credentials, if it is wanted and may have them.
pub(crate) fn with_credentials(rule: CorsRule, wanted: bool) -> CorsRule {
    let trusted = rule.clone().allow_credentials(wanted);
    match CorsConfiguration::from(trusted.clone()).check(Profile::Extended) {
        Ok(()) => trusted,
        Err(_) => rule,
    }
}
