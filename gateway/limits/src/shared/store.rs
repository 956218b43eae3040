//! Every word spoken to Redis, and nothing else: two scripts over one connection, each call with its own end in time.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, IntoConnectionInfo, Pipeline, RedisError, Script};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The set of nodes that live.
const NODES: &str = "vagvisare:{nodes}";
/// A connection may take this many times as long as a command, and at least [`LEAST_CONNECT`].
const CONNECT_FACTOR: u32 = 5;
const LEAST_CONNECT: Duration = Duration::from_millis(100);

/// Where the store is and how long it may take.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    address: ConnectionInfo,
    /// How long one command may take; after two of that the store counts as gone.
    pub command_timeout: Duration,
    /// How long cells that nobody spends stay at a node.
    pub(crate) lease_life: Duration,
}

/// An address that cannot be one of a store.
#[derive(Debug, thiserror::Error)]
#[error("is not an address such as redis://127.0.0.1:6379")]
pub struct AddressError;

impl StoreConfig {
    /// The store at `address`, `redis://[user:password@]host:port[/db]`, with 20 ms for a command.
    ///
    /// # Errors
    /// An address of another form, or one that asks for TLS, which is not built in.
    pub fn new(address: &str) -> Result<Self, AddressError> {
        if !address.starts_with("redis://") {
            return Err(AddressError);
        }
        let address = address.into_connection_info().map_err(|_| AddressError)?;
        let settings = address.tcp_settings().clone().set_nodelay(true);
        Ok(Self {
            address: address.set_tcp_settings(settings),
            command_timeout: Duration::from_millis(20),
            lease_life: Duration::from_millis(250),
        })
    }
}

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
}

/// A connection that has proved itself: scripts loaded, sign of life written.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    connection: MultiplexedConnection,
    exchange: Arc<Script>,
    heartbeat: Arc<Script>,
    timeout: Duration,
    life_ticks: u64,
}

impl Store {
    /// Connects, without a first word.
    pub(crate) async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let limit = (config.command_timeout * CONNECT_FACTOR).max(LEAST_CONNECT);
        // Every call has its end here, so the crate's own are off.
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let client = Client::open(config.address.clone())?;
        let connecting = client.get_multiplexed_async_connection_with_config(&settings);
        let connection = timeout(limit, connecting)
            .await
            .map_err(|_| StoreError::Slow(limit))??;
        Ok(Self {
            connection,
            exchange: Arc::new(Script::new(include_str!("exchange.lua"))),
            heartbeat: Arc::new(Script::new(include_str!("heartbeat.lua"))),
            timeout: config.command_timeout,
            // A little longer than the node itself believes, so that clocks that run apart do no harm.
            life_ticks: ticks(config.lease_life) + ticks(config.lease_life) / 16,
        })
    }

    /// Says that `node` lives; how many do.
    pub(crate) async fn heartbeat(&self, node: u32, holds: Duration) -> Result<u32, StoreError> {
        let mut pipeline = Pipeline::new();
        pipeline
            .cmd("EVALSHA")
            .arg(self.heartbeat.get_hash())
            .arg(1)
            .arg(NODES)
            .arg(format!("{node:08x}"))
            .arg(holds.as_millis() as u64);
        let living: Vec<u32> = self.run(&pipeline).await?;
        Ok(living.first().copied().unwrap_or(1).max(1))
    }

    /// Many exchanges in one go; as many answers in the same order, or none at all.
    pub(crate) async fn exchange(&self, batch: &[Exchange], nodes: u32) -> Result<Vec<Grant>, StoreError> {
        let mut pipeline = Pipeline::with_capacity(batch.len());
        for exchange in batch {
            self.push(&mut pipeline, exchange, nodes);
        }
        let answers: Vec<(u32, u64, u64, u64, u64, u64)> = self.run(&pipeline).await?;
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

    fn push(&self, pipeline: &mut Pipeline, exchange: &Exchange, nodes: u32) {
        pipeline
            .cmd("EVALSHA")
            .arg(self.exchange.get_hash())
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
            pipeline
                .arg(format!("{:x}", finished.lease))
                .arg(finished.unspent)
                .arg(finished.floor);
        }
    }

    /// Runs a pipeline of script calls; scripts that the server does not know (any more) are loaded, once.
    async fn run<T: redis::FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, StoreError> {
        let mut connection = self.connection.clone();
        let work = async {
            match pipeline.query_async(&mut connection).await {
                Err(error) if error.kind() == redis::ErrorKind::Server(redis::ServerErrorKind::NoScript) => {
                    // What did run before the scripts went may run again: a cell may be lost for a lease's life,
                    // none is ever granted twice.
                    self.exchange.load_async(&mut connection).await?;
                    self.heartbeat.load_async(&mut connection).await?;
                    pipeline.query_async(&mut connection).await
                }
                other => other,
            }
        };
        Ok(timeout(self.timeout, work)
            .await
            .map_err(|_| StoreError::Slow(self.timeout))??)
    }
}

/// Ticks of a quarter microsecond, rounded up.
pub(crate) fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(250)).unwrap_or(u64::MAX)
}
