//! Two gateways that count together in a real Redis.

use crate::support::{Gateway, echo, gateway, origin};
use limits::{Keeper, Limiter, Limits, Shelf, StoreConfig};
use snapshot::{LimitPer, OnStoreFailure};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use test_parts::{free_port, tool};

const HOUR: Duration = Duration::from_secs(3600);
const BOUND: Duration = Duration::from_secs(20);

/// A Redis of the test's own; killed when dropped.
pub(crate) struct Store {
    port: u16,
    child: Child,
}

impl Store {
    pub(crate) fn start() -> Self {
        let port = free_port();
        let child = Command::new(tool("redis-server"))
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()])
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < BOUND, "redis-server does not listen");
            std::thread::yield_now();
        }
        Self { port, child }
    }

    fn config(&self) -> StoreConfig {
        StoreConfig::new(&format!("redis://127.0.0.1:{}", self.port)).unwrap()
    }

    /// A node's shelf in it.
    pub(crate) fn shelf(&self) -> Shelf {
        Shelf::with_store(self.config())
    }

    fn limits(&self) -> (Limits, Keeper) {
        let mut store = self.config();
        store.command_timeout = Duration::from_secs(2);
        Limits::with_store(Limiter::new(), store)
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until(limits: &Limits, up: bool) {
    let begun = Instant::now();
    while limits.store().unwrap().up != up {
        assert!(begun.elapsed() < BOUND, "{:?}", limits.store());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn status(gateway: &Gateway) -> u16 {
    gateway.get("/test/v1/any/a", &[]).await.status().as_u16()
}

#[tokio::test]
async fn what_one_gateway_admits_the_other_knows_of() {
    let mut store = Store::start();
    let origin = origin(echo).await;
    let mut gateways = Vec::new();
    for _ in 0..2 {
        let (limits, keeper) = store.limits();
        tokio::spawn(keeper.run());
        until(&limits, true).await;
        let builder = gateway(origin).limit(LimitPer::Address, 5, HOUR);
        gateways.push((builder.counting_with(&limits, OnStoreFailure::Deny).start(), limits));
    }
    for left in (0..5).rev() {
        let response = gateways[left % 2].0.get("/test/v1/any/a", &[]).await;
        assert_eq!(response.status(), 200);
        let standing = response.headers()["ratelimit"].to_str().unwrap();
        assert!(
            standing.starts_with(&format!("\"name-0\";r={left};t=")),
            "{left}: {standing}"
        );
    }
    for (gateway, _) in &gateways {
        let response = gateway.get("/test/v1/any/a", &[]).await;
        assert_eq!(response.status(), 429);
        let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((710..=720).contains(&wait), "{wait}");
    }
    store.kill();
    for (gateway, limits) in &gateways {
        until(limits, false).await;
        assert_eq!(status(gateway).await, 429, "the policy says deny");
    }
}

#[tokio::test]
async fn callers_notice_nothing_when_the_store_goes() {
    let mut store = Store::start();
    let (limits, keeper) = store.limits();
    tokio::spawn(keeper.run());
    until(&limits, true).await;
    let builder = gateway(origin(echo).await).limit(LimitPer::Address, 1000, HOUR);
    let gateway = builder.counting_with(&limits, OnStoreFailure::LocalShare).start();
    for call in 0..60 {
        if call == 20 {
            store.kill();
        }
        assert_eq!(status(&gateway).await, 200, "call {call}");
    }
    until(&limits, false).await;
}
