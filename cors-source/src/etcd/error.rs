//! Why etcd gave no rules.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use etcd_client::Error;
use oss_cors_core::ConfigErrors;

use crate::text::quoted;

/// etcd gave no rules, or the cache of them could not be read or written.
///
/// `Display` tells everything, one fault a line; `Debug` too, because that is what a `main` that returns it prints.
/// Neither tells a password.
#[derive(Clone)]
pub struct EtcdError {
    kind: EtcdErrorKind,
    message: String,
}

/// What went wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EtcdErrorKind {
    /// What [`EtcdSource`](super::EtcdSource) was given cannot be: the code is to be changed.
    Options,
    /// No endpoint answers as etcd does.
    Unreachable,
    /// etcd answers, and does not let this user read the rules.
    Refused,
    /// The key does not exist.
    NoSuchKey,
    /// The key's value is wrong: all its faults.
    Config(ConfigErrors),
    /// The cache file cannot be read, is corrupt, or cannot be written.
    Cache,
    /// What etcd says made this library panic, which is a defect of it. All is read again.
    Panicked,
}

impl EtcdError {
    /// What went wrong.
    pub fn kind(&self) -> &EtcdErrorKind {
        &self.kind
    }

    pub(super) fn options(message: impl Into<String>) -> Self {
        Self { kind: EtcdErrorKind::Options, message: message.into() }
    }

    /// `endpoint` gave no answer, or a wrong one.
    pub(super) fn unreachable(endpoint: &str, reason: &str) -> Self {
        Self { kind: EtcdErrorKind::Unreachable, message: format!("`{}`: {}", quoted(endpoint), quoted(reason)) }
    }

    /// `endpoint` took longer than `within`.
    pub(super) fn slow(endpoint: &str, what: &str, within: Duration) -> Self {
        Self::unreachable(endpoint, &format!("{what} within {within:?}"))
    }

    pub(super) fn panicked(message: &str) -> Self {
        let message = format!("following etcd panicked: {message}; please report this");
        Self { kind: EtcdErrorKind::Panicked, message }
    }

    pub(super) fn refused(endpoint: &str, reason: &str) -> Self {
        let message = format!(
            "`{}` refuses: {}; give a user that may read the rules, and the right password (`EtcdSource::user`)",
            quoted(endpoint),
            quoted(reason)
        );
        Self { kind: EtcdErrorKind::Refused, message }
    }

    pub(super) fn at(endpoint: &str, error: &Error) -> Self {
        match error {
            Error::GRpcStatus(status) => {
                let reason = with_root(status.message(), status);
                if REFUSALS.contains(&(status.code() as i32)) {
                    Self::refused(endpoint, &reason)
                } else {
                    Self::unreachable(endpoint, &reason)
                }
            }
            // Connecting fails with a status; this is how the addresses and certificates of the options do.
            Error::TransportError(error) => {
                let reason = with_root(&error.to_string(), error);
                Self::options(format!("cannot connect to `{}`: {}", quoted(endpoint), quoted(&reason)))
            }
            Error::InvalidUri(_) | Error::InvalidArgs(_) => {
                Self::options(format!("`{}` is no endpoint: {}", quoted(endpoint), quoted(&error.to_string())))
            }
            _ => Self::unreachable(endpoint, &error.to_string()),
        }
    }

    /// What every endpoint said when rules were needed to start with. The last one counts for the kind.
    pub(super) fn of_all(attempts: Vec<Self>) -> Self {
        let kind = attempts.last().map_or(EtcdErrorKind::Unreachable, |last| last.kind.clone());
        let attempts: Vec<String> = attempts.into_iter().map(|error| error.message).collect();
        Self { kind, message: format!("no rules from etcd: {}", attempts.join(", ")) }
    }

    /// For a start that ends here.
    pub(super) fn with_remedy(self) -> Self {
        match self.kind {
            EtcdErrorKind::Unreachable => self.with_hint(
                "start etcd, name an endpoint that answers, or allow the last good rules (`EtcdSource::start_from_cache`)",
            ),
            _ => self,
        }
    }

    pub(super) fn with_hint(mut self, hint: &str) -> Self {
        self.message = format!("{}; {hint}", self.message);
        self
    }

    pub(super) fn no_such_key(key: &str) -> Self {
        let message = format!(
            "no rules from etcd: there is no key `{}`; put a rule file there, or name a prefix (`EtcdSource::prefix`)",
            quoted(key)
        );
        Self { kind: EtcdErrorKind::NoSuchKey, message }
    }

    pub(super) fn config(key: &str, errors: ConfigErrors) -> Self {
        let message = faults(&format!("the rules at etcd's key `{}` are wrong:", quoted(key)), &errors);
        Self { kind: EtcdErrorKind::Config(errors), message }
    }

    pub(super) fn cache(path: &Path, reason: impl fmt::Display) -> Self {
        Self { kind: EtcdErrorKind::Cache, message: format!("the cache of rules `{}`: {reason}", path.display()) }
    }

    /// Neither etcd nor the cache had rules.
    pub(super) fn and_cache(self, cache: &Self) -> Self {
        Self { kind: EtcdErrorKind::Cache, message: format!("{}\n{}", self.message, cache.message) }
    }
}

impl fmt::Display for EtcdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for EtcdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// No `source`: `Display` has shown it already, and an error is printed once.
impl std::error::Error for EtcdError {}

/// gRPC's INVALID_ARGUMENT (etcd's code for a wrong password, or none), PERMISSION_DENIED, UNAUTHENTICATED.
const REFUSALS: [i32; 3] = [3, 7, 16];

/// `first`, and the error that all others only wrap: it names the cause, such as a refused connection.
fn with_root(first: &str, error: &dyn std::error::Error) -> String {
    let mut root = error.source();
    while let Some(next) = root.and_then(|error| error.source()) {
        root = Some(next);
    }
    match root.map(ToString::to_string) {
        Some(root) if !first.contains(&root) => format!("{first}: {root}"),
        _ => first.to_owned(),
    }
}

/// `head`, then one fault a line.
pub(super) fn faults(head: &str, errors: &ConfigErrors) -> String {
    errors.iter().fold(head.to_owned(), |message, error| format!("{message}\n  {error}"))
}
