//! The operations: from method and sub-resource to one of them, whether the caller may, and its answer.

mod bucket;
mod conditions;
mod copy;
mod cors;
mod delete_many;
mod list;
mod multipart;
mod object;
mod policy;
mod post;
mod service;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::Server;
use crate::acl::Permission;
use crate::body;
use crate::call::{Call, Payload};
use crate::error::{ACCESS_DENIED, ApiError, METHOD_NOT_ALLOWED, NO_SUCH_VERSION};
use crate::gate::admitted;
use crate::signature::Caller;

type Answer = Result<Response, ApiError>;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    ListBuckets,
    // On a bucket.
    PutBucket,
    DeleteBucket,
    HeadBucket,
    BucketInfo,
    BucketLocation,
    BucketAcl,
    PutBucketAcl,
    BucketCors,
    PutBucketCors,
    DeleteBucketCors,
    ListObjects,
    ListVersions,
    ListUploads,
    DeleteObjects,
    PostObject,
    // On an object.
    GetObject,
    HeadObject,
    PutObject,
    DeleteObject,
    ObjectAcl,
    PutObjectAcl,
    BeginUpload,
    PutPart,
    ListParts,
    CompleteUpload,
    AbortUpload,
}

use Operation as O;

impl Operation {
    fn of(call: &Call) -> Result<Self, ApiError> {
        let sub_resource = call.query.sub_resource()?;
        let method = call.method.as_str();
        let operation = match (&call.target.bucket, &call.target.key) {
            (None, _) => match (method, sub_resource) {
                ("GET" | "HEAD", "") => O::ListBuckets,
                _ => return Err(METHOD_NOT_ALLOWED),
            },
            (Some(_), None) => match (method, sub_resource) {
                ("GET", "") => O::ListObjects,
                ("HEAD", "") => O::HeadBucket,
                ("PUT", "") => O::PutBucket,
                ("DELETE", "") => O::DeleteBucket,
                ("POST", "") => O::PostObject,
                ("GET", "acl") => O::BucketAcl,
                ("PUT", "acl") => O::PutBucketAcl,
                ("GET", "cors") => O::BucketCors,
                ("PUT", "cors") => O::PutBucketCors,
                ("DELETE", "cors") => O::DeleteBucketCors,
                ("GET", "bucketInfo") => O::BucketInfo,
                ("GET", "location") => O::BucketLocation,
                ("GET", "uploads") => O::ListUploads,
                ("GET", "versions") => O::ListVersions,
                ("POST", "delete") => O::DeleteObjects,
                _ => return Err(METHOD_NOT_ALLOWED),
            },
            (Some(_), Some(_)) => match (method, sub_resource) {
                ("GET", "") => O::GetObject,
                ("HEAD", "" | "objectMeta") => O::HeadObject,
                ("PUT", "") => O::PutObject,
                ("DELETE", "") => O::DeleteObject,
                ("GET", "acl") => O::ObjectAcl,
                ("PUT", "acl") => O::PutObjectAcl,
                ("POST", "uploads") => O::BeginUpload,
                ("PUT", "uploadId") => O::PutPart,
                ("GET", "uploadId") => O::ListParts,
                ("POST", "uploadId") => O::CompleteUpload,
                ("DELETE", "uploadId") => O::AbortUpload,
                _ => return Err(METHOD_NOT_ALLOWED),
            },
        };
        Ok(operation)
    }

    /// What it needs of a caller.
    fn permission(self) -> Permission {
        match self {
            O::ListObjects | O::HeadBucket | O::GetObject | O::HeadObject => Permission::Read,
            O::DeleteObjects
            | O::PostObject
            | O::PutObject
            | O::DeleteObject
            | O::BeginUpload
            | O::PutPart
            | O::CompleteUpload
            | O::AbortUpload => Permission::Write,
            O::ListBuckets
            | O::PutBucket
            | O::DeleteBucket
            | O::BucketInfo
            | O::BucketLocation
            | O::BucketAcl
            | O::PutBucketAcl
            | O::BucketCors
            | O::PutBucketCors
            | O::DeleteBucketCors
            | O::ListVersions
            | O::ListUploads
            | O::ListParts
            | O::ObjectAcl
            | O::PutObjectAcl => Permission::Own,
        }
    }
}

/// Answers what the gate let through, and what it refused.
pub async fn answer(State(server): State<Arc<Server>>, mut request: Request) -> Response {
    let (answer, unread) = match admitted(&mut request) {
        Ok(mut call) => (answer_call(&server, &mut call).await, call.unread()),
        Err(error) => (Err(error), request.into_body()),
    };
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    // A client that is still sending would find the connection closed, and might try the next request on it.
    if !body::drain(unread).await {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn answer_call(server: &Server, call: &mut Call) -> Answer {
    let operation = Operation::of(call)?;
    let bucket = call.target.bucket.clone().unwrap_or_default();
    let key = call.target.key.clone().unwrap_or_default();
    if !matches!(operation, O::ListBuckets | O::PutBucket) {
        server.store.bucket(&bucket)?;
    }
    // There are no versions but the one that has no name.
    if call.query.filled("versionId").is_some_and(|version| version != "null") {
        return Err(NO_SUCH_VERSION);
    }
    // Of a form that cannot be read nobody knows whom it is from.
    if let Payload::Form(Err(error)) = &call.payload {
        return Err(error.clone());
    }
    if !may(server, call.caller, &bucket, &key, operation.permission()) {
        return Err(ACCESS_DENIED);
    }
    let (bucket, key) = (bucket.as_str(), key.as_str());
    match operation {
        O::ListBuckets => service::list_buckets(server, call),
        O::PutBucket => bucket::put(server, call, bucket).await,
        O::DeleteBucket => bucket::delete(server, bucket).await,
        O::HeadBucket => Ok(bucket::head()),
        O::BucketInfo => bucket::info(server, call, bucket),
        O::BucketLocation => Ok(bucket::location()),
        O::BucketAcl => bucket::acl(server, call, bucket),
        O::PutBucketAcl => bucket::put_acl(server, call, bucket).await,
        O::BucketCors => cors::get(server, bucket),
        O::PutBucketCors => cors::put(server, call, bucket).await,
        O::DeleteBucketCors => cors::delete(server, bucket).await,
        O::ListObjects => list::objects(server, call, bucket),
        O::ListVersions => list::versions(server, call, bucket),
        O::ListUploads => multipart::list(server, call, bucket),
        O::DeleteObjects => delete_many::delete(server, call, bucket).await,
        O::PostObject => post::post(server, call, bucket).await,
        O::GetObject | O::HeadObject => object::get(server, call, bucket, key).await,
        O::PutObject => object::put(server, call, bucket, key).await,
        O::DeleteObject => object::delete(server, bucket, key).await,
        O::ObjectAcl => object::acl(server, call, bucket, key),
        O::PutObjectAcl => object::put_acl(server, call, bucket, key).await,
        O::BeginUpload => multipart::begin(server, call, bucket, key).await,
        O::PutPart => multipart::put_part(server, call, bucket, key).await,
        O::ListParts => multipart::list_parts(server, call, bucket, key),
        O::CompleteUpload => multipart::complete(server, call, bucket, key).await,
        O::AbortUpload => multipart::abort(server, call, bucket, key).await,
    }
}

/// An object's own list counts before that of its bucket.
fn may(server: &Server, caller: Caller, bucket: &str, key: &str, permission: Permission) -> bool {
    let own = || server.store.object(bucket, key).ok()?.record.acl;
    let acl = || own().or_else(|| Some(server.store.bucket(bucket).ok()?.acl));
    caller == Caller::Owner || acl().is_some_and(|acl| acl.allows(permission))
}

fn xml(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
