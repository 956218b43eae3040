//! A real Redis of a test's own, and nodes that count in it.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use limits::{Decision, Demand, Limiter, Limits, StoreConfig, StoreStatus, Verdict};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use test_parts::{free_port, tool};
use tokio::task::JoinHandle;

/// Longer than anything here may take.
const BOUND: Duration = Duration::from_secs(20);

/// A server on loopback that writes nothing to disk. Killed when dropped.
pub(crate) struct RedisServer {
    port: u16,
    child: Child,
}

impl RedisServer {
    /// On a free port.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_on(free_port(), arguments)
    }

    /// On this port.
    pub(crate) fn start_on(port: u16, arguments: &[&str]) -> Self {
        let child = Command::new(tool("redis-server"))
            .args([
                "--enable-debug-command",
                "local",
                "--bind",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        Self::listening(port, child)
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) -> u16 {
        self.end();
        self.port
    }

    /// Stops it from doing anything, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// A sentinel on a free port, with this configuration in `folder`.
    pub(crate) fn sentinel(folder: &std::path::Path, lines: &[String]) -> Self {
        let port = free_port();
        let file = folder.join(format!("sentinel-{port}.conf"));
        let text = format!("port {port}\nbind 127.0.0.1\n{}\n", lines.join("\n"));
        std::fs::write(&file, text).expect("a folder to write in");
        let child = Command::new(tool("redis-server"))
            .arg(&file)
            .arg("--sentinel")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        Self::listening(port, child)
    }

    fn listening(port: u16, child: Child) -> Self {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < BOUND, "redis-server does not listen");
            std::thread::yield_now();
        }
        Self { port, child }
    }

    /// Asks `words` until the answer, as text, is as wanted.
    pub(crate) async fn answers(&self, words: &[&str], wanted: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let answer: redis::Value = self.command(words).await;
            let text = match &answer {
                redis::Value::BulkString(text) => String::from_utf8_lossy(text).into_owned(),
                redis::Value::VerbatimString { text, .. } => text.clone(),
                other => format!("{other:?}"),
            };
            if wanted(&text) {
                return;
            }
            assert!(begun.elapsed() < BOUND, "{words:?}: {text}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// One command and its answer.
    pub(crate) async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("it listens");
        let mut command = redis::cmd(words.first().expect("a command"));
        for word in words.iter().skip(1) {
            command.arg(word);
        }
        command.query_async(&mut connection).await.expect("it answers")
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// A node that counts in a store. Stops when dropped.
pub(crate) struct Node {
    /// Its limits.
    pub(crate) limits: Limits,
    keeper: JoinHandle<()>,
}

impl Node {
    /// A node whose store is at `port`, be it there or not. Commands may take long: what is tested is not this machine's
    /// speed.
    pub(crate) fn at(port: u16) -> Self {
        Self::with_timeout(port, Duration::from_secs(2))
    }

    /// A node that waits this long for its store.
    pub(crate) fn with_timeout(port: u16, command_timeout: Duration) -> Self {
        let mut store = StoreConfig::new(&format!("redis://127.0.0.1:{port}")).expect("an address");
        store.command_timeout = command_timeout;
        Self::on(store)
    }

    /// A node with this store.
    pub(crate) fn on(store: StoreConfig) -> Self {
        let (limits, keeper) = Limits::with_store(Limiter::new(), store);
        Self {
            limits,
            keeper: tokio::spawn(keeper.run()),
        }
    }

    /// `count` nodes that know of each other.
    pub(crate) async fn fleet(port: u16, count: u32) -> Vec<Self> {
        let nodes: Vec<_> = (0..count).map(|_| Self::at(port)).collect();
        for node in &nodes {
            node.until(|status| status.up && status.nodes == count).await;
        }
        nodes
    }

    /// Decides, and waits for the decision where that is needed.
    pub(crate) async fn check(&self, demands: &[Demand<'_>]) -> Decision {
        match self.limits.check(demands) {
            Verdict::Now(decision) => decision,
            Verdict::Later(later) => later.await,
        }
    }

    /// How its store is.
    pub(crate) fn status(&self) -> StoreStatus {
        self.limits.store().expect("it has a store")
    }

    /// Waits until its store is as wanted; how long that took.
    pub(crate) async fn until(&self, wanted: impl Fn(&StoreStatus) -> bool) -> Duration {
        let begun = Instant::now();
        while !wanted(&self.status()) {
            assert!(begun.elapsed() < BOUND, "{:?}", self.status());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        begun.elapsed()
    }

    /// Ends the task that keeps the leases, as a stop of the node does.
    pub(crate) fn stop(&self) {
        self.keeper.abort();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}
