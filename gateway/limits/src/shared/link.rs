//! The connection behind a store: to one server, to the one that sentinels name, or to all of a cluster.

use super::address::{Place, StoreConfig, is_tls};
use super::store::StoreError;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, Pipeline,
    RedisError, Script, ServerErrorKind, Value,
};
use std::sync::Arc;

/// Slots of every cluster.
const SLOTS: i64 = 16_384;
/// Redirections of a cluster that one call follows. The time of a call ends it before they do.
const REDIRECTIONS: u32 = 4;

/// One connection, whatever is behind it. A copy is another handle to it.
#[derive(Clone)]
pub(crate) enum Link {
    One(MultiplexedConnection),
    /// The server that the sentinels named, and how to ask them again.
    Named(MultiplexedConnection, Arc<Named>),
    Cluster(ClusterConnection),
}

/// A script: its text, for servers that do not know it yet, and the name they know it by.
#[derive(Debug)]
pub(crate) struct Program {
    text: &'static str,
    script: Script,
}

impl Program {
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text,
            script: Script::new(text),
        }
    }

    pub(crate) fn hash(&self) -> &str {
        self.script.get_hash()
    }
}

/// Who named a server, and which.
pub(crate) struct Named {
    config: StoreConfig,
    address: (String, u16),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::One(_) => "one server",
            Self::Named(..) => "the sentinels' server",
            Self::Cluster(_) => "a cluster",
        })
    }
}

impl Link {
    /// Connects. Takes as long as it takes: the caller has a time for it.
    pub(crate) async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        match &config.place {
            Place::One(server) => Ok(Self::One(open(server, config).await?)),
            Place::Sentinels { sentinels, server, .. } => {
                let address = primary(config).await?;
                let place = match sentinels.first().is_some_and(is_tls) {
                    true => ConnectionAddr::TcpTls {
                        host: address.0.clone(),
                        port: address.1,
                        insecure: false,
                        tls_params: None,
                    },
                    false => ConnectionAddr::Tcp(address.0.clone(), address.1),
                };
                let Some(model) = sentinels.first() else {
                    return Err(no_primary(config));
                };
                let server = model.clone().set_addr(place).set_redis_settings(server.clone());
                let named = Named {
                    config: config.clone(),
                    address,
                };
                Ok(Self::Named(open(&server, config).await?, Arc::new(named)))
            }
            Place::Cluster(servers) => {
                let mut builder = ClusterClientBuilder::new(servers.clone())
                    .retries(REDIRECTIONS)
                    .min_retry_wait(1)
                    .max_retry_wait(u64::try_from(config.command_timeout.as_millis()).unwrap_or(20).max(2))
                    .connection_timeout(config.command_timeout * 5)
                    .response_timeout(config.command_timeout);
                if config.root.is_some() {
                    builder = builder.certs(config.certificates());
                }
                Ok(Self::Cluster(builder.build()?.get_async_connection().await?))
            }
        }
    }

    /// Runs calls of `program`, as many answers in the same order. A server that does not know the script (any more) is
    /// told it.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        program: &Program,
        calls: Vec<Cmd>,
    ) -> Result<Vec<T>, RedisError> {
        match self {
            Self::One(connection) | Self::Named(connection, _) => {
                let mut connection = connection.clone();
                let mut pipeline = Pipeline::with_capacity(calls.len());
                calls.into_iter().for_each(|call| {
                    pipeline.add_command(call);
                });
                match pipeline.query_async(&mut connection).await {
                    Err(error) if is_unknown_script(&error) => {
                        // What did run before the script went may run again: a cell may be lost for a lease's life,
                        // none is ever granted twice. In one transaction, so that the script cannot go in between.
                        let mut whole = Pipeline::with_capacity(pipeline.len() + 1);
                        whole.atomic().cmd("SCRIPT").arg("LOAD").arg(program.text).ignore();
                        pipeline.cmd_iter().for_each(|call| {
                            whole.add_command(call.clone());
                        });
                        whole.query_async(&mut connection).await
                    }
                    other => other,
                }
            }
            // Counters live all over a cluster, so each call finds its own way; they are under way together.
            Self::Cluster(connection) => {
                let calls = calls
                    .into_iter()
                    .map(|call| run_in_cluster(connection.clone(), program, call));
                futures_util::future::try_join_all(calls).await
            }
        }
    }

    /// Whether this is still the place to count.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        match self {
            Self::One(_) => Ok(()),
            Self::Named(_, named) => match primary(&named.config).await {
                Ok(address) if address != named.address => Err(StoreError::Moved),
                // Sentinels that are gone say nothing against a server that answers.
                Ok(_) | Err(_) => Ok(()),
            },
            Self::Cluster(connection) => check_cluster(connection.clone()).await,
        }
    }
}

/// Every slot has a server, and each of them answers. A cluster says that it is whole for a while after a server has died.
async fn check_cluster(connection: ClusterConnection) -> Result<(), StoreError> {
    let (covered, servers) = masters(connection.clone()).await?;
    if covered < SLOTS {
        return Err(StoreError::Partial(SLOTS - covered));
    }
    let asked = servers.into_iter().map(|(host, port)| {
        let mut connection = connection.clone();
        async move {
            let there = RoutingInfo::SingleNode(SingleNodeRoutingInfo::ByAddress { host, port });
            connection.route_command(redis::cmd("PING"), there).await
        }
    });
    futures_util::future::try_join_all(asked).await?;
    Ok(())
}

/// How many slots have a server, and which servers those are.
async fn masters(mut connection: ClusterConnection) -> Result<(i64, Vec<(String, u16)>), RedisError> {
    let slots = connection
        .route_command(
            redis::cmd("CLUSTER").arg("SLOTS").take(),
            RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random),
        )
        .await?;
    let ranges: Vec<Vec<Value>> = redis::from_redis_value(slots)?;
    let (mut covered, mut servers) = (0, Vec::new());
    for range in ranges {
        let mut parts = range.into_iter();
        let mut next = || parts.next().unwrap_or(Value::Nil);
        let (first, last): (i64, i64) = (redis::from_redis_value(next())?, redis::from_redis_value(next())?);
        let server: Vec<Value> = redis::from_redis_value(next())?;
        let mut parts = server.into_iter();
        let mut next = || parts.next().unwrap_or(Value::Nil);
        servers.push((
            redis::from_redis_value::<String>(next())?,
            redis::from_redis_value::<u16>(next())?,
        ));
        covered += last - first + 1;
    }
    servers.sort();
    servers.dedup();
    Ok((covered, servers))
}

async fn run_in_cluster<T: FromRedisValue>(
    mut connection: ClusterConnection,
    program: &Program,
    call: Cmd,
) -> Result<T, RedisError> {
    let value = match ask(&mut connection, &call).await {
        Err(error) if is_unknown_script(&error) => {
            // With its text, so that the very server that lacks it hears it.
            let mut whole = Cmd::new();
            for (position, argument) in call.args_iter().enumerate() {
                match (position, argument) {
                    (0, _) => whole.arg("EVAL"),
                    (1, _) => whole.arg(program.text),
                    (_, redis::Arg::Simple(bytes)) => whole.arg(bytes),
                    _ => &mut whole,
                };
            }
            ask(&mut connection, &whole).await?
        }
        other => other?,
    };
    Ok(T::from_redis_value(value)?)
}

/// An error that the server answers with is an answer to a cluster's connection.
async fn ask(connection: &mut ClusterConnection, call: &Cmd) -> Result<Value, RedisError> {
    match connection.req_packed_command(call).await? {
        Value::ServerError(error) => Err(error.into()),
        value => Ok(value),
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

async fn open(server: &ConnectionInfo, config: &StoreConfig) -> Result<MultiplexedConnection, StoreError> {
    // Every call has its end in `Store`, so the crate's own are off.
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let client = match is_tls(server) && config.root.is_some() {
        true => Client::build_with_tls(server.clone(), config.certificates())?,
        false => Client::open(server.clone())?,
    };
    Ok(client.get_multiplexed_async_connection_with_config(&settings).await?)
}

/// The server that the first sentinel to answer names. All are asked at once: one that is gone must not hold us up.
async fn primary(config: &StoreConfig) -> Result<(String, u16), StoreError> {
    let Place::Sentinels { sentinels, name, .. } = &config.place else {
        return Err(no_primary(config));
    };
    let asked = sentinels.iter().map(|sentinel| {
        Box::pin(async move {
            let mut connection = open(sentinel, config).await?;
            let address: Option<(String, u16)> = redis::cmd("SENTINEL")
                .arg("get-master-addr-by-name")
                .arg(&**name)
                .query_async(&mut connection)
                .await?;
            address.ok_or_else(|| no_primary(config))
        })
    });
    match futures_util::future::select_ok(asked).await {
        Ok((address, _)) => Ok(address),
        Err(error) => Err(error),
    }
}

fn no_primary(config: &StoreConfig) -> StoreError {
    match &config.place {
        Place::Sentinels { sentinels, name, .. } => StoreError::NoPrimary {
            asked: sentinels.len(),
            name: Arc::clone(name),
        },
        Place::One(_) | Place::Cluster(_) => StoreError::NoPrimary {
            asked: 0,
            name: "".into(),
        },
    }
}
