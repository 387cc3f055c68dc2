//! The command line, and the limits it sets.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::serve::{Bounds, Pace, seconds};
use crate::signature::AccessKey;

/// A small object server with the API of OSS and S3, whose buckets carry CORS rules as OSS's do.
///
/// It is a stand-in for tests. A host that is an address, `localhost`, a single name or a `--domain` is path style
/// (`/bucket/key`); of any other host the first label is the bucket.
#[derive(Debug, Parser)]
pub struct Args {
    /// Where to listen; port 0 takes a free one. Without access keys, loopback only.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// Keeps buckets, rules and objects in this folder [default: in memory].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// Requests to `bucket.DOMAIN` are for that bucket, requests to DOMAIN itself are path style. May be repeated.
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Vec<String>,

    /// A key that may sign requests. May be repeated. With none, every signature is accepted, unverified.
    #[arg(long, value_name = "ID:SECRET")]
    pub access_key: Vec<AccessKey>,

    #[command(flatten)]
    pub limits: Limits,
}

/// What the server takes at most.
#[derive(Clone, Debug, clap::Args)]
pub struct Limits {
    /// The most bytes of an object, and of a request's body.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    pub max_object_bytes: u64,

    /// The most bytes of all objects and parts together, in memory or in the folder. Request bodies being read may
    /// take as much memory again.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 30)]
    pub max_total_bytes: u64,

    /// The most buckets.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub max_buckets: usize,

    /// The most multipart uploads begun and neither completed nor aborted.
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    pub max_uploads: usize,

    /// The most connections at a time; further ones wait.
    #[arg(long, value_name = "COUNT", default_value_t = Bounds::CONNECTIONS, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: u32,

    /// The longest that nothing may come of a request's body.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub body_idle: Duration,

    /// The longest that a request's body may take.
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub body_total: Duration,
}

impl Limits {
    /// What clients may take of the server.
    pub fn bounds(&self) -> Bounds {
        let pace = Pace { idle: self.body_idle, total: self.body_total };
        Bounds { connections: self.max_connections as usize, pace }
    }
}
