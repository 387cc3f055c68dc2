//! What is put, what is asked, and what a source tells.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use etcd_client::Client;
use oss_cors_core::{CorsRequest, Decision, RuleTable, Unmatched};
use oss_cors_source::etcd::EtcdEvent;

pub(crate) const KEY: &str = "/cors/rules";
pub(crate) const PREFIX: &str = "/cors/";

// What is put, and what is asked.

pub(crate) fn rules(origin: &str) -> String {
    format!(
        "<CORSConfiguration><CORSRule><AllowedOrigin>{origin}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
         </CORSRule></CORSConfiguration>"
    )
}

/// Two faults.
pub(crate) const BAD: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://*.*</AllowedOrigin>\
                   <AllowedMethod>FETCH</AllowedMethod></CORSRule></CORSConfiguration>";

pub(crate) const A: &str = "https://a.example.com";
pub(crate) const B: &str = "https://b.example.com";
pub(crate) const C: &str = "https://c.example.com";

pub(crate) fn allows(table: &RuleTable, origin: &str) -> bool {
    let request = CorsRequest::actual(b"GET", origin.as_bytes());
    matches!(table.decide(&request), Decision::Forward { rule: Ok(_), .. })
}

pub(crate) fn unmatched(table: &RuleTable) -> Option<Unmatched> {
    match table.decide(&CorsRequest::actual(b"GET", A.as_bytes())) {
        Decision::Forward { rule: Err(unmatched), .. } => Some(unmatched),
        _ => None,
    }
}

pub(crate) async fn put(client: &mut Client, key: &str, value: impl Into<Vec<u8>>) {
    client.put(key, value, None).await.expect("etcd takes it");
}

pub(crate) async fn delete(client: &mut Client, key: &str) {
    let deleted = client.delete(key, None).await.expect("etcd deletes it").deleted();
    assert_eq!(deleted, 1, "{key}");
}

/// Waits until `holds`, but no longer than the time in which every change must be in force.
pub(crate) async fn soon(what: &str, holds: impl FnMut() -> bool) {
    within(Duration::from_secs(1), what, holds).await;
}

pub(crate) async fn within(time: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < time, "not within {time:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a source told, in short.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn listener(&self) -> impl FnMut(&EtcdEvent) + Send + 'static {
        let told = Arc::clone(&self.0);
        move |event| {
            let line = match event {
                EtcdEvent::Loaded { name, .. } => format!("loaded {name}"),
                EtcdEvent::Failed { name, errors, .. } => format!("failed {name} {}", errors.iter().count()),
                EtcdEvent::Recovered { name, .. } => format!("recovered {name}"),
                EtcdEvent::Deleted { name, .. } => format!("deleted {name}"),
                EtcdEvent::Ignored { name, .. } => format!("ignored {name}"),
                EtcdEvent::Disconnected { .. } => "disconnected".to_owned(),
                EtcdEvent::Reconnected { .. } => "reconnected".to_owned(),
                EtcdEvent::StartedFromCache { .. } => "started from cache".to_owned(),
                EtcdEvent::CacheFailed { .. } => "cache failed".to_owned(),
                other => panic!("{other}"),
            };
            told.lock().expect("a listener does not panic").push(line);
        }
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().expect("a listener does not panic").clone()
    }

    pub(crate) fn count(&self, line: &str) -> usize {
        self.all().iter().filter(|told| *told == line).count()
    }
}
