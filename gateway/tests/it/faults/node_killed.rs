//! A node that dies in the middle of 1,000 writes.

use super::say;
use crate::world::{Answer, Call, World};
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

const WRITES: usize = 1_000;
/// Acknowledged writes after which the node is killed.
const ENOUGH: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_sqlite_acknowledged_is_there_after_a_kill() {
    kill_during_writes("sqlite:registry.sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgresql_acknowledged_is_there_after_a_kill() {
    kill_during_writes(&database::testing::postgres().await).await;
}

async fn kill_during_writes(database: &str) {
    let world = World::begin(database);
    let node = world.node("first", database);
    world.organisation(&node, "agency", "municipality").await;
    let key = world.member(&node, "agency", &["agencyAdmin"]).await.key;
    let acknowledged = Arc::<Mutex<Vec<String>>>::default();
    let unexpected = Arc::<Mutex<Vec<Answer>>>::default();
    let mut writes = JoinSet::new();
    for number in 0..WRITES {
        let (client, gateway) = (world.client.clone(), node.gateway.clone());
        let (key, acknowledged) = (key.clone(), Arc::clone(&acknowledged));
        let unexpected = Arc::clone(&unexpected);
        writes.spawn(async move {
            let call = Call::new(&key, "POST", "/applications").with(json!({"name": format!("write {number}")}));
            // Refused for the load it is sent again; when the node is gone it is over.
            while let Ok(answer) = call.send(&client, &gateway).await {
                if answer.status == 201 {
                    let id = answer.body["applicationId"].as_str().unwrap().to_owned();
                    acknowledged.lock().unwrap().push(id);
                    break;
                }
                if !matches!(answer.status, 429 | 503) {
                    unexpected.lock().unwrap().push(answer);
                    break;
                }
            }
        });
    }
    while acknowledged.lock().unwrap().len() < ENOUGH && unexpected.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    node.process.signal("KILL");
    while let Some(ended) = writes.join_next().await {
        ended.unwrap();
    }
    let (_, printed) = tokio::task::spawn_blocking(|| node.process.ended()).await.unwrap();
    let unexpected = unexpected.lock().unwrap().clone();
    assert!(unexpected.is_empty(), "{unexpected:?}\n{printed}");
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() < WRITES, "the node was killed when all was done");

    let again = world.node("first", database);
    let mut there = HashSet::new();
    for page in 1.. {
        let list = world
            .get(&again, &key, &format!("/applications?limit=100&page={page}"))
            .await
            .body;
        let items = list["applications"].as_array().unwrap();
        there.extend(
            items
                .iter()
                .map(|one| one["applicationId"].as_str().unwrap().to_owned()),
        );
        if items.len() < 100 {
            break;
        }
    }
    let lost: Vec<_> = acknowledged.iter().filter(|id| !there.contains(*id)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} acknowledged writes are lost",
        lost.len(),
        acknowledged.len()
    );
    assert!(there.len() <= WRITES, "{} of {WRITES}", there.len());
    let said = world.command("first", &["audit", "verify"]);
    assert!(said.starts_with("ok: "), "{said}");
    say(&format!("{} acknowledged, {} there", acknowledged.len(), there.len()));
}
