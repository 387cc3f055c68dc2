//! What a browser does with CORS, as the [Fetch standard](https://fetch.spec.whatwg.org/) says it: without a browser,
//! without a network, and without any code of the server that it judges.
//!
//! ```text
//!   PageRequest --preflight()--> Preflight --allows(answer)--> Grant: how long it may be cached
//!        |                                  \--> Failure: why the page's request is never sent
//!        \--reads(answer)--> Readable: which headers the page sees
//!                         \--> Failure: why the page sees nothing
//!   Redirects --follow(status, location)--> which Origin, method and headers the next hop gets
//! ```
//!
//! ```
//! use oss_cors_browser::{Credentials, PageRequest, Response};
//!
//! let headers = [("Content-Type", &b"image/png"[..]), ("Accept", b"*/*")];
//! let request = PageRequest::new("https://app.example.com", "put", &headers, Credentials::SameOrigin)?;
//!
//! // What the browser asks first.
//! let preflight = request.preflight().unwrap();
//! assert_eq!(preflight.method(), "PUT");
//! assert_eq!(preflight.request_headers().as_deref(), Some("content-type"));
//!
//! // What it makes of the answer.
//! let answer = [
//!     ("Access-Control-Allow-Origin", &b"https://app.example.com"[..]),
//!     ("Access-Control-Allow-Methods", b"GET, PUT"),
//!     ("Access-Control-Allow-Headers", b"Content-Type"),
//! ];
//! let grant = preflight.allows(&Response::new(200, &answer)).unwrap();
//! assert_eq!(grant.max_age, 5);
//! let refused = preflight.allows(&Response::new(403, &[])).unwrap_err();
//! assert_eq!(refused.chromium(), "PreflightMissingAllowOriginHeader");
//! assert_eq!(refused.safari(), "Preflight response is not successful. Status code: 403");
//! # Ok::<(), oss_cors_browser::NeverSent>(())
//! ```
//!
//! The model follows Fetch. Where a browser is known to leave it, [`Failure::passes_in_chromium`], the names of a
//! [`Failure`] and [`Browser::longest_max_age`] say so.

mod address;
mod browser;
mod check;
mod expose;
mod failure;
mod fields;
mod forbidden;
mod method;
mod preflight;
mod range;
mod redirect;
mod request;
mod response;
mod safelist;
mod shown;

pub use address::Address;
pub use browser::Browser;
pub use check::Credentials;
pub use expose::{is_forbidden_response_header, is_safelisted_response_header};
pub use failure::{CheckFailure, Failure};
pub use forbidden::is_forbidden_request_header;
pub use method::{is_forbidden_method, is_safelisted_method, normalized_method};
pub use preflight::{DEFAULT_MAX_AGE, Grant, Preflight};
pub use redirect::{MAX_REDIRECTS, RedirectError, Redirects};
pub use request::{NeverSent, PageRequest, Readable};
pub use response::Response;
pub use safelist::{
    MAX_SAFELISTED_VALUE_BYTES, MAX_SAFELISTED_VALUES_BYTES, is_safelisted_request_header, unsafe_names,
};
