//! One request through an actix-web middleware, in process, polled by hand.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, fn_service};
use actix_web::http::{Method, header};
use actix_web::test::TestRequest;
use actix_web::{Error, HttpResponse};
use http::HeaderMap;
use oss_cors_actix::OssCors;
use oss_cors_live::RefusalBody;

use super::requests::{Asked, cors_headers};
use super::rules::{REQUEST_HEADERS, Setup, header_names};
use super::{Subject, Work, tower};

fn app() -> impl Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static {
    let factory = fn_service(|request: ServiceRequest| {
        std::future::ready(Ok::<_, Error>(request.into_response(HttpResponse::Ok().finish())))
    });
    now(actix_web::dev::ServiceFactory::<ServiceRequest>::new_service(&factory, ())).expect("an app")
}

fn peer(setup: &Setup) -> actix_cors::Cors {
    let mut cors = actix_cors::Cors::default()
        .allowed_methods(["GET", "PUT", "POST"])
        .allowed_headers(header_names(REQUEST_HEADERS))
        .expose_headers(["etag", "x-oss-request-id"])
        .max_age(600);
    for origin in &setup.peer_origins {
        cors = cors.allowed_origin(origin);
    }
    cors
}

pub fn work(setup: &Setup, asked: &Asked, headers: &HeaderMap, subject: Subject) -> Work {
    match subject {
        Subject::Bare | Subject::Floor => repeat(app(), asked),
        Subject::Peer => repeat(now(peer(setup).new_transform(app())).expect("a middleware"), asked),
        Subject::Ours => {
            let cors = OssCors::new(setup.table()).refusal_body(RefusalBody::Empty);
            let service = now(cors.new_transform(app())).expect("a middleware");
            check(setup, asked, headers, &service);
            repeat(service, asked)
        }
    }
}

fn repeat<S, B>(service: S, asked: &Asked) -> Work
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody,
{
    // One request again and again: a test request comes with its own pool, and a request that goes back into it is never
    // freed.
    let mut request = Some(request(asked));
    Box::new(move || {
        let request_now = black_box(request.take()).expect("the request came back");
        let response = now(service.call(request_now));
        black_box(&response);
        request = response.ok().map(|response| ServiceRequest::from_request(response.into_parts().0));
    })
}

fn request(asked: &Asked) -> ServiceRequest {
    let method = Method::from_bytes(asked.method.as_str().as_bytes()).expect("a method");
    let mut request = TestRequest::with_uri("/photos/b.txt").method(method);
    for (name, value) in asked.lines() {
        request = request.append_header((name, value));
    }
    request.to_srv_request()
}

fn check<S, B>(setup: &Setup, asked: &Asked, app: &HeaderMap, service: &S)
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let response = now(service.call(request(asked))).expect("an answer");
    let headers = response.headers().iter();
    let got = cors_headers(headers.map(|(name, value): (&header::HeaderName, _)| (name.as_str(), value.as_bytes())));
    tower::expect(setup, asked, app, response.status().as_u16(), &got);
}

/// The output of a future that is ready.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("not ready"),
    }
}
