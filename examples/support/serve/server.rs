//! Accepts connections, so many at a time, until it is asked to stop.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

use super::connection::{HEADER_READ_TIMEOUT, connection};
use super::console::{say, warn};
use super::pace::{Pace, Paced};
use super::stop::stop_signal;

/// How long requests in flight may go on after a signal to stop.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

type BoxError = Box<dyn Error + Send + Sync>;

/// What clients may take of a server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most connections at a time; further ones wait to be accepted.
    pub connections: usize,
    /// How fast bodies have to come.
    pub pace: Pace,
}

impl Bounds {
    /// How many connections a server has by default: with files and sockets of its own, within the 1024
    /// descriptors that a process commonly may have.
    pub const CONNECTIONS: u32 = 512;
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: Self::CONNECTIONS as usize, pace: Pace::default() }
    }
}

/// Listens on `address`, or says which one it could not have.
pub fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts connections until SIGINT or SIGTERM, then lets requests in flight finish.
pub async fn serve<S, B>(listener: TcpListener, service: S, bounds: Bounds) -> io::Result<()>
where
    S: Service<Request<Paced<Incoming>>, Response = Response<B>, Future: Send> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let stop = stop_signal()?;
    let stop = async {
        stop.await;
        say("stopping");
    };
    serve_until(listener, service, bounds, stop).await
}

/// Accepts connections until `stop` ends, then lets requests in flight finish.
pub async fn serve_until<S, B>(
    listener: TcpListener,
    service: S,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request<Paced<Incoming>>, Response = Response<B>, Future: Send> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let builder = builder();
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(bounds.connections));
    let mut stop = pin!(stop);
    loop {
        let (slot, stream) = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = &mut stop => break,
        };
        let serving = connection(stream, service.clone(), bounds.pace, builder.clone(), graceful.watcher());
        tokio::spawn(async move {
            serving.await;
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        warn(format_args!("some requests did not finish in {SHUTDOWN_TIMEOUT:?}"));
    }
    Ok(())
}

/// The next connection, when there is room for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (OwnedSemaphorePermit, TcpStream) {
    loop {
        // Nobody closes it.
        let Ok(slot) = Arc::clone(slots).acquire_owned().await else { std::future::pending().await };
        match listener.accept().await {
            Ok((stream, _)) => return (slot, stream),
            // Out of file descriptors, most likely: some will come back.
            Err(error) => {
                warn(format_args!("cannot accept a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_READ_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(20));
    builder
}
