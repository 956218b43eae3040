//! Putting the service together.

use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use service_host::{Api, Service};

use crate::api;
use crate::store::Store;

/// How soon after midnight (UTC) the day before is published.
const PUBLISH: Duration = Duration::from_secs(5 * 60);

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
    let store = Arc::new(store);
    // What was due while the service was down is there with its first answer.
    publish(&store).await.context("cannot publish what is due")?;
    tokio::spawn(publish_daily(Arc::downgrade(&store)));
    let api = Api::new(api::facts(), api::routes().with_state(store));
    Ok(Service::new("insights", env!("CARGO_PKG_VERSION")).api(api))
}

async fn publish(store: &Store) -> Result<usize, database::Error> {
    store.publish(Timestamp::now().to_zoned(TimeZone::UTC).date()).await
}

/// Publishes the days that have ended, as long as the service lives.
async fn publish_daily(store: Weak<Store>) {
    let mut ticks = tokio::time::interval(PUBLISH);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else { return };
        match publish(&store).await {
            Ok(0) => {}
            Ok(published) => tracing::info!(published, "figures were published"),
            Err(error) => tracing::warn!(%error, "figures cannot be published; tried again in five minutes"),
        }
    }
}
