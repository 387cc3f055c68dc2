//! Stands outside of the CORS layer: finds out who asks, and refuses wrong signatures. Preflights are never
//! authenticated: `OPTIONS` goes through.
//!
//! A refusal carries no CORS headers, so that no page learns of it. It goes through the layer all the same, but as a
//! request without `Origin`: `Vary` is on every response of a bucket that has it (SEMANTICS section 3).

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::request::Parts;
use http::{Method, header};

use crate::call::{Call, Payload};
use crate::error::{ApiError, INTERNAL_ERROR, SIGNATURE_DOES_NOT_MATCH};
use crate::form::{self, FormHead};
use crate::query::Query;
use crate::server::Server;
use crate::signature::{self, Family, Subject};
use crate::target;

/// What became of a request, on its way through the CORS layer. A body is not `Sync`, and extensions must be.
#[derive(Clone)]
struct Admitted(Arc<Mutex<Option<Result<Call, ApiError>>>>);

pub async fn gate(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let (mut head, mut body) = request.into_parts();
    let admitted = admit(&server, &head, &mut body).await;
    if admitted.is_err() {
        head.headers.remove(header::ORIGIN);
    }
    head.extensions.insert(Admitted(Arc::new(Mutex::new(Some(admitted)))));
    next.run(Request::from_parts(head, body)).await
}

/// What became of a request. Reported once to whoever is inside.
pub fn admitted(request: &mut Request) -> Result<Call, ApiError> {
    let admitted = request.extensions_mut().remove::<Admitted>().ok_or(INTERNAL_ERROR)?;
    admitted.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(Err(INTERNAL_ERROR))
}

/// Takes the body of what is admitted.
async fn admit(server: &Server, head: &Parts, body: &mut Body) -> Result<Call, ApiError> {
    let host = target::host(&head.uri, &head.headers);
    let target = server.naming.target(host, head.uri.path())?;
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let (method, uri, headers) = (&head.method, &head.uri, &head.headers);
    let subject = Subject { method, uri, host, headers, query: &query, target: &target };
    let (mut caller, chunk_key) = signature::verify(&server.keys, &subject)?;
    let (most, body) = (server.limits.max_object_bytes, std::mem::take(body));
    let payload = if head.method == Method::POST && target.key.is_none() && form::is_form(&head.headers) {
        let form = FormHead::read(&server.budget, &head.headers, body).await;
        if let Ok(form) = &form {
            caller = signature::check_form(&server.keys, &form.fields)?;
        }
        Payload::Form(form)
    } else if let Some(key) = chunk_key {
        match server.budget.read(&head.headers, body, most, Some(&key)).await {
            Err(error) if error.code == SIGNATURE_DOES_NOT_MATCH.code => return Err(error),
            read => Payload::Read(read),
        }
    } else {
        Payload::unread(body)
    };
    let family = Family::of(&head.headers, &query);
    let (method, host, headers) = (head.method.clone(), host.to_owned(), head.headers.clone());
    Ok(Call { method, host, target, query, headers, family, caller, payload })
}
