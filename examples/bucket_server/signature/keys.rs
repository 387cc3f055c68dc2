//! The keys that may sign.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{ApiError, INVALID_ACCESS_KEY_ID};

/// A key that may sign requests.
#[derive(Clone)]
pub struct AccessKey {
    id: String,
    secret: String,
}

impl FromStr for AccessKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
                Ok(Self { id: id.to_owned(), secret: secret.to_owned() })
            }
            _ => Err("not a key; write its id and its secret with a colon between them"),
        }
    }
}

/// Without the secret.
impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The keys of the server. With none, every signature is accepted.
#[derive(Debug, Default)]
pub struct Keys(HashMap<String, String>);

impl Keys {
    pub fn new(keys: &[AccessKey]) -> Self {
        Self(keys.iter().map(|key| (key.id.clone(), key.secret.clone())).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn secret(&self, id: &str) -> Result<&str, ApiError> {
        self.0.get(id).map(String::as_str).ok_or_else(|| INVALID_ACCESS_KEY_ID.detail("OSSAccessKeyId", id))
    }
}
