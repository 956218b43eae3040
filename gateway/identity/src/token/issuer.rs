//! An issuer as it is configured.

use std::path::PathBuf;
use std::time::Duration;

/// An issuer whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its name, exactly as in `iss`.
    pub issuer: String,
    /// Where its keys are.
    pub keys: KeySource,
    /// Keys are fetched anew at least this often (sooner if `Cache-Control` says so).
    pub max_age: Duration,
    /// How long after their fetch keys go on being used while their source is down.
    pub stale_for: Duration,
    /// Least time between two fetches for an unknown `kid`, and longest between two attempts while the source is down.
    pub refetch_interval: Duration,
    /// Longest time for one fetch.
    pub fetch_timeout: Duration,
    /// Whether `http` on this machine will do; otherwise only `https`.
    pub allow_http_loopback: bool,
    /// Whether only addresses of the public network are asked: for key sets that others than the operator may name.
    pub public_network_only: bool,
}

/// Where a key set is.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file; it must be there at the start, and is read again like an address is asked again.
    File(PathBuf),
    /// An address on the web.
    Url(String),
    /// This process: [`Verifier::set_keys`](super::Verifier::set_keys) brings them.
    Own,
}

impl Issuer {
    /// An issuer with the usual times: 5 minutes fresh, 24 hours stale, 10 seconds between refetches, 3 seconds a fetch.
    pub fn new(issuer: impl Into<String>, keys: KeySource) -> Self {
        Self {
            issuer: issuer.into(),
            keys,
            max_age: Duration::from_secs(5 * 60),
            stale_for: Duration::from_secs(24 * 60 * 60),
            refetch_interval: Duration::from_secs(10),
            fetch_timeout: Duration::from_secs(3),
            allow_http_loopback: false,
            public_network_only: false,
        }
    }
}
