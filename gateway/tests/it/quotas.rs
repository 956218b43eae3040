//! Quotas of an agreement: exact over restarts, never exceeded by nodes that die, and told to callers in words.
//!
//! By the month, so that no midnight comes between.

use crate::world::{Node, Serving, World};
use database::testing::PostgresServer;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SQLITE: &str = "sqlite:registry.sqlite";

/// Calls up to so many times, as long as they pass; how many did.
async fn passes(world: &World, node: &Node, serving: &Serving, most: usize) -> usize {
    let mut passed = 0;
    while passed < most && world.served(node, &serving.key, "/guide/v1/things").await.0 == 200 {
        passed += 1;
    }
    passed
}

/// As [`passes`], by several callers at once.
async fn passes_at_once(world: &World, node: &Node, serving: &Serving, callers: usize, most: usize) -> usize {
    let calls = (0..callers).map(|_| passes(world, node, serving, most));
    futures_util::future::join_all(calls).await.into_iter().sum()
}

async fn end(node: Node) {
    node.process.signal("TERM");
    let (status, printed) = node.process.ended();
    assert_eq!(status.code(), Some(0), "{printed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn exactly_the_quota_passes_over_restarts_and_who_has_used_it_is_told_what_to_do() {
    let world = World::begin(SQLITE);
    let node = world.node("first", SQLITE);
    let serving = world.serving_under(&node, json!({"perMonth": 100})).await;
    // One call told that it is served.
    let mut passed = 1 + passes(&world, &node, &serving, 30).await;
    end(node).await;
    let node = world.node("first", SQLITE);
    passed += passes_at_once(&world, &node, &serving, 4, 10).await;
    end(node).await;
    let node = world.node("first", SQLITE);
    passed += passes(&world, &node, &serving, usize::MAX).await;
    assert_eq!(passed, 100);

    let url = format!("{}/guide/v1/things", node.gateway);
    let refused = world
        .client
        .get(url)
        .header("X-Api-Key", &serving.key)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 429);
    let header = |name: &str| refused.headers().get(name).unwrap().to_str().unwrap().to_owned();
    let wait: i64 = header("retry-after").parse().unwrap();
    assert!(wait > 0 && wait <= 31 * 86_400, "{wait}");
    assert_eq!(header("ratelimit"), format!("\"month\";r=0;t={wait}"));
    let problem: Value = refused.json().await.unwrap();
    let detail = problem["detail"].as_str().unwrap();
    for words in [
        "\"month\" allows 100 calls in a calendar month (UTC)",
        "It opens again at 2",
        "-01T00:00:00Z",
        "ask the agency to raise it in the agreement",
    ] {
        assert!(detail.contains(words), "{words} is missing in {problem}");
    }
    assert_eq!(problem["violated-policies"], json!(["month"]), "{problem}");
    let status = world
        .client
        .get(format!("{}/status", node.operations))
        .send()
        .await
        .unwrap();
    let status: Value = status.json().await.unwrap();
    assert_eq!(status["quotas"]["ledger"], json!("up"), "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_goes_on_where_it_was_when_a_backup_is_put_back() {
    let world = World::begin(SQLITE);
    let node = world.node("first", SQLITE);
    let serving = world.serving_under(&node, json!({"perMonth": 60})).await;
    // One call told that it is served.
    let before = 1 + passes(&world, &node, &serving, 19).await;
    // What the node holds goes back when it ends.
    end(node).await;
    let copy = world.folder.path().join("copy.backup");
    let copy = copy.to_str().unwrap();
    let said = world.command("first", &["backup", "--to", copy]);
    assert!(said.contains("and 1 counters of quotas"), "{said}");

    // In a new database, of another kind.
    let other = database::testing::postgres().await;
    let config = std::fs::read_to_string(world.folder.path().join("first.toml")).unwrap();
    let config = config.replace(SQLITE, &other).replace("first", "second");
    std::fs::write(world.folder.path().join("second.toml"), config).unwrap();
    world.command("second", &["restore", "--from", copy]);
    let node = world.node("second", &other);
    assert_eq!(before + passes(&world, &node, &serving, usize::MAX).await, 60);
    end(node).await;

    // In the database that it was taken from, what was spent since stays spent.
    let node = world.node("first", SQLITE);
    let since = passes(&world, &node, &serving, 15).await;
    end(node).await;
    world.command("first", &["restore", "--from", copy]);
    let node = world.node("first", SQLITE);
    assert_eq!(before + since + passes(&world, &node, &serving, usize::MAX).await, 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn never_more_than_the_quota_passes_when_a_node_with_sqlite_is_killed() {
    kill_over_and_over(SQLITE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn never_more_than_the_quota_passes_when_a_node_with_postgresql_is_killed() {
    kill_over_and_over(&database::testing::postgres().await).await;
}

async fn kill_over_and_over(database: &str) {
    let world = World::begin(database);
    let node = world.node("first", database);
    let serving = world.serving_under(&node, json!({"perMonth": 400})).await;
    let mut passed = 1 + passes_at_once(&world, &node, &serving, 4, 10).await;
    node.process.signal("KILL");
    drop(node);
    for _ in 0..3 {
        let node = world.node("first", database);
        passed += passes_at_once(&world, &node, &serving, 4, 10).await;
        node.process.signal("KILL");
    }
    let node = world.node("first", database);
    passed += passes_at_once(&world, &node, &serving, 4, usize::MAX).await;
    assert!(passed <= 400, "{passed}");
    // Each death costs what was held: at most a sixteenth of what was left, beside what waited.
    assert!(passed >= 400 - 4 * (400 / 16 + 4), "{passed}");
    let (status, _) = world.served(&node, &serving.key, "/guide/v1/things").await;
    assert_eq!(status, 429);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn while_the_ledger_is_away_what_is_reserved_is_spent_and_then_callers_are_told_to_wait() {
    let mut postgres = PostgresServer::start();
    let database = postgres.new_database().await;
    let world = World::begin(&database);
    let node = world.node("first", &database);
    let serving = world.serving_under(&node, json!({"perMonth": 10_000})).await;
    passes(&world, &node, &serving, 40).await;
    postgres.kill();
    let on_reserve = passes(&world, &node, &serving, 10_000).await;
    assert!(on_reserve >= 8, "{on_reserve}");
    let (status, text) = world.served(&node, &serving.key, "/guide/v1/things").await;
    assert!(status == 503 && text.contains("quota-unavailable"), "{status} {text}");
    let ready = world
        .client
        .get(format!("{}/health/ready", node.operations))
        .send()
        .await
        .unwrap();
    assert!(ready.status().is_success());
    assert!(ready.text().await.unwrap().contains("the ledger of quotas is gone"));
    postgres.start_again();
    let begun = Instant::now();
    world.served_until(&node, &serving.key, 200).await;
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
