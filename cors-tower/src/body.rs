//! The response body: the application's, or a small fixed one of ours.
//!
//! By default both have the application's type, so that the layer changes no types and fits wherever a type must stay:
//! `option_layer`, `into_make_service`. A body that cannot be made from bytes is wrapped instead.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// How [`OssCors`](crate::OssCors) answers with one type of body, be it the application's answer or its own.
///
/// Implemented by [`SameBody`] and [`WrappedBody`], and by nothing else.
pub trait Bodies<B>: sealed::Sealed {
    /// The body of every response.
    type Body;

    /// The application's.
    #[doc(hidden)]
    fn forward(body: B) -> Self::Body;

    /// Ours, in one piece.
    #[doc(hidden)]
    fn answer(bytes: Bytes) -> Self::Body;
}

/// The application's own type of body, made from bytes for what is answered here. The default.
///
/// Bodies that can be made from bytes are those of axum and reqwest, and `http_body_util::Full`.
#[derive(Clone, Copy, Debug)]
pub struct SameBody;

impl<B: From<Bytes>> Bodies<B> for SameBody {
    type Body = B;

    #[inline]
    fn forward(body: B) -> B {
        body
    }

    #[inline]
    fn answer(bytes: Bytes) -> B {
        bytes.into()
    }
}

/// [`ResponseBody`] around the application's: for bodies that cannot be made from bytes, such as hyper's `Incoming`,
/// boxed ones and tonic's. Chosen by [`OssCorsLayer::wrap_body`](crate::OssCorsLayer::wrap_body).
#[derive(Clone, Copy, Debug)]
pub struct WrappedBody;

impl<B> Bodies<B> for WrappedBody {
    type Body = ResponseBody<B>;

    #[inline]
    fn forward(body: B) -> ResponseBody<B> {
        ResponseBody::inner(body)
    }

    #[inline]
    fn answer(bytes: Bytes) -> ResponseBody<B> {
        ResponseBody::fixed(bytes)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::SameBody {}
    impl Sealed for super::WrappedBody {}
}

pin_project! {
    /// The body of a response that went through [`OssCors`](crate::OssCors) with [`WrappedBody`].
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Fixed { bytes: Bytes },
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }

    pub(crate) fn fixed(bytes: Bytes) -> Self {
        Self { kind: Kind::Fixed { bytes } }
    }
}

/// Empty: what an outer layer answers with when it gives up on this one.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::fixed(Bytes::new())
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx),
            KindProjection::Fixed { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProjection::Fixed { bytes } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes).into())))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Fixed { bytes } => bytes.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Fixed { bytes } => SizeHint::with_exact(bytes.len() as u64),
        }
    }
}
