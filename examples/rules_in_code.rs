//! Rules that are built in code: the public may read, one application may write.
//!
//! `cargo run --example rules_in_code`, then
//! `curl -i -H 'Origin: https://app.example.com' http://127.0.0.1:PORT/notes`

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/page.rs"]
mod page;
#[path = "support/serve/mod.rs"]
mod serve;

use std::error::Error;

use axum::Router;
use axum::routing::get;
use oss_cors_tower::{CorsConfiguration, CorsRule, OssCorsLayer, Profile};

fn cors() -> Result<OssCorsLayer, oss_cors_tower::ConfigErrors> {
    // The first rule that matches decides the answer, so the narrow one stands first.
    let application = CorsRule::new(["https://app.example.com"], ["GET", "HEAD", "PUT"])
        .allowed_headers(["content-type", "x-notes-*"])
        .expose_headers(["ETag"])
        .max_age_seconds(600);
    let public = CorsRule::new(["*"], ["GET", "HEAD"]);
    // `Vary: Origin` is on: a cache keeps the two answers apart.
    OssCorsLayer::from_configuration(&CorsConfiguration::from_rules([application, public]), Profile::Oss)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = Router::new().route("/notes", get(async || "a note").put(async || "kept")).layer(cors()?);
    Ok(serve::serve(page::listen().await?, app, serve::Bounds::default()).await?)
}
