//! `--shadow`: a rule file on trial beside the live rules. To put it in force, rename it over the live one.

use std::path::Path;
use std::sync::Arc;

use oss_cors_source::LoadError;
use oss_cors_tower::oss_cors_live::Shadow;
use tokio::sync::Notify;

use super::rules::{Reload, Rules};

/// Puts the rules of `path` on trial, and counts anew whenever they change.
pub fn start(path: &Path, watch: bool) -> Result<(Shadow, Reload), LoadError> {
    let replaced = Arc::new(Notify::new());
    let news = Arc::clone(&replaced);
    let Rules { handle, reload, .. } = Rules::file(path, watch, move || news.notify_one())?;
    let shadow = Shadow::new(handle);
    let counted = shadow.clone();
    tokio::spawn(async move {
        loop {
            replaced.notified().await;
            counted.reset();
        }
    });
    Ok((shadow, reload))
}
