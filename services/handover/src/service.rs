//! Putting the service together.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use service_host::{Api, Seal, Service};

use crate::agreement::Agreements;
use crate::api::{self, Handovers};
use crate::store::Store;

/// How long what has expired may wait to be removed.
const SWEEP: Duration = Duration::from_secs(60);

/// What the service needs to start.
#[derive(Clone, Debug)]
pub struct HandoverConfig {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
    /// The file with the key for contents; made if it is not there. Nodes that share a database share it.
    pub content_key: PathBuf,
    /// Who may hand what over to whom.
    pub agreements: Agreements,
}

/// The service, ready to be served.
///
/// # Errors
/// A database or key that cannot be used.
pub async fn service(config: HandoverConfig) -> anyhow::Result<Service> {
    for file in [config.database.strip_prefix("sqlite:"), config.content_key.to_str()]
        .into_iter()
        .flatten()
    {
        if let Some(directory) = std::path::Path::new(file).parent() {
            std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
    }
    let seal = Seal::load_or_create(&config.content_key)
        .with_context(|| format!("cannot use the key in {}", config.content_key.display()))?;
    let store = Store::open(&config.database, seal)
        .await
        .context("cannot open the database of handovers")?;
    let handovers = Arc::new(Handovers {
        store,
        agreements: config.agreements,
    });
    tokio::spawn(forget(Arc::downgrade(&handovers)));
    let api = Api::new(api::facts(), api::routes().with_state(handovers));
    Ok(Service::new("handover", env!("CARGO_PKG_VERSION"))
        .body_limit(api::MOST_BYTES * 2)
        .api(api))
}

/// Removes what nobody took further in time, as long as the service lives.
async fn forget(handovers: Weak<Handovers>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let Some(handovers) = handovers.upgrade() else { return };
        if let Err(error) = handovers.store.expire(Timestamp::now()).await {
            tracing::warn!(%error, "expired handovers cannot be removed; tried again in a minute");
        }
    }
}
