//! Servers on free ports of loopback, each asked in HTTP/1 and HTTP/2.

use std::convert::Infallible;
use std::error::Error;

use actix_web::App;
use actix_web::middleware::{Condition, DefaultHeaders};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use oss_cors_actix::OssCors;
use oss_cors_core::RuleTable;
use oss_cors_live::{CorsHandle, RefusalBody};
use oss_cors_tower::OssCorsLayer;
use tokio::net::TcpListener;
use tower::make::Shared;
use tower::util::MapResponseLayer;
use tower::{Layer, Service, service_fn};

use super::application::Application;
use crate::support::client::Site;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// With this app, whose type has no name. The test is an `actix_web::test`.
macro_rules! actix_sites {
    ($app:expr) => {{
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let sites = $crate::support::client::Site::both(listener.local_addr().expect("a bound socket has an address"));
        let server = actix_web::HttpServer::new(move || $app).workers(1).disable_signals();
        actix_web::rt::spawn(server.listen_auto_h2c(listener).expect("the server listens").run());
        sites
    }};
}
pub(crate) use actix_sites;

/// What an adapter is told, with each adapter's own methods.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) handle: CorsHandle,
    pub(crate) answer_every_options: bool,
    pub(crate) keep_inner_headers: bool,
    pub(crate) refusal_body: RefusalBody,
    pub(crate) report_outcome: bool,
    /// The application, inside of the adapter, has CORS headers and a `Vary` of its own on every response.
    pub(crate) inner_headers: bool,
}

const INNER_HEADERS: [(&str, &str); 6] = [
    ("access-control-allow-credentials", "true"),
    ("access-control-allow-headers", "*"),
    ("access-control-allow-origin", "*"),
    ("access-control-allow-private-network", "true"),
    ("access-control-max-age", "5"),
    ("vary", "Accept"),
];

impl Setup {
    pub(crate) fn new(table: RuleTable) -> Self {
        Self::of(CorsHandle::new(table))
    }

    pub(crate) fn of(handle: CorsHandle) -> Self {
        Self {
            handle,
            answer_every_options: false,
            keep_inner_headers: false,
            refusal_body: RefusalBody::default(),
            report_outcome: false,
            inner_headers: false,
        }
    }

    pub(crate) fn tower(&self) -> OssCorsLayer {
        OssCorsLayer::from_handle(self.handle.clone())
            .answer_every_options(self.answer_every_options)
            .dangerously_keep_inner_headers(self.keep_inner_headers)
            .refusal_body(self.refusal_body)
            .report_outcome(self.report_outcome)
    }

    pub(crate) fn actix(&self) -> OssCors {
        OssCors::from_handle(self.handle.clone())
            .answer_every_options(self.answer_every_options)
            .dangerously_keep_inner_headers(self.keep_inner_headers)
            .refusal_body(self.refusal_body)
            .report_outcome(self.report_outcome)
    }

    /// The application in each framework, behind the framework's adapter.
    pub(crate) async fn servers(&self, application: &Application) -> [Server; 3] {
        let inner_headers = self.inner_headers;
        let with_headers = move |headers: &mut HeaderMap| {
            if inner_headers {
                headers.extend(
                    INNER_HEADERS.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
                );
            }
        };

        let axum = MapResponseLayer::new(move |mut response: axum::response::Response| {
            with_headers(response.headers_mut());
            response
        });
        let axum = axum_sites(application.clone().axum().layer(axum).layer(self.tower())).await;

        let hyper = application.clone();
        let hyper = service_fn(move |request| {
            let answer = hyper.clone().hyper(request);
            async move {
                let mut response = answer.await?;
                with_headers(response.headers_mut());
                Ok::<_, Infallible>(response)
            }
        });
        let hyper = hyper_sites(self.tower().wrap_body().layer(hyper)).await;

        let (cors, application) = (self.actix(), application.clone());
        let actix = actix_sites!({
            let headers = INNER_HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add);
            let application = application.clone();
            let app = App::new().configure(|config| application.actix(config));
            app.wrap(Condition::new(inner_headers, headers)).wrap(cors.clone())
        });

        [
            Server { name: "axum", sites: axum, has_trailers: true },
            Server { name: "hyper", sites: hyper, has_trailers: true },
            Server { name: "actix", sites: actix, has_trailers: false },
        ]
        .map(|server| Server { sites: server.sites.map(|site| site.named(server.name)), ..server })
    }
}

/// One framework's server.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) sites: [Site; 2],
    pub(crate) has_trailers: bool,
}

pub(crate) async fn axum_sites<S>(app: S) -> [Site; 2]
where
    S: Service<axum::extract::Request, Response = axum::response::Response, Error = Infallible, Future: Send>,
    S: Clone + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let sites = Site::both(listener.local_addr().expect("a bound socket has an address"));
    tokio::spawn(async { axum::serve(listener, Shared::new(app)).await });
    sites
}

pub(crate) async fn hyper_sites<S, B>(service: S) -> [Site; 2]
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let sites = Site::both(listener.local_addr().expect("a bound socket has an address"));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = TowerToHyperService::new(service.clone());
            let serving = async {
                let builder = auto::Builder::new(TokioExecutor::new());
                builder.serve_connection(TokioIo::new(stream), service).await
            };
            tokio::spawn(serving);
        }
    });
    sites
}
