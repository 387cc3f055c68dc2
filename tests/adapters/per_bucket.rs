//! Many buckets behind one adapter: each request is decided by the rules of the bucket that it names.

use std::borrow::Cow;

use crate::sockets::servers::{actix_sites, axum_sites};
use crate::support::adapters::{Site, answer};
use crate::support::client;
use actix_web::{App, web};
use axum::Router;
use oss_cors_actix::OssCors;
use oss_cors_core::{CorsConfiguration, CorsRule, Profile};
use oss_cors_live::{BucketNaming, Buckets};
use oss_cors_tower::OssCorsLayer;

const APP: &str = "origin: https://app.example.com";
const FOR_GET: &str = "access-control-request-method: GET";
const PHOTOS_HOST: &str = "host: photos.oss.example.com";

const PHOTOS: &[&str] = &["access-control-allow-methods: GET", "access-control-allow-origin: https://app.example.com"];
const VIDEOS: &[&str] = &["access-control-allow-methods: GET, HEAD", "access-control-allow-origin: *", "vary: Origin"];
const NOTHING: &[&str] = &[];

/// `photos` and `videos` with rules of their own, `notes` without.
fn buckets() -> Buckets {
    let buckets = Buckets::new();
    buckets.set("photos", &photos(), Profile::Oss).expect("the rules are right");
    buckets.set("videos", &videos(), Profile::Oss).expect("the rules are right");
    buckets.set_without_rules("notes").expect("the name is one");
    buckets
}

fn photos() -> CorsConfiguration {
    rules("https://app.example.com", &["GET"], false)
}

fn videos() -> CorsConfiguration {
    rules("*", &["GET", "HEAD"], true)
}

fn rules(origin: &str, methods: &[&str], response_vary: bool) -> CorsConfiguration {
    let rule = CorsRule::new([origin], methods.iter().copied());
    CorsConfiguration::from_rules([rule]).response_vary(response_vary)
}

fn virtual_host() -> BucketNaming {
    BucketNaming::virtual_host(["oss.example.com"]).expect("the suffix is one")
}

async fn sites(buckets: &Buckets, naming: BucketNaming) -> [Site; 2] {
    let tower = OssCorsLayer::per_bucket(buckets.clone(), naming.clone());
    Site::both(tower, OssCors::per_bucket(buckets.clone(), naming), |_| {}).await
}

#[actix_web::test]
async fn bucket_of_the_path() {
    for site in sites(&buckets(), BucketNaming::path()).await {
        for (path, preflight, actual) in [
            ("/photos/cat.jpg", answer(200, PHOTOS, ""), answer(200, PHOTOS, "app")),
            ("/videos/cat.mp4?x=/photos/", answer(200, VIDEOS, ""), answer(200, VIDEOS, "app")),
            // Known, without rules.
            ("/notes/a", answer(403, NOTHING, "AccessForbidden"), answer(200, NOTHING, "app")),
            // Unknown.
            ("/other/a", answer(404, NOTHING, "NoSuchBucket"), answer(200, NOTHING, "app")),
            // None is named.
            ("/", answer(403, NOTHING, "AccessForbidden"), answer(200, NOTHING, "app")),
        ] {
            assert_eq!(site.ask(&format!("OPTIONS {path}"), &[APP, FOR_GET]).await, preflight, "{} {path}", site.name);
            assert_eq!(site.ask(&format!("GET {path}"), &[APP]).await, actual, "{} {path}", site.name);
        }
        // `Vary` is for every response of a bucket that has it.
        assert_eq!(site.ask("GET /videos/a", &[]).await, answer(200, &["vary: Origin"], "app"), "{}", site.name);
        assert_eq!(site.ask("GET /photos/a", &[]).await, answer(200, NOTHING, "app"), "{}", site.name);
    }
}

/// HTTP/1 has it in a header, HTTP/2 in the URI; where both are, the URI counts.
#[actix_web::test]
async fn bucket_of_the_host() {
    for site in sites(&buckets(), virtual_host()).await {
        for (line, host, expected) in [
            ("GET /a", PHOTOS_HOST, PHOTOS),
            ("GET /a", "host: photos.oss.example.com:8080", PHOTOS),
            ("GET /a", "host: VIDEOS.oss.example.com", VIDEOS),
            ("GET /photos/a", "host: other.oss.example.com", NOTHING),
            ("GET /photos/a", "host: oss.example.com", NOTHING),
            ("GET /photos/a", "host: photos.example.org", NOTHING),
            ("GET /photos/a", "host: caf\u{e9}.oss.example.com", NOTHING),
            ("GET http://videos.oss.example.com/a", PHOTOS_HOST, VIDEOS),
            ("GET http://user@videos.oss.example.com:8080/a", PHOTOS_HOST, VIDEOS),
            ("GET http://oss.example.com/a", PHOTOS_HOST, NOTHING),
            ("GET http://photos.oss.example.com/a", "x-a: no host", PHOTOS),
        ] {
            assert_eq!(site.ask(line, &[APP, host]).await, answer(200, expected, "app"), "{} {line} {host}", site.name);
        }
        for (line, expected) in [
            ("OPTIONS http://photos.oss.example.com/a", answer(200, PHOTOS, "")),
            ("OPTIONS http://notes.oss.example.com/a", answer(403, NOTHING, "AccessForbidden")),
            ("OPTIONS http://other.oss.example.com/a", answer(404, NOTHING, "NoSuchBucket")),
            ("OPTIONS http://oss.example.com/a", answer(403, NOTHING, "AccessForbidden")),
            ("OPTIONS /a", answer(403, NOTHING, "AccessForbidden")),
        ] {
            assert_eq!(site.ask(line, &[APP, FOR_GET]).await, expected, "{} {line}", site.name);
        }
    }
}

#[actix_web::test]
async fn bucket_of_a_function() {
    let naming = BucketNaming::from_fn(|host, path| match path.strip_prefix("/of-host") {
        Some(_) => host.split('.').next().map(Cow::from),
        None => path.rsplit('/').next().map(Cow::from),
    });
    for site in sites(&buckets(), naming).await {
        assert_eq!(site.ask("GET /of-host", &[APP, PHOTOS_HOST]).await, answer(200, PHOTOS, "app"), "{}", site.name);
        assert_eq!(site.ask("GET /a/videos", &[APP, PHOTOS_HOST]).await, answer(200, VIDEOS, "app"), "{}", site.name);
    }
}

#[actix_web::test]
async fn bucket_changes_while_serving() {
    let buckets = buckets();
    for site in sites(&buckets, BucketNaming::path()).await {
        let ask = async |line| site.ask(line, &[APP, FOR_GET]).await;
        buckets.set("photos", &photos(), Profile::Oss).expect("the rules are right");
        assert_eq!(ask("OPTIONS /photos/a").await, answer(200, PHOTOS, ""), "{}", site.name);
        buckets.set("photos", &videos(), Profile::Oss).expect("the rules are right");
        assert_eq!(ask("OPTIONS /photos/a").await, answer(200, VIDEOS, ""), "{}", site.name);
        buckets.set_without_rules("photos").expect("the name is one");
        assert_eq!(ask("OPTIONS /photos/a").await, answer(403, NOTHING, "AccessForbidden"), "{}", site.name);
        assert!(buckets.remove("photos"));
        assert_eq!(ask("OPTIONS /photos/a").await, answer(404, NOTHING, "NoSuchBucket"), "{}", site.name);
        assert_eq!(ask("GET /photos/a").await, answer(200, NOTHING, "app"), "{}", site.name);
        assert_eq!(ask("OPTIONS /videos/a").await, answer(200, VIDEOS, ""), "{}", site.name);
    }
}

/// The application itself removes the bucket that it is asked for.
#[actix_web::test]
async fn request_in_flight_keeps_its_table() {
    let buckets = buckets();
    let removing = {
        let buckets = buckets.clone();
        move |_: &str| assert!(buckets.remove("photos"))
    };
    let tower = OssCorsLayer::per_bucket(buckets.clone(), BucketNaming::path());
    let actix = OssCors::per_bucket(buckets.clone(), BucketNaming::path());
    for site in Site::both(tower, actix, removing).await {
        buckets.set("photos", &photos(), Profile::Oss).expect("the rules are right");
        assert_eq!(site.ask("GET /photos/a", &[APP]).await, answer(200, PHOTOS, "app"), "{}", site.name);
        assert!(!buckets.contains("photos"), "{}", site.name);
    }
}

/// More rule sets than oss-cors-actix keeps baked, each asked for twice in turn: none is taken for another.
#[actix_web::test]
async fn many_buckets_are_not_mixed_up() {
    let buckets = Buckets::new();
    let configuration = |bucket: usize| {
        let rule = |number: usize| rule(number).max_age_seconds((bucket * 20 + number) as u32);
        CorsConfiguration::from_rules((0..20).map(rule)).response_vary(false)
    };
    let all: Vec<(String, Option<CorsConfiguration>)> =
        (0..100).map(|bucket| (format!("bucket-{bucket}"), Some(configuration(bucket)))).collect();
    buckets.replace(all, Profile::Oss).expect("the rules are right");
    for site in sites(&buckets, BucketNaming::path()).await {
        for _ in 0..2 {
            for bucket in 0..100 {
                for number in [0, 7, 19] {
                    let origin = format!("https://{number}.example.com");
                    let expected = [
                        "access-control-allow-methods: GET",
                        &format!("access-control-allow-origin: {origin}"),
                        &format!("access-control-max-age: {}", bucket * 20 + number),
                    ];
                    let got = site.ask(&format!("GET /bucket-{bucket}/a"), &[&format!("origin: {origin}")]).await;
                    assert_eq!(got, answer(200, &expected, "app"), "{}", site.name);
                }
            }
        }
    }
}

fn rule(number: usize) -> CorsRule {
    CorsRule::new([format!("https://{number}.example.com")], ["GET".to_owned()])
}

/// In HTTP/1 and HTTP/2, as servers bring the host.
#[actix_web::test]
async fn bucket_of_the_host_on_the_wire() {
    let buckets = buckets();
    buckets.set("bucket", &photos(), Profile::Oss).expect("the rules are right");
    let naming = BucketNaming::virtual_host(["example.com"]).expect("the suffix is one");

    let layer = OssCorsLayer::per_bucket(buckets.clone(), naming.clone());
    let tower = axum_sites(Router::new().fallback("app").layer(layer)).await;
    let cors = OssCors::per_bucket(buckets, naming);
    let actix = actix_sites!(App::new().default_service(web::to(async || "app")).wrap(cors.clone()));

    for site in tower.into_iter().chain(actix) {
        client::check(site.ask("GET /a", &[APP]).await, 200, PHOTOS, "app");
        client::check(site.ask("OPTIONS /a", &[APP, FOR_GET]).await, 200, PHOTOS, "");
    }
    for [_, http2] in [tower, actix] {
        client::check(http2.ask("GET http://videos.example.com/a", &[APP]).await, 200, VIDEOS, "app");
        let no_bucket = client::refusal("NoSuchBucket", "The specified bucket does not exist.");
        let no_bucket = no_bucket.replace(client::HOST, "other.example.com");
        client::check(http2.ask("OPTIONS http://other.example.com/a", &[APP, FOR_GET]).await, 404, NOTHING, &no_bucket);
    }
}
