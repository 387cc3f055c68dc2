//! From a request to its operation, if the caller may.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};

use super::answer::{Answer, may};
use super::operation::Operation as O;
use super::{bucket, conditions, cors, delete_many, list, multipart, object, post, service};
use crate::body;
use crate::call::{Call, Payload};
use crate::error::{ACCESS_DENIED, NO_SUCH_VERSION};
use crate::gate::admitted;
use crate::server::Server;

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
    let operation = O::of(call)?;
    let bucket = call.target.bucket.clone().unwrap_or_default();
    let key = call.target.key.clone().unwrap_or_default();
    if !matches!(operation, O::ListBuckets | O::PutBucket) {
        server.store.bucket(&bucket)?;
    }
    // There are no versions but the one that has no name.
    if call.query.filled("versionId").is_some_and(|version| version != "null") {
        return Err(NO_SUCH_VERSION);
    }
    // The object that a form is for is named in it. Of one that cannot be read nobody knows whom it is from.
    let key = match &call.payload {
        Payload::Form(Ok(form)) => form.key().unwrap_or(key),
        Payload::Form(Err(error)) => return Err(error.clone()),
        Payload::Unread(_) | Payload::Read(_) => key,
    };
    if !may(server, call.caller, &bucket, &key, operation.permission()) {
        return Err(ACCESS_DENIED);
    }
    if !operation.takes_conditions() {
        conditions::none(&call.headers)?;
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
