//! Every word spoken to Redis, and nothing else: two scripts over one link, each call with its own end in time.

use super::address::StoreConfig;
use super::link::{Link, Program};
use redis::{Cmd, RedisError};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The set of nodes that live.
const NODES: &str = "vagvisare:{nodes}";
/// A connection may take this many times as long as a command, and at least [`LEAST_CONNECT`].
const CONNECT_FACTOR: u32 = 5;
const LEAST_CONNECT: Duration = Duration::from_millis(100);

/// Cells at least this far apart are rare: 5 ms, in ticks.
const RARE: u64 = 20_000;

/// One exchange, as the script wants it; times in ticks.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The counter's name.
    pub(crate) name: Arc<str>,
    /// Of the lease that is asked for.
    pub(crate) lease: u64,
    pub(crate) interval: u64,
    pub(crate) burst: u32,
    /// Calls that wait for a cell.
    pub(crate) need: u32,
    /// Cells to keep, if there is plenty.
    pub(crate) want: u32,
    /// The TAT is at least this far from now; `None`: nothing is known.
    pub(crate) seed: Option<u64>,
    /// What was admitted without the store.
    pub(crate) debt: u64,
    /// Leases that are done.
    pub(crate) finished: Vec<Finished>,
}

impl Exchange {
    /// Cells come so seldom that one more exchange for each of them costs the store nothing.
    pub(crate) fn cells_are_rare(&self) -> bool {
        self.interval >= RARE
    }
}

/// A lease that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Its id.
    pub(crate) lease: u64,
    /// Cells that were not spent; more than it had: all.
    pub(crate) unspent: u32,
    /// The TAT is at least this far from now, for the others were spent when they were; ticks, may be negative.
    pub(crate) floor: i64,
}

/// What the script answers; times in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grant {
    /// Cells of the new lease.
    pub(crate) cells: u32,
    /// How far the TAT is from now.
    pub(crate) ahead: u64,
    /// When fewer were granted than needed: time until there is one.
    pub(crate) wait: u64,
    /// Cells that went back.
    pub(crate) returned: u64,
    /// Cells of leases that ended without a word from their node, whichever that was.
    pub(crate) wasted: u64,
    /// Calls that nodes admitted by themselves beyond the limit.
    pub(crate) overshoot: u64,
}

/// Why the store did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("no answer within {0:?}")]
    Slow(Duration),
    #[error("{0}")]
    Failed(#[from] RedisError),
    #[error("no sentinel of {asked} names a server for {name}")]
    NoPrimary { asked: usize, name: Arc<str> },
    #[error("{0} slots of the cluster have no server")]
    Partial(i64),
    #[error("the sentinels have chosen another server")]
    Moved,
}

/// A link that has proved itself by a first sign of life.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    link: Link,
    exchange: Arc<Program>,
    heartbeat: Arc<Program>,
    timeout: Duration,
    connect_timeout: Duration,
    life_ticks: u64,
}

impl Store {
    /// Connects, without a first word.
    pub(crate) async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let limit = (config.command_timeout * CONNECT_FACTOR).max(LEAST_CONNECT);
        let link = timeout(limit, Link::connect(config))
            .await
            .map_err(|_| StoreError::Slow(limit))??;
        Ok(Self {
            link,
            exchange: Arc::new(Program::new(include_str!("exchange.lua"))),
            heartbeat: Arc::new(Program::new(include_str!("heartbeat.lua"))),
            timeout: config.command_timeout,
            connect_timeout: limit,
            // A little longer than the node itself believes, so that clocks that run apart do no harm.
            life_ticks: ticks(config.lease_life) + ticks(config.lease_life) / 16,
        })
    }

    /// Says that `node` lives; how many do.
    pub(crate) async fn heartbeat(&self, node: u32, holds: Duration) -> Result<u32, StoreError> {
        let mut call = Cmd::new();
        call.arg("EVALSHA").arg(self.heartbeat.hash()).arg(1).arg(NODES);
        call.arg(format!("{node:08x}")).arg(holds.as_millis() as u64);
        let living: Vec<u32> = self.run(&self.heartbeat, vec![call]).await?;
        Ok(living.first().copied().unwrap_or(1).max(1))
    }

    /// Whether this is still the server to write to, and every part of the store can be written to. May be slower than a
    /// command.
    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        timeout(self.connect_timeout, self.link.check())
            .await
            .unwrap_or(Err(StoreError::Slow(self.connect_timeout)))
    }

    /// Many exchanges in one go; as many answers in the same order, or none at all.
    pub(crate) async fn exchange(&self, batch: &[Exchange], nodes: u32) -> Result<Vec<Grant>, StoreError> {
        let calls = batch.iter().map(|exchange| self.call(exchange, nodes)).collect();
        let answers: Vec<(u32, u64, u64, u64, u64, u64)> = self.run(&self.exchange, calls).await?;
        let grant = |(cells, ahead, wait, returned, wasted, overshoot)| Grant {
            cells,
            ahead,
            wait,
            returned,
            wasted,
            overshoot,
        };
        Ok(answers.into_iter().map(grant).collect())
    }

    fn call(&self, exchange: &Exchange, nodes: u32) -> Cmd {
        let mut call = Cmd::new();
        call.arg("EVALSHA")
            .arg(self.exchange.hash())
            .arg(1)
            .arg(&*exchange.name)
            .arg(format!("{:x}", exchange.lease))
            .arg(exchange.interval)
            .arg(exchange.burst)
            .arg(exchange.need)
            .arg(exchange.want)
            .arg(nodes.max(1))
            .arg(self.life_ticks)
            .arg(exchange.seed.map_or(-1, |seed| i64::try_from(seed).unwrap_or(i64::MAX)))
            .arg(exchange.debt);
        for finished in &exchange.finished {
            call.arg(format!("{:x}", finished.lease))
                .arg(finished.unspent)
                .arg(finished.floor);
        }
        call
    }

    async fn run<T: redis::FromRedisValue>(&self, program: &Program, calls: Vec<Cmd>) -> Result<Vec<T>, StoreError> {
        timeout(self.timeout, self.link.run(program, calls))
            .await
            .map_err(|_| StoreError::Slow(self.timeout))?
            .map_err(StoreError::from)
    }
}

/// Ticks of a quarter microsecond, rounded up.
pub(crate) fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(250)).unwrap_or(u64::MAX)
}
