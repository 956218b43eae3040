//! Putting the service together, and what it does by itself.

use std::sync::Arc;
use std::time::Duration;

use service_host::{Api, Outgoing, Service};
use tokio::task::JoinSet;

use crate::api;
use crate::config::ChannelsConfig;
use crate::consent::{Between, Consents, Standing};
use crate::feed::Feed;
use crate::send::Sender;
use crate::store::{EVENTS, Store};
use crate::worker::Worker;

/// Between looks at what is due when nobody says that something is.
const TICK: Duration = Duration::from_secs(1);

/// After something went wrong.
const REST: Duration = Duration::from_secs(2);

/// The service: what it keeps and what it does.
#[derive(Clone, Debug)]
pub struct Channels {
    pub(crate) store: Store,
    pub(crate) sender: Sender,
    pub(crate) feed: Feed,
    pub(crate) consents: Consents,
    pub(crate) config: ChannelsConfig,
}

/// What the service does by itself, until this is dropped.
#[derive(Debug)]
pub struct Running(#[expect(dead_code, reason = "held so that the tasks go on")] JoinSet<()>);

impl Channels {
    /// Opens the database.
    ///
    /// # Errors
    /// A database that cannot be opened.
    pub async fn open(config: ChannelsConfig) -> anyhow::Result<Self> {
        let store = Store::open(&config.database).await?;
        store.seal_anew(&config.keys).await?;
        let outgoing = Outgoing::new()?;
        Ok(Self {
            store,
            sender: Sender::new(
                config.allow_private_network,
                config.keys.clone(),
                config.clock.clone(),
                config.patience,
            )?,
            feed: Feed::new(outgoing.clone(), &config.case_status, config.internal_key.clone()),
            consents: Consents::new(outgoing, config.consents.clone()),
            config,
        })
    }

    /// The API, ready to be served.
    #[must_use]
    pub fn service(&self) -> Service {
        let api = Api::new(api::facts(), api::routes().with_state(Arc::new(self.clone())));
        Service::new("channels", env!("CARGO_PKG_VERSION")).api(api)
    }

    fn worker(&self) -> Worker {
        Worker {
            store: self.store.clone(),
            sender: self.sender.clone(),
            clock: self.config.clock.clone(),
            consents: self.consents.clone(),
            width: self.config.workers,
            claim: self.config.claim(),
        }
    }

    /// Takes in the changes that there are; gives their number.
    ///
    /// # Errors
    /// Case status or the database is away; nothing is lost.
    pub async fn read_changes(&self) -> anyhow::Result<usize> {
        self.feed.read(&self.store, || self.config.clock.micros(), false).await
    }

    /// Has the cases of everybody who is followed looked at once.
    ///
    /// # Errors
    /// The database is away.
    pub async fn refresh(&self) -> anyhow::Result<()> {
        for follower in self.store.followed(self.config.clock.micros()).await? {
            let between = Between {
                party: &follower.party,
                application: &follower.application,
            };
            match self.consents.check(between).await {
                Standing::InForce => {
                    if let Err(error) = self.feed.look_at(&follower.party).await {
                        tracing::warn!(%error, "cases cannot be looked at");
                    }
                }
                Standing::Ended => self.store.withdrawn(between).await?,
                Standing::Unclear => {}
            }
        }
        Ok(())
    }

    /// Sends what is due, once each; gives the number.
    ///
    /// # Errors
    /// The database is away; what was claimed is due again a minute later.
    pub async fn deliver(&self) -> anyhow::Result<usize> {
        Ok(self.worker().step().await?)
    }

    /// Reads changes and delivers them from now on.
    #[must_use]
    pub fn run(&self) -> Running {
        let mut tasks = JoinSet::new();
        let this = self.clone();
        tasks.spawn(async move {
            loop {
                let read = this.feed.read(&this.store, || this.config.clock.micros(), true).await;
                if let Err(error) = read {
                    tracing::warn!(%error, "changes cannot be read");
                    tokio::time::sleep(REST).await;
                }
            }
        });
        let this = self.clone();
        tasks.spawn(async move {
            let mut ticks = tokio::time::interval(this.config.refresh);
            loop {
                ticks.tick().await;
                if let Err(error) = this.refresh().await {
                    tracing::warn!(%error, "who is followed cannot be read");
                }
            }
        });
        let this = self.clone();
        tasks.spawn(async move {
            let mut heard = this.store.database.listen(EVENTS);
            loop {
                match this.deliver().await {
                    // There may be more.
                    Ok(count) if count > 0 => continue,
                    Ok(_) => {}
                    Err(error) => tracing::warn!(%error, "deliveries cannot be made"),
                }
                let _ = tokio::time::timeout(TICK, heard.heard()).await;
            }
        });
        Running(tasks)
    }
}
