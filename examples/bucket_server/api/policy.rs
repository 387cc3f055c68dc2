//! The policy of a form upload: what its signer allowed the form to hold.

use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::dates;
use crate::error::{ApiError, ENTITY_TOO_LARGE, ENTITY_TOO_SMALL, access_denied, invalid_policy};
use crate::form::Fields;

/// What S3 lets a form hold that its policy does not name. Source: AWS, "POST policy".
const UNNAMED: [&str; 4] = ["awsaccesskeyid", "policy", "signature", "x-amz-signature"];

/// What the conditions of a policy are compared with.
pub struct Upload<'a> {
    pub field: &'a dyn Fn(&str) -> Option<String>,
    /// The fields that conditions must name, each of them.
    pub all_named: Option<&'a Fields>,
    pub size: u64,
}

/// Checks the expiration and every condition of an encoded policy.
pub fn check(policy: &str, upload: &Upload<'_>) -> Result<(), ApiError> {
    let json = BASE64_STANDARD.decode(policy).map_err(|_| invalid_policy("The policy is not base64."))?;
    let policy: Value = serde_json::from_slice(&json).map_err(|_| invalid_policy("The policy is not JSON."))?;
    let expiration = policy.get("expiration").and_then(Value::as_str).and_then(dates::policy);
    let expiration = expiration.ok_or_else(|| invalid_policy("The policy needs an expiration."))?;
    if SystemTime::now() > expiration {
        return Err(access_denied("Invalid according to Policy: Policy expired."));
    }
    let conditions = policy.get("conditions").and_then(Value::as_array);
    let conditions = conditions.ok_or_else(|| invalid_policy("The policy needs conditions."))?;
    conditions.iter().try_for_each(|condition| check_one(condition, upload))?;
    let named: Vec<String> = conditions.iter().flat_map(names).map(str::to_ascii_lowercase).collect();
    let exempt = |name: &str| UNNAMED.contains(&name) || name.starts_with("x-ignore-");
    let mut fields = upload.all_named.into_iter().flat_map(Fields::iter).map(|(name, _)| name);
    match fields.find(|name| !exempt(name) && !named.iter().any(|named| named == name)) {
        Some(extra) => Err(access_denied(format!("Invalid according to Policy: Extra input fields: {extra}"))),
        None => Ok(()),
    }
}

/// Which fields a condition is about.
fn names(condition: &Value) -> Vec<&str> {
    match condition {
        Value::Object(fields) => fields.keys().map(String::as_str).collect(),
        Value::Array(items) => {
            items.get(1).and_then(Value::as_str).and_then(|name| name.strip_prefix('$')).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn check_one(condition: &Value, upload: &Upload<'_>) -> Result<(), ApiError> {
    let malformed = || invalid_policy(format!("A condition is malformed: {condition}"));
    let holds = match condition {
        Value::Object(fields) => fields.iter().all(|(name, value)| field(upload, name).as_deref() == value.as_str()),
        Value::Array(items) => match items.as_slice() {
            [Value::String(range), least, most] if range == "content-length-range" => {
                let (least, most) = (number(least).ok_or_else(malformed)?, number(most).ok_or_else(malformed)?);
                return match upload.size {
                    size if size < least => Err(ENTITY_TOO_SMALL),
                    size if size > most => Err(ENTITY_TOO_LARGE),
                    _ => Ok(()),
                };
            }
            [Value::String(operator), Value::String(name), value] => {
                let found = field(upload, name.strip_prefix('$').ok_or_else(malformed)?).unwrap_or_default();
                let is = |value: &Value| value.as_str() == Some(&found);
                match (operator.as_str(), value) {
                    ("eq", Value::String(_)) => is(value),
                    ("starts-with", Value::String(begin)) => found.starts_with(begin),
                    ("in", Value::Array(values)) => values.iter().any(is),
                    ("not-in", Value::Array(values)) => !values.iter().any(is),
                    _ => return Err(malformed()),
                }
            }
            _ => return Err(malformed()),
        },
        _ => return Err(malformed()),
    };
    match holds {
        true => Ok(()),
        false => Err(access_denied(format!("Invalid according to Policy: Policy Condition failed: {condition}"))),
    }
}

fn field(upload: &Upload<'_>, name: &str) -> Option<String> {
    (upload.field)(&name.to_ascii_lowercase())
}

/// Browsers' libraries write numbers as text, too.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}
