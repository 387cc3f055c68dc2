//! Rules of each tenant's own: who it is, the host tells. A tenant's rules change while the server runs.
//!
//! `curl -i -H 'Host: red.example.com' -H 'Origin: https://red.example' http://127.0.0.1:PORT/`

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/page.rs"]
mod page;
#[path = "support/serve/mod.rs"]
mod serve;

use std::borrow::Cow;
use std::error::Error;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, put};
use oss_cors_tower::oss_cors_core::{Format, RuleFile};
use oss_cors_tower::oss_cors_live::{BucketNaming, Buckets};
use oss_cors_tower::{CorsConfiguration, CorsRule, OssCorsLayer, Profile};

/// The first label of the host is the tenant: `red` of `red.example.com:3000`.
fn tenant<'a>(host: &'a str, _path: &'a str) -> Option<Cow<'a, str>> {
    let name = host.split_once(':').map_or(host, |(name, _)| name).strip_suffix(".example.com")?;
    (!name.contains('.')).then_some(Cow::Borrowed(name))
}

/// Puts a tenant's rules in force. Wrong ones change nothing, and the tenant gets every fault of them.
async fn put_rules(State(buckets): State<Buckets>, Path(name): Path<String>, body: String) -> (StatusCode, String) {
    let set = RuleFile::parse(body.as_bytes(), Some(Format::Xml), Profile::Oss)
        .map_err(|errors| errors.to_string())
        .and_then(|file| buckets.set(&name, file.configuration(), Profile::Oss).map_err(|error| error.to_string()));
    match set {
        Ok(()) => (StatusCode::OK, "in force\n".into()),
        Err(faults) => (StatusCode::BAD_REQUEST, format!("{faults}\n")),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let buckets = Buckets::new();
    for (name, origin) in [("red", "https://red.example"), ("blue", "https://blue.example")] {
        let rules = CorsConfiguration::from(CorsRule::new([origin], ["GET", "HEAD"]));
        buckets.set(name, &rules, Profile::Oss)?;
    }
    let cors = OssCorsLayer::per_bucket(buckets.clone(), BucketNaming::from_fn(tenant));
    // For operators: in a real service behind their authentication.
    let rules = Router::new().route("/rules/{name}", put(put_rules)).with_state(buckets);
    let app = Router::new().route("/", get(async || "yours")).layer(cors).merge(rules);
    Ok(serve::serve(page::listen().await?, app, serve::Bounds::default()).await?)
}
