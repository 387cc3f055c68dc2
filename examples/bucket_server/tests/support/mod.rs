//! The bucket server as a process, and a client of it that sends what no other would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A signature that a server without keys accepts.
pub(crate) const SIGNED: &str = "authorization: OSS any:thing";

/// A running server. It ends with this.
pub(crate) struct BucketServer {
    pub(crate) address: SocketAddr,
    process: Mutex<Child>,
    arguments: Vec<String>,
}

impl BucketServer {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let mut process = command(&arguments).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let address = lines.find_map(|line| line.expect("text").strip_prefix("listening on http://")?.parse().ok());
        // The rest of what it says is read by nobody, and must not stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { address: address.expect("it listens"), process: Mutex::new(process), arguments }
    }

    /// What a server says that does not start.
    pub(crate) fn refused(arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let output = command(&arguments).output().expect("it starts");
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).expect("text")
    }

    /// Kills it without a warning.
    pub(crate) fn kill(&self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.kill().expect("it runs");
        process.wait().expect("it ends");
    }

    /// Kills it, and starts another with the same arguments.
    pub(crate) fn restart(self) -> Self {
        self.kill();
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        Self::start(&arguments)
    }

    /// Makes a bucket.
    #[track_caller]
    pub(crate) fn make(&self, bucket: &str, headers: &[&str]) {
        self.ask(&format!("PUT /{bucket}"), &[&[SIGNED], headers].concat(), b"").is(200, "");
    }

    #[track_caller]
    pub(crate) fn ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        self.try_ask(line, headers, body).expect("an answer")
    }

    /// `None` if it does not answer.
    pub(crate) fn try_ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Option<Answer> {
        self.send(&self.address.to_string(), line, headers, body)
    }

    #[track_caller]
    pub(crate) fn ask_host(&self, host: &str, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        self.send(host, line, headers, body).expect("an answer")
    }

    fn send(&self, host: &str, line: &str, headers: &[&str], body: &[u8]) -> Option<Answer> {
        let chunked = headers.iter().any(|header| header.starts_with("transfer-encoding"));
        let length = if chunked { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let head = format!("{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{length}{headers}\r\n");
        let mut stream = TcpStream::connect(self.address).ok()?;
        // It may answer, and close, before it has read all.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        let mut raw = Vec::new();
        let _ = stream.read_to_end(&mut raw);
        let _ = stream.shutdown(Shutdown::Both);
        Answer::parse(line, &raw)
    }
}

impl Drop for BucketServer {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        // It may have ended already.
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn command(arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bucket-server"));
    if !arguments.iter().any(|argument| argument == "--listen") {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    command.args(arguments);
    command
}

#[derive(Debug)]
pub(crate) struct Answer {
    line: String,
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// `None` for an answer that is not whole.
    fn parse(line: &str, raw: &[u8]) -> Option<Self> {
        let end = raw.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(raw[..end].to_vec()).ok()?;
        let body = raw[end + 4..].to_vec();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let answer = Self { line: line.to_owned(), status, headers, body };
        let length = answer.header("content-length").parse().unwrap_or(0);
        (line.starts_with("HEAD") || answer.body.len() == length).then_some(answer)
    }

    /// Empty for a header that is not there.
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Every CORS and `Vary` header, sorted.
    pub(crate) fn cors(&self) -> Vec<String> {
        let ours = self.headers.iter().filter(|(name, _)| name == "vary" || name.starts_with("access-control-"));
        let mut lines: Vec<String> = ours.map(|(name, value)| format!("{name}: {value}")).collect();
        lines.sort();
        lines
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The text of an element of the body, empty if there is none.
    pub(crate) fn element(&self, name: &str) -> String {
        let text = self.text();
        let Ok(document) = roxmltree::Document::parse(&text) else { return String::new() };
        let found = document.descendants().find(|node| node.has_tag_name(name));
        found.and_then(|node| node.text()).unwrap_or_default().to_owned()
    }

    /// The status and the body; of an error, its code.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &str) {
        let code = self.element("Code");
        let found = if status >= 400 && !code.is_empty() { code } else { self.text() };
        assert_eq!((self.status, found.as_str()), (status, body), "{}: {}", self.line, self.text());
    }
}
