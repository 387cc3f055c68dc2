//! A form as a browser uploads it: fields, then the file (PostObject).
//!
//! The fields say who asks, and for which object. So they are read first, and the file only when the sender may.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use multer::{Field, Multipart};

use crate::body::{Budget, Whole};
use crate::error::{ApiError, ENTITY_TOO_LARGE, malformed_form};
use crate::serve::BodyError;

/// The most bytes of all fields but the file, names and values together.
const MAX_FIELDS_BYTES: u64 = 64 << 10;

/// What a field counts beside its name and its value, so that there are never many.
const FIELD_MARGIN: u64 = 64;

/// The most bytes before the file: what stands around the fields takes as much again at most. They are read before it
/// is known who asks, as the head of a request is, and count in no budget.
const MAX_HEAD_BYTES: usize = 128 << 10;

/// The fields but the file, by name in lower case. Each is there once: a policy must not be asked about one of two, and
/// the other be kept.
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

/// A form up to its file.
pub struct FormHead {
    pub fields: Fields,
    file_name: String,
    begun: Bytes,
    /// Locked by nobody: that makes it `Sync`, which what waits with a reference needs.
    rest: Mutex<Body>,
}

/// A whole form.
pub struct Form {
    pub fields: Fields,
    pub file: Bytes,
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

impl FormHead {
    /// Reads what stands before the file.
    pub async fn read(budget: &Budget, headers: &HeaderMap, mut body: Body) -> Result<Self, ApiError> {
        let boundary = boundary(headers).ok_or_else(|| malformed_form("The body is no form."))?;
        let begun = budget.in_time(begin(&mut body)).await?;
        let whole = begun.len() < MAX_HEAD_BYTES;
        let (fields, file) = parse(begun.clone(), boundary).await.map_err(|error| match whole {
            true => error,
            false => malformed_form("The fields of the form take too many bytes, or are malformed."),
        })?;
        let file_name = file.file_name().unwrap_or_default();
        // Without any folders that the browser sent.
        let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Ok(Self { fields, file_name, begun, rest: Mutex::new(body) })
    }

    /// The key of the object, if the form says one.
    pub fn key(&self) -> Option<String> {
        Some(self.fields.get("key")?.replace("${filename}", &self.file_name))
    }

    /// Reads the file, of at most `most` bytes.
    pub async fn file(self, budget: &Budget, headers: &HeaderMap, most: u64) -> Result<Form, ApiError> {
        let boundary = boundary(headers).ok_or_else(|| malformed_form("The body is no form."))?;
        let begun = stream::once(std::future::ready(Ok(self.begun.clone())));
        let body = Body::from_stream(begun.chain(self.unread().into_data_stream()));
        let whole = budget.read(headers, body, most.saturating_add(MAX_HEAD_BYTES as u64), None).await?;
        let (fields, file) = parse(whole.bytes.clone(), boundary).await?;
        let content_type = file.content_type().map(ToString::to_string);
        // What comes after the file is not read: the file is the last field.
        let file = file.bytes().await.map_err(broken)?;
        match file.len() as u64 > most {
            true => Err(ENTITY_TOO_LARGE),
            false => Ok(Form { fields, file, content_type, _whole: whole }),
        }
    }

    /// What nobody has read of the body.
    pub fn unread(self) -> Body {
        self.rest.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first bytes of a body: all that come, or as many as the fields may take.
async fn begin(body: &mut Body) -> Result<Bytes, ApiError> {
    let mut begun = BytesMut::new();
    while begun.len() < MAX_HEAD_BYTES
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| BodyError::from(error.into_inner()))?;
        begun.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
    }
    Ok(begun.freeze())
}

/// The fields before the file, and the file, unread.
async fn parse(bytes: Bytes, boundary: String) -> Result<(Fields, Field<'static>), ApiError> {
    let bytes = stream::iter([Ok::<_, std::convert::Infallible>(bytes)]);
    let mut parts = Multipart::new(bytes, boundary);
    let mut fields = Fields::default();
    let mut taken = 0;
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_ascii_lowercase();
        if name == "file" {
            return Ok((fields, part));
        }
        if fields.get(&name).is_some() {
            return Err(malformed_form(format!("The field `{name}` is there twice.")));
        }
        let value = part.text().await.map_err(broken)?;
        taken += (name.len() + value.len()) as u64 + FIELD_MARGIN;
        if taken > MAX_FIELDS_BYTES {
            return Err(malformed_form("The fields of the form take too many bytes."));
        }
        fields.0.push((name, value));
    }
    Err(malformed_form("The form has no field `file`."))
}

fn broken(error: multer::Error) -> ApiError {
    malformed_form(format!("The form is malformed: {error}"))
}
