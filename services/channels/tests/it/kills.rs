//! Whole processes that are killed (SIGKILL) while they deliver: nothing is lost, and nothing is sent twice but what the
//! dead had in hand, under the id that it had.

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use database::{Database, query};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::support::{Endpoint, News, client};

/// At most so much does one process have in hand.
const WIDTH: usize = 16;

/// Nothing that is on its way takes so long, and no process gives an answer up so soon.
const REST: Duration = Duration::from_millis(500);

/// Cases that change, and how often each does.
const CASES: u128 = 120;
const CHANGES: u128 = 3;

struct Process {
    child: Child,
    url: String,
}

impl Process {
    /// Starts the program; `patience` is how many seconds it waits for an answer.
    async fn start(directory: &Path, database: &str, case_status: &str, patience: u8) -> Self {
        let key = directory.join("key");
        if !key.exists() {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.write(true).create_new(true).mode(0o600).open(&key).unwrap();
            std::io::Write::write_all(&mut file, "07".repeat(32).as_bytes()).unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_channels"))
            .args(["--listen", "127.0.0.1:0", "--allow-private-network"])
            .args(["--database", database, "--case-status", case_status])
            .args(["--patience", &patience.to_string()])
            .arg("--data-dir")
            .arg(directory)
            .arg("--secrets-key")
            .arg(key)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line());
        let line = line.await.unwrap().unwrap().unwrap();
        let url = format!("{}/channels/v1", line.strip_prefix("ready ").unwrap());
        Self { child, url }
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let request = client()
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .header("vagvisare-subject", "alva")
            .header("vagvisare-application", "bank");
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.unwrap()
    }

    /// A subscription that the endpoint has said yes to; gives its path.
    async fn subscribe(&self, endpoint: &Endpoint) -> String {
        let made = self
            .call("POST", "/subscriptions", Some(json!({ "url": endpoint.url })))
            .await;
        let path = format!("/subscriptions/{}", made["subscriptionId"].as_str().unwrap());
        until(async || self.call("GET", &path, None).await["state"] == "active").await;
        path
    }
}

/// Waits for a condition, for two minutes at most.
async fn until(condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), wait).await.unwrap();
}

/// Tells of the next change of each of some cases.
fn tell(news: &News, cases: impl Iterator<Item = u128>) {
    for case in cases {
        news.tell("alva", case);
    }
}

/// The ids of what the database says has been delivered.
async fn noted(database: &str) -> HashSet<String> {
    let database = Database::open(database, &[]).await.unwrap();
    let read =
        "SELECT e.id FROM channel_delivery d JOIN channel_event e ON e.sequence = d.event WHERE d.state = 'delivered'";
    let rows = database.fetch_all(query(read)).await.unwrap();
    let ids = rows.iter().map(|row| row.get::<String>("id").unwrap()).collect();
    database.close().await;
    ids
}

/// Waits until there are deliveries again, kills the process when so many are under way and some have just been answered,
/// and gives what was noted as delivered by then.
async fn kill_in_the_middle(
    process: Process,
    endpoint: &Endpoint,
    database: &str,
    under_way: usize,
) -> HashSet<String> {
    let before = endpoint.events().len();
    until(async || endpoint.events().len() >= before + 20).await;
    let hold = endpoint.hold();
    let mut answered = 0;
    while hold.arrived() < answered + under_way {
        let seen = hold.arrived();
        let more = until(async || hold.arrived() > seen);
        // The rest of what was being answered when the hold began: nothing follows until it is answered too, and whoever is
        // left without an answer for long sends again by itself.
        if tokio::time::timeout(REST, more).await.is_err() {
            hold.answer(seen - answered);
            answered = seen;
        }
    }
    hold.answer(WIDTH / 4);
    process.kill().await;
    let noted = noted(database).await;
    endpoint.let_go();
    noted
}

/// What the endpoint got is what was promised, with so many processes killed.
fn check(endpoint: &Endpoint, noted: &HashSet<String>, killed: usize) {
    let events = endpoint.events();
    let mut times: HashMap<&str, usize> = HashMap::new();
    let mut last: HashMap<String, String> = HashMap::new();
    for hook in &events {
        *times.entry(&hook.id).or_default() += 1;
        let sequence = hook.body["sequence"].as_str().unwrap().to_owned();
        let before = last.insert(hook.body["subject"].to_string(), sequence.clone());
        assert!(before.is_none_or(|before| before <= sequence), "out of order");
    }
    let all = usize::try_from(CASES * CHANGES).unwrap();
    assert_eq!(times.len(), all, "an event is lost, or has two ids");
    let again = events.len() - times.len();
    assert!(
        (1..=killed * WIDTH).contains(&again),
        "{again} were sent again: the dead had something in hand, and at most {WIDTH} each"
    );
    let most = times.values().max().copied();
    assert!(most <= Some(1 + killed), "{most:?}");
    let twice: Vec<_> = noted.iter().filter(|id| times[id.as_str()] != 1).collect();
    assert!(twice.is_empty(), "noted as delivered and sent again: {twice:?}");
}

#[tokio::test]
async fn on_sqlite_three_kills_lose_no_event_and_send_again_only_what_was_in_hand() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", directory.path().join("channels.sqlite").display());
    let (news, endpoint) = (News::default(), Endpoint::start().await);
    let (case_status, _feed) = news.start().await;
    let start = || Process::start(directory.path(), &database, &case_status, 2);
    let mut process = start().await;
    let path = process.subscribe(&endpoint).await;
    let mut noted = HashSet::new();
    for _ in 0..CHANGES {
        // The last third arrives while there is no process at all to take it.
        tell(&news, 0..CASES * 2 / 3);
        noted.extend(kill_in_the_middle(process, &endpoint, &database, WIDTH / 2).await);
        tell(&news, CASES * 2 / 3..CASES);
        process = start().await;
    }
    let pending = format!("{path}/deliveries?state=pending");
    until(async || process.call("GET", &pending, None).await["deliveries"] == json!([])).await;
    check(&endpoint, &noted, 3);
}

#[tokio::test]
async fn on_postgresql_what_a_killed_node_had_in_hand_is_delivered_by_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let database = database::testing::postgres().await;
    let (news, endpoint) = (News::default(), Endpoint::start().await);
    let (case_status, _feed) = news.start().await;
    let victim = Process::start(directory.path(), &database, &case_status, 5).await;
    let path = victim.subscribe(&endpoint).await;
    tell(&news, 0..CASES);
    let before = endpoint.events().len();
    until(async || endpoint.events().len() >= before + 10).await;
    // Patient enough not to give up on what is held below.
    let survivor = Process::start(directory.path(), &database, &case_status, 30).await;
    tell(&news, 0..CASES);
    // More than one process has in hand: each of the two has some.
    let noted = kill_in_the_middle(victim, &endpoint, &database, WIDTH * 3 / 2).await;
    tell(&news, 0..CASES);
    let pending = format!("{path}/deliveries?state=pending");
    until(async || survivor.call("GET", &pending, None).await["deliveries"] == json!([])).await;
    check(&endpoint, &noted, 1);
}
