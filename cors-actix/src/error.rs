//! Errors of the inner service on their way out.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::write::CorsHeaders;

/// An inner service's error, whose response will carry the CORS headers of the request it answers.
///
/// Outer middleware finds the error itself with
/// `error.as_error::<DecoratedError>().map(DecoratedError::inner)`.
pub struct DecoratedError {
    inner: actix_web::Error,
    headers: CorsHeaders,
}

impl DecoratedError {
    pub(crate) fn new(inner: actix_web::Error, headers: CorsHeaders) -> Self {
        Self { inner, headers }
    }

    /// The error as the inner service returned it.
    pub fn inner(&self) -> &actix_web::Error {
        &self.inner
    }
}

impl ResponseError for DecoratedError {
    fn status_code(&self) -> StatusCode {
        self.inner.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = self.inner.error_response();
        self.headers.clone().write(&mut response);
        response
    }
}

impl fmt::Display for DecoratedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

impl fmt::Debug for DecoratedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.inner, f)
    }
}
