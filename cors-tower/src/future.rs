//! The future: an answer that is there already, or the inner service's with the headers to write on it.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

use crate::body::ResponseBody;
use crate::write::CorsHeaders;

pin_project! {
    /// The future of [`OssCors`](crate::OssCors).
    pub struct ResponseFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F> {
        Answer { response: Option<Response<Bytes>> },
        Forward { #[pin] inner: F, headers: CorsHeaders },
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture")
    }
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(crate) fn answer(response: Response<Bytes>) -> Self {
        Self { kind: Kind::Answer { response: Some(response) } }
    }

    #[inline]
    pub(crate) fn forward(inner: F, headers: CorsHeaders) -> Self {
        Self { kind: Kind::Forward { inner, headers } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Answer { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map(ResponseBody::fixed))),
                // Polled after it was ready.
                None => Poll::Pending,
            },
            KindProjection::Forward { inner, headers } => {
                let mut response = ready!(inner.poll(cx))?;
                headers.write(&mut response);
                Poll::Ready(Ok(response.map(ResponseBody::inner)))
            }
        }
    }
}
