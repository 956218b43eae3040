//! Putting the service together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use service_host::{Api, Service};

use crate::api::entries::Keeping;
use crate::api::life::{Cases, Life};
use crate::entries::{Entries, Known};
use crate::{api, life, store};

/// What the service needs to start.
#[derive(Clone, Debug)]
pub struct ContactRoutingConfig {
    /// The database file; made if it is not there.
    pub database: PathBuf,
    /// Where organisations' own entries are kept: `sqlite:PATH` or `postgres://..`, shared by all nodes.
    pub entries: String,
    /// Organisations that the gateway knows by another id than the directory does: the gateway's id, and the directory's.
    pub stewards: BTreeMap<String, String>,
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
    for directory_id in config.stewards.values() {
        let known = engine.directory.organisation(directory_id).is_some();
        anyhow::ensure!(
            known,
            "the directory has no organisation '{directory_id}' to be kept by another"
        );
    }
    let entries = Entries::open(&config.entries).await;
    let entries = Arc::new(entries.context("cannot open the database of directory entries")?);
    tokio::spawn(Entries::follow(Arc::downgrade(&entries)));
    let known = Arc::new(Known { engine, entries });
    let keeping = Arc::new(Keeping {
        known: Arc::clone(&known),
        stewards: config.stewards,
    });
    let routing = Api::new(api::facts(), api::routes().with_state(known));
    let keeping = Api::new(api::entries::facts(), api::entries::routes().with_state(keeping));
    let lives = Api::new(api::life::facts(), api::life::routes().with_state(lives));
    Ok(Service::new("contact-routing", env!("CARGO_PKG_VERSION"))
        .api(routing)
        .api(lives)
        .api(keeping))
}
