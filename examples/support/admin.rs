//! `--admin`: how the rules are doing, on a listener of its own.
//!
//! It tells paths and the faults of rules to whoever asks. So it is off unless asked for, belongs on loopback, and has
//! no CORS headers: no page may read it.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Method, Request, Response, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use oss_cors_tower::oss_cors_live::{Shadow, Status};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::service_fn;

use super::serve;

const PATH: &str = "/-/cors/status";

/// Listens on `address`, if there is one. What it returns serves until the server is stopped.
pub async fn listen(
    address: Option<SocketAddr>,
    status: impl Fn() -> Status + Send + Sync + 'static,
    shadow: Option<Shadow>,
) -> io::Result<impl Future<Output = io::Result<()>>> {
    let listener = match address {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on the admin address {address}: {error}"))
        })?),
        None => None,
    };
    if let Some(listener) = &listener {
        println!("admin on http://{}{PATH}", listener.local_addr()?);
    }
    let report = Arc::new(move || report(&status(), shadow.as_ref()));
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answer(&request, &*report);
        async move { Ok::<_, Infallible>(response) }
    });
    Ok(async move {
        match listener {
            Some(listener) => serve::serve_until(listener, service, serve::stop_signal()?).await,
            None => Ok(()),
        }
    })
}

fn answer(request: &Request<Incoming>, report: &impl Fn() -> Value) -> Response<Full<Bytes>> {
    let (status, content_type, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, PATH) => (200, "application/json", format!("{:#}\n", report())),
        _ => (404, "text/plain", format!("there is only GET {PATH}\n")),
    };
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
    response.header(header::CACHE_CONTROL, "no-store").body(Full::from(body)).unwrap_or_default()
}

fn report(status: &Status, shadow: Option<&Shadow>) -> Value {
    let mut report = rules(status);
    if let Some(fields) = report.as_object_mut() {
        fields.insert("shadow".into(), shadow.map(trial).into());
    }
    report
}

fn rules(status: &Status) -> Value {
    json!({
        "generation": status.generation,
        "source": status.source,
        "loaded": time(status.loaded),
        "failing": status.failing,
        "last_error": status.last_error.as_ref().map(|error| json!({
            "message": error.message,
            "when": time(error.when),
        })),
    })
}

fn trial(shadow: &Shadow) -> Value {
    let report = shadow.report();
    json!({
        "candidate": rules(&shadow.candidate().status()),
        "compared": report.compared(),
        "newly_allowed": report.newly_allowed(),
        "newly_refused": report.newly_refused(),
        "other_headers": report.other_headers(),
        "examples": report.examples().iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// RFC 3339; null for a clock that is out of this calendar.
fn time(time: SystemTime) -> Value {
    jiff::Timestamp::try_from(time).map(|time| format!("{time:.3}")).ok().into()
}
