//! Putting the service together.

use std::path::PathBuf;
use std::sync::Arc;

use service_host::{Api, Service};

use crate::api::life::{Cases, Life};
use crate::{api, life, store};

/// What the service needs to start.
#[derive(Clone, Debug)]
pub struct ContactRoutingConfig {
    /// The database file; made if it is not there.
    pub database: PathBuf,
    /// Where case status is served, so that plans can be tied to a person's real cases; `http://HOST:PORT`.
    pub case_status: Option<String>,
}

/// The service, ready to be served; opens its database and builds the engine.
///
/// # Errors
/// A database that cannot be opened, or data that are not in their form.
pub async fn service(config: ContactRoutingConfig) -> anyhow::Result<Service> {
    let engine = Arc::new(store::open(&config.database).await?);
    let events = life::read()?;
    let wrong = life::check(&events, &engine);
    anyhow::ensure!(wrong.is_empty(), "life events: {}", wrong.join("; "));
    let cases = config.case_status.as_deref().map(Cases::new).transpose()?;
    let lives = Arc::new(Life {
        engine: Arc::clone(&engine),
        events,
        cases,
    });
    let routing = Api::new(api::facts(), api::routes().with_state(engine));
    let lives = Api::new(api::life::facts(), api::life::routes().with_state(lives));
    Ok(Service::new("contact-routing", env!("CARGO_PKG_VERSION"))
        .api(routing)
        .api(lives))
}
