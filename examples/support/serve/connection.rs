//! One connection, for as long as something happens on it.
//!
//! Something happens while the service works on a request, and whenever the client has taken another piece of an
//! answer. What a client sends does not count: it could send pings for ever. How long it may take to send a body is
//! [`Pace`]'s business.

use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tower::{Service, ServiceExt};

use super::pace::{Pace, Paced};

type BoxError = Box<dyn Error + Send + Sync>;

/// How long a client may take to send a request's head.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take nothing of an answer, and how long it may ask nothing between two requests.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// What a client is given of an answer at a time: so much it has to take in [`IDLE_TIMEOUT`].
const PIECE: usize = 64 << 10;

/// Serves until the client goes away, or nothing happens any more.
pub async fn connection<S, B>(
    stream: TcpStream,
    service: S,
    pace: Pace,
    builder: Builder<TokioExecutor>,
    watcher: Watcher,
) where
    S: Service<Request<Paced<Incoming>>, Response = Response<B>, Future: Send> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let progress = Progress::default();
    let seen = progress.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let work = seen.begin();
        let answer = service.clone().oneshot(request.map(|body| Paced::new(body, pace)));
        let seen = seen.clone();
        async move {
            let answer = answer.await;
            drop(work);
            answer.map(|response| response.map(|body| InPieces { body: Box::pin(body), rest: Bytes::new(), seen }))
        }
    });
    let serving = pin!(watcher.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned()));
    tokio::select! {
        // A client that goes away in the middle is no fault of the server.
        _ = serving => {}
        () = progress.stalled() => {}
    }
}

/// What happened on a connection. Clones share it.
#[derive(Clone, Debug, Default)]
struct Progress(Arc<Happened>);

#[derive(Debug)]
struct Happened {
    /// Whether there was a request at all: hyper's own limit begins when it knows which HTTP a client speaks.
    asked: AtomicBool,
    /// How many requests the service works on.
    working: AtomicUsize,
    last: Mutex<Instant>,
}

impl Default for Happened {
    fn default() -> Self {
        Self { asked: AtomicBool::new(false), working: AtomicUsize::new(0), last: Mutex::new(Instant::now()) }
    }
}

/// A request on which the service works.
struct Work(Progress);

impl Progress {
    fn begin(&self) -> Work {
        self.0.asked.store(true, Ordering::Relaxed);
        self.0.working.fetch_add(1, Ordering::Relaxed);
        Work(self.clone())
    }

    fn mark(&self) {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends when nothing happened for too long.
    async fn stalled(&self) {
        loop {
            let patience = if self.0.asked.load(Ordering::Relaxed) { IDLE_TIMEOUT } else { HEADER_READ_TIMEOUT };
            let quiet = self.quiet();
            if quiet >= patience {
                return;
            }
            tokio::time::sleep(patience - quiet).await;
        }
    }

    fn quiet(&self) -> Duration {
        match self.0.working.load(Ordering::Relaxed) {
            0 => self.0.last.lock().unwrap_or_else(PoisonError::into_inner).elapsed(),
            _ => Duration::ZERO,
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.mark();
        self.0.0.working.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer, no piece of it larger than [`PIECE`]. hyper asks for the next when the client took enough.
struct InPieces<B> {
    body: Pin<Box<B>>,
    rest: Bytes,
    seen: Progress,
}

impl<B: Body<Data = Bytes>> Body for InPieces<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        this.seen.mark();
        if this.rest.is_empty() {
            let frame = match ready!(this.body.as_mut().poll_frame(context)) {
                Some(Ok(frame)) => frame,
                ended => return Poll::Ready(ended),
            };
            match frame.into_data() {
                Ok(data) => this.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let mut hint = self.body.size_hint();
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}
