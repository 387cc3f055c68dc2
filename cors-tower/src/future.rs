//! The future: an answer that is there already, or the inner service's with the headers to write on it.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use crate::body::{Bodies, SameBody};
use crate::write::CorsHeaders;

pin_project! {
    /// The future of [`OssCors`](crate::OssCors).
    pub struct ResponseFuture<F, W = SameBody> {
        #[pin]
        kind: Kind<F>,
        bodies: PhantomData<fn() -> W>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F> {
        Answer { response: Option<Response<Bytes>> },
        Forward { #[pin] inner: F, headers: CorsHeaders },
    }
}

impl<F, W> fmt::Debug for ResponseFuture<F, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

impl<F, W> ResponseFuture<F, W> {
    #[inline]
    pub(crate) fn answer(response: Response<Bytes>) -> Self {
        Self { kind: Kind::Answer { response: Some(response) }, bodies: PhantomData }
    }

    #[inline]
    pub(crate) fn forward(inner: F, headers: CorsHeaders) -> Self {
        Self { kind: Kind::Forward { inner, headers }, bodies: PhantomData }
    }
}

impl<F, B, E, W> Future for ResponseFuture<F, W>
where
    F: Future<Output = Result<Response<B>, E>>,
    W: Bodies<B>,
{
    type Output = Result<Response<W::Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Answer { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(W::answer))),
                // Polled after it was ready.
                None => Poll::Pending,
            },
            KindProjection::Forward { inner, headers } => {
                // The body first: so the response moves once.
                let mut response = ready!(inner.poll(cx))?.map(W::forward);
                headers.write(&mut response);
                Poll::Ready(Ok(response))
            }
        }
    }
}
