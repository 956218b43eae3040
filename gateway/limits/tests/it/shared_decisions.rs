//! What a request gets from shared counters: all or nothing, cells that go back, counters that vanish.

use crate::redis_server::{Node, RedisServer};
use crate::support::{admitted, demand, policy, refused, shared_policy};
use limits::{Decision, Demand};
use snapshot::OnStoreFailure::Deny;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(10_000);

/// How many calls in a row pass.
async fn drain(node: &Node, demands: &[Demand<'_>]) -> u32 {
    let mut passed = 0;
    while matches!(node.check(demands).await, Decision::Admitted(_)) {
        passed += 1;
    }
    passed
}

#[tokio::test]
async fn a_refused_request_charges_no_window() {
    let server = RedisServer::start(&[]);
    let node = Node::at(server.port());
    node.until(|status| status.up).await;
    let wide = shared_policy("wide", 100, LONG, 100, Deny);
    let narrow = shared_policy("narrow", 2, LONG, 2, Deny);
    let local = policy("local", 1, LONG, 1);
    for other in [demand(&narrow, "a"), demand(&local, "a")] {
        let both = [demand(&wide, "a"), other];
        let passed = drain(&node, &both).await;
        assert_eq!(passed, other.policy.burst.get());
        for _ in 0..50 {
            assert_eq!(refused(node.check(&both).await).policy.id, other.policy.id);
        }
    }
    assert_eq!(drain(&node, &[demand(&wide, "a")]).await, 100 - 2 - 1);
}

#[tokio::test]
async fn a_request_says_how_the_caller_stands() {
    let server = RedisServer::start(&[]);
    let node = Node::at(server.port());
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 5, Duration::from_secs(500), 5, Deny);
    let both = [demand(&policy, "a"), demand(&policy, "a")];
    for remaining in (0..5).rev() {
        assert_eq!(admitted(node.check(&both).await).remaining, remaining);
    }
    let refusal = refused(node.check(&both).await);
    assert!((98..=100).contains(&refusal.retry_after.as_secs()), "{refusal:?}");
    // What is refused is known here: the store is not asked again.
    let before = node.status().exchanges;
    for _ in 0..100 {
        refused(node.check(&both).await);
    }
    assert!(node.status().exchanges <= before + 1, "{:?}", node.status());
    // Another subject has its own counter.
    admitted(node.check(&[demand(&policy, "b")]).await);
}

#[tokio::test]
async fn what_one_node_does_not_spend_another_gets() {
    let server = RedisServer::start(&[]);
    let nodes = Node::fleet(server.port(), 2).await;
    let policy = shared_policy("p", 1000, LONG, 1000, Deny);
    let demands = [demand(&policy, "a")];
    let mut passed = 0;
    // Calls in quick order make a node hold leases of many cells.
    while nodes[0].status().granted < passed + 20 {
        admitted(nodes[0].check(&demands).await);
        passed += 1;
        tokio::task::yield_now().await;
    }
    nodes[0]
        .until(|status| status.granted - status.returned == passed)
        .await;
    assert_eq!(u64::from(drain(&nodes[1], &demands).await), 1000 - passed);
    assert!(nodes.iter().all(|node| node.status().wasted == 0));
}

#[tokio::test]
async fn a_node_that_dies_keeps_nothing_for_ever() {
    let server = RedisServer::start(&[]);
    let nodes = Node::fleet(server.port(), 2).await;
    let policy = shared_policy("p", 100, Duration::from_secs(1), 100, Deny);
    let demands = [demand(&policy, "a")];
    admitted(nodes[0].check(&demands).await);
    nodes[0].stop();
    // Its lease ends by itself, and the bucket is full again.
    let full = async {
        loop {
            if admitted(nodes[1].check(&demands).await).remaining == 99 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), full).await.unwrap();
}

#[tokio::test]
async fn counters_are_named_without_the_caller_and_vanish() {
    let server = RedisServer::start(&[]);
    let node = Node::at(server.port());
    node.until(|status| status.up).await;
    let policy = shared_policy("p } q", 10, Duration::from_secs(1), 10, Deny);
    admitted(node.check(&[demand(&policy, "a-secret-name")]).await);
    node.until(|status| status.exchanges > 1).await;
    let keys: Vec<String> = server.command(&["KEYS", "*"]).await;
    assert!(keys.iter().any(|key| key.starts_with("vagvisare:{p---q:")), "{keys:?}");
    for key in &keys {
        assert!(!key.contains("secret"), "{key}");
        let left: i64 = server.command(&["PTTL", key]).await;
        // It may have vanished meanwhile.
        assert!(left > 0 || left == -2, "{key}: {left}");
    }
}
