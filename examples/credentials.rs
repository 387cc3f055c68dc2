//! Cookies across origins: beyond OSS, so the extended profile is chosen in code.
//!
//! Credentials go with named origins only. Any header may be asked for; the answer names it, and is never `*`.

#![allow(unreachable_pub, reason = "a program has no users")]

#[path = "support/page.rs"]
mod page;
#[path = "support/serve/mod.rs"]
mod serve;

use std::error::Error;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use oss_cors_tower::{CorsConfiguration, CorsRule, OssCorsLayer, Profile};

fn cors() -> Result<OssCorsLayer, oss_cors_tower::ConfigErrors> {
    let rule = CorsRule::new(["https://app.example.com", "https://*.app.example.com"], ["GET", "HEAD", "PATCH"])
        .allowed_headers(["content-type", "x-csrf-token"])
        .allow_credentials(true);
    OssCorsLayer::from_configuration(&CorsConfiguration::from(rule), Profile::Extended)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A cookie for another site needs `SameSite=None; Secure`. What a request does is guarded by the token, not by CORS:
    // CORS says who may read the answer.
    let cookie = [(header::SET_COOKIE, "session=1; Secure; HttpOnly; SameSite=None")];
    let app = Router::new().route("/session", get(async move || (cookie, "yours")).patch(async || "changed"));
    Ok(serve::serve(page::listen().await?, app.layer(cors()?), serve::Bounds::default()).await?)
}
