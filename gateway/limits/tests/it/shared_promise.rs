//! The promise: all nodes together admit at most `burst + quota * t / window` in any stretch of time `t`, and nearly that
//! much when enough is asked of them.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

use crate::redis_server::{Node, RedisServer};
use crate::support::{demand, shared_policy};
use limits::{Decision, Verdict};
use snapshot::{LimitPolicy, OnStoreFailure};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One admitted call: it was admitted somewhere between these times.
#[derive(Clone, Copy)]
struct Admitted {
    from: Instant,
    to: Instant,
}

/// Calls `node` steadily, `rate` times a second, until `end`.
async fn drive(node: &Node, policy: &Arc<LimitPolicy>, rate: f64, end: Instant) -> Vec<Admitted> {
    let demands = [demand(policy, "app")];
    let (begun, mut made, mut admitted) = (Instant::now(), 0_u32, Vec::new());
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    while Instant::now() < end {
        clock.tick().await;
        while f64::from(made) < begun.elapsed().as_secs_f64() * rate && Instant::now() < end {
            made += 1;
            let from = Instant::now();
            if matches!(node.check(&demands).await, Decision::Admitted(_)) {
                admitted.push(Admitted {
                    from,
                    to: Instant::now(),
                });
            }
        }
    }
    admitted
}

/// Time for which this machine had other things to do, until `end`: nobody can use a limit meanwhile.
async fn stalls(end: Instant) -> Duration {
    let (mut last, mut lost) = (Instant::now(), Duration::ZERO);
    while last < end {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if last.elapsed() > Duration::from_millis(10) {
            lost += last.elapsed();
        }
        last = Instant::now();
    }
    lost
}

/// What `nodes` admit of `rates` calls a second each in `length`: never more than the limit; the share of it that was used.
async fn saturate(policy: &Arc<LimitPolicy>, rates: &[f64], length: Duration) -> f64 {
    let server = RedisServer::start(&[]);
    let nodes = Node::fleet(server.port(), u32::try_from(rates.len()).unwrap()).await;
    let begun = Instant::now();
    let drivers = nodes.into_iter().zip(rates).map(|(node, &rate)| {
        let policy = Arc::clone(policy);
        tokio::spawn(async move {
            let admitted = drive(&node, &policy, rate, begun + length).await;
            (admitted, node)
        })
    });
    let stalled = tokio::spawn(stalls(begun + length));
    let (mut admitted, mut status) = (Vec::new(), Vec::new());
    for driver in drivers.collect::<Vec<_>>() {
        let (of_node, node) = driver.await.unwrap();
        admitted.extend(of_node);
        status.push(node.status());
    }
    let passed = begun.elapsed().as_secs_f64();
    let bound = |seconds: f64| {
        f64::from(policy.burst.get()) + f64::from(policy.quota.get()) * seconds / policy.window.as_secs_f64()
    };
    assert!(
        status.iter().all(|status| status.outages == 0 && status.overshoot == 0),
        "{status:?}"
    );
    hold_to(&mut admitted, bound);
    let stalled = stalled.await.unwrap().as_secs_f64();
    let used = |seconds: f64| admitted.len() as f64 / bound(seconds);
    let exchanges: u64 = status.iter().map(|status| status.exchanges).sum();
    println!(
        "{} nodes, {}/{:?} burst {}: {} admitted of {:.0} possible, {:.2} % unused, machine away {stalled:.3} s, {exchanges} exchanges",
        rates.len(),
        policy.quota,
        policy.window,
        policy.burst,
        admitted.len(),
        bound(passed),
        (1.0 - used(passed)) * 100.0,
    );
    used(passed - stalled)
}

/// No stretch of time, from any admitted call to any later one, holds more than the bound.
fn hold_to(admitted: &mut [Admitted], bound: impl Fn(f64) -> f64) {
    admitted.sort_by_key(|call| call.from);
    let step = 1 + admitted.len() / 256;
    for (at, first) in admitted.iter().enumerate().step_by(step) {
        // Those certainly admitted between the beginning of the first and the end of the last one looked at.
        let mut ends: Vec<_> = admitted[at..].iter().map(|call| call.to).collect();
        ends.sort();
        let worst = ends
            .iter()
            .enumerate()
            .step_by(1 + ends.len() / 64)
            .find(|(count, end)| (count + 1) as f64 > bound(end.duration_since(first.from).as_secs_f64()) + 1e-6);
        assert!(worst.is_none(), "{worst:?} after {at}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node() {
    let policy = shared_policy("p", 1000, Duration::from_secs(1), 200, OnStoreFailure::Deny);
    let used = saturate(&policy, &[2500.0], Duration::from_secs(2)).await;
    assert!(used > 0.97, "{used}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_of_which_one_has_nearly_all() {
    let policy = shared_policy("p", 1000, Duration::from_secs(1), 200, OnStoreFailure::Deny);
    let used = saturate(&policy, &[2000.0, 50.0], Duration::from_secs(2)).await;
    assert!(used > 0.97, "{used}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_nodes_unevenly() {
    let policy = shared_policy("p", 1000, Duration::from_secs(1), 200, OnStoreFailure::Deny);
    let rates = [1200.0, 600.0, 300.0, 150.0, 75.0, 40.0, 20.0, 10.0];
    let used = saturate(&policy, &rates, Duration::from_secs(2)).await;
    assert!(used > 0.97, "{used}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_nodes_and_a_bucket_of_two() {
    let policy = shared_policy("p", 50, Duration::from_secs(1), 2, OnStoreFailure::Deny);
    let used = saturate(&policy, &[100.0; 8], Duration::from_secs(2)).await;
    assert!(used > 0.97, "{used}");
}

/// Leases are taken while the bucket is full, and kept; the bucket must not fill up behind them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_does_not_make_cells() {
    let policy = shared_policy("p", 400, Duration::from_secs(1), 400, OnStoreFailure::Deny);
    let server = RedisServer::start(&[]);
    let nodes = Node::fleet(server.port(), 2).await;
    let mut admitted = Vec::new();
    for _ in 0..4 {
        // Steady calls make the first node hold leases, then it holds still for less than a lease's life.
        admitted.extend(drive(&nodes[0], &policy, 380.0, Instant::now() + Duration::from_millis(300)).await);
        tokio::time::sleep(Duration::from_millis(150)).await;
        let end = Instant::now() + Duration::from_millis(100);
        let (one, other) = tokio::join!(drive(&nodes[0], &policy, 9e9, end), drive(&nodes[1], &policy, 9e9, end));
        admitted.extend(one.into_iter().chain(other));
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert!(admitted.len() > 1000, "{}", admitted.len());
    hold_to(&mut admitted, |seconds| 400.0 + 400.0 * seconds);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_nodes_that_all_wake_at_once() {
    // The whole bucket is there, and more is asked for at once than is in it.
    let policy = shared_policy("p", 100, Duration::from_secs(100), 100, OnStoreFailure::Deny);
    let server = RedisServer::start(&[]);
    let nodes = Node::fleet(server.port(), 8).await;
    let begun = Instant::now();
    let calls = nodes.iter().flat_map(|node| (0..40).map(move |_| node)).map(|node| {
        let (limits, policy) = (node.limits.clone(), Arc::clone(&policy));
        tokio::spawn(async move {
            match limits.check(&[demand(&policy, "app")]) {
                Verdict::Now(decision) => decision,
                Verdict::Later(later) => later.await,
            }
        })
    });
    let mut admitted = 0;
    for call in calls.collect::<Vec<_>>() {
        admitted += u32::from(matches!(call.await.unwrap(), Decision::Admitted(_)));
    }
    assert!(
        f64::from(admitted) <= 100.0 + begun.elapsed().as_secs_f64(),
        "{admitted}"
    );
    assert!(admitted >= 97, "{admitted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn below_the_limit_hardly_a_call_waits() {
    let policy = shared_policy("p", 100_000, Duration::from_secs(1), 100_000, OnStoreFailure::Deny);
    let server = RedisServer::start(&[]);
    let node = Node::at(server.port());
    node.until(|status| status.up).await;
    let (mut waited, mut calls) = (0, 0);
    let end = Instant::now() + Duration::from_secs(1);
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    while Instant::now() < end {
        clock.tick().await;
        for _ in 0..4 {
            calls += 1;
            let decision = match node.limits.check(&[demand(&policy, "app")]) {
                Verdict::Now(decision) => decision,
                Verdict::Later(later) => {
                    waited += 1;
                    later.await
                }
            };
            assert!(matches!(decision, Decision::Admitted(_)), "{decision:?}");
        }
    }
    println!("{waited} of {calls} calls waited, {:?}", node.status());
    assert!(waited * 50 < calls, "{waited} of {calls}");
}
