//! A request that passed the gate: whom it is from, what it is for, and its body.

use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use http::{HeaderMap, HeaderValue, Method};

use crate::body::Whole;
use crate::error::{ApiError, malformed_form};
use crate::form::{Form, FormHead};
use crate::query::Query;
use crate::server::Server;
use crate::signature::{Caller, Family};
use crate::target::Target;

/// A request, as the operations see it.
pub struct Call {
    pub method: Method,
    pub host: String,
    pub target: Target,
    pub query: Query,
    pub headers: HeaderMap,
    pub family: Family,
    pub caller: Caller,
    pub payload: Payload,
}

/// The body.
pub enum Payload {
    /// Locked by nobody: that makes it `Sync`, which what waits with a reference needs.
    Unread(Mutex<Body>),
    /// Read already, because a part of the signature is in it.
    Read(Result<Whole, ApiError>),
    /// Up to its file.
    Form(Result<FormHead, ApiError>),
}

impl Call {
    /// The whole body, of at most `most` bytes.
    pub async fn body(&mut self, server: &Server, most: u64) -> Result<Whole, ApiError> {
        match self.take() {
            Payload::Unread(body) => {
                let body = body.into_inner().unwrap_or_else(PoisonError::into_inner);
                server.budget.read(&self.headers, body, most, None).await
            }
            Payload::Read(read) => read,
            Payload::Form(_) => Err(malformed_form("A form is not expected here.")),
        }
    }

    /// The whole form, whose file has at most `most` bytes.
    pub async fn form(&mut self, server: &Server, most: u64) -> Result<Form, ApiError> {
        match self.take() {
            Payload::Form(form) => form?.file(&server.budget, &self.headers, most).await,
            _ => Err(malformed_form("The body is not multipart/form-data.")),
        }
    }

    /// What nobody has read of the body.
    pub fn unread(self) -> Body {
        match self.payload {
            Payload::Unread(body) => body.into_inner().unwrap_or_else(PoisonError::into_inner),
            Payload::Form(Ok(form)) => form.unread(),
            Payload::Read(_) | Payload::Form(Err(_)) => Body::empty(),
        }
    }

    fn take(&mut self) -> Payload {
        std::mem::replace(&mut self.payload, Payload::unread(Body::empty()))
    }

    /// One of OSS's headers, in the spelling of either family.
    pub fn own_header(&self, name: &str) -> Option<&HeaderValue> {
        let spelt = |family: Family| self.headers.get(format!("{}{name}", family.prefix()));
        spelt(Family::Oss).or_else(|| spelt(Family::S3))
    }
}

impl Payload {
    pub fn unread(body: Body) -> Self {
        Self::Unread(Mutex::new(body))
    }
}
