//! From method and sub-resource to an operation.

use crate::acl::Permission;
use crate::call::Call;
use crate::error::{ApiError, METHOD_NOT_ALLOWED};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
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
    pub fn of(call: &Call) -> Result<Self, ApiError> {
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

    /// Whether it obeys the conditions of a request, or only reads. Of all others a condition is an error.
    pub fn takes_conditions(self) -> bool {
        match self {
            O::GetObject
            | O::HeadObject
            | O::PutObject
            | O::BeginUpload
            | O::CompleteUpload
            | O::ListBuckets
            | O::HeadBucket
            | O::BucketInfo
            | O::BucketLocation
            | O::BucketAcl
            | O::BucketCors
            | O::ListObjects
            | O::ListVersions
            | O::ListUploads
            | O::ObjectAcl
            | O::ListParts => true,
            O::PutBucket
            | O::DeleteBucket
            | O::PutBucketAcl
            | O::PutBucketCors
            | O::DeleteBucketCors
            | O::DeleteObjects
            | O::PostObject
            | O::DeleteObject
            | O::PutObjectAcl
            | O::PutPart
            | O::AbortUpload => false,
        }
    }

    /// What it needs of a caller.
    pub fn permission(self) -> Permission {
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
