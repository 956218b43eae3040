//! Putting the service together.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use service_host::{Api, Service};

use crate::api;
use crate::seal::Seal;
use crate::store::Store;

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
    let api = Api::new(api::facts(), api::routes().with_state(Arc::new(store)));
    Ok(Service::new("encounters", env!("CARGO_PKG_VERSION")).api(api))
}
