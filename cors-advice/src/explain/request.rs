//! A request of any adapter, with its lines of request-header names collected.

use oss_cors_core::CorsRequest;

use super::quoted::Quoted;
use crate::text::is_token;

pub(super) type Request<'a> = CorsRequest<'a, Vec<&'a [u8]>>;

pub(super) fn collected<'a, L>(request: &CorsRequest<'a, L>) -> Request<'a>
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    CorsRequest::new(
        request.method,
        request.origin,
        request.request_method,
        request.request_headers.clone().into_iter().collect(),
    )
}

/// Whether some rule could allow it at all.
pub(super) fn is_header_name(name: &Quoted) -> bool {
    is_token(name.as_bytes()) && name.as_bytes() != b"*"
}
