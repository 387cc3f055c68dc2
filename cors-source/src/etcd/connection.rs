//! One endpoint of etcd: open it, begin to watch, read all rules.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::{
    Certificate, Client, ConnectOptions, Error, GetOptions, GetResponse, Identity, ResponseHeader, TlsOptions,
    WatchOptions, WatchResponse, WatchStream,
};
use oss_cors_core::MAX_FILE_BYTES;
use tokio::time::{sleep, timeout};

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
    cluster: u64,
}

/// All rules, and the changes that come after them.
pub(super) struct Live {
    pub(super) connection: Connection,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) changes: WatchStream,
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

/// A member that was cut off from its cluster, or stands still, looks like one that has no news. So it is asked now and
/// then for what only a member with the quorum can answer, and given up when it does not.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Longer than most elections of a leader take.
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);

/// The most keys that are asked for at once.
const PAGE: i64 = 1024;

/// The most bytes of one answer: room for a value that is too large for a rule file, so that the error can say so. etcd
/// itself takes requests up to 1.5 MiB by default, and advises against more than 10.
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
                // Errors would show it.
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
            Err(_) => Err(EtcdError::slow(endpoint, "no answer", share)),
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
        // Only this connects.
        let answer = ask(&mut client, scope).await.map_err(failed)?;
        let cluster = header(endpoint, &answer)?.cluster_id();
        Ok(Connection { client, scope: scope.clone(), endpoint: endpoint.to_owned(), cluster })
    }

    fn failed(&self, endpoint: &str, error: &Error) -> EtcdError {
        let error = EtcdError::at(endpoint, error);
        // A server that misses the client's certificate may just close the connection (TLS 1.3).
        let reported = error.to_string();
        let other_cause =
            ["tcp connect error", "invalid peer certificate"].iter().any(|cause| reported.contains(cause));
        if endpoint.starts_with("https://") && self.client_certificate.is_none() && !other_cause {
            return error.with_hint("if it asks for a certificate, give one (`EtcdSource::client_certificate`)");
        }
        error
    }

    fn options(&self, user: Option<(String, String)>) -> ConnectOptions {
        let mut options = ConnectOptions::new()
            // A member that is cut off from its cluster says so, instead of being silent.
            .with_require_leader(true)
            // Tokens expire, and the connection is to outlive them.
            .with_auto_token_refresh(true);
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
    /// Begins to watch, and then reads all rules. In this order because the watch ends with its connection, and etcd's
    /// client dials again by itself: nothing is taken for the continuation of another cluster's history.
    pub(super) async fn load(mut self) -> Result<Live, EtcdError> {
        let changes = self.watch().await?;
        let snapshot = Arc::new(self.read().await?);
        Ok(Live { connection: self, snapshot, changes })
    }

    /// Until it is of no more use: why.
    pub(super) async fn checked(mut self, mut revision: i64) -> EtcdError {
        loop {
            sleep(ASK_EVERY).await;
            let answer = match timeout(ANSWER_WITHIN, ask(&mut self.client, &self.scope)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return EtcdError::at(&self.endpoint, &error),
                Err(_) => return EtcdError::slow(&self.endpoint, "no answer", ANSWER_WITHIN),
            };
            match header(&self.endpoint, &answer) {
                Ok(header) if header.cluster_id() == self.cluster && header.revision() >= revision => {
                    revision = header.revision();
                }
                Ok(_) => {
                    return EtcdError::unreachable(&self.endpoint, "another cluster answers, or an older state of it");
                }
                Err(error) => return error,
            }
        }
    }

    /// In pages of one revision.
    async fn read(&mut self) -> Result<Snapshot, EtcdError> {
        let mut client = self.client.kv_client().max_decoding_message_size(MAX_ANSWER_BYTES);
        let mut snapshot = Snapshot { revision: 0, entries: Vec::new() };
        let mut values: HashSet<Arc<[u8]>> = HashSet::new();
        let mut from = self.scope.start();
        let mut limit = PAGE;
        loop {
            // Revision 0 is the newest, which the first page settles.
            let options = self.scope.get_options().with_limit(limit).with_revision(snapshot.revision);
            let mut page = match client.get(from.clone(), Some(options)).await {
                Ok(page) => page,
                Err(error) if is_too_large(&error) && limit > 1 => {
                    limit /= 2;
                    continue;
                }
                Err(error) => return Err(EtcdError::at(&self.endpoint, &error)),
            };
            if snapshot.revision == 0 {
                snapshot.revision = header(&self.endpoint, &page)?.revision();
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

    /// From now on. etcd's first answer shows whether it has taken the watch up.
    async fn watch(&mut self) -> Result<WatchStream, EtcdError> {
        let mut client = self.client.watch_client().max_decoding_message_size(MAX_ANSWER_BYTES);
        let started = async {
            let mut changes = client.watch(self.scope.start(), Some(self.scope.watch_options())).await?;
            let first = changes.message().await?;
            Ok((changes, first))
        };
        let (changes, first) = started.await.map_err(|error| EtcdError::at(&self.endpoint, &error))?;
        check_watch(&self.endpoint, first.as_ref())?;
        Ok(changes)
    }
}

/// For something small. A read is linearizable by default: a member without the quorum cannot answer, and
/// one that can is not behind.
async fn ask(client: &mut Client, scope: &Scope) -> Result<GetResponse, Error> {
    let probe = scope.get_options().with_keys_only().with_limit(1);
    client.get(scope.start(), Some(probe)).await
}

/// Whether a watch goes on after `response`.
pub(super) fn check_watch(endpoint: &str, response: Option<&WatchResponse>) -> Result<(), EtcdError> {
    match response {
        None => Err(EtcdError::unreachable(endpoint, "the watch was closed")),
        Some(response) if !response.canceled() => Ok(()),
        Some(response) if response.compact_revision() > 0 => {
            Err(EtcdError::unreachable(endpoint, "changes were compacted before they were read"))
        }
        Some(response) => Err(EtcdError::refused(endpoint, response.cancel_reason())),
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
        let options = WatchOptions::new().with_fragment();
        match self {
            Self::Key(_) => options,
            Self::Prefix(prefix) => options.with_range(after_prefix(prefix)),
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

fn header<'a>(endpoint: &str, answer: &'a GetResponse) -> Result<&'a ResponseHeader, EtcdError> {
    answer.header().ok_or_else(|| EtcdError::unreachable(endpoint, "an answer without header: not etcd"))
}

/// gRPC's RESOURCE_EXHAUSTED, and OUT_OF_RANGE as tonic has it; etcd's own means that the revision is compacted.
fn is_too_large(error: &Error) -> bool {
    match error {
        Error::GRpcStatus(status) => match status.code() as i32 {
            8 => true,
            11 => !status.message().contains("compacted"),
            _ => false,
        },
        _ => false,
    }
}
