//! The rules of a bucket: parsed, checked and written by our own core, and kept by the store. What they do is the CORS
//! layer's business.

use axum::response::IntoResponse;
use http::StatusCode;
use oss_cors_tower::oss_cors_core::{ConfigError, ConfigErrorKind, ConfigErrors, Format, Profile, RuleFile};

use super::answer::{Answer, no_content, xml};
use crate::call::Call;
use crate::error::{ApiError, NO_SUCH_CORS, invalid_argument, malformed_xml, too_many_rules};
use crate::server::Server;

/// The most bytes of rules that are put. Source: OSS, `PutBucketCors` (SEMANTICS section 1).
const MAX_RULES_BYTES: u64 = 16 << 10;

pub async fn put(server: &Server, call: &mut Call, bucket: &str) -> Answer {
    let body = call.body(server, MAX_RULES_BYTES).await?;
    let rules = RuleFile::parse(&body.bytes, Some(Format::Xml), Profile::Oss).map_err(|errors| refused(&errors))?;
    server.store.set_rules(bucket, Some(rules.into_configuration())).await?;
    Ok(StatusCode::OK.into_response())
}

pub fn get(server: &Server, bucket: &str) -> Answer {
    let rules = server.store.rules(bucket)?.ok_or(NO_SUCH_CORS)?;
    Ok(xml(rules.to_xml()))
}

/// Also where there are none.
pub async fn delete(server: &Server, bucket: &str) -> Answer {
    server.store.set_rules(bucket, None).await?;
    Ok(no_content())
}

/// OSS tells one fault: too many rules before all others, then that which stands first.
fn refused(errors: &ConfigErrors) -> ApiError {
    let too_many = |error: &&ConfigError| matches!(error.kind(), ConfigErrorKind::TooManyRules(_));
    if errors.iter().find(too_many).is_some() {
        return too_many_rules();
    }
    let Some(error) = errors.iter().next() else { return malformed_xml("The rules are refused.") };
    let message = error.to_string();
    let ec = match error.kind() {
        ConfigErrorKind::UnknownMethod => Some("0034-00000011"),
        ConfigErrorKind::ExposeCharacter(_) => Some("0034-00000013"),
        ConfigErrorKind::EmptyEntry
        | ConfigErrorKind::TwoWildcards
        | ConfigErrorKind::Unprintable
        | ConfigErrorKind::MaxAgeOutOfRange
        | ConfigErrorKind::NotABoolean
        | ConfigErrorKind::CredentialsNotInProfile => None,
        // The shape of the file is wrong, not a value in it.
        _ => return malformed_xml(message),
    };
    let name = error.element().map_or("CORSConfiguration", |element| element.name());
    invalid_argument(name, error.value().unwrap_or_default(), message).ec(ec)
}
