//! Errors, as OSS answers them: a status, a code, a message, and sometimes OSS's finer code.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use oss_cors_tower::oss_cors_core::Refusal;

use crate::xml::Xml;

/// An answer other than success. As a response it has no body yet: [`crate::finish`] writes it, with the request's id.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    pub code: &'static str,
    pub ec: Option<&'static str>,
    message: Cow<'static, str>,
    details: Vec<(&'static str, String)>,
}

const fn error(status: StatusCode, code: &'static str, message: &'static str) -> ApiError {
    ApiError { status, code, ec: None, message: Cow::Borrowed(message), details: Vec::new() }
}

const fn with_ec(status: StatusCode, code: &'static str, message: &'static str, ec: &'static str) -> ApiError {
    ApiError { status, code, ec: Some(ec), message: Cow::Borrowed(message), details: Vec::new() }
}

use StatusCode as S;

pub const ACCESS_DENIED: ApiError =
    error(S::FORBIDDEN, "AccessDenied", "You have no right to access this object because of bucket acl.");
pub const BAD_DIGEST: ApiError =
    error(S::BAD_REQUEST, "BadDigest", "A digest you specified did not match what we received.");
pub const BUCKET_NOT_EMPTY: ApiError =
    error(S::CONFLICT, "BucketNotEmpty", "The bucket has objects or uploads. Please delete them first.");
pub const ENTITY_TOO_LARGE: ApiError =
    error(S::BAD_REQUEST, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.");
pub const ENTITY_TOO_SMALL: ApiError =
    error(S::BAD_REQUEST, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size.");
pub const FILE_ALREADY_EXISTS: ApiError =
    error(S::CONFLICT, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.");
pub const INCOMPLETE_BODY: ApiError =
    error(S::BAD_REQUEST, "IncompleteBody", "The body broke off, or is not encoded as its headers say.");
pub const INTERNAL_ERROR: ApiError =
    error(S::INTERNAL_SERVER_ERROR, "InternalError", "We encountered an internal error. Please try again.");
pub const INVALID_ACCESS_KEY_ID: ApiError =
    error(S::FORBIDDEN, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.");
pub const INVALID_BUCKET_NAME: ApiError =
    error(S::BAD_REQUEST, "InvalidBucketName", "The specified bucket is not valid.");
pub const INVALID_DIGEST: ApiError =
    error(S::BAD_REQUEST, "InvalidDigest", "The Content-MD5 you specified was invalid.");
pub const INVALID_OBJECT_NAME: ApiError =
    error(S::BAD_REQUEST, "InvalidObjectName", "The specified object is not valid.");
pub const INVALID_PART: ApiError = error(
    S::BAD_REQUEST,
    "InvalidPart",
    "One or more of the specified parts could not be found or the specified entity tag might not have matched the \
     part's entity tag.",
);
pub const INVALID_PART_ORDER: ApiError = error(
    S::BAD_REQUEST,
    "InvalidPartOrder",
    "The list of parts was not in ascending order. Parts list must be specified in order by part number.",
);
pub const INVALID_RANGE: ApiError =
    error(S::RANGE_NOT_SATISFIABLE, "InvalidRange", "The requested range cannot be satisfied.");
pub const METADATA_TOO_LARGE: ApiError =
    error(S::BAD_REQUEST, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.");
pub const METHOD_NOT_ALLOWED: ApiError =
    error(S::METHOD_NOT_ALLOWED, "MethodNotAllowed", "The specified method is not allowed against this resource.");
pub const NO_SUCH_BUCKET: ApiError =
    with_ec(S::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101");
pub const NO_SUCH_CORS: ApiError =
    error(S::NOT_FOUND, "NoSuchCORSConfiguration", "The CORS Configuration does not exist.");
pub const NO_SUCH_KEY: ApiError =
    with_ec(S::NOT_FOUND, "NoSuchKey", "The specified key does not exist.", "0026-00000001");
pub const NO_SUCH_UPLOAD: ApiError = error(
    S::NOT_FOUND,
    "NoSuchUpload",
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or \
     completed.",
);
pub const NO_SUCH_VERSION: ApiError = error(S::NOT_FOUND, "NoSuchVersion", "The specified version does not exist.");
pub const NOT_MODIFIED: ApiError = error(S::NOT_MODIFIED, "NotModified", "Not Modified");
pub const PRECONDITION_FAILED: ApiError = error(
    S::PRECONDITION_FAILED,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold.",
);
pub const REQUEST_TIMEOUT: ApiError = error(
    S::BAD_REQUEST,
    "RequestTimeout",
    "Your socket connection to the server was not read from or written to within the timeout period.",
);
pub const REQUEST_TIME_TOO_SKEWED: ApiError = error(
    S::FORBIDDEN,
    "RequestTimeTooSkewed",
    "The difference between the request time and the current time is too large.",
);
pub const SIGNATURE_DOES_NOT_MATCH: ApiError = error(
    S::FORBIDDEN,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
);
pub const STORE_IS_FULL: ApiError =
    error(S::INSUFFICIENT_STORAGE, "StorageQuotaExceeded", "The objects of this server take no more bytes together.");
pub const TOO_MANY_BUCKETS: ApiError =
    error(S::BAD_REQUEST, "TooManyBuckets", "You have attempted to create more buckets than allowed.");
pub const TOO_MANY_UPLOADS: ApiError =
    error(S::BAD_REQUEST, "TooManyUploads", "You have begun more multipart uploads than allowed.");

/// A bad value of a request: its name and the value itself.
pub fn invalid_argument(name: &str, value: &str, message: impl Into<Cow<'static, str>>) -> ApiError {
    error(S::BAD_REQUEST, "InvalidArgument", "")
        .message(message)
        .detail("ArgumentName", name)
        .detail("ArgumentValue", value)
}

pub fn access_denied(message: impl Into<Cow<'static, str>>) -> ApiError {
    ACCESS_DENIED.message(message)
}

pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> ApiError {
    error(S::BAD_REQUEST, "InvalidRequest", "").message(message)
}

pub fn malformed_xml(message: impl Into<Cow<'static, str>>) -> ApiError {
    error(S::BAD_REQUEST, "MalformedXML", "").message(message)
}

pub fn malformed_form(message: impl Into<Cow<'static, str>>) -> ApiError {
    error(S::BAD_REQUEST, "MalformedPOSTRequest", "").message(message)
}

pub fn invalid_policy(message: impl Into<Cow<'static, str>>) -> ApiError {
    error(S::BAD_REQUEST, "InvalidPolicyDocument", "").message(message)
}

/// The rules of a bucket hold one rule too many.
pub fn too_many_rules() -> ApiError {
    error(S::BAD_REQUEST, "CORSRuleBeyondLimit", "The CORS Rules num is beyond limit.")
}

/// What OSS has and this server has not: never answered as if it were done.
pub fn not_implemented(what: &str) -> ApiError {
    error(
        S::NOT_IMPLEMENTED,
        "NotImplemented",
        "A header or parameter you provided implies functionality that is not implemented.",
    )
    .detail("Resource", what)
}

impl ApiError {
    pub fn message(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }

    pub fn ec(self, ec: Option<&'static str>) -> Self {
        Self { ec, ..self }
    }

    /// One more element of the body.
    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// The elements of the body that say what is wrong.
    pub fn describe(&self, xml: &mut Xml) {
        xml.text("Code", self.code).text("Message", &self.message);
    }

    /// The body.
    pub fn to_xml(&self, request_id: &str, host: &str) -> String {
        Xml::document("Error", |xml| {
            self.describe(xml);
            xml.text("RequestId", request_id).text("HostId", host);
            for (name, value) in &self.details {
                xml.text(name, value);
            }
            if let Some(ec) = self.ec {
                xml.text("EC", ec);
            }
        })
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::FORBIDDEN);
        error(status, refusal.code(), refusal.message()).ec(refusal.ec())
    }
}

/// The store's own faults: reported to whoever runs the server, not to its clients.
impl From<object_store::Error> for ApiError {
    fn from(error: object_store::Error) -> Self {
        eprintln!("storage: {error}");
        INTERNAL_ERROR
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
