//! A client of real sockets, in HTTP/1 and HTTP/2, and what an answer is compared with.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const HOST: &str = "bucket.example.com";

/// A server and how to talk to it.
#[derive(Clone, Copy)]
pub(crate) struct Site {
    name: &'static str,
    address: SocketAddr,
    version: Version,
}

pub(crate) struct Answer {
    line: String,
    head: http::response::Parts,
    body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.head.headers.get(name)
    }
}

impl Site {
    pub(crate) fn both(address: SocketAddr) -> [Self; 2] {
        [Version::HTTP_11, Version::HTTP_2].map(|version| Self { name: "", address, version })
    }

    /// For what a failed check says.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(crate) async fn ask(self, line: &str, headers: &[&str]) -> Answer {
        self.answer(line, headers, "").await
    }

    pub(crate) async fn put(self, path: &str, headers: &[&str], body: &'static str) -> Answer {
        self.answer(&format!("PUT {path}"), headers, body).await
    }

    async fn answer(self, line: &str, headers: &[&str], body: &'static str) -> Answer {
        let (head, body) = self.send(line, headers, body).await.expect("an answer").into_parts();
        let body = without_id(&body.collect().await.expect("a whole body").to_bytes());
        Answer { line: format!("{line} {headers:?} in {:?} {}", self.version, self.name), head, body }
    }

    pub(crate) async fn send(
        self,
        line: &str,
        headers: &[&str],
        body: &'static str,
    ) -> hyper::Result<Response<Incoming>> {
        let stream = TokioIo::new(TcpStream::connect(self.address).await.expect("the server listens"));
        let mut request = request(line, headers, Full::<Bytes>::from(body));
        if self.version == Version::HTTP_2 {
            if request.uri().authority().is_none() {
                *request.uri_mut() = format!("http://{HOST}{}", request.uri()).parse().expect("a URI");
            }
            let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        } else {
            request.headers_mut().insert("host", HeaderValue::from_static(HOST));
            let (mut sender, connection) = http1::handshake(stream).await?;
            tokio::spawn(connection);
            sender.send_request(request).await
        }
    }

    /// The answer on the wire of HTTP/1: the status line, the sorted header lines but for `date`, the body.
    pub(crate) async fn wire(self, lines: &[&str]) -> Vec<String> {
        let mut stream = TcpStream::connect(self.address).await.expect("the server listens");
        let request = format!("{}\r\nhost: {HOST}\r\nconnection: close\r\n\r\n", lines.join("\r\n"));
        stream.write_all(request.as_bytes()).await.expect("the server reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the server closes");
        let answer = without_id(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.split("\r\n").filter(|line| !line.starts_with("date: "));
        let status = lines.next().map(str::to_owned);
        let mut headers: Vec<String> = lines.map(str::to_owned).collect();
        headers.sort();
        status.into_iter().chain(headers).chain([body.to_owned()]).collect()
    }
}

/// `line` is a method and a path or, for HTTP/2 to another host, a method and a URI; each header is a line.
pub(crate) fn request<B>(line: &str, headers: &[&str], body: B) -> Request<B> {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path);
    for header in headers {
        let (name, value) = header.split_once(':').expect("a name and a value");
        request = request.header(name, value.trim_matches(' ').as_bytes());
    }
    request.body(body).expect("the request is one")
}

// Answers.

pub(crate) fn forbidden(message: &str) -> String {
    refusal("AccessForbidden", message)
}

pub(crate) fn refusal(code: &str, message: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
         <RequestId>ID</RequestId><HostId>{HOST}</HostId></Error>\n"
    )
}

#[track_caller]
pub(crate) fn check(answer: Answer, status: u16, cors: &[&str], body: &str) {
    let expected = (status, lines(cors), body.to_owned());
    assert_eq!(
        (answer.head.status.as_u16(), cors_lines(&answer.head.headers), answer.body),
        expected,
        "{}",
        answer.line
    );
}

pub(crate) fn lines(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

pub(crate) fn cors_lines(headers: &HeaderMap) -> Vec<String> {
    let ours = headers.iter().filter(|(name, _)| *name == "vary" || name.as_str().starts_with("access-control-"));
    let mut lines: Vec<String> =
        ours.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))).collect();
    lines.sort();
    lines
}

/// The error body with `ID` in place of its request id, which is never the same.
fn without_id(body: &[u8]) -> String {
    let body = String::from_utf8(body.to_vec()).expect("text");
    let Some((before, rest)) = body.split_once("<RequestId>") else { return body };
    let (id, after) = rest.split_once("</RequestId>").expect("the element is closed");
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    format!("{before}<RequestId>ID</RequestId>{after}")
}
