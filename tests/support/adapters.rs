//! Both adapters around the same application, asked in memory. It answers everything with 200 and `app`.

use std::convert::Infallible;
use std::rc::Rc;

use actix_web::dev::Service;
use actix_web::{App, HttpRequest, HttpResponse, test, web};
use bytes::Bytes;
use futures_util::future::{FutureExt, LocalBoxFuture};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use oss_cors_actix::OssCors;
use oss_cors_tower::OssCorsLayer;
use tower::{Layer, ServiceExt, service_fn};

/// The status, the sorted CORS and `Vary` headers as lines, and who answered: `app`, or the code of a refusal.
pub(crate) type Answer = (u16, Vec<String>, String);

#[allow(dead_code, reason = "not every test asks what is answered")]
pub(crate) fn answer(status: u16, headers: &[&str], who: &str) -> Answer {
    (status, headers.iter().map(|line| (*line).to_owned()).collect(), who.to_owned())
}

/// One adapter with the application inside.
pub(crate) struct Site {
    pub(crate) name: &'static str,
    send: Box<dyn Fn(Request<()>) -> LocalBoxFuture<'static, Answer>>,
}

impl Site {
    /// Both; `called` is told each path that the application is asked for.
    pub(crate) async fn both(
        tower: OssCorsLayer,
        actix: OssCors,
        called: impl Fn(&str) + Clone + 'static,
    ) -> [Self; 2] {
        [Self::tower(tower, called.clone()), Self::actix(actix, called).await]
    }

    fn tower(layer: OssCorsLayer, called: impl Fn(&str) + Clone + 'static) -> Self {
        let service = layer.layer(service_fn(move |request: Request<()>| {
            called(request.uri().path());
            std::future::ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("app"))))
        }));
        let send = move |request| {
            let service = service.clone();
            let answered = async {
                let (head, body) = service.oneshot(request).await.expect("an answer").into_parts();
                let headers = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
                told(head.status.as_u16(), headers, &body.collect().await.expect("a whole body").to_bytes())
            };
            answered.boxed_local()
        };
        Self { name: "tower", send: Box::new(send) }
    }

    async fn actix(cors: OssCors, called: impl Fn(&str) + Clone + 'static) -> Self {
        let app = web::to(move |request: HttpRequest| {
            called(request.path());
            std::future::ready(HttpResponse::Ok().body("app"))
        });
        let app = Rc::new(test::init_service(App::new().default_service(app).wrap(cors)).await);
        let send = move |asked: Request<()>| {
            let app = app.clone();
            let method = asked.method().as_str().parse().expect("a method");
            let mut request = test::TestRequest::with_uri(&asked.uri().to_string()).method(method);
            for (name, value) in asked.headers() {
                request = request.append_header((name.as_str(), value.as_bytes()));
            }
            let answered = async move {
                let response = app.call(request.to_request()).await.expect("an answer");
                let (_, response) = response.into_parts();
                let (head, body) = response.into_parts();
                let headers = head.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
                let Ok(body) = actix_web::body::to_bytes(body).await else { panic!("a whole body") };
                told(head.status().as_u16(), headers, &body)
            };
            answered.boxed_local()
        };
        Self { name: "actix", send: Box::new(send) }
    }

    /// `line` is a method and a path, or a URI as HTTP/2 has it; each header is a line.
    pub(crate) async fn ask(&self, line: &str, headers: &[&str]) -> Answer {
        let (method, uri) = line.split_once(' ').expect("a method and a path");
        let mut request = Request::builder().method(method).uri(uri);
        for header in headers {
            let (name, value) = header.split_once(": ").expect("a name and a value");
            request = request.header(name, value.as_bytes());
        }
        (self.send)(request.body(()).expect("the request is one")).await
    }
}

fn told<'a>(status: u16, headers: impl Iterator<Item = (&'a str, &'a [u8])>, body: &[u8]) -> Answer {
    let ours = headers.filter(|(name, _)| *name == "vary" || name.starts_with("access-control-"));
    let mut lines: Vec<String> = ours.map(|(name, value)| format!("{name}: {}", value.escape_ascii())).collect();
    lines.sort();
    let body = std::str::from_utf8(body).expect("text");
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    (status, lines, code.map_or(body, |(code, _)| code).to_owned())
}
