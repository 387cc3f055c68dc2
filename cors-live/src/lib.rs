//! The rules in force: which table decides a request, who is notified of it, and which rules are on trial.
//!
//! ```text
//!   a file, a folder, etcd, your own store
//!        |  RuleTable, CorsConfiguration
//!        v
//!   CorsHandle: one table       Buckets: a table per bucket, by name
//!        \                        /
//!         Policy: the table of a request, then the decision     <- what an adapter asks
//!            |--> events and counters (`observe`)
//!            '--> Shadow: rules on trial, judged beside
//! ```
//!
//! Readers take no lock. A writer swaps one pointer; requests that have loaded the old table finish with it.
//!
//! Rules from one's own store go in by [`CorsHandle::store`]:
//!
//! ```
//! use oss_cors_core::{CorsRequest, Profile, RuleFile, RuleTable};
//! use oss_cors_live::CorsHandle;
//!
//! let handle = CorsHandle::new(RuleTable::not_enabled()).with_source("our database");
//!
//! // Whenever a row changes: good rules are stored, bad ones noted, and those in force stay.
//! let row = br#"<CORSConfiguration><CORSRule>
//!     <AllowedOrigin>https://app.example.com</AllowedOrigin><AllowedMethod>GET</AllowedMethod>
//! </CORSRule></CORSConfiguration>"#;
//! match RuleFile::parse(row, None, Profile::Oss) {
//!     Ok(file) => handle.store(file.table()),
//!     Err(errors) => handle.failed(errors.to_string()),
//! }
//!
//! assert_eq!((handle.generation(), handle.status().failing), (2, false));
//! let request = CorsRequest::actual(b"GET", b"https://app.example.com");
//! assert_eq!(handle.load().decide(&request).outcome().rule(), Some(1));
//! ```
//!
//! # What is not here
//!
//! Reading rules and deciding (`oss-cors-core`), and watching files (`oss-cors-source`).

mod buckets;
mod guard;
mod handle;
mod naming;
pub mod observe;
mod policy;
mod report;
mod request_id;
mod shadow;
mod status;

pub use buckets::{
    BucketError, BucketErrors, BucketNameError, Buckets, MAX_BUCKET_BYTES, MAX_BUCKET_FAILURES, SetBucketError,
    WeakBuckets,
};
pub use guard::TableGuard;
pub use handle::{CorsHandle, WeakCorsHandle};
pub use naming::{BucketNaming, SuffixError};
pub use policy::{Decided, Policy, RefusalBody};
pub use report::{MAX_SHADOW_EXAMPLES, ShadowDifference, ShadowExample, ShadowReport};
pub use request_id::request_id;
pub use shadow::Shadow;
pub use status::{LastError, Status};
