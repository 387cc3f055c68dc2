//! Three members: whatever becomes of them, the rules in force are right within two seconds from when the cluster
//! answers, and until then the status says since when it does not.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use etcd_client::{Client, ConnectOptions};
use oss_cors_live::Buckets;
use oss_cors_source::etcd::EtcdSource;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::asked::{A, B, C, PREFIX, Told, allows, delete, put, rules, within};
use crate::server::{Line, free_port};

/// From when the cluster answers.
const SOON: Duration = Duration::from_secs(2);

/// Until a loss is noticed, and until the rest of a cluster answers.
const AFTER_A_LOSS: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_is_killed() {
    let mut cluster = Cluster::start().await;
    let leader = cluster.leader().await;
    // Followed at the leader, and at another member.
    let sources = [cluster.source(leader).await, cluster.source(leader + 1).await];
    cluster.kill(leader);
    cluster.change_and_compact(&sources).await;
    cluster.restart(leader).await;
    cluster.change_and_compact(&sources).await;
    assert!(sources.iter().all(|buckets| !buckets.status().failing));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leader_stands_still() {
    let mut cluster = Cluster::start().await;
    let leader = cluster.leader().await;
    let sources = [cluster.source(leader).await, cluster.source(leader + 1).await];
    cluster.signal(leader, "STOP");
    cluster.change_and_compact(&sources).await;
    cluster.signal(leader, "CONT");
    cluster.change_and_compact(&sources).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_replaced() {
    let mut cluster = Cluster::start().await;
    let sources = [cluster.source(0).await];
    cluster.kill(0);
    cluster.change_and_compact(&sources).await;
    cluster.replace(0).await;
    cluster.change_and_compact(&sources).await;
    // Now the new one is needed.
    cluster.kill(1);
    cluster.change_and_compact(&sources).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quorum_is_lost_and_comes_back() {
    let mut cluster = Cluster::start().await;
    let leader = cluster.leader().await;
    // At the member that stays, which has no news then, and at one that does not.
    let sources = [cluster.source(leader).await, cluster.source(leader + 1).await];
    let before = SystemTime::now();
    cluster.kill(leader + 1);
    cluster.kill(leader + 2);
    within(AFTER_A_LOSS, "the loss", || sources.iter().all(|buckets| buckets.status().failing)).await;
    for buckets in &sources {
        let status = buckets.status();
        assert!(status.failing_since.is_some_and(|since| since >= before), "{status:?}");
        assert!(status.last_error.is_some_and(|error| error.message.contains("may be out of date")));
        assert!(allows(&buckets.load("a"), A), "the rules in force stay");
    }
    let since = sources.each_ref().map(|buckets| buckets.status().failing_since);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(sources.each_ref().map(|buckets| buckets.status().failing_since), since, "since the loss");
    cluster.restart(leader + 1).await;
    cluster.change_and_compact(&sources).await;
    cluster.restart(leader + 2).await;
    cluster.change_and_compact(&sources).await;
    assert!(sources.iter().all(|buckets| buckets.status().failing_since.is_none()));
}

/// It calls itself the same, and is further on.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored() {
    let mut cluster = Cluster::start().await;
    let mut client = cluster.client().await;
    put(&mut client, "/cors/kept", rules(B)).await;
    cluster.save();
    let told = Told::default();
    let lines = [cluster.line(0).await, cluster.line(1).await, cluster.line(2).await];
    let endpoints = lines.each_ref().map(Line::endpoint);
    let buckets = EtcdSource::new(endpoints).on_event(told.listener()).prefix(PREFIX).await.expect("it answers");
    // What the backup does not have.
    put(&mut client, "/cors/a", rules(C)).await;
    put(&mut client, "/cors/later", rules(C)).await;
    delete(&mut client, "/cors/kept").await;
    let in_force = || allows(&buckets.load("a"), C) && buckets.contains("later") && !buckets.contains("kept");
    within(SOON, "what is put", in_force).await;
    let (id, revision) = cluster.state().await;

    lines.iter().for_each(Line::cut);
    within(SOON, "the loss", || buckets.status().failing).await;
    cluster.restore().await;
    let mut client = cluster.client().await;
    while cluster.state().await.1 <= revision + 10 {
        put(&mut client, "/elsewhere", "").await;
    }
    client.compact(revision + 5, None).await.expect("etcd compacts");
    assert_eq!(cluster.state().await.0, id, "it calls itself the same");
    assert!(in_force() && buckets.status().failing, "what was in force stays");

    lines.iter().for_each(Line::restore);
    let restored = || allows(&buckets.load("a"), A) && allows(&buckets.load("kept"), B) && !buckets.contains("later");
    within(SOON, "the restored rules", || restored() && !buckets.status().failing).await;
    within(SOON, "the news", || told.count("reconnected") == 1).await;
    assert_eq!(told.count("disconnected"), 1);
    put(&mut client, "/cors/a", rules(B)).await;
    within(SOON, "what is put", || allows(&buckets.load("a"), B)).await;
}

/// Three members, each in a folder of its own. Killed when dropped.
struct Cluster {
    _alone: MutexGuard<'static, ()>,
    folder: TempDir,
    members: [Member; 3],
    changes: usize,
}

struct Member {
    name: String,
    port: u16,
    peer_port: u16,
    data: String,
    is_new: bool,
    process: Option<Child>,
}

impl Cluster {
    /// With the bucket `a`.
    async fn start() -> Self {
        // One cluster at a time, in memory where there is such a filesystem: members that wait long for a processor or a
        // disk elect one leader after the other.
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let member = |number: usize| Member {
            name: format!("member-{number}"),
            port: free_port(),
            peer_port: free_port(),
            data: format!("data-{number}"),
            is_new: true,
            process: None,
        };
        let folder = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a folder");
        let mut cluster = Self { _alone: alone, folder, members: [0, 1, 2].map(member), changes: 0 };
        (0..3).for_each(|number| cluster.spawn(number));
        put(&mut cluster.client().await, "/cors/a", rules(A)).await;
        cluster
    }

    fn member(&mut self, number: usize) -> &mut Member {
        &mut self.members[number % 3]
    }

    fn peers(&self) -> String {
        let peers = self.members.iter().map(|member| format!("{}={}", member.name, member.peer()));
        peers.collect::<Vec<_>>().join(",")
    }

    fn spawn(&mut self, number: usize) {
        let peers = self.peers();
        let folder = self.folder.path().to_owned();
        let member = self.member(number);
        let (client, peer) = (member.endpoint(), member.peer());
        let mut command = Command::new("etcd");
        command
            .args(["--name", &member.name, "--data-dir"])
            .arg(folder.join(&member.data))
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &peers, "--initial-cluster-token", "etcd-cluster"])
            .args(["--initial-cluster-state", if member.is_new { "new" } else { "existing" }])
            .args(["--heartbeat-interval", "50", "--election-timeout", "500", "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join(format!("{}.log", member.name))).expect("a log"));
        let process = command.spawn().expect("etcd is installed (Debian: apt-get install etcd-server)");
        member.process = Some(process);
    }

    fn kill(&mut self, number: usize) {
        let mut process = self.member(number).process.take().expect("it runs");
        process.kill().expect("it is ours");
        process.wait().expect("it is ours");
    }

    fn signal(&mut self, number: usize, signal: &str) {
        let id = self.member(number).process.as_ref().expect("it runs").id();
        run(Command::new("kill").args([format!("-{signal}"), id.to_string()]));
    }

    /// With the same data. Does not wait for its answers.
    async fn restart(&mut self, number: usize) {
        self.spawn(number);
        self.client_of(number).await;
    }

    /// A killed member, by one that has no data, at the same place. It takes part when this returns.
    async fn replace(&mut self, number: usize) {
        let mut client = self.client().await;
        let name = self.members[number].name.clone();
        let members = client.member_list().await.expect("etcd answers");
        let old = members.members().iter().find(|member| member.name() == name).expect("a member").id();
        client.member_remove(old).await.expect("it is removed");
        let member = self.member(number);
        (member.name, member.data) = ("member-new".to_owned(), "data-new".to_owned());
        (member.peer_port, member.is_new) = (free_port(), false);
        let peer = self.members[number].peer();
        let since = Instant::now();
        // Refused until the others have seen enough of each other.
        while let Err(error) = client.member_add([&peer], None).await {
            assert!(since.elapsed() < AFTER_A_LOSS, "{error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.restart(number).await;
    }

    fn save(&self) {
        run(etcdctl().args(["--endpoints", &self.members[0].endpoint(), "snapshot", "save"]).arg(self.backup()));
    }

    fn backup(&self) -> std::path::PathBuf {
        self.folder.path().join("backup")
    }

    /// All members, killed before, from what was saved. It answers when this returns.
    async fn restore(&mut self) {
        (0..3).for_each(|number| self.kill(number));
        let (peers, backup) = (self.peers(), self.backup());
        for number in 0..3 {
            let folder = self.folder.path().to_owned();
            let member = self.member(number);
            member.data = format!("restored-{number}");
            let mut restore = etcdctl();
            restore.args(["snapshot", "restore"]).arg(&backup).args(["--name", &member.name]);
            restore.args(["--initial-cluster", &peers, "--initial-cluster-token", "etcd-cluster"]);
            restore.args(["--initial-advertise-peer-urls", &member.peer()]);
            run(restore.arg("--data-dir").arg(folder.join(&member.data)));
        }
        (0..3).for_each(|number| self.spawn(number));
        self.client().await;
    }

    async fn line(&self, number: usize) -> Line {
        Line::to(std::net::SocketAddr::from(([127, 0, 0, 1], self.members[number].port))).await
    }

    /// Asks this member first.
    async fn source(&self, first: usize) -> Buckets {
        let endpoints: Vec<String> = (first..first + 3).map(|number| self.members[number % 3].endpoint()).collect();
        EtcdSource::new(endpoints).prefix(PREFIX).await.expect("it answers")
    }

    /// The number of the member that leads.
    async fn leader(&self) -> usize {
        for number in 0..3 {
            let status = self.client_of(number).await.status().await.expect("it answers");
            if status.leader() == status.header().expect("a header").member_id() {
                return number;
            }
        }
        panic!("a cluster that answers has a leader");
    }

    /// The cluster's id and its revision.
    async fn state(&self) -> (u64, i64) {
        let answer = self.client().await.get("none", None).await.expect("etcd answers");
        let header = answer.header().expect("a header");
        (header.cluster_id(), header.revision())
    }

    /// To a member that answers a linearizable read: to the cluster.
    async fn client(&self) -> Client {
        let since = Instant::now();
        loop {
            for member in &self.members {
                if let Some(client) = member.client().await {
                    return client;
                }
            }
            assert!(since.elapsed() < AFTER_A_LOSS, "the cluster does not answer: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn client_of(&self, number: usize) -> Client {
        let since = Instant::now();
        loop {
            if let Some(client) = self.members[number % 3].client().await {
                return client;
            }
            assert!(since.elapsed() < AFTER_A_LOSS, "{number} does not answer: {}", self.logs());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// As soon as the cluster answers: a bucket comes, one is changed, one goes, and etcd forgets how. All of it is in
    /// force in time.
    async fn change_and_compact(&mut self, sources: &[Buckets]) {
        let mut client = self.client().await;
        let answering = Instant::now();
        let changed = if self.changes.is_multiple_of(2) { B } else { A };
        let (comes, goes) = (format!("bucket-{}", self.changes + 1), format!("bucket-{}", self.changes));
        self.changes += 1;
        put(&mut client, "/cors/a", rules(C)).await;
        put(&mut client, &format!("/cors/{comes}"), rules(A)).await;
        if self.changes > 1 {
            delete(&mut client, &format!("/cors/{goes}")).await;
        }
        put(&mut client, "/cors/a", rules(changed)).await;
        let revision = client.get("none", None).await.expect("etcd answers").header().expect("a header").revision();
        client.compact(revision, None).await.expect("etcd compacts");
        let right = |buckets: &Buckets| {
            allows(&buckets.load("a"), changed)
                && allows(&buckets.load(&comes), A)
                && !buckets.contains(&goes)
                && !buckets.status().failing
        };
        let rest = SOON.saturating_sub(answering.elapsed());
        within(rest, "what was changed", || sources.iter().all(right)).await;
    }

    fn logs(&self) -> String {
        let log = |name: &Path| std::fs::read_to_string(name).unwrap_or_default();
        let logs = self.members.iter().map(|member| log(&self.folder.path().join(format!("{}.log", member.name))));
        logs.collect::<Vec<_>>().join("\n")
    }
}

impl Member {
    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn peer(&self) -> String {
        format!("http://127.0.0.1:{}", self.peer_port)
    }

    /// `None` unless it runs and answers a linearizable read at once.
    async fn client(&self) -> Option<Client> {
        let asked = async {
            let options = ConnectOptions::new().with_require_leader(true);
            let mut client = Client::connect([self.endpoint()], Some(options)).await.ok()?;
            client.get("none", None).await.ok()?;
            Some(client)
        };
        tokio::time::timeout(Duration::from_millis(500), asked).await.ok()?
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.members.iter_mut().filter_map(|member| member.process.as_mut()) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn etcdctl() -> Command {
    let mut command = Command::new("etcdctl");
    command.env("ETCDCTL_API", "3");
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect("installed (Debian: apt-get install etcd-client)");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
