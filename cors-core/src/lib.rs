//! Bucket-style CORS: an ordered list of rules, compiled once, decided without allocating.
//!
//! An object store decides cross-origin access with up to [`MAX_RULES`] rules per bucket; the first that matches
//! origin, method and every requested header decides the answer, and no other rule adds to it. This crate gives exactly
//! those semantics, free of IO, threads and frameworks. Its behaviour is that of Alibaba Cloud OSS; where Fetch and OSS
//! differ, OSS.
//!
//! ```text
//! COLD, may fail, reports everything
//!   bytes --RuleFile::parse--> CorsConfiguration --compile--> RuleTable --store--> CorsHandle
//!                  \-> ConfigErrors: all of them, with rule, element, line and remedy
//!
//! HOT, cannot fail, no lock, no allocation
//!   CorsRequest (borrowed bytes) --RuleTable::decide--> Decision
//!                                                         Forward: call the app, then write the rule's headers
//!                                                         Answer:  preflight accepted or refused, app never called
//! ```
//!
//! Services use `oss-cors-tower` (axum, hyper, anything tower) or `oss-cors-actix`; both stand on this crate and re-export it.
//!
//! ```
//! use oss_cors_core::{CorsRequest, Decision, Profile, RuleFile};
//!
//! let file = RuleFile::parse(
//!     br#"<CORSConfiguration>
//!           <CORSRule>
//!             <AllowedOrigin>https://*.example.com</AllowedOrigin>
//!             <AllowedMethod>GET</AllowedMethod>
//!             <ExposeHeader>ETag</ExposeHeader>
//!           </CORSRule>
//!         </CORSConfiguration>"#,
//!     None,
//!     Profile::Oss,
//! )?;
//! let table = file.table();
//!
//! let request = CorsRequest::actual(b"GET", b"https://app.example.com");
//! let Decision::Forward { rule: Ok(rule), vary_origin: false } = table.decide(&request) else { panic!() };
//! assert_eq!(rule.number(), 1);
//! assert_eq!(rule.expose_headers().unwrap(), "ETag");
//! # Ok::<(), oss_cors_core::ConfigErrors>(())
//! ```
//!
//! # Words
//!
//! | | |
//! |---|---|
//! | rule | one `CORSRule`: the origins, methods and headers that it allows, and what it answers with |
//! | entry | one text of a rule: an `AllowedOrigin`, an `AllowedHeader`; it has at most one `*` |
//! | origin | scheme, host and port of the page that asks, as the `Origin` header says it |
//! | preflight | an `OPTIONS` with `Origin` and `Access-Control-Request-Method`: the browser asks before it sends |
//! | actual request | any other request with an `Origin`; it is never stopped, only its answer's headers are decided |
//! | match | a rule matches when it allows the origin, the method and every requested header |
//! | refusal | the answer to a preflight that no rule matches: a status, a code, a message |
//! | table | the rules of a configuration, compiled: [`RuleTable`] |
//! | handle | the place of the table in force, which is swapped while requests are served (`oss-cors-live`) |
//! | generation | how often a handle's table was swapped |
//! | bucket | a name with rules of its own; a server may have many (`oss-cors-live`) |
//! | shadow | rules on trial: what they would answer is counted, and not sent (`oss-cors-live`) |
//!
//! # What is not here
//!
//! Reading files (`oss-cors-source`), calling an application (the adapters; [`RuleTable::decide_parts`] is for servers that have
//! none), and CSRF protection: CORS lets a page read what
//! the browser would hide; it never stops a request from arriving.

mod config;
mod decision;
mod error;
mod escape;
mod format;
mod headers;
mod http_parts;
mod index;
mod inspect;
mod pattern;
mod refusal;
mod request;
mod response;
mod rule;
mod shown;
mod table;
mod text;
mod validate;

pub use config::{CorsConfiguration, CorsRule, MAX_AGE_SECONDS, MAX_FILE_BYTES, MAX_METHOD_BYTES, MAX_RULES, Profile};
pub use decision::{Decision, Outcome};
pub use error::{ConfigError, ConfigErrorKind, ConfigErrors, Element, MAX_FAULTS, Position};
pub use format::{FaultyFile, Format, RuleFile};
pub use headers::{AllowOrigin, CorsHeader, RuleHeaders};
pub use http_parts::{DecidedParts, RequestHeaderLines, header_name, remove_inner, write_vary_origin};
pub use index::RuleSet;
pub use pattern::{Pattern, can_match_header, can_match_origin};
pub use refusal::{Mismatch, Refusal, Unmatched};
pub use request::{CorsRequest, FieldLine, MAX_ORIGIN_BYTES, MAX_REQUEST_HEADER_ITEMS, MAX_REQUEST_HEADERS_BYTES};
pub use response::{allow_headers, is_cors_response_header, merge_vary};
pub use rule::Rule;
pub use shown::{MAX_QUOTED, Shown, cut};
pub use table::RuleTable;
