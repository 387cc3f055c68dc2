//! Who asks: reads the signature of a request, in any of the ways of OSS and S3, and verifies it.
//!
//! | | in `Authorization` | in the query |
//! |---|---|---|
//! | OSS 1 | `OSS ID:SIGNATURE` | `OSSAccessKeyId`, `Expires`, `Signature` |
//! | OSS 4 | `OSS4-HMAC-SHA256 Credential=..` | `x-oss-credential`, .. |
//! | S3 2 | `AWS ID:SIGNATURE` | `AWSAccessKeyId`, `Expires`, `Signature` |
//! | S3 4 | `AWS4-HMAC-SHA256 Credential=..` | `X-Amz-Credential`, .. |

mod claim;
mod form;
mod keys;
mod v1;
mod v4;
mod verify;

pub use claim::{Caller, Family, Subject};
pub use form::{check_form, is_s3};
pub use keys::{AccessKey, Keys};
pub use verify::verify;
