//! The future: an answer that is there already, or the inner service's with the headers to write on it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::Error;
use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::ServiceResponse;
use pin_project_lite::pin_project;

use crate::error::DecoratedError;
use crate::write::CorsHeaders;

pin_project! {
    /// The future of [`OssCorsMiddleware`](crate::OssCorsMiddleware).
    pub struct ResponseFuture<F, B> {
        #[pin]
        kind: Kind<F>,
        body: std::marker::PhantomData<fn() -> B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F> {
        Answer { response: Option<ServiceResponse<BoxBody>> },
        Forward { #[pin] inner: F, headers: Option<CorsHeaders> },
    }
}

impl<F, B> ResponseFuture<F, B> {
    pub(crate) fn answer(response: ServiceResponse<BoxBody>) -> Self {
        Self { kind: Kind::Answer { response: Some(response) }, body: std::marker::PhantomData }
    }

    pub(crate) fn forward(inner: F, headers: CorsHeaders) -> Self {
        Self { kind: Kind::Forward { inner, headers: Some(headers) }, body: std::marker::PhantomData }
    }
}

impl<F, B> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            KindProjection::Answer { response } => match response.take() {
                Some(response) => Poll::Ready(Ok(response.map_into_right_body())),
                None => Poll::Pending,
            },
            KindProjection::Forward { inner, headers } => {
                let result = ready!(inner.poll(cx));
                let Some(headers) = headers.take() else { return Poll::Pending };
                Poll::Ready(match result {
                    Ok(mut response) => {
                        headers.write(response.response_mut());
                        Ok(response.map_into_left_body())
                    }
                    Err(error) => Err(DecoratedError::new(error, headers).into()),
                })
            }
        }
    }
}
