//! The registry's store, on SQLite or PostgreSQL.
//!
//! Every object is one row: what it is, whose it is, and its content as JSON. What is asked of a row in SQL has a column.
//! A change and its audit entry are one transaction ([`Change`]); the number of the audit entry is the registry's version.
//! A row that is removed stays, marked, so that a node that was away learns of it.

mod backup;
mod change;
mod documents;
mod nodes;
mod read;
mod schema;
mod sync;
mod usage;

pub use backup::{Restored, backup, restore};
pub use change::{Actor, Change, NewObject};
pub use nodes::{NODE_LIVES, NodeReport};
pub use read::{Found, Scope, Wanted};
pub use sync::{Head, RawObject};
pub use usage::{BOUNDS_MS, Period, Retention, Usage, WantedUsage};

use crate::model::{Moment, Object, Stored};
use database::{Database, Row};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};

/// Nodes listen here for hints that the version has changed.
pub const CHANNEL: &str = "registry_version";
/// How long an answer is kept for a caller who repeats a request with the same idempotency key.
pub(crate) const REPEATS_ARE_KNOWN: Duration = Duration::from_secs(24 * 60 * 60);

/// Why the store did not do as it was told.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database's own reason.
    #[error(transparent)]
    Database(#[from] database::Error),
    /// A row that cannot be read: a fault of the program, or somebody's hand in the tables.
    #[error("the {kind} {id} in the registry's store cannot be read")]
    Content {
        /// Kind of object.
        kind: String,
        /// Its id.
        id: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A backup that is not one, or a file.
    #[error("{0}")]
    Backup(String),
}

/// The store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    address: Arc<str>,
    opened: Arc<OnceCell<Database>>,
    /// What changes are made in, where they are only rehearsed.
    rehearsal: Option<Arc<Mutex<change::Open>>>,
}

impl Store {
    /// Opens the store at `sqlite:PATH` or `postgres://...` and brings its tables up to date.
    ///
    /// # Errors
    /// See [`database::Error`].
    pub async fn open(address: &str) -> Result<Self, Error> {
        let store = Self::at(address);
        store.database().await?;
        Ok(store)
    }

    /// The store at this address, opened when it is first asked: a node starts without its database.
    pub fn at(address: &str) -> Self {
        Self {
            address: address.into(),
            opened: Arc::default(),
            rehearsal: None,
        }
    }

    /// The database, for what else lives in it.
    ///
    /// # Errors
    /// It has never been reached, and cannot be reached now.
    pub async fn database(&self) -> Result<&Database, Error> {
        let open = || Database::open(&self.address, &[schema::MIGRATIONS]);
        Ok(self.opened.get_or_try_init(open).await?)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        if let Some(database) = self.opened.get() {
            database.close().await;
        }
    }
}

/// Reads a row's object.
fn read_object<T: Object>(row: &Row) -> Result<Stored<T>, Error> {
    let body: String = row.get("body")?;
    let object = serde_json::from_str(&body).map_err(|source| Error::Content {
        kind: T::KIND.name().to_owned(),
        id: row.get("id").unwrap_or_default(),
        source,
    })?;
    Ok(Stored {
        object,
        revision: row.get("revision")?,
        version: row.get("version")?,
        created_at: Moment::from_microseconds(row.get("created_at")?),
        changed_at: Moment::from_microseconds(row.get("changed_at")?),
    })
}
