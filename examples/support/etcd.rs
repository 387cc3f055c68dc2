//! `--etcd`: rules that a fleet shares.

use std::error::Error;
use std::path::PathBuf;

use oss_cors_tower::OssCorsLayer;
use oss_cors_tower::oss_cors_live::Status;

/// Rules in etcd, with the feature `etcd`. ETCD_USER and ETCD_PASSWORD in the environment log in.
#[derive(Debug, clap::Args)]
pub struct EtcdArgs {
    /// Take the rules from etcd at http://HOST:PORT; several are members of one cluster.
    #[arg(long, value_name = "ENDPOINT", requires = "etcd_key", conflicts_with = "rules")]
    pub etcd: Vec<String>,

    /// The key of the rules. One that ends in `/` is a prefix: with a key for each bucket, the first segment of the
    /// path.
    #[arg(long, value_name = "KEY", requires = "etcd")]
    pub etcd_key: Option<String>,

    /// Keep the last good rules in this file, and start with them while etcd does not answer.
    #[arg(long, value_name = "FILE", requires = "etcd")]
    pub etcd_cache: Option<PathBuf>,
}

/// The layer with the rules of etcd, and how they are doing.
pub type FromEtcd = (OssCorsLayer, Box<dyn Fn() -> Status + Send + Sync>);

/// Reads the rules and goes on watching them.
#[cfg(feature = "etcd")]
pub async fn start(args: &EtcdArgs) -> Result<FromEtcd, Box<dyn Error>> {
    use std::env;

    use oss_cors_source::etcd::EtcdSource;
    use oss_cors_tower::oss_cors_live::BucketNaming;

    let mut source = EtcdSource::new(&args.etcd).on_event(tell);
    if let Ok(user) = env::var("ETCD_USER") {
        let password = env::var("ETCD_PASSWORD").map_err(|_| "ETCD_USER is set; set ETCD_PASSWORD too")?;
        source = source.user(user, password);
    }
    if let Some(file) = &args.etcd_cache {
        source = source.cache_file(file).start_from_cache();
    }
    let key = args.etcd_key.as_deref().unwrap_or_default();
    if key.ends_with('/') {
        let buckets = source.prefix(key).await?;
        let cors = OssCorsLayer::per_bucket(buckets.clone(), BucketNaming::path());
        Ok((cors, Box::new(move || buckets.status())))
    } else {
        let handle = source.key(key).await?;
        Ok((OssCorsLayer::from_handle(handle.clone()), Box::new(move || handle.status())))
    }
}

/// On standard error where someone has to act, and when that is done.
#[cfg(feature = "etcd")]
fn tell(event: &oss_cors_source::etcd::EtcdEvent) {
    use oss_cors_source::etcd::EtcdEvent as Event;

    use super::serve::{say, warn};

    let line = format!("etcd: {event}");
    match event {
        Event::Loaded { .. } | Event::Deleted { .. } => say(line),
        _ => warn(line),
    }
}

/// Only says how to build a server that can.
#[cfg(not(feature = "etcd"))]
pub async fn start(_: &EtcdArgs) -> Result<FromEtcd, Box<dyn Error>> {
    Err("this server is built without etcd; build it with `cargo run --example axum --features etcd`".into())
}
