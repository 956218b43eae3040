//! A node that is told to stop while calls come in, beside another one on the same port: nobody notices.

use super::{Load, say};
use crate::world::World;

const SQLITE: &str = "sqlite:registry.sqlite";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn no_call_fails_when_a_node_is_told_to_stop_under_load() {
    let world = World::begin(SQLITE);
    let first = world.node("first", SQLITE);
    let serving = world.serving(&first).await;
    let load = Load::begin(&world, &[&first], &serving, 8);
    load.goes_on(100).await;
    // Both listen on one port: the system gives each a share of the connections.
    let listen = first.gateway.strip_prefix("http://").unwrap().to_owned();
    let second = world.node_at("second", SQLITE, &listen);
    load.goes_on(200).await;
    first.process.signal("TERM");
    let (status, printed) = tokio::task::spawn_blocking(|| first.process.ended()).await.unwrap();
    assert_eq!(status.code(), Some(0), "{printed}");
    load.goes_on(200).await;
    let (answered, failed) = load.end().await;
    say(&format!("{answered} calls, {} failed", failed.len()));
    assert!(
        failed.is_empty(),
        "{} of {answered}: {:?}",
        failed.len(),
        failed.first()
    );
    drop(second);
}
