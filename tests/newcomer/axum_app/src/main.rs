//! The ways in which axum's users put a layer around something. Each listens at an address of its own, which is printed.

use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, ServiceExt};
use futures_util::stream;
use oss_cors_tower::{CorsConfiguration, CorsRule, FileWatch, OssCorsLayer, Profile};
use tokio::net::TcpListener;
use tower::util::option_layer;
use tower::{Layer, ServiceBuilder, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestUuid, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tower_http::validate_request::ValidateRequestHeaderLayer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("which rule file?")?;
    let watch = FileWatch::new(&file).profile(Profile::Oss).on_event(|event| eprintln!("cors: {event}"));
    let cors = OssCorsLayer::watch_file_with(watch)?;

    serve("layer", app().layer(cors.clone())).await?;
    serve("option_layer", app().layer(option_layer(Some(cors.clone())))).await?;
    serve("nest", Router::new().nest("/api", app()).layer(cors.clone())).await?;
    serve("route_layer", app().route_layer(cors.clone())).await?;
    let fallback = service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::from("hello"))));
    serve("fallback_service", Router::new().fallback_service(cors.clone().layer(fallback))).await?;
    serve("in_code", app().layer(in_code()?)).await?;

    let around = cors.clone().layer(app());
    let listener = listen("into_make_service").await?;
    tokio::spawn(async { axum::serve(listener, ServiceExt::<Request>::into_make_service(around)).await });

    // Outside of ours whatever there is. What is inside changes the body: wrapped, for it cannot be made from bytes.
    let layers = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(TraceLayer::new_for_http())
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(5)))
        .layer(ValidateRequestHeaderLayer::accept("text/plain"))
        .layer(cors.clone());
    serve("outside", app().layer(layers)).await?;
    let layers = ServiceBuilder::new()
        .layer(cors.clone().wrap_body())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(TraceLayer::new_for_http())
        .layer(CatchPanicLayer::new())
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(100)))
        .layer(ValidateRequestHeaderLayer::accept("text/plain"));
    serve("inside", app().layer(layers)).await?;

    println!("ready");
    pending().await
}

fn app() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/slow", get(async || pending::<()>().await))
        .route("/events", get(events))
        .route("/socket", get(socket))
}

async fn events() -> impl IntoResponse {
    Sse::new(stream::iter([1, 2].map(|number| Ok::<_, Infallible>(Event::default().data(number.to_string())))))
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    })
}

fn in_code() -> Result<OssCorsLayer, Box<dyn Error>> {
    let rule = CorsRule::new(["https://code.example.com"], ["PATCH"]).allow_credentials(true);
    let rules = CorsConfiguration::from_rules([rule]);
    Ok(OssCorsLayer::from_configuration(&rules, Profile::Extended)?)
}

async fn listen(name: &str) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{name} {}", listener.local_addr()?);
    Ok(listener)
}

async fn serve(name: &str, app: Router) -> std::io::Result<()> {
    let listener = listen(name).await?;
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(())
}
