//! A form as a browser uploads it: fields, then the file (PostObject).

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, header};

use crate::body::{Budget, Whole};
use crate::error::{ApiError, ENTITY_TOO_LARGE, malformed_form};

/// The most bytes of all fields but the file, and of what stands around them.
const MAX_FIELDS_BYTES: u64 = 64 << 10;

/// What a field counts beside its name and its value, so that there are never many.
const FIELD_MARGIN: u64 = 64;

/// The fields but the file, by name in lower case. Of two with one name the first counts.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A whole form.
pub struct Form {
    pub fields: Fields,
    pub file: Bytes,
    /// Without any folders that the browser told.
    pub file_name: String,
    pub content_type: Option<String>,
    _whole: Whole,
}

/// Whether a body is a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    boundary(headers).is_some()
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(content_type).ok()
}

impl Form {
    /// Reads a form whose file has at most `most` bytes.
    pub async fn read(budget: &Budget, headers: &HeaderMap, body: Body, most: u64) -> Result<Self, ApiError> {
        let boundary = boundary(headers).ok_or_else(|| malformed_form("The body is no form."))?;
        let whole = budget.read(headers, body, most.saturating_add(MAX_FIELDS_BYTES), None).await?;
        let bytes = stream::iter([Ok::<_, std::convert::Infallible>(whole.bytes.clone())]);
        let mut parts = multer::Multipart::new(bytes, boundary);
        let mut fields = Fields::default();
        let mut taken = 0;
        let broken = |error: multer::Error| malformed_form(format!("The form is malformed: {error}"));
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_ascii_lowercase();
            if name != "file" {
                let value = part.text().await.map_err(broken)?;
                taken += (name.len() + value.len()) as u64 + FIELD_MARGIN;
                if taken > MAX_FIELDS_BYTES {
                    return Err(malformed_form("The fields of the form take too many bytes."));
                }
                fields.0.push((name, value));
                continue;
            }
            let file_name = part.file_name().unwrap_or_default();
            let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
            let content_type = part.content_type().map(ToString::to_string);
            let file = part.bytes().await.map_err(broken)?;
            // What comes after the file is not read: the file is the last field.
            return match file.len() as u64 > most {
                true => Err(ENTITY_TOO_LARGE),
                false => Ok(Self { fields, file, file_name, content_type, _whole: whole }),
            };
        }
        Err(malformed_form("The form has no field `file`."))
    }
}
