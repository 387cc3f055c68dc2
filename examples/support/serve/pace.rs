//! The body of a request: bounded in bytes and in time.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep, sleep_until};

type BoxError = Box<dyn Error + Send + Sync>;

/// How long a client may take to send a body.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The longest silence.
    pub idle: Duration,
    /// All of it, counted from the head.
    pub total: Duration,
}

impl Default for Pace {
    /// For bodies of about a megabyte.
    fn default() -> Self {
        Self { idle: Duration::from_secs(10), total: Duration::from_secs(60) }
    }
}

/// A duration on the command line, in seconds: more than none, at most a day.
pub fn seconds(text: &str) -> Result<Duration, &'static str> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let allowed = seconds.filter(|seconds| !seconds.is_zero() && *seconds <= DAY);
    allowed.ok_or("not a number of seconds; write one that is over 0 and at most 86400")
}

/// A body that fails with [`TooSlow`] where its client is slower than it may be.
#[derive(Debug)]
pub struct Paced<B> {
    body: Pin<Box<B>>,
    pace: Pace,
    until: Instant,
    /// When something came last; `None` until someone waits for the body.
    last: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// A client was slower than it may be.
#[derive(Debug)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body came too slowly")
    }
}

impl Error for TooSlow {}

impl<B> Paced<B> {
    pub fn new(body: B, pace: Pace) -> Self {
        Self { body: Box::pin(body), pace, until: Instant::now() + pace.total, last: None, timer: None }
    }
}

impl<B: Body<Error: Into<BoxError>>> Body for Paced<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let now = Instant::now();
        if let Poll::Ready(frame) = this.body.as_mut().poll_frame(context) {
            this.last = Some(now);
            return Poll::Ready(match frame {
                // Bytes that trickle are not silence, so they are not waited for below.
                Some(Ok(_)) if now >= this.until => Some(Err(TooSlow.into())),
                frame => frame.map(|frame| frame.map_err(Into::into)),
            });
        }
        let silence = *this.last.get_or_insert(now) + this.pace.idle;
        let deadline = silence.min(this.until);
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        timer.as_mut().reset(deadline);
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why there is no whole body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    TooLarge,
    TooSlow,
    BrokenOff,
}

impl BodyError {
    /// The status, and what a client is answered.
    pub fn answer(self) -> (u16, &'static str) {
        match self {
            Self::TooLarge => (413, "the body is too large\n"),
            Self::TooSlow => (408, "the body came too slowly\n"),
            Self::BrokenOff => (400, "the body broke off\n"),
        }
    }
}

impl From<BoxError> for BodyError {
    /// Frameworks wrap the errors of a body in errors of their own.
    fn from(error: BoxError) -> Self {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*error);
        while let Some(error) = next {
            if error.is::<TooSlow>() {
                return Self::TooSlow;
            }
            next = error.source();
        }
        Self::BrokenOff
    }
}

/// The whole of a body of at most `most` bytes.
///
/// Copied together as it comes: a frame that is kept keeps the buffer that it was read into, however short it is.
pub async fn read<B: Body<Error: Into<BoxError>>>(body: B, most: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > most as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut body = std::pin::pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // Trailers say nothing here.
        let Ok(data) = frame.map_err(|error| BodyError::from(error.into()))?.into_data() else { continue };
        if data.remaining() > most.saturating_sub(whole.len()) {
            return Err(BodyError::TooLarge);
        }
        whole.put(data);
    }
    Ok(whole.freeze())
}
