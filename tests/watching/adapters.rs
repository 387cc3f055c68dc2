//! `watch_file` of both adapters: the file as it is, without a restart.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::adapters::{Site, answer};
use oss_cors_actix::OssCors;
use oss_cors_tower::OssCorsLayer;

const APP: &str = "origin: https://app.example.com";
const ALLOWED: &[&str] = &["access-control-allow-methods: GET", "access-control-allow-origin: https://app.example.com"];

fn rules(origin: &str) -> String {
    let rule = format!("<AllowedOrigin>{origin}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>");
    format!("<CORSConfiguration><CORSRule>{rule}</CORSRule></CORSConfiguration>")
}

#[actix_web::test]
async fn a_change_is_in_force_without_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cors.xml");
    fs::write(&path, rules("https://other.example.com")).expect("the folder is ours");
    let tower = OssCorsLayer::watch_file(&path).expect("the rules are right");
    let actix = OssCors::watch_file(&path).expect("the rules are right");
    let sites = Site::both(tower, actix, |_| {}).await;
    for site in &sites {
        assert_eq!(site.ask("GET /", &[APP]).await, answer(200, &[], "app"), "{}", site.name);
    }
    fs::write(&path, rules("https://app.example.com")).expect("the folder is ours");
    let start = Instant::now();
    for site in &sites {
        while site.ask("GET /", &[APP]).await != answer(200, ALLOWED, "app") {
            // Long enough for a machine that does much else.
            assert!(start.elapsed() < Duration::from_secs(20), "{}", site.name);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[test]
fn what_does_not_load_is_not_watched() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("cors.xml");
    assert!(OssCorsLayer::watch_file(&missing).is_err() && OssCors::watch_file(&missing).is_err());
    fs::write(&missing, rules("https://*.*.com")).expect("the folder is ours");
    for error in [OssCorsLayer::watch_file(&missing).map(drop), OssCors::watch_file(&missing).map(drop)] {
        let error = error.expect_err("the rules are wrong").to_string();
        assert!(error.contains("`https://*.*.com`: more than one `*`"), "{error}");
    }
}
