//! A node that is told to stop while calls come in, beside another one behind the same balancer: nobody notices.

use super::{Load, say};
use crate::world::World;

const SQLITE: &str = "sqlite:registry.sqlite";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn no_call_fails_when_a_node_is_told_to_stop_under_load() {
    let world = World::begin(SQLITE);
    let first = world.node("first", SQLITE);
    let serving = world.serving(&first).await;
    let second = world.node("second", SQLITE);
    let load = Load::balanced(&world, &[&first, &second], &serving, 8);
    load.goes_on(300).await;
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
