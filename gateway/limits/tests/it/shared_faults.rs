//! The store refused, killed, frozen, full, forgetful, slow: what callers get, how fast, and that nothing bursts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use crate::redis_server::{Node, RedisServer};
use crate::support::{admitted, demand, refused, shared_policy};
use limits::{Decision, Demand, StoreConfig, Verdict};
use snapshot::OnStoreFailure::{Allow, Deny, LocalShare};
use std::time::{Duration, Instant};
use test_parts::free_port;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LONG: Duration = Duration::from_secs(10_000);
/// What a node waits for its store unless told otherwise.
const DEFAULT: Duration = Duration::from_millis(20);
/// A switch is to take 100 ms. More is allowed here only for what else this machine may be doing.
const SWITCH: Duration = Duration::from_millis(250);

/// Calls until one is refused; how many passed.
async fn drain(node: &Node, demands: &[Demand<'_>]) -> u32 {
    let mut passed = 0;
    while matches!(node.check(demands).await, Decision::Admitted(_)) {
        passed += 1;
        assert!(passed < 10_000, "no limit at all");
    }
    passed
}

#[tokio::test]
async fn a_store_that_is_not_there_at_start() {
    let port = free_port();
    let node = Node::with_timeout(port, DEFAULT);
    let (share, allow, deny) = (
        shared_policy("share", 100, LONG, 100, LocalShare),
        shared_policy("allow", 1, LONG, 1, Allow),
        shared_policy("deny", 100, LONG, 100, Deny),
    );
    // At once: nobody waits for what has never been there.
    let now = |demands: &[Demand<'_>]| match node.limits.check(demands) {
        Verdict::Now(decision) => decision,
        Verdict::Later(_) => panic!("waits"),
    };
    for _ in 0..60 {
        admitted(now(&[demand(&share, "a")]));
    }
    for _ in 0..10 {
        assert!(matches!(now(&[demand(&allow, "a")]), Decision::Unlimited));
        refused(now(&[demand(&deny, "a"), demand(&share, "a")]));
    }
    assert_eq!(node.status().nodes, 1);
    let _server = RedisServer::start_on(port, &[]);
    node.until(|status| status.up).await;
    // What was admitted alone is charged: 40 are left, not 100.
    assert_eq!(drain(&node, &[demand(&share, "a")]).await, 40);
    assert_eq!(drain(&node, &[demand(&deny, "a")]).await, 100);
    assert_eq!(node.status().overshoot, 0);
}

#[tokio::test]
async fn a_fleet_that_starts_without_its_store_divides_by_the_nodes_it_expects() {
    let port = free_port();
    let mut store = StoreConfig::new(&format!("redis://127.0.0.1:{port}")).unwrap();
    store.expected_nodes = 4.try_into().unwrap();
    let node = Node::on(store);
    let policy = shared_policy("p", 100, LONG, 100, LocalShare);
    let demands = [demand(&policy, "a")];
    assert_eq!(drain(&node, &demands).await, 25);
    assert_eq!(node.status().nodes, 4);
    let _server = RedisServer::start_on(port, &[]);
    node.until(|status| status.up).await;
    // It lives alone after all: what the others did not admit is there.
    assert_eq!(node.status().nodes, 1);
    assert_eq!(drain(&node, &demands).await, 75);
    assert_eq!(node.status().overshoot, 0);
}

#[tokio::test]
async fn a_store_that_may_not_be_written_to() {
    let server = RedisServer::start(&[]);
    let node = Node::with_timeout(server.port(), DEFAULT);
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 100, LONG, 100, LocalShare);
    let demands = [demand(&policy, "a")];
    for _ in 0..30 {
        admitted(node.check(&demands).await);
    }
    // It becomes the replica of something that is not there.
    let nobody = free_port().to_string();
    let _: () = server.command(&["REPLICAOF", "127.0.0.1", &nobody]).await;
    let mut passed = 30 + drain(&node, &demands).await;
    node.until(|status| !status.up).await;
    let _: () = server.command(&["REPLICAOF", "NO", "ONE"]).await;
    node.until(|status| status.up).await;
    passed += drain(&node, &demands).await;
    assert!((95..=100).contains(&passed), "{passed}");
    assert_eq!(node.status().overshoot, 0);
}

#[tokio::test]
async fn a_store_that_is_still_loading() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut part = [0; 4096];
                while let Ok(read @ 1..) = stream.read(&mut part).await {
                    let commands = part[..read].iter().filter(|byte| **byte == b'*').count();
                    let answer = "-LOADING Redis is loading the dataset in memory\r\n".repeat(commands);
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let node = Node::with_timeout(port, DEFAULT);
    let policy = shared_policy("p", 10, LONG, 10, Deny);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(300) {
        refused(node.check(&[demand(&policy, "a")]).await);
        assert!(!node.status().up);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_store_that_is_killed_and_comes_back_empty() {
    let server = RedisServer::start(&[]);
    let node = Node::with_timeout(server.port(), DEFAULT);
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 100, LONG, 100, LocalShare);
    let demands = [demand(&policy, "a")];
    let mut passed = 0;
    for _ in 0..30 {
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
    }
    let port = server.kill();
    let begun = Instant::now();
    // Callers notice nothing: those asked meanwhile are decided here.
    while node.status().up {
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
        tokio::task::yield_now().await;
    }
    let took = begun.elapsed();
    println!("switched {took:?} after the kill");
    assert!(took < SWITCH, "{took:?}");
    for _ in 0..10 {
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
    }
    assert!(passed >= 41, "{passed}");
    let _server = RedisServer::start_on(port, &[]);
    let back = node.until(|status| status.up).await;
    println!("back after {back:?}");
    assert!(back < Duration::from_secs(2), "{back:?}");
    passed += drain(&node, &demands).await;
    // A lease may have been lost with the store; nothing is admitted twice.
    assert!((95..=100).contains(&passed), "{passed}");
    assert_eq!((node.status().overshoot, node.status().outages), (0, 1));
}

#[tokio::test]
async fn a_store_that_freezes() {
    let server = RedisServer::start(&[]);
    let node = Node::with_timeout(server.port(), DEFAULT);
    node.until(|status| status.up).await;
    let (share, deny) = (
        shared_policy("share", 100, LONG, 100, LocalShare),
        shared_policy("deny", 100, LONG, 100, Deny),
    );
    let demands = [demand(&share, "a")];
    for _ in 0..50 {
        admitted(node.check(&demands).await);
    }
    server.freeze(true);
    let (mut longest, mut passed) = (Duration::ZERO, 50);
    let begun = Instant::now();
    for _ in 0..30 {
        let asked = Instant::now();
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
        longest = longest.max(asked.elapsed());
    }
    node.until(|status| !status.up).await;
    println!(
        "switched {:?} after the freeze, longest call {longest:?}",
        begun.elapsed()
    );
    assert!(
        begun.elapsed() < SWITCH && longest < SWITCH,
        "{:?} {longest:?}",
        begun.elapsed()
    );
    refused(node.check(&[demand(&deny, "a")]).await);
    assert_eq!(passed, 80);
    server.freeze(false);
    node.until(|status| status.up).await;
    passed += drain(&node, &demands).await;
    assert!((95..=100).contains(&passed), "{passed}");
    assert_eq!(node.status().overshoot, 0);
}

#[tokio::test]
async fn two_nodes_share_what_there_is_while_the_store_is_gone() {
    let server = RedisServer::start(&[]);
    let nodes = Node::fleet(server.port(), 2).await;
    let policy = shared_policy("p", 100, LONG, 100, LocalShare);
    let demands = [demand(&policy, "a")];
    admitted(nodes[0].check(&demands).await);
    let port = server.kill();
    let mut passed = 1;
    for node in &nodes {
        node.until(|status| !status.up).await;
        assert_eq!(node.status().nodes, 2, "the last known number is kept");
        passed += drain(node, &demands).await;
    }
    assert!((97..=100).contains(&passed), "{passed}");
    let _server = RedisServer::start_on(port, &[]);
    for node in &nodes {
        node.until(|status| status.up).await;
    }
    // The first call of each node says what it admitted; after that nothing is left to admit.
    let mut late = 0;
    for node in nodes.iter().chain(&nodes) {
        late += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
    }
    println!("{passed} while it was gone, {late} when it was back");
    assert!(late <= 1, "{late}");
}

#[tokio::test]
async fn a_store_that_is_full() {
    let server = RedisServer::start(&["--maxmemory-policy", "noeviction"]);
    let node = Node::with_timeout(server.port(), Duration::from_millis(500));
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 100, LONG, 100, LocalShare);
    let demands = [demand(&policy, "a")];
    admitted(node.check(&demands).await);
    let _: () = server.command(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
    // Fill it up, whatever an empty server takes by itself.
    let _: redis::Value = server
        .command(&[
            "EVAL",
            "pcall(redis.call, 'SET', 'filler', string.rep('x', 2000000)) return 1",
            "0",
        ])
        .await;
    let mut passed = 1;
    while node.status().up {
        passed += u32::from(matches!(node.check(&demands).await, Decision::Admitted(_)));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    passed += drain(&node, &demands).await;
    assert!(passed <= 100, "{passed}");
    let _: () = server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    node.until(|status| status.up).await;
    refused(node.check(&demands).await);
}

#[tokio::test]
async fn a_store_that_forgets_its_scripts() {
    let server = RedisServer::start(&[]);
    let node = Node::at(server.port());
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 50, LONG, 50, Deny);
    let mut passed = 0;
    for _ in 0..5 {
        for _ in 0..8 {
            admitted(node.check(&[demand(&policy, "a")]).await);
            passed += 1;
        }
        let _: () = server.command(&["SCRIPT", "FLUSH"]).await;
    }
    assert_eq!(passed + drain(&node, &[demand(&policy, "a")]).await, 50);
    assert_eq!((node.status().outages, node.status().failures), (0, 0));
}

#[tokio::test]
async fn who_waits_when_the_node_stops_is_answered() {
    let server = RedisServer::start(&[]);
    let node = Node::at(server.port());
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 10, LONG, 10, LocalShare);
    server.freeze(true);
    let Verdict::Later(later) = node.limits.check(&[demand(&policy, "a")]) else {
        panic!("nothing is at hand")
    };
    node.stop();
    admitted(tokio::time::timeout(Duration::from_secs(5), later).await.unwrap());
    server.freeze(false);
}

/// A store on the far side of a slow line. Callers hardly feel it: leases are renewed before they are used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_50_ms_away() {
    let server = RedisServer::start(&[]);
    let port = slow_line(server.port(), Duration::from_millis(25)).await;
    let node = Node::with_timeout(port, Duration::from_millis(500));
    node.until(|status| status.up).await;
    let policy = shared_policy("p", 50_000, Duration::from_secs(1), 50_000, LocalShare);
    let demands = [demand(&policy, "a")];
    let mut took = Vec::new();
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        clock.tick().await;
        let asked = Instant::now();
        admitted(node.check(&demands).await);
        took.push(asked.elapsed());
    }
    // The first second is learning: how busy the caller is and how far the store.
    let mut settled = took.split_off(took.len() / 3);
    settled.sort();
    let p99 = settled[settled.len() * 99 / 100];
    println!("p99 {p99:?}, max {:?}, {:?}", settled.last().unwrap(), node.status());
    assert!(p99 < Duration::from_millis(5), "{p99:?}");
    assert_eq!(node.status().outages, 0);
}

/// A proxy that passes everything on `delay` late, in both directions.
async fn slow_line(to: u16, delay: Duration) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = tokio::net::TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            near.set_nodelay(true).unwrap();
            far.set_nodelay(true).unwrap();
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(late(near_in, far_out, delay));
            tokio::spawn(late(far_in, near_out, delay));
        }
    });
    port
}

async fn late(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin + Send + 'static,
    delay: Duration,
) {
    let (sender, mut parts) = tokio::sync::mpsc::unbounded_channel::<(tokio::time::Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, part)) = parts.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&part).await.is_err() {
                return;
            }
        }
    });
    let mut part = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut part).await {
        if sender
            .send((tokio::time::Instant::now() + delay, part[..read].to_vec()))
            .is_err()
        {
            return;
        }
    }
}
