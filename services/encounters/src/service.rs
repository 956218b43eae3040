//! Putting the service together.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use service_host::{Api, Seal, Service};

use crate::api;
use crate::store::Store;

/// How long a number that should be gone may wait when nobody asks about bookings.
const SWEEP: Duration = Duration::from_secs(60);

/// What the service needs to start.
#[derive(Clone, Debug)]
pub struct EncountersConfig {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
    /// The file with the key for numbers; made if it is not there. Nodes that share a database share it.
    pub number_key: PathBuf,
}

/// The service, ready to be served.
///
/// # Errors
/// A database or key that cannot be used.
pub async fn service(config: EncountersConfig) -> anyhow::Result<Service> {
    for file in [config.database.strip_prefix("sqlite:"), config.number_key.to_str()]
        .into_iter()
        .flatten()
    {
        if let Some(directory) = std::path::Path::new(file).parent() {
            std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
    }
    let seal = Seal::load_or_create(&config.number_key)
        .with_context(|| format!("cannot use the key in {}", config.number_key.display()))?;
    let store = Store::open(&config.database, seal)
        .await
        .context("cannot open the database of encounters")?;
    let store = Arc::new(store);
    tokio::spawn(forget(Arc::downgrade(&store)));
    let api = Api::new(api::facts(), api::routes().with_state(store));
    Ok(Service::new("encounters", env!("CARGO_PKG_VERSION")).api(api))
}

/// Removes numbers of promises that nobody kept, as long as the service lives.
async fn forget(store: Weak<Store>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else { return };
        if let Err(error) = store.forget_missed(Timestamp::now()).await {
            tracing::warn!(%error, "missed bookings cannot be closed; tried again in a minute");
        }
    }
}
