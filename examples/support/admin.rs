//! `--admin`: how the rules are doing, on a listener of its own.
//!
//! It tells paths and the faults of rules to whoever asks. So it is off unless asked for, belongs on loopback, has no
//! CORS headers, and answers to no foreign name: no page may read it.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use http::uri::Authority;
use http::{Method, Request, Response, header};
use http_body_util::Full;
use hyper::body::Bytes;
use oss_cors_tower::oss_cors_live::{Shadow, Status};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::service_fn;

use super::serve::{self, Bounds, Pace, say};

const PATH: &str = "/-/cors/status";

/// It is for a person, or for a program that watches.
const MAX_CONNECTIONS: usize = 16;

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
    let own = listener.as_ref().map(TcpListener::local_addr).transpose()?;
    if let Some(own) = own {
        if !own.ip().is_loopback() {
            serve::warn(format_args!(
                "{own} is no loopback address: whoever reaches it reads the paths and the faults of the rules"
            ));
        }
        say(format_args!("admin on http://{own}{PATH}"));
    }
    let report = Arc::new(move || report(&status(), shadow.as_ref()));
    let service = service_fn(move |request| {
        let response = answer(&request, own.map(|own| own.ip()), &*report);
        async move { Ok::<_, Infallible>(response) }
    });
    Ok(async move {
        match listener {
            Some(listener) => {
                let bounds = Bounds { connections: MAX_CONNECTIONS, pace: Pace::default() };
                serve::serve_until(listener, service, bounds, serve::stop_signal()?).await
            }
            None => Ok(()),
        }
    })
}

fn answer<B>(request: &Request<B>, own: Option<IpAddr>, report: &impl Fn() -> Value) -> Response<Full<Bytes>> {
    let (status, content_type, body) = match (request.method(), request.uri().path()) {
        _ if !is_asked_by_our_name(request, own) => {
            (421, "text/plain", "ask by the name localhost, or by the address of this listener\n".to_owned())
        }
        (&Method::GET, PATH) => (200, "application/json", format!("{:#}\n", report())),
        _ => (404, "text/plain", format!("there is only GET {PATH}\n")),
    };
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
    response.header(header::CACHE_CONTROL, "no-store").body(Full::from(body)).unwrap_or_default()
}

/// A page of a host whose name leads to this address could read the answer: for its browser it is of that host (DNS
/// rebinding). It cannot help naming that host, and an address has no name that could lead elsewhere.
fn is_asked_by_our_name<B>(request: &Request<B>, own: Option<IpAddr>) -> bool {
    let in_headers =
        request.headers().get_all(header::HOST).iter().map(|host| Authority::try_from(host.as_bytes()).ok());
    let mut names = request.uri().authority().cloned().map(Some).into_iter().chain(in_headers).peekable();
    names.peek().is_some() && names.all(|name| name.is_some_and(|name| is_ours(&name, own)))
}

fn is_ours(name: &Authority, own: Option<IpAddr>) -> bool {
    let host = name.host();
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse::<IpAddr>();
    let is_address = address.is_ok_and(|address| address.is_loopback() || Some(address) == own);
    !name.as_str().contains('@') && (is_address || host.eq_ignore_ascii_case("localhost"))
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
        "failing_since": status.failing_since.map(time),
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
