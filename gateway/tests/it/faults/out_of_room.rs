//! A node whose disk, log or descriptors are used up: it says so, calls go on, and afterwards all is as before.

use super::{Load, say};
use crate::world::{Call, World};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const SQLITE: &str = "sqlite:registry.sqlite";
const BOUND: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn while_the_disk_is_full_changes_are_told_to_wait_and_calls_go_on() {
    let world = World::begin(SQLITE);
    let node = world.node("first", SQLITE);
    let serving = world.serving(&node).await;
    node.process.signal("TERM");
    let (status, printed) = tokio::task::spawn_blocking(|| node.process.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{printed}");

    // No file may grow beyond this: what a full disk is for whoever writes. In blocks of 512 bytes.
    let files = ["registry.sqlite", "registry.sqlite-wal"].map(|name| world.folder.path().join(name));
    let sizes = files.iter().filter_map(|file| std::fs::metadata(file).ok());
    let size = sizes.map(|file| file.len()).max().unwrap();
    let room = (size + 200_000) / 512;
    let node = world.node_after(&format!("trap '' XFSZ; ulimit -f {room}"), "first", SQLITE, "");
    world.served_until(&node, &serving.key, 200).await;
    let load = Load::begin(&world, &[&node], &serving, 2);
    let write = |number: usize| {
        Call::new(&serving.bank.key, "POST", "/applications").with(json!({"name": format!("write {number}")}))
    };
    let mut acknowledged = Vec::new();
    let refused = loop {
        let answer = world.send(&node, &write(acknowledged.len())).await;
        if answer.status != 201 {
            break answer;
        }
        acknowledged.push(answer.body["applicationId"].as_str().unwrap().to_owned());
        assert!(acknowledged.len() < 5_000, "the disk is never full");
    };
    say(&format!("{} changes fitted", acknowledged.len()));
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after.is_some(), "{refused:?}");
    load.goes_on(100).await;
    let read = world.get(&node, &serving.bank.key, "/applications?limit=1").await;
    assert_eq!(read.status, 200, "reads go on: {read:?}");
    let (answered, failed) = load.end().await;
    assert!(
        failed.is_empty(),
        "{} of {answered}: {:?}",
        failed.len(),
        failed.first()
    );
    drop(node);

    let node = world.node("first", SQLITE);
    for id in &acknowledged {
        let found = world
            .get(&node, &serving.bank.key, &format!("/applications/{id}"))
            .await;
        assert_eq!(found.status, 200, "{found:?}");
    }
    world.until(&node, &write(5_000), 201).await;
    let said = world.command("first", &["audit", "verify"]);
    assert!(said.starts_with("ok: "), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn while_the_log_cannot_be_written_lines_are_counted_and_calls_go_on() {
    let world = World::begin(SQLITE);
    // Every write to it says that no space is left.
    let node = world.node_after(":", "first", SQLITE, "[telemetry]\naccess_log = \"/dev/full\"\n");
    let serving = world.serving(&node).await;
    let load = Load::begin(&world, &[&node], &serving, 2);
    load.goes_on(50).await;
    let begun = Instant::now();
    loop {
        let dropped = metric(&world, &node.operations, "access_log_lines_dropped_total").await;
        if dropped >= 50 {
            break;
        }
        assert!(begun.elapsed() < BOUND, "{dropped} lines counted");
    }
    let (answered, failed) = load.end().await;
    assert!(
        failed.is_empty(),
        "{} of {answered}: {:?}",
        failed.len(),
        failed.first()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn callers_that_take_every_connection_leave_room_for_backends_and_operations() {
    let world = World::begin(SQLITE);
    let node = world.node_after("ulimit -n 256", "first", SQLITE, "");
    let serving = world.serving(&node).await;
    let listen = node.gateway.strip_prefix("http://").unwrap();
    let mut held = Vec::new();
    for _ in 0..200 {
        held.push(TcpStream::connect(listen).await.unwrap());
    }
    let begun = Instant::now();
    while metric(&world, &node.operations, "gateway_connections_refused_total").await == 0 {
        assert!(begun.elapsed() < BOUND, "nobody is refused");
    }
    // Operations, and whoever has a connection: to a backend and to the registry's database.
    let fresh = reqwest::Client::new();
    let ready = fresh
        .get(format!("{}/health/ready", node.operations))
        .send()
        .await
        .unwrap();
    assert_eq!(ready.status(), 200);
    assert_eq!(world.served(&node, &serving.key, "/guide/v1/things").await.0, 200);
    let read = world.get(&node, &serving.bank.key, "/applications").await;
    assert_eq!(read.status, 200, "{read:?}");
    assert_eq!(metric(&world, &node.operations, "gateway_accept_errors_total").await, 0);
    drop(held);
    let begun = Instant::now();
    loop {
        let url = format!("{}/guide/v1/things", node.gateway);
        let answer = reqwest::Client::new()
            .get(url)
            .header("X-Api-Key", &serving.key)
            .send()
            .await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            break;
        }
        assert!(begun.elapsed() < BOUND, "newcomers are not served");
    }
}

/// A number of the operations listener.
async fn metric(world: &World, operations: &str, name: &str) -> u64 {
    let answer = world.client.get(format!("{operations}/metrics")).send().await.unwrap();
    let text = answer.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value: Value = serde_json::from_str(line.unwrap_or("0")).unwrap();
    value.as_u64().unwrap_or_else(|| value.as_f64().unwrap() as u64)
}
