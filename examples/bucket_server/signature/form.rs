//! The signature of a form upload: over its policy, which says what else the form may hold.

use super::claim::{Caller, Family, matches, only_of};
use super::keys::Keys;
use super::v1;
use super::v4::Scope;
use crate::digest::hmac_sha256;
use crate::error::{ApiError, access_denied};
use crate::form::Fields;

/// Whose spelling the signature of a form is in; S3's policy must name every field, OSS's need not.
pub fn is_s3(fields: &Fields) -> bool {
    fields.get("awsaccesskeyid").is_some() || fields.get("x-amz-credential").is_some()
}

/// Who sends a form. Without a policy, nobody in particular. The policy itself is checked elsewhere.
pub fn check_form(keys: &Keys, fields: &Fields) -> Result<Caller, ApiError> {
    let Some(policy) = fields.get("policy") else { return Ok(Caller::Anonymous) };
    if keys.is_empty() {
        return Ok(Caller::Owner);
    }
    let credential = |name, family| fields.get(name).map(|credential| (credential, family));
    let fourth = credential("x-oss-credential", Family::Oss).or_else(|| credential("x-amz-credential", Family::S3));
    let first = if fields.get("ossaccesskeyid").is_some() { Family::Oss } else { Family::S3 };
    let family = fourth.map_or(first, |(_, family)| family);
    // `acl` is S3's name of `x-amz-acl`.
    let names = fields.iter().map(|(name, _)| if name == "acl" { "x-amz-acl" } else { name });
    only_of(family, names)?;
    if let Some((credential, family)) = fourth {
        let (key_id, scope) = Scope::parse(family, credential)?;
        let signing_key = scope.signing_key(keys.secret(key_id)?);
        let name = if family == Family::Oss { "x-oss-signature" } else { "x-amz-signature" };
        let expected = hex::encode(hmac_sha256(&signing_key, policy.as_bytes()));
        matches(fields.get(name).unwrap_or_default(), &expected, policy)?;
    } else {
        let key_id = fields.get("ossaccesskeyid").or_else(|| fields.get("awsaccesskeyid"));
        let key_id = key_id.ok_or_else(|| access_denied("A form with a policy needs an access key id."))?;
        let expected = v1::sign(keys.secret(key_id)?, policy);
        matches(fields.get("signature").unwrap_or_default(), &expected, policy)?;
    }
    Ok(Caller::Owner)
}
