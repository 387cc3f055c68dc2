//! Every status is decorated alike, whatever the adapter is put around.

use super::rules::{ACCEPTED, APP, FOR_PUT, MATCHED, NOT_ALLOWED, ONLY_VARY, OTHER, WITH_HEADERS};
use crate::support::client::{Site, check, forbidden};

/// What the application answers: the request, the status, the body.
const STATUSES: &[(&str, u16, &str)] = &[
    ("GET /ok", 200, "ok"),
    ("HEAD /ok", 200, ""),
    ("GET /part", 206, "part"),
    ("GET /same", 304, ""),
    ("GET /none", 404, "none"),
    ("PUT /ok", 405, ""),
    ("GET /broken", 500, "broken"),
];

/// The routes of the application stand below `prefix`.
pub(crate) async fn every_status(sites: &[Site], prefix: &str) {
    for site in sites {
        for (line, status, body) in STATUSES {
            let line = &line.replace('/', &format!("{prefix}/"));
            check(site.ask(line, &[APP]).await, *status, MATCHED, body);
            check(site.ask(line, &[OTHER]).await, *status, ONLY_VARY, body);
            check(site.ask(line, &[]).await, *status, ONLY_VARY, body);
        }
        for path in ["/ok", "/none"] {
            let line = format!("OPTIONS {prefix}{path}");
            check(site.ask(&line, &[APP, FOR_PUT, WITH_HEADERS]).await, 200, ACCEPTED, "");
            check(site.ask(&line, &[OTHER, FOR_PUT]).await, 403, ONLY_VARY, &forbidden(NOT_ALLOWED));
        }
    }
}
