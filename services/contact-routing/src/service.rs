//! Putting the service together.

use std::path::PathBuf;
use std::sync::Arc;

use service_host::{Api, Service};

use crate::{api, store};

/// What the service needs to start.
#[derive(Clone, Debug)]
pub struct ContactRoutingConfig {
    /// The database file; made if it is not there.
    pub database: PathBuf,
}

/// The service, ready to be served; opens its database and builds the engine.
///
/// # Errors
/// A database that cannot be opened, or data that are not in their form.
pub async fn service(config: ContactRoutingConfig) -> anyhow::Result<Service> {
    let engine = store::open(&config.database).await?;
    let api = Api::new(api::facts(), api::routes().with_state(Arc::new(engine)));
    Ok(Service::new("contact-routing", env!("CARGO_PKG_VERSION")).api(api))
}
