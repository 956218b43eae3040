//! Putting the service together.

use std::sync::Arc;

use anyhow::Context;
use service_host::{Api, Service};

use crate::api;
use crate::store::Store;

/// What the service needs to start.
#[derive(Clone, Debug)]
pub struct InsightsConfig {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
}

/// The service, ready to be served.
///
/// # Errors
/// A database that cannot be opened.
pub async fn service(config: InsightsConfig) -> anyhow::Result<Service> {
    if let Some(file) = config.database.strip_prefix("sqlite:")
        && let Some(directory) = std::path::Path::new(file).parent()
    {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    let store = Store::open(&config.database)
        .await
        .context("cannot open the database of insights")?;
    let api = Api::new(api::facts(), api::routes().with_state(Arc::new(store)));
    Ok(Service::new("insights", env!("CARGO_PKG_VERSION")).api(api))
}
