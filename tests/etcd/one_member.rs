//! One member: everything that happens to rules in it is in force here within a second.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use etcd_client::{Client, ConnectOptions, Permission, PermissionType, Txn, TxnOp};
use oss_cors_core::{Format, Profile, Unmatched};
use oss_cors_live::{Buckets, CorsHandle};
use oss_cors_source::etcd::{EtcdError, EtcdErrorKind, EtcdEvent, EtcdSource};
use tempfile::TempDir;

use crate::asked::{A, B, BAD, C, KEY, PREFIX, Told, allows, delete, put, rules, soon, unmatched, within};
use crate::server::{self, Certificates, Etcd, Line, free_port};

/// From when etcd answers again.
const SOON: Duration = Duration::from_secs(2);

async fn etcd_with(values: &[(&str, &str)]) -> (Etcd, Client) {
    let etcd = Etcd::start().await;
    let mut client = etcd.client().await;
    for (key, value) in values {
        put(&mut client, key, *value).await;
    }
    (etcd, client)
}

fn source(etcd: &Etcd) -> EtcdSource {
    EtcdSource::new([etcd.endpoint()])
}

// One key.

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_is_in_force() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A)), ("/cors/rules2", BAD)]).await;
    let told = Told::default();
    let handle = source(&etcd).on_event(told.listener()).key(KEY).await.expect("the rules are good");
    assert!(allows(&handle.load(), A));
    assert_eq!(handle.status().source.as_deref(), Some(&*format!("etcd {} {KEY}", etcd.endpoint())));
    assert_eq!(handle.generation(), 1);

    put(&mut client, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B) && !allows(&handle.load(), A)).await;

    let json = format!(r#"{{"CORSRule": [{{"AllowedOrigin": "{C}", "AllowedMethod": "GET"}}]}}"#);
    put(&mut client, KEY, json).await;
    soon("rules in another format", || allows(&handle.load(), C)).await;
    assert_eq!(handle.generation(), 3);

    // The same again is no change; nor are keys that only begin alike.
    put(&mut client, "/cors/rules2", rules(A)).await;
    put(&mut client, KEY, rules(A)).await;
    put(&mut client, KEY, rules(A)).await;
    put(&mut client, KEY, rules(B)).await;
    soon("the last rules", || allows(&handle.load(), B)).await;
    assert!(handle.generation() <= 5, "{}", handle.generation());
    assert!(!handle.status().failing);
    assert!(told.all().iter().all(|line| line == "loaded /cors/rules"), "{:?}", told.all());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_rules_leave_the_old_ones_and_are_told_once() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let told = Told::default();
    let handle = source(&etcd).on_event(told.listener()).key(KEY).await.expect("the rules are good");

    put(&mut client, KEY, BAD).await;
    soon("a failure", || handle.status().failing).await;
    let message = handle.status().last_error.expect("an error").message;
    for part in [KEY, "AllowedOrigin 1 `https://*.*`", "AllowedMethod 1 `FETCH`"] {
        assert!(message.contains(part), "{part} in {message}");
    }
    put(&mut client, KEY, BAD).await;
    put(&mut client, KEY, "").await;
    soon("another failure", || told.count("failed /cors/rules 1") == 1).await;
    assert_eq!(told.count("failed /cors/rules 2"), 1);
    assert!(allows(&handle.load(), A));
    assert_eq!(handle.generation(), 1);

    put(&mut client, KEY, rules(A)).await;
    soon("the repair", || told.count("recovered /cors/rules") == 1).await;
    assert!(!handle.status().failing);
    assert_eq!(handle.generation(), 1, "the rules in force are the same");

    put(&mut client, KEY, BAD).await;
    soon("a failure", || handle.status().failing).await;
    put(&mut client, KEY, rules(B)).await;
    soon("the repair", || allows(&handle.load(), B) && !handle.status().failing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_key_leaves_the_rules_in_force_and_says_so() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let told = Told::default();
    let handle = source(&etcd).on_event(told.listener()).key(KEY).await.expect("the rules are good");

    delete(&mut client, KEY).await;
    soon("a failure", || handle.status().failing).await;
    let message = handle.status().last_error.expect("an error").message;
    assert!(message.contains("there is no key `/cors/rules`"), "{message}");
    assert!(allows(&handle.load(), A));

    put(&mut client, KEY, rules(A)).await;
    soon("the key again", || !handle.status().failing).await;
    delete(&mut client, KEY).await;
    put(&mut client, KEY, rules(B)).await;
    soon("other rules", || allows(&handle.load(), B) && !handle.status().failing).await;
    assert_eq!(told.count("recovered /cors/rules"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_puts_the_last_wins_and_none_is_half() {
    const PUTS: usize = 1000;
    // All parts of the rules tell which they are.
    let numbered = |number: usize| {
        format!(
            "<CORSConfiguration><CORSRule><AllowedOrigin>https://{number}.example.com</AllowedOrigin>\
             <AllowedMethod>GET</AllowedMethod><ExposeHeader>x-{number}</ExposeHeader>\
             <MaxAgeSeconds>{number}</MaxAgeSeconds></CORSRule></CORSConfiguration>"
        )
    };
    let seen = |handle: &CorsHandle| {
        let table = handle.load();
        let [rule] = table.rules() else { panic!("{} rules", table.rules().len()) };
        let number = rule.max_age().and_then(|age| age.to_str().ok()).expect("a max age").to_owned();
        assert_eq!(rule.expose_headers().expect("a header"), &format!("x-{number}"));
        assert!(allows(&table, &format!("https://{number}.example.com")), "{number}");
        number.parse::<usize>().expect("a number")
    };
    let (etcd, mut client) = etcd_with(&[(KEY, &numbered(0))]).await;
    let handle = source(&etcd).key(KEY).await.expect("the rules are good");

    let reader = tokio::task::spawn_blocking({
        let handle = handle.clone();
        move || {
            let mut last = 0;
            while last < PUTS {
                let now = seen(&handle);
                assert!(now >= last, "{now} after {last}");
                last = now;
            }
        }
    });
    for number in 1..=PUTS {
        put(&mut client, KEY, numbered(number)).await;
    }
    soon("the last", || seen(&handle) == PUTS).await;
    reader.await.expect("only whole rules, in their order");
}

// A prefix.

#[tokio::test(flavor = "multi_thread")]
async fn each_key_is_a_bucket() {
    let (etcd, mut client) =
        etcd_with(&[("/cors/a", &rules(A)), ("/cors/bad", BAD), ("/cors", &rules(C)), ("/cors0", &rules(C))]).await;
    let told = Told::default();
    let buckets = source(&etcd).on_event(told.listener()).prefix(PREFIX).await.expect("etcd answers");
    assert_eq!(buckets.len(), 2);
    assert!(allows(&buckets.load("a"), A));
    assert_eq!(unmatched(&buckets.load("bad")), Some(Unmatched::NotEnabled), "bad from the beginning");
    assert_eq!(unmatched(&buckets.load("b")), Some(Unmatched::NoSuchBucket));
    let failing = |buckets: &Buckets| buckets.failures().into_iter().map(|(bucket, _)| bucket).collect::<Vec<_>>();
    assert_eq!(failing(&buckets), ["bad"]);

    put(&mut client, "/cors/b", rules(B)).await;
    soon("a new bucket", || allows(&buckets.load("b"), B)).await;
    put(&mut client, "/cors/bad", rules(C)).await;
    soon("a repair", || allows(&buckets.load("bad"), C) && !buckets.status().failing).await;
    put(&mut client, "/cors/a", BAD).await;
    soon("a failure", || failing(&buckets) == ["a"]).await;
    assert!(allows(&buckets.load("a"), A), "the old rules stay");
    put(&mut client, "/cors/a", rules(A)).await;
    soon("the old rules again", || !buckets.status().failing).await;

    delete(&mut client, "/cors/a").await;
    soon("a bucket less", || unmatched(&buckets.load("a")) == Some(Unmatched::NoSuchBucket)).await;
    put(&mut client, "/cors/a", BAD).await;
    soon("bad from the beginning", || unmatched(&buckets.load("a")) == Some(Unmatched::NotEnabled)).await;

    put(&mut client, PREFIX, rules(A)).await;
    client.put(b"/cors/\xff".to_vec(), rules(A), None).await.expect("etcd takes it");
    put(&mut client, &format!("{PREFIX}{}", "n".repeat(256)), rules(A)).await;
    put(&mut client, "/cors/last", rules(A)).await;
    soon("what comes after names that are none", || told.count("loaded last") == 1).await;
    assert_eq!(buckets.len(), 4);
    let expected = [
        "loaded a",
        "failed bad 2",
        "loaded b",
        "loaded bad",
        "failed a 2",
        "recovered a",
        "deleted a",
        "failed a 2",
        "ignored ",
        "ignored \u{fffd}",
        &*format!("ignored {}", "n".repeat(256)),
        "loaded last",
    ];
    assert_eq!(told.all(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_buckets_are_changed_in_a_burst() {
    let (etcd, mut client) = etcd_with(&[]).await;
    let buckets = source(&etcd).prefix(PREFIX).await.expect("no bucket is no error");
    assert!(buckets.is_empty());
    // etcd takes 128 changes in one revision.
    for origin in [A, B] {
        for group in 0..10 {
            let puts = (0..100).map(|bucket| TxnOp::put(format!("/cors/{group}-{bucket}"), rules(origin), None));
            client.txn(Txn::new().and_then(puts.collect::<Vec<_>>())).await.expect("etcd takes them");
        }
    }
    let last = |group, bucket| allows(&buckets.load(&format!("{group}-{bucket}")), B);
    // Two thousand changes, in a debug build, beside other tests with servers of their own.
    let all = || (0..10).all(|group| (0..100).all(|bucket| last(group, bucket)));
    within(Duration::from_secs(5), "a thousand buckets", all).await;
    assert_eq!(buckets.len(), 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_buckets_and_large_ones_are_read_in_parts() {
    let (etcd, mut client) = etcd_with(&[]).await;
    for group in 0..30 {
        let puts = (0..100).map(|bucket| TxnOp::put(format!("/cors/{group:02}-{bucket:02}"), rules(A), None));
        client.txn(Txn::new().and_then(puts.collect::<Vec<_>>())).await.expect("etcd takes them");
    }
    // Together more than one answer may have.
    for bucket in 0..40 {
        let large = format!("{}<!-- {bucket} {} -->", rules(B), "x".repeat(1024 * 1024));
        put(&mut client, &format!("/cors/large-{bucket}"), large).await;
    }
    let buckets = source(&etcd).prefix(PREFIX).await.expect("etcd answers");
    assert_eq!(buckets.len(), 3040);
    assert!((0..30).all(|group| (0..100).all(|bucket| allows(&buckets.load(&format!("{group:02}-{bucket:02}")), A))));
    assert!((0..40).all(|bucket| allows(&buckets.load(&format!("large-{bucket}")), B)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_escaped_and_cut() {
    let (etcd, mut client) = etcd_with(&[]).await;
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = Arc::clone(&told);
    let listener = move |event: &EtcdEvent| lines.lock().expect("no panic").push(event.to_string());
    let buckets = source(&etcd).on_event(listener).prefix(PREFIX).await.expect("no bucket is no error");
    let name = format!("a\n\u{1b}[1m{}", "n".repeat(200));
    put(&mut client, &format!("{PREFIX}{name}"), BAD).await;
    soon("a failure", || !buckets.failures().is_empty()).await;
    // The listener is called after the failure is noted.
    soon("an event", || !told.lock().expect("no panic").is_empty()).await;
    let told = told.lock().expect("no panic").join("");
    let quoted = format!("`a\\n\\u{{1b}}[1m{}... (206 bytes)` of revision 2 is wrong:\n  line 1, ", "n".repeat(122));
    assert!(told.contains(&quoted), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn format_and_profile_are_those_of_the_options() {
    let folder = TempDir::new().expect("a folder");
    let file = server::new_file(&folder);
    let credentials = rules(A).replace("</CORSRule>", "<AllowCredentials>true</AllowCredentials></CORSRule>");
    let (mut etcd, _) = etcd_with(&[(KEY, &credentials)]).await;
    let error = source(&etcd).key(KEY).await.expect_err("not in the default profile");
    assert!(error.to_string().contains("AllowCredentials"), "{error}");
    source(&etcd).profile(Profile::Extended).format(Format::Json).key(KEY).await.expect_err("no JSON");

    let extended = |endpoint: &str| EtcdSource::new([endpoint]).profile(Profile::Extended).cache_file(&file);
    let endpoint = etcd.endpoint();
    let handle = extended(&endpoint).format(Format::Xml).key(KEY).await.expect("the rules are good");
    let with_credentials =
        |handle: &CorsHandle| handle.load().rules().iter().all(oss_cors_core::Rule::allow_credentials);
    assert!(with_credentials(&handle));
    soon("the cache", || !cached(&file).is_empty()).await;
    etcd.kill();
    let handle = extended(&endpoint).start_from_cache().key(KEY).await.expect("the cache is good");
    assert!(with_credentials(&handle));
    EtcdSource::new([&endpoint]).cache_file(&file).start_from_cache().key(KEY).await.expect_err("another profile");
}

// etcd goes away, and comes back.

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_around_a_crash_of_etcd_is_not_missed() {
    let (mut etcd, mut client) = etcd_with(&[("/cors/a", &rules(A)), ("/cors/b", &rules(B))]).await;
    let line = Line::to(etcd.address()).await;
    let told = Told::default();
    let buckets = EtcdSource::new([line.endpoint()]).on_event(told.listener()).prefix(PREFIX).await.expect("etcd");

    line.cut();
    soon("the loss", || told.count("disconnected") == 1).await;
    put(&mut client, "/cors/a", rules(B)).await;
    delete(&mut client, "/cors/b").await;
    etcd.kill();
    let status = buckets.status();
    assert!(status.failing && status.last_error.is_some_and(|error| error.message.contains(&line.endpoint())));
    let since = status.failing_since.expect("a time").elapsed().expect("no later than now");
    assert!(since < Duration::from_secs(5), "{since:?}");
    assert!(allows(&buckets.load("a"), A), "the rules in force stay");
    line.restore();
    etcd.restart().await;
    within(SOON, "all that was missed", || allows(&buckets.load("a"), B) && !buckets.contains("b")).await;
    soon("the end of the failure", || !buckets.status().failing && told.count("reconnected") == 1).await;
    assert_eq!((told.count("disconnected"), buckets.status().failing_since), (1, None));

    put(&mut etcd.client().await, "/cors/c", rules(C)).await;
    soon("what comes later", || allows(&buckets.load("c"), C)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_etcd_is_found_again_soon() {
    let (mut etcd, _) = etcd_with(&[(KEY, &rules(A))]).await;
    let handle = source(&etcd).key(KEY).await.expect("the rules are good");
    etcd.kill();
    soon("the loss", || handle.status().failing).await;
    etcd.restart().await;
    within(SOON, "etcd again", || !handle.status().failing).await;
    put(&mut etcd.client().await, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_compacted_meanwhile_is_read_anew() {
    let (etcd, mut client) =
        etcd_with(&[("/cors/a", &rules(A)), ("/cors/b", &rules(B)), ("/cors/bad", BAD), ("/cors/same", &rules(C))])
            .await;
    let line = Line::to(etcd.address()).await;
    let told = Told::default();
    let buckets = EtcdSource::new([line.endpoint()]).on_event(told.listener()).prefix(PREFIX).await.expect("etcd");

    line.cut();
    soon("the loss", || told.count("disconnected") == 1).await;
    delete(&mut client, "/cors/b").await;
    put(&mut client, "/cors/new", rules(B)).await;
    for _ in 0..100 {
        put(&mut client, "/cors/a", BAD).await;
        put(&mut client, "/cors/a", rules(C)).await;
    }
    put(&mut client, "/cors/same", BAD).await;
    let revision = client.get(KEY, None).await.expect("etcd answers").header().expect("a header").revision();
    client.compact(revision, None).await.expect("etcd compacts");
    line.restore();

    within(SOON, "all that was missed", || {
        allows(&buckets.load("a"), C)
            && allows(&buckets.load("new"), B)
            && unmatched(&buckets.load("b")) == Some(Unmatched::NoSuchBucket)
    })
    .await;
    soon("the last bucket's failure", || told.count("failed same 2") == 1).await;
    assert!(allows(&buckets.load("same"), C), "bad rules leave the old ones");
    assert_eq!(buckets.len(), 4);
    assert_eq!(told.count("deleted b"), 1);
    assert_eq!((told.count("loaded a"), told.count("failed a 2"), told.count("failed bad 2")), (2, 0, 1));

    put(&mut client, "/cors/a", rules(A)).await;
    soon("what comes later", || allows(&buckets.load("a"), A)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_one_key_are_read_anew_after_a_compaction() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let line = Line::to(etcd.address()).await;
    let told = Told::default();
    let handle = EtcdSource::new([line.endpoint()]).on_event(told.listener()).key(KEY).await.expect("good rules");
    line.cut();
    soon("the loss", || handle.status().failing).await;
    put(&mut client, KEY, rules(B)).await;
    put(&mut client, KEY, rules(C)).await;
    let revision = client.delete(KEY, None).await.expect("etcd deletes").header().expect("a header").revision();
    client.compact(revision + 1, None).await.expect_err("it is in the future");
    put(&mut client, "other", "").await;
    client.compact(revision + 1, None).await.expect("etcd compacts");
    line.restore();
    within(SOON, "the deletion", || told.count("deleted /cors/rules") == 1).await;
    assert!(allows(&handle.load(), A) && handle.status().failing);
    put(&mut client, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B) && !handle.status().failing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_cluster_at_the_same_place_is_read_anew() {
    // One that calls itself the same and was set back, and one that calls itself otherwise and is ahead.
    for (token, puts) in [("etcd-cluster", 0), ("other-cluster", 100)] {
        let (mut etcd, mut client) = etcd_with(&[("/cors/a", &rules(A)), ("/cors/b", &rules(B))]).await;
        let line = Line::to(etcd.address()).await;
        let buckets = EtcdSource::new([line.endpoint()]).prefix(PREFIX).await.expect("etcd answers");
        for _ in 0..50 {
            put(&mut client, "/cors/a", rules(A)).await;
        }
        line.cut();
        soon("the loss", || buckets.status().failing).await;
        etcd.kill();
        etcd.restart_empty(token).await;
        let mut client = etcd.client().await;
        put(&mut client, "/cors/a", rules(C)).await;
        for _ in 0..puts {
            put(&mut client, "/other", "").await;
        }
        line.restore();
        within(SOON, token, || allows(&buckets.load("a"), C) && !buckets.contains("b")).await;
        put(&mut client, "/cors/a", rules(B)).await;
        soon("what comes later", || allows(&buckets.load("a"), B)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_etcd_is_given_up() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let line = Line::to(etcd.address()).await;
    let handle = EtcdSource::new([line.endpoint(), etcd.endpoint()]).key(KEY).await.expect("the rules are good");
    put(&mut client, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B)).await;
    line.silence();
    put(&mut client, KEY, rules(C)).await;
    within(Duration::from_secs(4), "the rules, from another endpoint", || allows(&handle.load(), C)).await;
    soon("the end of the failure", || !handle.status().failing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_broken_for_a_while_is_used_again() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let line = Line::to(etcd.address()).await;
    let handle = EtcdSource::new([line.endpoint()]).key(KEY).await.expect("the rules are good");
    line.break_off();
    within(Duration::from_secs(4), "the loss", || handle.status().failing).await;
    put(&mut client, KEY, rules(B)).await;
    // So that questions are under way that nobody will answer.
    tokio::time::sleep(Duration::from_secs(1)).await;
    line.restore();
    within(SOON, "what was put", || allows(&handle.load(), B) && !handle.status().failing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_everything_takes_no_longer_than_told() {
    let (etcd, mut client) = etcd_with(&[]).await;
    for bucket in 0..40 {
        let large = format!("{}<!-- {bucket} {} -->", rules(B), "x".repeat(1024 * 1024));
        put(&mut client, &format!("/cors/large-{bucket}"), large).await;
    }
    // The first questions are answered, and a part of the rules is.
    let line = Line::that_stalls_after(2 * 1024 * 1024, etcd.address()).await;
    let since = Instant::now();
    let source = EtcdSource::new([line.endpoint()]).connect_timeout(Duration::from_secs(2));
    let error = source.prefix(PREFIX).await.expect_err("it stalls");
    assert!(error.to_string().contains("did not give all rules within 2s"), "{error}");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

// Who may come in.

#[tokio::test(flavor = "multi_thread")]
async fn users_are_asked_for_their_password() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A)), ("/other", &rules(A))]).await;
    let as_cors = || source(&etcd).user("cors", "right password");
    // Users can be given to clients before authentication is enabled.
    as_cors().key(KEY).await.expect("nobody is asked yet");

    client.user_add("root", "root's", None).await.expect("a user");
    client.user_grant_role("root", "root").await.expect("a role");
    client.user_add("cors", "right password", None).await.expect("a user");
    client.role_add("reader").await.expect("a role");
    let may_read = Permission::new(PermissionType::Read, PREFIX).with_prefix();
    client.role_grant_permission("reader", may_read).await.expect("a permission");
    client.user_grant_role("cors", "reader").await.expect("a role");
    client.auth_enable().await.expect("authentication");

    let handle = as_cors().key(KEY).await.expect("the password is right");
    let buckets = as_cors().prefix(PREFIX).await.expect("the password is right");
    let mut root = etcd.client_with(ConnectOptions::new().with_user("root", "root's")).await;
    put(&mut root, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B) && allows(&buckets.load("rules"), B)).await;

    for (refused, key, reason) in [
        (source(&etcd).user("cors", "wrong password"), KEY, "invalid user ID or password"),
        (source(&etcd), KEY, "user name is empty"),
        (as_cors(), "/other", "permission denied"),
    ] {
        assert!(!format!("{refused:?}").contains("password"), "{refused:?}");
        let error = refused.key(key).await.expect_err(reason);
        assert!(matches!(error.kind(), EtcdErrorKind::Refused), "{reason}: {error}");
        let message = error.to_string();
        for part in [reason, &*etcd.endpoint(), "EtcdSource::user"] {
            assert!(message.contains(part), "{part} in {message}");
        }
        assert!(!message.contains("wrong password"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked_on_both_sides() {
    let etcd = Etcd::start_with_tls().await;
    let mut client = etcd.client().await;
    put(&mut client, KEY, rules(A)).await;
    let (ours, others) = (etcd.certificates(), Certificates::new());
    let trusting = |authority: &str| source(&etcd).ca_certificate(authority);
    let known = |source: EtcdSource| source.client_certificate(&ours.client, &ours.client_key);

    let handle = known(trusting(&ours.authority)).key(KEY).await.expect("all is right");
    put(&mut client, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B)).await;
    known(trusting(&ours.authority)).server_name("etcd.example.com").key(KEY).await.expect("a name of its own");

    for (refused, reason) in [
        (known(trusting(&others.authority)), "invalid peer certificate"),
        (known(trusting(&ours.authority)).server_name("other.example.com"), "invalid peer certificate"),
        (trusting(&ours.authority), "EtcdSource::client_certificate"),
        (trusting(&ours.authority).client_certificate(&others.client, &others.client_key), ""),
    ] {
        let error = refused.key(KEY).await.expect_err(reason);
        assert!(matches!(error.kind(), EtcdErrorKind::Unreachable), "{error}");
        assert!(error.to_string().contains(reason), "{reason} in {error}");
    }
}

// The start.

#[tokio::test(flavor = "multi_thread")]
async fn without_etcd_there_is_no_start() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let error = EtcdSource::new([&nobody]).key(KEY).await.expect_err("nobody listens");
    let expected = format!(
        "no rules from etcd: `{nobody}`: tcp connect error: Connection refused (os error 111); start etcd, name an \
         endpoint that answers, or allow the last good rules (`EtcdSource::start_from_cache`)"
    );
    assert_eq!(error.to_string(), expected);
    assert!(matches!(error.kind(), EtcdErrorKind::Unreachable));

    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    let since = Instant::now();
    let quick =
        |endpoints: &[&String]| EtcdSource::new(endpoints.iter().copied()).connect_timeout(Duration::from_millis(600));
    let error = quick(&[&silent, &silent]).prefix(PREFIX).await.expect_err("nobody answers");
    assert_eq!(error.to_string().matches("no answer within 300ms").count(), 2, "{error}");
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());

    let (etcd, _) = etcd_with(&[(KEY, &rules(A))]).await;
    let handle = quick(&[&silent, &nobody, &etcd.endpoint()]).key(KEY).await.expect("the third endpoint answers");
    assert!(allows(&handle.load(), A));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_missing_or_bad_is_no_start() {
    let (etcd, _) = etcd_with(&[(KEY, BAD)]).await;
    let error = source(&etcd).key(KEY).await.expect_err("the rules are bad");
    assert!(matches!(error.kind(), EtcdErrorKind::Config(errors) if errors.iter().count() == 2), "{error}");
    let error = source(&etcd).key("/cors/other").await.expect_err("the key is missing");
    assert!(matches!(error.kind(), EtcdErrorKind::NoSuchKey), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_cannot_be_are_told_with_their_remedy() {
    let folder = TempDir::new().expect("a folder");
    let file = server::new_file(&folder);
    let document = format!(r#"{{"version": 1, "key": "{KEY}", "rule_sets": ["{}"], "rules": {{"": 0}}}}"#, rules(A));
    std::fs::write(&file, document).expect("a file");
    let from_cache = |endpoint: &str| EtcdSource::new([endpoint]).cache_file(&file).start_from_cache();
    from_cache("http://127.0.0.1:1").key(KEY).await.expect("the cache is good, and hides none of what follows");
    let http = || EtcdSource::new(["http://127.0.0.1:1"]);
    let https = || EtcdSource::new(["https://127.0.0.1:1"]);
    let authority = Certificates::new().authority;
    for (source, key, part) in [
        (EtcdSource::new([""; 0]), KEY, "no endpoint"),
        (EtcdSource::new(["127.0.0.1:1"]), KEY, "has no scheme"),
        (EtcdSource::new(["http://cors:secret@127.0.0.1:1"]), KEY, "EtcdSource::user"),
        (EtcdSource::new(["http://a b"]), KEY, "no endpoint"),
        (https(), KEY, "EtcdSource::ca_certificate"),
        (https().ca_certificate("/etc/etcd/ca.pem"), KEY, "not in PEM form"),
        (https().ca_certificate(&authority).client_certificate(&authority, "client.key"), KEY, "not in PEM form"),
        (http().ca_certificate(&authority), KEY, "https://"),
        (http().start_from_cache(), KEY, "EtcdSource::cache_file"),
        (http(), "", "empty"),
        (from_cache("ftp://a"), KEY, "has no scheme"),
        (from_cache("http://a b"), KEY, "no endpoint"),
    ] {
        let error = source.key(key).await.expect_err(part);
        assert!(matches!(error.kind(), EtcdErrorKind::Options), "{error}");
        assert!(error.to_string().contains(part), "{part} in {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn a_runtime_is_needed() {
    let mut start = pin!(can_be_spawned(EtcdSource::new(["http://127.0.0.1:1"]).key(KEY)));
    drop(can_be_spawned(EtcdSource::new(["http://127.0.0.1:1"]).prefix(PREFIX)));
    let Poll::Ready(Err(error)) = start.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { panic!() };
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}

fn can_be_spawned<F: Future + Send + 'static>(future: F) -> F {
    future
}

// The cache.

#[tokio::test(flavor = "multi_thread")]
async fn a_start_from_the_cache_goes_live_when_etcd_comes() {
    let folder = TempDir::new().expect("a folder");
    let file = server::new_file(&folder);
    let (mut etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let told = Told::default();
    let with_cache = || source(&etcd).cache_file(&file).on_event(told.listener());

    let handle = with_cache().key(KEY).await.expect("the rules are good");
    soon("the cache", || cached(&file).contains(A)).await;
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for its owner alone");
    put(&mut client, KEY, rules(B)).await;
    soon("the put rules in the cache", || cached(&file).contains(B)).await;
    put(&mut client, KEY, BAD).await;
    soon("a failure", || handle.status().failing).await;
    drop(handle);

    let endpoint = etcd.endpoint();
    etcd.kill();
    let offline = || EtcdSource::new([&endpoint]).cache_file(&file).on_event(told.listener());
    offline().key(KEY).await.expect_err("the cache is used on request only");
    let handle = offline().start_from_cache().key(KEY).await.expect("the cache is good");
    assert!(allows(&handle.load(), B));
    let status = handle.status();
    assert!(status.failing && status.last_error.is_some_and(|error| error.message.contains("from the cache")));
    assert_eq!((told.count("started from cache"), told.count("disconnected")), (1, 0));

    etcd.restart().await;
    within(SOON, "etcd again", || told.count("reconnected") == 1).await;
    assert!(allows(&handle.load(), B) && handle.status().failing, "what etcd has is bad");
    put(&mut etcd.client().await, KEY, rules(C)).await;
    soon("the put rules", || allows(&handle.load(), C) && !handle.status().failing).await;
    soon("the put rules in the cache", || cached(&file).contains(C)).await;
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_process_has_left_behind_is_removed() {
    let folder = TempDir::new().expect("a folder");
    let file = server::new_file(&folder);
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let left = |name: &str, modified: SystemTime| {
        let left = std::fs::File::create(folder.path().join(name)).expect("a file");
        left.set_modified(modified).expect("a time");
    };
    left(".cache.json-aB3dE9.tmp", hour_ago);
    // One that is written right now, those of others, and what only looks alike.
    let others = [
        (".cache.json-aB3dE8.tmp", SystemTime::now()),
        (".other.json-aB3dE9.tmp", hour_ago),
        (".cache.json-aB3dE9", hour_ago),
        (".cache.json-my own.tmp", hour_ago),
        (".cache.json-aB-dE9.tmp", hour_ago),
    ];
    others.iter().for_each(|(name, modified)| left(name, *modified));
    let (etcd, _) = etcd_with(&[(KEY, &rules(A))]).await;
    let handle = source(&etcd).cache_file(&file).key(KEY).await.expect("the rules are good");
    soon("the cache", || cached(&file).contains(A)).await;
    soon("the removal", || !folder.path().join(".cache.json-aB3dE9.tmp").exists()).await;
    assert!(others.iter().all(|(name, _)| folder.path().join(name).exists()));
    assert!(allows(&handle.load(), A));
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_start_from_the_cache() {
    let folder = TempDir::new().expect("a folder");
    let file = server::new_file(&folder);
    let (mut etcd, mut client) =
        etcd_with(&[("/cors/a", &rules(A)), ("/cors/b", &rules(A)), ("/cors/bad", BAD), ("/cors/gone", &rules(C))])
            .await;
    let buckets = source(&etcd).cache_file(&file).prefix(PREFIX).await.expect("etcd answers");
    delete(&mut client, "/cors/gone").await;
    soon("the cache", || Path::exists(&file) && !cached(&file).contains("gone")).await;
    assert_eq!(cached(&file).matches(A).count(), 1, "equal rule sets are written once");
    drop(buckets);
    etcd.kill();

    let endpoint = etcd.endpoint();
    let started = EtcdSource::new([&endpoint]).cache_file(&file).start_from_cache().prefix(PREFIX);
    let buckets = started.await.expect("the cache is good");
    assert_eq!(buckets.len(), 3);
    assert!(allows(&buckets.load("a"), A) && allows(&buckets.load("b"), A) && buckets.status().failing);
    assert_eq!(unmatched(&buckets.load("bad")), Some(Unmatched::NotEnabled));
    assert_eq!(unmatched(&buckets.load("gone")), Some(Unmatched::NoSuchBucket));

    etcd.restart().await;
    let mut client = etcd.client().await;
    delete(&mut client, "/cors/b").await;
    put(&mut client, "/cors/bad", rules(B)).await;
    within(SOON, "etcd again", || !buckets.status().failing).await;
    soon("what etcd has", || !buckets.contains("b") && allows(&buckets.load("bad"), B)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_is_not_whole_is_no_start() {
    let folder = TempDir::new().expect("a folder");
    let file = server::new_file(&folder);
    let endpoint = format!("http://127.0.0.1:{}", free_port());
    let from_cache = || EtcdSource::new([&endpoint]).cache_file(&file).start_from_cache();
    let refused = |error: EtcdError, part: &str| {
        assert!(matches!(error.kind(), EtcdErrorKind::Cache), "{error}");
        let message = error.to_string();
        for part in [part, &*endpoint, &*file.display().to_string()] {
            assert!(message.contains(part), "{part} in {message}");
        }
    };
    refused(from_cache().key(KEY).await.expect_err("no file"), "cannot read it");

    let document = |version: u32, key: &str, rule_set: &str, rules: &str| {
        let rule_set = rule_set.replace('"', "\\\"");
        format!(r#"{{"version": {version}, "key": "{key}", "rule_sets": ["{rule_set}"], "rules": {rules}}}"#)
    };
    let good = document(1, KEY, &rules(A), r#"{"": 0}"#);
    std::fs::write(&file, &good).expect("a file");
    let handle = from_cache().key(KEY).await.expect("the cache is good");
    assert!(allows(&handle.load(), A));

    for (bad, part) in [
        (String::new(), "corrupt"),
        ("{}".into(), "corrupt"),
        (good[..good.len() - 10].to_owned(), "corrupt"),
        (good.replace("GET", "FETCH"), "AllowedMethod"),
        (good.replace("rule_sets", "sets"), "corrupt"),
        (document(2, KEY, &rules(A), r#"{"": 0}"#), "version 2"),
        (document(1, "/cors/other", &rules(A), r#"{"": 0}"#), "`/cors/other`"),
        (document(1, KEY, &rules(A), r#"{"": 1}"#), "missing"),
        (document(1, KEY, &rules(A), r#"{"": null}"#), "corrupt"),
        (document(1, KEY, &rules(A), "{}"), "corrupt"),
        (document(1, KEY, &rules(A), r#"{"bucket": 0}"#), "corrupt"),
    ] {
        std::fs::write(&file, bad).expect("a file");
        refused(from_cache().key(KEY).await.expect_err(part), part);
    }
    std::fs::write(&file, document(1, PREFIX, &rules(A), r#"{"": 0}"#)).expect("a file");
    refused(from_cache().prefix(PREFIX).await.expect_err("a bucket without name"), "corrupt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_cannot_be_written_is_told_and_does_no_harm() {
    let folder = TempDir::new().expect("a folder");
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let told = Told::default();
    let nowhere = source(&etcd).cache_file(folder.path().join("missing/cache.json")).on_event(told.listener());
    let handle = nowhere.key(KEY).await.expect("the rules are good");
    soon("the failure", || told.count("cache failed") == 1).await;
    put(&mut client, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B)).await;
    assert!(!handle.status().failing);
}

fn cached(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

// The end.

#[tokio::test(flavor = "multi_thread")]
async fn the_last_handle_ends_it_all() {
    let (etcd, _) = etcd_with(&[(KEY, &rules(A))]).await;
    let line = Line::to(etcd.address()).await;
    let source = || EtcdSource::new([line.endpoint()]);
    let handle = source().key(KEY).await.expect("the rules are good");
    let buckets = source().prefix(PREFIX).await.expect("etcd answers");
    assert_eq!(line.open(), 2);
    drop((handle.clone(), buckets.clone()));
    drop(handle);
    soon("one less", || line.open() == 1).await;
    assert!(allows(&buckets.load("rules"), A));
    drop(buckets);
    soon("none", || line.open() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_panics_does_no_harm() {
    let (etcd, mut client) = etcd_with(&[(KEY, &rules(A))]).await;
    let panicking = |event: &EtcdEvent| assert!(!matches!(event, EtcdEvent::Deleted { .. }), "as the test wants");
    let handle = source(&etcd).on_event(panicking).profile(Profile::Oss).key(KEY).await.expect("the rules are good");
    delete(&mut client, KEY).await;
    soon("a failure", || handle.status().failing).await;
    assert!(allows(&handle.load(), A));
    put(&mut client, KEY, rules(B)).await;
    soon("the put rules", || allows(&handle.load(), B) && !handle.status().failing).await;
}
