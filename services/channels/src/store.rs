//! What is kept: subscriptions, events without content, and what is to be delivered to whom. On SQLite or PostgreSQL.

mod events;
mod queue;
mod subscriptions;

pub(crate) use events::{Event, Follower, News};
pub(crate) use queue::{Delivery, Due};
pub(crate) use subscriptions::{Owner, State, Subscription};

use database::{Database, Migrations};

const MIGRATIONS: Migrations = Migrations {
    component: "channels",
    steps: &[include_str!("store/tables.sql"), include_str!("store/consents.sql")],
};

/// Held while events are numbered and deliveries claimed, so that workers of several nodes do not mix.
const LOCK: i64 = 0x7661_6776_6368;

/// Told when there are new events.
pub(crate) const EVENTS: &str = "channels_events";

/// The store. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) database: Database,
}

impl Store {
    /// Opens it and brings its tables up to date.
    pub(crate) async fn open(address: &str) -> Result<Self, database::Error> {
        let database = Database::open(address, &[MIGRATIONS]).await?;
        Ok(Self { database })
    }
}
