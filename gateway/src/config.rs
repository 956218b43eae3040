//! The configuration file of one node: what is in it, its defaults, and everything that may be wrong with it.
//!
//! One file, no environment variables, no flags that override it: what the file says holds. Paths are relative to the
//! file. Only `[registry]` must be there, with a document or a database; every other default is safe for a node that faces callers.

mod identity;
mod limits;
mod listen;
mod registry;
mod telemetry;
mod url;

pub use self::identity::{Identity, People, TokenService};
pub use self::registry::{RegistrySource, RegistryStore};

use ::document::{Problems, Source, Table};
use ::identity::token::Issuer;
use edge::middleware::client_address::{Cidr, Network};
use edge::server::TlsConfig;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What a node is configured to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[listen]`: the data plane's listener.
    pub listen: Listen,
    /// `[operations] listen`: health, metrics, traces; not for callers.
    pub operations: SocketAddr,
    /// `[gateway]`.
    pub gateway: Gateway,
    /// `[registry]`.
    pub registry: RegistrySource,
    /// `[identity]`.
    pub identity: Identity,
    /// `[telemetry]` and `[telemetry.otlp]`, with the node's name and public host filled in.
    pub telemetry: ::telemetry::Config,
    /// `[limits]`: where shared limits are counted; `None`: each node counts for itself.
    pub shared_limits: Option<::limits::StoreConfig>,
    /// `[limits] ledger`: where quotas of a day or a month are kept, `sqlite:PATH` or `postgres://...` (may hold a password);
    /// the registry's database unless given; `None`: nowhere, and no limit may be one.
    pub quota_ledger: Option<String>,
    /// `[network] trusted_proxies`: whose `X-Forwarded-For` is believed.
    pub network: Network,
    /// `[network] allow_private_backends`: whether the registry may name backends on loopback and private networks.
    pub allow_private_backends: bool,
}

/// `[listen]`.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// `[listen.tls]`; `None`: plain text.
    pub tls: Option<TlsConfig>,
}

/// `[gateway]`.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// `scheme://host[:port]` under which callers know the gateway; `None`: taken from each request's `Host`.
    pub public_base_url: Option<String>,
    /// Worker threads; 0: one for each processor.
    pub worker_threads: usize,
    /// Requests in flight in the whole process.
    pub max_in_flight: usize,
    /// Open connections in the whole process.
    pub max_connections: usize,
    /// How long a request's head may take.
    pub header_read_timeout: Duration,
    /// How long requests in flight may take once the node is told to stop.
    pub drain_timeout: Duration,
    /// Which node of several this is, in traces and metrics.
    pub node: String,
    /// `environment = "sandbox"`: callers may ask for the examples of any API's document, unless its owner says otherwise.
    pub sandbox: bool,
    /// What kept answers may take in memory, for all APIs with a cache.
    pub cache_bytes: u64,
}

/// Sections that only a configuration has; by them it is told from a registry document. (`limits` is in both.)
pub const SECTIONS: [&str; 7] = [
    "listen",
    "operations",
    "gateway",
    "registry",
    "identity",
    "telemetry",
    "network",
];

/// Reads `source`. What is wrong is added to `problems`, and a default stands in for it; nothing may be started while
/// `problems` holds one.
pub fn read(source: &Source, problems: &Problems) -> Config {
    let table = source.table(problems);
    let listen = listen::read(&table.table("listen"));
    let operations = read_operations(&table.table("operations"), listen.address);
    let gateway = read_gateway(&table.table("gateway"));
    let registry = registry::read(&table.required_table("registry"));
    let identity = identity::read(&table.table("identity"));
    let telemetry = telemetry::read(&table.table("telemetry"), &gateway);
    let (shared_limits, quota_ledger) = {
        let section = table.table("limits");
        (limits::read(&section), limits::ledger(&section))
    };
    let quota_ledger = quota_ledger.or_else(|| registry.store.as_ref().map(|store| store.address.clone()));
    let network = table.table("network");
    let config = Config {
        listen,
        operations,
        gateway,
        registry,
        identity,
        telemetry,
        shared_limits,
        quota_ledger,
        network: Network {
            trusted_proxies: trusted_proxies(&network),
        },
        allow_private_backends: network.boolean("allow_private_backends", false),
    };
    network.finish();
    table.finish();
    config
}

fn read_operations(table: &Table<'_>, callers: SocketAddr) -> SocketAddr {
    let default = SocketAddr::from((Ipv4Addr::LOCALHOST, 9090));
    let address = table.parsed("listen", listen::ADDRESS).unwrap_or(default);
    if address.port() != 0 && address == callers {
        table.report("listen", "is the address that callers use; operations need their own");
    }
    address
}

fn read_gateway(table: &Table<'_>) -> Gateway {
    let count = |key, default: usize| {
        table
            .integer(key, 1, 10_000_000)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(default)
    };
    let gateway = Gateway {
        public_base_url: public_base_url(table),
        worker_threads: table
            .integer("worker_threads", 0, 1024)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(0),
        max_in_flight: count("max_in_flight", 10_000),
        max_connections: count("max_connections", 50_000),
        header_read_timeout: table.duration("header_read_timeout", Duration::from_secs(10)),
        drain_timeout: table.duration("drain_timeout", Duration::from_secs(30)),
        node: table.optional_string("node").unwrap_or_else(|| "local".to_owned()),
        sandbox: table.one_of("environment", &[("production", false), ("sandbox", true)], false),
        cache_bytes: table.integer("cache_bytes", 1 << 20, 1 << 40).unwrap_or(64 << 20),
    };
    if gateway.header_read_timeout.is_zero() {
        table.report("header_read_timeout", "must be longer than zero");
    }
    if gateway.node.trim().is_empty() {
        table.report("node", "must not be empty");
    }
    gateway
}

fn public_base_url(table: &Table<'_>) -> Option<String> {
    let text = table.optional_string("public_base_url")?;
    match url::check(&text) {
        Err(message) => table.report("public_base_url", message),
        Ok(url) if !matches!(url.path(), "" | "/") => {
            table.report("public_base_url", "must be scheme://host[:port] without a path");
        }
        Ok(_) => return Some(text.trim_end_matches('/').to_owned()),
    }
    None
}

/// Trusting the whole internet would let every caller choose its own address, and with it whose limit it spends.
fn trusted_proxies(table: &Table<'_>) -> Vec<Cidr> {
    let texts = table.strings("trusted_proxies");
    if texts.iter().any(|text| text.ends_with("/0")) {
        table.report(
            "trusted_proxies",
            "trusts every address there is; name the proxies' own networks",
        );
    }
    table.parsed_strings("trusted_proxies", "a network such as \"10.0.0.0/8\"")
}

impl Config {
    /// The issuers whose tokens are accepted.
    pub fn issuers(&self) -> &[Issuer] {
        &self.identity.issuers
    }
}

#[cfg(test)]
mod tests;
