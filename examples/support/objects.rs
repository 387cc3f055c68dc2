//! A small object tree in memory, free of any framework. It knows nothing of CORS.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use oss_cors_tower::oss_cors_live::request_id;

use super::serve::BodyError;

/// All objects together may not take more bytes than this; a `PUT` over it is answered with 507.
const MAX_TOTAL: usize = 64 * 1024 * 1024;

/// What an object takes beside what a client sends of it, so that there are never too many small ones.
const OBJECT_MARGIN: usize = 256;

/// Objects by path. Clones share them.
#[derive(Clone, Debug)]
pub struct Objects(Arc<Mutex<Tree>>);

#[derive(Debug, Default)]
struct Tree {
    objects: BTreeMap<String, Object>,
    /// Of all of them.
    size: usize,
}

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
        let mut tree = Tree::default();
        tree.insert("/a.txt", text("a\n"));
        tree.insert("/photos/b.txt", text("b\n"));
        Self(Arc::new(Mutex::new(tree)))
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
        let paths: String = self.lock().objects.keys().map(|path| format!("{path}\n")).collect();
        Reply::text(200, paths)
    }

    fn read(&self, ask: &Ask<'_>) -> Reply {
        let Some(object) = self.lock().objects.get(ask.path).cloned() else {
            return Reply::text(404, "no such object\n");
        };
        let etag = etag(&object.bytes);
        if ask.if_none_match.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == etag || tag.trim() == "*")) {
            return Reply { status: 304, headers: vec![("etag", etag)], body: Bytes::new() };
        }
        Reply { status: 200, headers: vec![("content-type", object.content_type), ("etag", etag)], body: object.bytes }
    }

    fn write(&self, ask: Ask<'_>) -> Reply {
        let etag = etag(&ask.body);
        let content_type = ask.content_type.unwrap_or("application/octet-stream").to_owned();
        if !self.lock().insert(ask.path, Object { content_type, bytes: ask.body }) {
            return Reply::text(507, "the tree is full\n");
        }
        Reply { status: 200, headers: vec![("etag", etag)], body: Bytes::new() }
    }

    fn delete(&self, path: &str) -> Reply {
        self.lock().remove(path);
        Reply { status: 204, headers: Vec::new(), body: Bytes::new() }
    }

    /// Every change is one call on the tree, so a panic elsewhere leaves it whole.
    fn lock(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tree {
    /// In the place of any that has this path. `false`: there is no room for it.
    fn insert(&mut self, path: &str, object: Object) -> bool {
        let old = self.objects.get(path).map_or(0, |old| old.size(path));
        let size = self.size - old + object.size(path);
        let fits = size <= MAX_TOTAL;
        if fits {
            self.size = size;
            self.objects.insert(path.to_owned(), object);
        }
        fits
    }

    fn remove(&mut self, path: &str) {
        if let Some(old) = self.objects.remove(path) {
            self.size -= old.size(path);
        }
    }
}

impl Object {
    fn size(&self, path: &str) -> usize {
        OBJECT_MARGIN + path.len() + self.content_type.len() + self.bytes.len()
    }
}

impl Reply {
    /// To a request without a whole body.
    pub fn no_body(error: BodyError) -> Self {
        let (status, text) = error.answer();
        Self::text(status, text)
    }

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
