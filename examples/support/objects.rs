//! A small object tree in memory, free of any framework. It knows nothing of CORS.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use oss_cors_tower::oss_cors_live::request_id;

/// All objects together may not take more bytes than this; a `PUT` over it is answered with 507.
const MAX_TOTAL: usize = 64 * 1024 * 1024;

/// Objects by path. Clones share them.
#[derive(Clone, Debug)]
pub struct Objects(Arc<Mutex<BTreeMap<String, Object>>>);

#[derive(Clone, Debug)]
struct Object {
    content_type: String,
    bytes: Bytes,
}

/// What a server answers, in no framework's types.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header names in lower case and their values.
    pub headers: Vec<(&'static str, String)>,
    /// The body; a server leaves it out for `HEAD`.
    pub body: Bytes,
}

/// What a server was asked, in no framework's types.
#[derive(Debug)]
pub struct Ask<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, as sent.
    pub path: &'a str,
    /// `Content-Type`, if any.
    pub content_type: Option<&'a str>,
    /// `If-None-Match`, if any.
    pub if_none_match: Option<&'a str>,
    /// The whole body.
    pub body: Bytes,
}

impl Default for Objects {
    fn default() -> Self {
        let text = |text: &'static str| Object {
            content_type: "text/plain".into(),
            bytes: Bytes::from_static(text.as_bytes()),
        };
        let objects = [("/a.txt", text("a\n")), ("/photos/b.txt", text("b\n"))];
        Self(Arc::new(Mutex::new(objects.map(|(path, object)| (path.to_owned(), object)).into())))
    }
}

impl Objects {
    /// Answers one request.
    pub fn reply(&self, ask: Ask<'_>) -> Reply {
        let mut reply = match ask.method {
            "GET" | "HEAD" if ask.path == "/" => self.list(),
            "GET" | "HEAD" => self.read(&ask),
            "PUT" | "POST" => self.write(ask),
            "DELETE" => self.delete(ask.path),
            _ => Reply {
                headers: vec![("allow", "GET, HEAD, PUT, POST, DELETE".into())],
                ..Reply::text(405, "method not allowed\n")
            },
        };
        reply.headers.push(("x-oss-request-id", request_id()));
        reply
    }

    fn list(&self) -> Reply {
        let paths: String = self.lock().keys().map(|path| format!("{path}\n")).collect();
        Reply::text(200, paths)
    }

    fn read(&self, ask: &Ask<'_>) -> Reply {
        let Some(object) = self.lock().get(ask.path).cloned() else { return Reply::text(404, "no such object\n") };
        let etag = etag(&object.bytes);
        if ask.if_none_match.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag || tag.trim() == "*")) {
            return Reply { status: 304, headers: vec![("etag", etag)], body: Bytes::new() };
        }
        Reply { status: 200, headers: vec![("content-type", object.content_type), ("etag", etag)], body: object.bytes }
    }

    fn write(&self, ask: Ask<'_>) -> Reply {
        let mut objects = self.lock();
        let others = objects.iter().filter(|(path, _)| *path != ask.path);
        let size = |path: &str, bytes: &Bytes| path.len() + bytes.len();
        let total: usize = others.map(|(path, object)| size(path, &object.bytes)).sum();
        if total + size(ask.path, &ask.body) > MAX_TOTAL {
            return Reply::text(507, "the tree is full\n");
        }
        let etag = etag(&ask.body);
        let content_type = ask.content_type.unwrap_or("application/octet-stream").to_owned();
        objects.insert(ask.path.to_owned(), Object { content_type, bytes: ask.body });
        Reply { status: 200, headers: vec![("etag", etag)], body: Bytes::new() }
    }

    fn delete(&self, path: &str) -> Reply {
        self.lock().remove(path);
        Reply { status: 204, headers: Vec::new(), body: Bytes::new() }
    }

    /// Every change is one call on the map, so a panic elsewhere leaves it whole.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reply {
    /// Plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self { status, headers: vec![("content-type", "text/plain".into())], body: text.into().into() }
    }
}

fn etag(bytes: &Bytes) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("\"{:016X}\"", hasher.finish())
}
