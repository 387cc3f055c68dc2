//! One endpoint of etcd: open it, read all rules, watch for changes.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{
    Certificate, Client, ConnectOptions, Error, GetOptions, Identity, ResponseHeader, TlsOptions, WatchOptions,
    WatchResponse, WatchStream,
};
use oss_cors_core::MAX_FILE_BYTES;
use tokio::time::timeout;

use super::error::EtcdError;
use crate::text::quoted;

/// How etcd is reached, and what is read there.
pub(super) struct Settings {
    pub(super) endpoints: Vec<String>,
    pub(super) user: Option<(String, String)>,
    pub(super) ca_certificate: Option<Vec<u8>>,
    pub(super) client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) server_name: Option<String>,
    pub(super) connect_timeout: Duration,
}

/// The keys that hold rules.
#[derive(Clone)]
pub(super) enum Scope {
    Key(String),
    Prefix(String),
}

/// An open connection. Dropping it closes it.
pub(super) struct Connection {
    client: Client,
    scope: Scope,
    pub(super) endpoint: String,
    /// Which cluster it is.
    pub(super) cluster: u64,
    /// Its newest revision, when the connection was opened.
    pub(super) revision: i64,
}

/// All rules as of one revision. Equal values are kept once.
pub(super) struct Snapshot {
    pub(super) revision: i64,
    pub(super) entries: Vec<Entry>,
}

pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    pub(super) value: Arc<[u8]>,
    pub(super) revision: i64,
}

/// How long etcd may take for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A peer that does not answer a ping is given up after 9 seconds. etcd closes connections that ping more often than
/// every 5 seconds (`--grpc-keepalive-min-time`).
const PING_EVERY: Duration = Duration::from_secs(6);
const PONG_WITHIN: Duration = Duration::from_secs(3);

/// The most keys that are asked for at once.
const PAGE: i64 = 1024;

/// The most bytes of one answer: room for a value that is too large for a rule file, so that it can be told so. etcd
/// itself takes requests up to 1.5 MiB unless told otherwise, and advises against more than 10.
const MAX_ANSWER_BYTES: usize = 2 * MAX_FILE_BYTES;

impl Settings {
    /// What can be known to be wrong before etcd is asked.
    pub(super) fn check(&self) -> Result<(), EtcdError> {
        if self.endpoints.is_empty() {
            return Err(EtcdError::options("no endpoint of etcd; name one, such as `http://127.0.0.1:2379`"));
        }
        let (certificate, key) = self.client_certificate.as_ref().map(|(pem, key)| (pem, key)).unzip();
        let pems = [
            ("CA certificate", self.ca_certificate.as_ref(), "CERTIFICATE-----"),
            ("client certificate", certificate, "CERTIFICATE-----"),
            ("client certificate's key", key, "KEY-----"),
        ];
        for (what, pem, label) in pems {
            if pem.is_some_and(|pem| !pem.windows(label.len()).any(|part| part == label.as_bytes())) {
                let message = format!("the {what} is not in PEM form; give the file's content, not its name");
                return Err(EtcdError::options(message));
            }
        }
        let tls = pems.iter().any(|(_, pem, _)| pem.is_some()) || self.server_name.is_some();
        for endpoint in &self.endpoints {
            let problem = if endpoint.contains('@') {
                // It would be told by errors.
                return Err(EtcdError::options("an endpoint holds a user; give it with `EtcdSource::user`"));
            } else if endpoint.starts_with("https://") {
                self.ca_certificate.is_none().then_some("needs the CA's certificate (`EtcdSource::ca_certificate`)")
            } else if endpoint.starts_with("http://") {
                tls.then_some("cannot go with certificates; write `https://`")
            } else {
                Some("has no scheme; write `http://` or `https://` before it")
            };
            if let Some(problem) = problem {
                return Err(EtcdError::options(format!("the endpoint `{}` {problem}", quoted(endpoint))));
            }
        }
        Ok(())
    }

    /// Each endpoint gets its share of the time, so that one that swallows packets does not use up all of it.
    pub(super) async fn open(&self, endpoint: &str, scope: &Scope) -> Result<Connection, EtcdError> {
        let share = self.connect_timeout / u32::try_from(self.endpoints.len()).unwrap_or(u32::MAX).max(1);
        match timeout(share, self.open_at_leisure(endpoint, scope)).await {
            Ok(connection) => connection,
            Err(_) => Err(EtcdError::unreachable(endpoint, &format!("no answer within {share:?}"))),
        }
    }

    async fn open_at_leisure(&self, endpoint: &str, scope: &Scope) -> Result<Connection, EtcdError> {
        let failed = |error| self.failed(endpoint, &error);
        let client = match Client::connect([endpoint], Some(self.options(self.user.clone()))).await {
            // As etcd's own clients do: users can be given before authentication is enabled.
            Err(Error::GRpcStatus(status)) if status.message().contains("authentication is not enabled") => {
                Client::connect([endpoint], Some(self.options(None))).await
            }
            client => client,
        };
        let mut client = client.map_err(failed)?;
        // Connects, and shows what answers: linearizable, so not older than anything that was seen before.
        let probe = scope.get_options().with_keys_only().with_limit(1);
        let answer = client.get(scope.start(), Some(probe)).await.map_err(failed)?;
        let header = header(endpoint, answer.header())?;
        let (cluster, revision) = (header.cluster_id(), header.revision());
        Ok(Connection { client, scope: scope.clone(), endpoint: endpoint.to_owned(), cluster, revision })
    }

    fn failed(&self, endpoint: &str, error: &Error) -> EtcdError {
        let error = EtcdError::at(endpoint, error);
        // A server that misses the client's certificate may just close the connection (TLS 1.3).
        let told = error.to_string();
        let other_cause = ["tcp connect error", "invalid peer certificate"].iter().any(|cause| told.contains(cause));
        if endpoint.starts_with("https://") && self.client_certificate.is_none() && !other_cause {
            return error.with_hint("if it asks for a certificate, give one (`EtcdSource::client_certificate`)");
        }
        error
    }

    fn options(&self, user: Option<(String, String)>) -> ConnectOptions {
        let mut options = ConnectOptions::new()
            .with_keep_alive(PING_EVERY, PONG_WITHIN)
            // A member that is cut off from its cluster says so, instead of being silent.
            .with_require_leader(true);
        if let Some((name, password)) = user {
            options = options.with_user(name, password);
        }
        let Some(ca) = &self.ca_certificate else { return options };
        let mut tls = TlsOptions::new().ca_certificate(Certificate::from_pem(ca));
        if let Some((certificate, key)) = &self.client_certificate {
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        if let Some(name) = &self.server_name {
            tls = tls.domain_name(name);
        }
        options.with_tls(tls)
    }
}

impl Connection {
    /// Reads all rules in pages of one revision.
    pub(super) async fn read(&mut self) -> Result<Snapshot, EtcdError> {
        let mut client = self.client.kv_client().max_decoding_message_size(MAX_ANSWER_BYTES);
        let mut snapshot = Snapshot { revision: 0, entries: Vec::new() };
        let mut values: HashSet<Arc<[u8]>> = HashSet::new();
        let mut from = self.scope.start();
        let mut limit = PAGE;
        loop {
            // Revision 0 is the newest, which the first page settles.
            let options = self.scope.get_options().with_limit(limit).with_revision(snapshot.revision);
            let mut page = match self.answer(client.get(from.clone(), Some(options))).await? {
                Ok(page) => page,
                Err(error) if is_too_large(&error) && limit > 1 => {
                    limit /= 2;
                    continue;
                }
                Err(error) => return Err(EtcdError::at(&self.endpoint, &error)),
            };
            if snapshot.revision == 0 {
                snapshot.revision = header(&self.endpoint, page.header())?.revision();
            }
            let more = page.more();
            for found in page.take_kvs() {
                let revision = found.mod_revision();
                let (key, value) = found.into_key_value();
                let value = values.get(value.as_slice()).cloned().unwrap_or_else(|| {
                    let value: Arc<[u8]> = value.into();
                    values.insert(Arc::clone(&value));
                    value
                });
                snapshot.entries.push(Entry { key, value, revision });
            }
            match snapshot.entries.last() {
                // The least key after the last one.
                Some(last) if more => from = last.key.iter().copied().chain([0]).collect(),
                _ => return Ok(snapshot),
            }
        }
    }

    /// Watches from `revision` on, that one included. With etcd's first answer: it has taken the watch up, or not.
    pub(super) async fn watch(&mut self, revision: i64) -> Result<(WatchStream, WatchResponse), EtcdError> {
        let mut client = self.client.watch_client().max_decoding_message_size(MAX_ANSWER_BYTES);
        let options = self.scope.watch_options().with_start_revision(revision).with_progress_notify().with_fragment();
        let key = self.scope.start();
        let started = async {
            let mut stream = client.watch(key, Some(options)).await?;
            let first = stream.message().await?;
            Ok((stream, first))
        };
        let (stream, first) = self.answer(started).await?.map_err(|error| EtcdError::at(&self.endpoint, &error))?;
        let first = first.ok_or_else(|| EtcdError::unreachable(&self.endpoint, "the watch was closed"))?;
        Ok((stream, first))
    }

    async fn answer<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<Result<T, Error>, EtcdError> {
        timeout(ANSWER_WITHIN, answer)
            .await
            .map_err(|_| EtcdError::unreachable(&self.endpoint, &format!("no answer within {ANSWER_WITHIN:?}")))
    }
}

impl Scope {
    /// As the user wrote it.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Key(key) | Self::Prefix(key) => key,
        }
    }

    fn start(&self) -> Vec<u8> {
        self.text().into()
    }

    fn get_options(&self) -> GetOptions {
        match self {
            Self::Key(_) => GetOptions::new(),
            Self::Prefix(prefix) => GetOptions::new().with_range(after_prefix(prefix)),
        }
    }

    fn watch_options(&self) -> WatchOptions {
        match self {
            Self::Key(_) => WatchOptions::new(),
            Self::Prefix(prefix) => WatchOptions::new().with_range(after_prefix(prefix)),
        }
    }
}

/// The least key after all that begin with `prefix`. UTF-8 has no byte 0xff, so the last one can be raised.
fn after_prefix(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    end
}

fn header<'a>(endpoint: &str, header: Option<&'a ResponseHeader>) -> Result<&'a ResponseHeader, EtcdError> {
    header.ok_or_else(|| EtcdError::unreachable(endpoint, "an answer without header: not etcd"))
}

/// gRPC's RESOURCE_EXHAUSTED, and OUT_OF_RANGE as tonic has it; etcd's own means that the revision is compacted.
pub(super) fn is_too_large(error: &Error) -> bool {
    match error {
        Error::GRpcStatus(status) => match status.code() as i32 {
            8 => true,
            11 => !status.message().contains("compacted"),
            _ => false,
        },
        _ => false,
    }
}
