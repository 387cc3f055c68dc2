//! What operations answer with, and whether they may.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::acl::Permission;
use crate::error::ApiError;
use crate::server::Server;
use crate::signature::Caller;

pub type Answer = Result<Response, ApiError>;

/// An object's own list counts before that of its bucket.
pub fn may(server: &Server, caller: Caller, bucket: &str, key: &str, permission: Permission) -> bool {
    let own = || server.store.object(bucket, key).ok()?.record.acl;
    let acl = || own().or_else(|| Some(server.store.bucket(bucket).ok()?.acl));
    caller == Caller::Owner || acl().is_some_and(|acl| acl.allows(permission))
}

pub fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
