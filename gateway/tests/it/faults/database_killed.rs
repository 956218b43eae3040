//! PostgreSQL that is killed under a node.

use super::Load;
use crate::world::{Call, World};
use database::testing::PostgresServer;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_flow_and_changes_are_told_to_wait_while_the_database_is_away() {
    let mut postgres = PostgresServer::start();
    let database = postgres.new_database().await;
    let world = World::begin(&database);
    let node = world.node("first", &database);
    let serving = world.serving(&node).await;
    let load = Load::begin(&world, &[&node], &serving, 4);
    let write = |number: usize| {
        Call::new(&serving.bank.key, "POST", "/applications").with(json!({"name": format!("write {number}")}))
    };
    let mut acknowledged = Vec::new();
    for number in 0..20 {
        let made = world.send(&node, &write(number)).await;
        assert_eq!(made.status, 201, "{made:?}");
        acknowledged.push(made.body["applicationId"].as_str().unwrap().to_owned());
    }
    load.goes_on(50).await;

    postgres.kill();
    for number in 20..23 {
        let refused = world.send(&node, &write(number)).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (503, &json!("service-unavailable")),
            "{refused:?}"
        );
        assert!(refused.retry_after.is_some(), "{refused:?}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("Calls to APIs go on"), "{refused:?}");
    }
    let read = world.get(&node, &serving.bank.key, "/applications").await;
    assert_eq!(read.status, 503, "{read:?}");
    load.goes_on(100).await;
    // A node that starts now serves what it has kept.
    let status = world
        .client
        .get(format!("{}/status", node.operations))
        .send()
        .await
        .unwrap();
    assert!(status.status().is_success(), "{status:?}");

    postgres.start_again();
    let made = world.until(&node, &write(30), 201).await;
    acknowledged.push(made.body["applicationId"].as_str().unwrap().to_owned());
    load.goes_on(50).await;
    let (answered, failed) = load.end().await;
    assert!(
        failed.is_empty(),
        "{} of {answered} calls failed: {:?}",
        failed.len(),
        failed.first()
    );
    for id in &acknowledged {
        let found = world
            .get(&node, &serving.bank.key, &format!("/applications/{id}"))
            .await;
        assert_eq!(found.status, 200, "{found:?}");
    }
    // What is changed from now on is served again.
    let path = format!("/agreements/{}/suspension", serving.agreement_id);
    world
        .change(&node, &serving.agency.key, "PUT", &path, json!({"reason": "because"}))
        .await;
    world.served_until(&node, &serving.key, 403).await;
    let said = world.command("first", &["audit", "verify"]);
    assert!(said.starts_with("ok: "), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_starts_from_what_it_kept_while_the_database_is_away() {
    let mut postgres = PostgresServer::start();
    let database = postgres.new_database().await;
    let world = World::begin(&database);
    let node = world.node("first", &database);
    let serving = world.serving(&node).await;
    node.process.signal("TERM");
    let (ended, said) = node.process.ended();
    assert!(ended.success(), "{said}");

    postgres.kill();
    let node = world.node("first", &database);
    world.served_until(&node, &serving.key, 200).await;
    let write = Call::new(&serving.bank.key, "POST", "/applications").with(json!({"name": "late"}));
    let refused = world.send(&node, &write).await;
    assert_eq!(refused.status, 503, "{refused:?}");

    // The database is back: changes are taken, and followed.
    postgres.start_again();
    world.until(&node, &write, 201).await;
    let path = format!("/agreements/{}/suspension", serving.agreement_id);
    world
        .change(&node, &serving.agency.key, "PUT", &path, json!({"reason": "because"}))
        .await;
    world.served_until(&node, &serving.key, 403).await;
}
