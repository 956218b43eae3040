//! Where the store is: one server, a server that sentinels name, or a cluster.

use redis::{Client, ConnectionInfo, IntoConnectionInfo, TlsCertificates};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// Where the store is and how long it may take.
#[derive(Clone)]
pub struct StoreConfig {
    pub(super) place: Place,
    /// PEM; `None`: the system's roots.
    pub(super) root: Option<Arc<[u8]>>,
    /// How long one command may take; after two of that the store counts as gone.
    pub command_timeout: Duration,
    /// How many nodes there are, as long as the store has not said how many live: a fleet that starts without its store
    /// divides a `localShare` by this.
    pub expected_nodes: NonZeroU32,
    /// How long cells that nobody spends stay at a node.
    pub(crate) lease_life: Duration,
}

impl std::fmt::Debug for StoreConfig {
    /// Without passwords.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, servers) = match &self.place {
            Place::One(server) => ("one", std::slice::from_ref(server)),
            Place::Sentinels { sentinels, .. } => ("sentinels", sentinels.as_slice()),
            Place::Cluster(servers) => ("cluster", servers.as_slice()),
        };
        let addresses: Vec<_> = servers.iter().map(|server| server.addr().to_string()).collect();
        formatter
            .debug_struct("StoreConfig")
            .field(kind, &addresses)
            .field("command_timeout", &self.command_timeout)
            .field("expected_nodes", &self.expected_nodes)
            .finish_non_exhaustive()
    }
}

/// What is at the addresses.
#[derive(Clone)]
pub(super) enum Place {
    One(ConnectionInfo),
    /// The server is whichever these name, under the same scheme and with its own credentials.
    Sentinels {
        sentinels: Vec<ConnectionInfo>,
        name: Arc<str>,
        server: redis::RedisConnectionInfo,
    },
    Cluster(Vec<ConnectionInfo>),
}

/// An address that cannot be one of a store.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not the form of an address.
    #[error("is not an address such as redis://127.0.0.1:6379, or rediss:// for TLS")]
    Form,
    /// No address at all.
    #[error("must name at least one server")]
    Empty,
    /// Some under TLS, some not.
    #[error("mixes redis:// and rediss://")]
    MixedSchemes,
    /// Roots that are none.
    #[error("is not a PEM file with certificates")]
    Roots,
    /// Roots without TLS.
    #[error("is of use with rediss:// only")]
    RootsWithoutTls,
}

impl StoreConfig {
    /// One server at `address`, `redis[s]://[user:password@]host:port[/db]`, with 20 ms for a command.
    ///
    /// # Errors
    /// An address of another form.
    pub fn new(address: &str) -> Result<Self, AddressError> {
        parse(address).map(|server| Self::at(Place::One(server)))
    }

    /// The server that the sentinels at `addresses` know as `name`. Credentials in an address are those of the sentinel.
    ///
    /// # Errors
    /// No address, or one of another form; `redis://` beside `rediss://`.
    pub fn sentinels(addresses: &[String], name: &str) -> Result<Self, AddressError> {
        let sentinels = parse_all(addresses)?;
        Ok(Self::at(Place::Sentinels {
            sentinels,
            name: name.into(),
            server: redis::RedisConnectionInfo::default(),
        }))
    }

    /// The cluster that any of `addresses` belongs to.
    ///
    /// # Errors
    /// As [`StoreConfig::sentinels`].
    pub fn cluster(addresses: &[String]) -> Result<Self, AddressError> {
        parse_all(addresses).map(|servers| Self::at(Place::Cluster(servers)))
    }

    fn at(place: Place) -> Self {
        Self {
            place,
            root: None,
            command_timeout: Duration::from_millis(20),
            expected_nodes: NonZeroU32::MIN,
            lease_life: Duration::from_millis(250),
        }
    }

    /// Says who we are to the servers that hold the counters.
    #[must_use]
    pub fn with_password(mut self, user: Option<&str>, password: &str) -> Self {
        let sign = |mut settings: redis::RedisConnectionInfo| {
            if let Some(user) = user {
                settings = settings.set_username(user);
            }
            settings.set_password(password)
        };
        let sign_all = |server: ConnectionInfo| {
            let settings = sign(server.redis_settings().clone());
            server.set_redis_settings(settings)
        };
        self.place = match self.place {
            Place::One(server) => Place::One(sign_all(server)),
            Place::Cluster(servers) => Place::Cluster(servers.into_iter().map(sign_all).collect()),
            Place::Sentinels {
                sentinels,
                name,
                server,
            } => Place::Sentinels {
                sentinels,
                name,
                server: sign(server),
            },
        };
        self
    }

    /// Trusts only the certificates that `pem` signs.
    ///
    /// # Errors
    /// Text that holds no certificate; addresses that are not under TLS.
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Self, AddressError> {
        let first = match &self.place {
            Place::One(server) => Some(server),
            Place::Sentinels { sentinels: servers, .. } | Place::Cluster(servers) => servers.first(),
        };
        let Some(server) = first.filter(|server| is_tls(server)) else {
            return Err(AddressError::RootsWithoutTls);
        };
        if !pem.windows(27).any(|window| window == b"-----BEGIN CERTIFICATE-----") {
            return Err(AddressError::Roots);
        }
        self.root = Some(pem.into());
        Client::build_with_tls(server.clone(), self.certificates()).map_err(|_| AddressError::Roots)?;
        Ok(self)
    }

    pub(super) fn certificates(&self) -> TlsCertificates {
        TlsCertificates {
            client_tls: None,
            root_cert: self.root.as_deref().map(<[u8]>::to_vec),
        }
    }
}

pub(super) fn is_tls(server: &ConnectionInfo) -> bool {
    matches!(server.addr(), redis::ConnectionAddr::TcpTls { .. })
}

fn parse(address: &str) -> Result<ConnectionInfo, AddressError> {
    // The crate knows more schemes, one of which turns the check of certificates off by a fragment.
    if !address.starts_with("redis://") && !address.starts_with("rediss://") || address.contains('#') {
        return Err(AddressError::Form);
    }
    let address = address.into_connection_info().map_err(|_| AddressError::Form)?;
    let settings = address.tcp_settings().clone().set_nodelay(true);
    Ok(address.set_tcp_settings(settings))
}

fn parse_all(addresses: &[String]) -> Result<Vec<ConnectionInfo>, AddressError> {
    let servers: Vec<_> = addresses
        .iter()
        .map(|address| parse(address))
        .collect::<Result<_, _>>()?;
    let tls = servers.iter().filter(|server| is_tls(server)).count();
    match servers.len() {
        0 => Err(AddressError::Empty),
        all if tls != 0 && tls != all => Err(AddressError::MixedSchemes),
        _ => Ok(servers),
    }
}
