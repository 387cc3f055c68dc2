//! A real etcd for one test, and a line to it that can be cut.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, copy, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// One member, in a folder of its own. Killed when dropped.
pub(crate) struct Etcd {
    folder: TempDir,
    port: u16,
    peer_port: u16,
    /// Goes into the cluster's id.
    token: &'static str,
    tls: Option<Certificates>,
    process: Option<Child>,
}

impl Etcd {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    /// Speaks TLS only, and asks clients for a certificate.
    pub(crate) async fn start_with_tls() -> Self {
        Self::start_with(Some(Certificates::new())).await
    }

    async fn start_with(tls: Option<Certificates>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let mut etcd =
            Self { folder, port: free_port(), peer_port: free_port(), token: "etcd-cluster", tls, process: None };
        etcd.restart().await;
        etcd
    }

    pub(crate) fn endpoint(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    pub(crate) fn certificates(&self) -> &Certificates {
        self.tls.as_ref().expect("started with TLS")
    }

    /// A client of the test's own.
    pub(crate) async fn client(&self) -> Client {
        self.client_with(ConnectOptions::new()).await
    }

    pub(crate) async fn client_with(&self, mut options: ConnectOptions) -> Client {
        if let Some(tls) = &self.tls {
            let identity = Identity::from_pem(&tls.client, &tls.client_key);
            options = options
                .with_tls(TlsOptions::new().ca_certificate(Certificate::from_pem(&tls.authority)).identity(identity));
        }
        Client::connect([self.endpoint()], Some(options)).await.expect("etcd lets the test in")
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.kill().expect("it is ours");
        process.wait().expect("it is ours");
    }

    /// With the same data, on the same port.
    pub(crate) async fn restart(&mut self) {
        let (endpoint, peer) = (self.endpoint(), format!("http://127.0.0.1:{}", self.peer_port));
        let mut command = Command::new("etcd");
        command
            .args(["--name", "test", "--data-dir"])
            .arg(self.folder.path().join("data"))
            .args(["--listen-client-urls", &endpoint, "--advertise-client-urls", &endpoint])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("test={peer}"), "--initial-cluster-token", self.token])
            // It is its own leader a moment after its start.
            .args(["--heartbeat-interval", "10", "--election-timeout", "50", "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.folder.path().join("log")).expect("a log"));
        if let Some(tls) = &self.tls {
            let file = |name: &str| tls.folder.path().join(name);
            command.arg("--client-cert-auth");
            command.arg("--trusted-ca-file").arg(file("ca.pem"));
            command.arg("--cert-file").arg(file("server.pem")).arg("--key-file").arg(file("server.key"));
        }
        let process = command.spawn().expect("etcd is installed (Debian: apt-get install etcd-server)");
        self.process = Some(process);
        self.wait().await;
    }

    /// With no data: another cluster, which clients can tell if `token` is another.
    pub(crate) async fn restart_empty(&mut self, token: &'static str) {
        self.token = token;
        std::fs::remove_dir_all(self.folder.path().join("data")).expect("it is stopped");
        self.restart().await;
    }

    /// Until it answers.
    async fn wait(&mut self) {
        let since = Instant::now();
        loop {
            // Any answer will do: with authentication, it is a refusal.
            let mut client = self.client().await;
            match client.get("test", None).await {
                Err(etcd_client::Error::GRpcStatus(status)) if status.message().starts_with("etcdserver: user") => {
                    return;
                }
                Ok(_) => return,
                Err(error) => {
                    let exited = self.process.as_mut().and_then(|process| process.try_wait().expect("it is ours"));
                    if exited.is_some() || since.elapsed() > Duration::from_secs(20) {
                        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                        panic!("etcd does not answer: {error}\n{log}");
                    }
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Certificates of an authority of the test's own, made by the `openssl` command.
pub(crate) struct Certificates {
    folder: TempDir,
    pub(crate) authority: String,
    pub(crate) client: String,
    pub(crate) client_key: String,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path();
        openssl(
            path,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority \
                       -keyout ca.key -out ca.pem",
        );
        for name in ["server", "client"] {
            let mut extensions = "basicConstraints=CA:FALSE\n".to_owned();
            writeln!(extensions, "subjectAltName=IP:127.0.0.1,DNS:etcd.example.com").expect("a String");
            std::fs::write(path.join("extensions"), extensions).expect("a file");
            openssl(
                path,
                &format!(
                    "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} \
                                    -keyout {name}.key -out {name}.csr"
                ),
            );
            openssl(
                path,
                &format!(
                    "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                                    -extfile extensions -out {name}.pem"
                ),
            );
        }
        let read = |name| std::fs::read_to_string(path.join(name)).expect("openssl wrote it");
        let (authority, client, client_key) = (read("ca.pem"), read("client.pem"), read("client.key"));
        Self { folder, authority, client, client_key }
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let run = Command::new("openssl").args(arguments.split_whitespace()).current_dir(folder).output();
    let output = run.expect("openssl is installed (Debian: apt-get install openssl)");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A line to etcd that can be cut, or silenced.
pub(crate) struct Line {
    address: SocketAddr,
    state: watch::Sender<State>,
    open: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Whole,
    /// Connections are closed, new ones at once.
    Cut,
    /// Connections stay open, and nothing goes through.
    Silent,
    /// As silent; and what was open then stays so for ever, as where a router forgets its connections.
    Broken,
}

impl Line {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (state, listening) = watch::channel(State::Whole);
        let open = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, listening.clone(), Open::new(&counter)));
            }
        });
        Self { address, state, open }
    }

    /// Each connection gets so many bytes from the server, and no more.
    pub(crate) async fn that_stalls_after(bytes: u64, server: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let server = TcpStream::connect(server).await.expect("it runs");
                    let (mut from_client, mut to_client) = client.into_split();
                    let (from_server, mut to_server) = server.into_split();
                    let mut some = from_server.take(bytes);
                    let (up, down) = (copy(&mut from_client, &mut to_server), copy(&mut some, &mut to_client));
                    // The connection stays open until the client closes it.
                    let _ = tokio::join!(up, down);
                });
            }
        });
        Self { address, state: watch::channel(State::Whole).0, open: Arc::default() }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    pub(crate) fn break_off(&self) {
        self.state.send_replace(State::Broken);
    }

    pub(crate) fn restore(&self) {
        self.state.send_replace(State::Whole);
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut state: watch::Receiver<State>, _open: Open) {
    if *state.borrow() == State::Cut {
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    loop {
        let now = *state.borrow_and_update();
        match now {
            State::Cut => return,
            State::Whole => {}
            State::Broken => break,
            State::Silent => {
                if state.changed().await.is_err() {
                    return;
                }
                continue;
            }
        }
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            changed = state.changed() => if changed.is_err() { return },
        }
    }
    // Until the client gives up.
    let _ = copy(&mut client, &mut tokio::io::sink()).await;
}

struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counter))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A file that does not exist yet, in a folder of the test's own.
pub(crate) fn new_file(folder: &TempDir) -> PathBuf {
    folder.path().join("cache.json")
}
