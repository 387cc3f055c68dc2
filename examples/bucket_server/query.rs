//! The query of a request: its parameters, and the sub-resource that it names.
//!
//! OSS and S3 tell operations apart by a parameter (`?cors`, `?acl`), so an unknown one must not be taken for none.

use percent_encoding::percent_decode_str;

use crate::error::{ApiError, invalid_argument, not_implemented};

/// Name one of the operations of this server.
const SUB_RESOURCES: [&str; 9] =
    ["acl", "bucketInfo", "cors", "delete", "location", "objectMeta", "uploadId", "uploads", "versions"];

/// Belong to an operation, and may be empty.
const PARAMETERS: &str = "continuation-token delimiter encoding-type fetch-owner key-marker list-type marker max-keys \
    max-parts max-uploads part-number-marker partNumber prefix security-token start-after upload-id-marker \
    version-id-marker versionId";

/// Sub-resources of OSS and S3 that this server has not, although they are written with a value.
const MISSING: &str = "comp inventoryId select-type styleName wormId x-oss-async-process x-oss-process";

/// The parameters, decoded, in order.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: &str) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// A parameter whose empty value means the same as none.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A number, at most `most`; `most` without one.
    pub fn number(&self, name: &str, most: usize) -> Result<usize, ApiError> {
        let Some(value) = self.filled(name) else { return Ok(most) };
        let number = value.parse::<usize>();
        number
            .map(|number| number.min(most))
            .map_err(|_| invalid_argument(name, value, "Not a number that is allowed here."))
    }

    /// The sub-resource, empty for none. One that this server has not is an error: a parameter without a value, or one
    /// that is known to be a sub-resource.
    pub fn sub_resource(&self) -> Result<&'static str, ApiError> {
        let mut named = "";
        for (name, value) in self.iter() {
            if let Some(known) = SUB_RESOURCES.iter().find(|known| **known == name) {
                named = known;
            } else if is_in(MISSING, name) || (value.is_empty() && !is_parameter(name)) {
                return Err(not_implemented(name));
            }
        }
        // Below an upload it numbers a part; alone it would read one.
        if self.has("partNumber") && named != "uploadId" {
            return Err(not_implemented("partNumber"));
        }
        Ok(named)
    }
}

fn is_parameter(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    is_in(PARAMETERS, name) || ["response-", "x-oss-", "x-amz-"].iter().any(|prefix| lower.starts_with(prefix))
}

fn is_in(names: &str, name: &str) -> bool {
    names.split(' ').any(|one| one == name)
}
