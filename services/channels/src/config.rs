//! Where things are, and how often they are looked at.

use std::time::Duration;

use service_host::InternalKey;

use crate::clock::Clock;
use crate::consent::{self, ConsentsConfig};
use crate::seal::SecretKeys;

/// How the service is to be.
#[derive(Clone, Debug)]
pub struct ChannelsConfig {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
    /// Base URL of the case status service, without `/case-status/v1`.
    pub case_status: String,
    /// What is shown to it.
    pub internal_key: Option<InternalKey>,
    /// How often cases that somebody follows are read, so that sources which never tell by themselves are noticed.
    pub refresh: Duration,
    /// Whether webhooks may go to private addresses and over plain HTTP: for development and tests only.
    pub allow_private_network: bool,
    /// Encrypts the secrets that are kept.
    pub keys: SecretKeys,
    /// Where it is asked whether people still consent; without it the token of the subscription is enough.
    pub consents: Option<ConsentsConfig>,
    /// How many deliveries are under way at a time.
    pub workers: usize,
    /// How long a receiver may take to answer, at least a second.
    pub patience: Duration,
    /// The time.
    pub clock: Clock,
}

impl ChannelsConfig {
    /// For how long what a worker has in hand is nobody else's: three times as long as dealing with it can take. A worker
    /// that is killed loses it then, and only then is anything sent a second time, under the same id.
    pub(crate) fn claim(&self) -> Duration {
        3 * (self.patience.max(Duration::from_secs(1)) + consent::PATIENCE)
    }

    /// A configuration with the usual times and the usual caution.
    #[must_use]
    pub fn new(database: impl Into<String>, case_status: impl Into<String>, keys: SecretKeys) -> Self {
        Self {
            database: database.into(),
            case_status: case_status.into(),
            internal_key: None,
            refresh: Duration::from_secs(15 * 60),
            allow_private_network: false,
            keys,
            consents: None,
            workers: 16,
            patience: Duration::from_secs(15),
            clock: Clock::system(),
        }
    }
}
