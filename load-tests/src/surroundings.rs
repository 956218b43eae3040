//! What stands beside the servers of a comparison: a Redis, a receiver of traces, somebody who reads metrics. All on the
//! generator's core.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::generator::{self, Pace, Plan};
use crate::peers::Subject;
use crate::running::{Running, find, free_address};

/// As a Prometheus would.
const SCRAPE: Duration = Duration::from_secs(5);

/// The servers that a rung needs besides its competitors.
#[derive(Default)]
pub(crate) struct Neighbours {
    redis: Option<(SocketAddr, Running)>,
    receiver: Option<(SocketAddr, Running)>,
}

impl Neighbours {
    /// A Redis that writes nothing to disk.
    pub(crate) async fn start_redis(&mut self, folder: &Path) -> Result<()> {
        let program = find("redis-server").context("redis-server is not installed")?;
        let address = free_address()?;
        let port = address.port().to_string();
        let words = [
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--save",
            "",
            "--appendonly",
            "no",
            "--loglevel",
            "warning",
        ];
        let running = start(&program, &words, folder, address).await?;
        self.redis = Some((address, running));
        Ok(())
    }

    /// An OTLP receiver that throws away what it gets.
    pub(crate) async fn start_receiver(&mut self, folder: &Path) -> Result<()> {
        let program = find("rotel")
            .or_else(installed)
            .context("rotel is not installed (`cargo xtask test` installs it)")?;
        let (address, http) = (free_address()?, free_address()?);
        let (grpc, http) = (address.to_string(), http.to_string());
        let words = [
            "start",
            "--otlp-grpc-endpoint",
            &grpc,
            "--otlp-http-endpoint",
            &http,
            "--exporter",
            "blackhole",
        ];
        let running = start(&program, &words, folder, address).await?;
        self.receiver = Some((address, running));
        Ok(())
    }

    /// Where the Redis is.
    pub(crate) fn redis(&self) -> Option<SocketAddr> {
        self.redis.as_ref().map(|(address, _)| *address)
    }

    /// The process of the Redis.
    pub(crate) fn redis_id(&self) -> Option<u32> {
        self.redis.as_ref().map(|(_, running)| running.id())
    }

    /// Where spans go.
    pub(crate) fn receiver(&self) -> Option<SocketAddr> {
        self.receiver.as_ref().map(|(address, _)| *address)
    }

    /// Ends all of them.
    pub(crate) async fn stop(self) -> Result<()> {
        for (_, running) in [self.redis, self.receiver].into_iter().flatten() {
            running.stop().await?;
        }
        Ok(())
    }
}

async fn start(program: &Path, words: &[&str], folder: &Path, address: SocketAddr) -> Result<Running> {
    let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
    Running::start(program, &words, None, folder, address).await
}

/// Where `cargo xtask test` puts it.
fn installed() -> Option<PathBuf> {
    std::path::absolute("target/test-tools/bin/rotel")
        .ok()
        .filter(|file| file.is_file())
}

/// Reads the metrics of `subject` every five seconds until what comes back is dropped.
pub(crate) fn read_metrics(subject: &Subject) -> Option<JoinSet<()>> {
    let target = subject.metrics.clone()?;
    let mut reading = JoinSet::new();
    reading.spawn(async move {
        let mut clock = tokio::time::interval(SCRAPE);
        loop {
            clock.tick().await;
            let once = Plan {
                pace: Pace::Open { per_second: 1 },
                duration: Duration::from_millis(1),
                least_body: 1,
                ..Plan::of(target.clone())
            };
            // A server that does not answer shows in its own figures.
            let _ = generator::run(once).await;
        }
    });
    Some(reading)
}
