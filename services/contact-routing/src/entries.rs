//! What organisations say of themselves: their own entries, laid over the register's facts.
//!
//! An [`Entry`] replaces what the register says of how to reach one organisation; [`check`] refuses one that leaves somebody
//! without a way. The [`store`] is what all nodes share. Answers read a picture in memory that is exchanged whole: at once on
//! the node that took a change, within half a second on others.

pub mod check;
mod entry;
pub mod store;

use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use database::Error;
use hashbrown::HashMap;
use jiff::civil::Date;

use crate::data::directory::Organisation;
use crate::engine::Engine;

pub(crate) use entry::kind;
pub use entry::{Entry, EntryPoint};
pub use store::{EntryStore, Put, Stored};

/// How often a node asks whether another one has changed something.
const FOLLOW: Duration = Duration::from_millis(500);
/// After so many successors a chain is no longer believed.
const LONGEST_CHAIN: usize = 5;

/// The entries in force.
#[derive(Debug)]
pub struct Entries {
    store: EntryStore,
    picture: ArcSwap<Picture>,
}

#[derive(Debug, Default)]
struct Picture {
    sequence: i64,
    by_organisation: HashMap<String, Arc<Entry>>,
}

impl Entries {
    /// Opens the store and reads what is in it.
    ///
    /// # Errors
    /// A database that cannot be opened or read.
    pub async fn open(address: &str) -> Result<Self, Error> {
        let entries = Self {
            store: EntryStore::open(address).await?,
            picture: ArcSwap::default(),
        };
        entries.refresh().await?;
        Ok(entries)
    }

    /// What all nodes share.
    #[must_use]
    pub fn store(&self) -> &EntryStore {
        &self.store
    }

    /// Takes over what has changed since the last time.
    ///
    /// # Errors
    /// The database fails; the picture stays as it was.
    pub async fn refresh(&self) -> Result<(), Error> {
        let sequence = self.store.sequence().await?;
        if sequence == self.picture.load().sequence {
            return Ok(());
        }
        let all = self.store.all().await?;
        // What was written while it was read has a later number, and is read the next time.
        let by_organisation = all.into_iter().map(|(id, entry)| (id, Arc::new(entry))).collect();
        self.picture.store(Arc::new(Picture {
            sequence,
            by_organisation,
        }));
        Ok(())
    }

    /// What an organisation says of itself, when it does.
    #[must_use]
    pub fn of(&self, organisation: &str) -> Option<Arc<Entry>> {
        self.picture.load().by_organisation.get(organisation).cloned()
    }

    /// Follows other nodes as long as somebody holds the entries.
    pub(crate) async fn follow(entries: Weak<Self>) {
        let mut ticks = tokio::time::interval(FOLLOW);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut away = false;
        loop {
            ticks.tick().await;
            let Some(entries) = entries.upgrade() else { return };
            match entries.refresh().await {
                Ok(()) if away => tracing::info!("entries of organisations are followed again"),
                Ok(()) => {}
                Err(error) if !away => {
                    tracing::warn!(%error, "entries of organisations cannot be read; those that are known hold");
                    away = true;
                    continue;
                }
                Err(_) => continue,
            }
            away = false;
        }
    }
}

/// Everything that an answer stands on: the engine, and what organisations say of themselves.
pub(crate) struct Known {
    pub(crate) engine: Arc<Engine>,
    pub(crate) entries: Arc<Entries>,
}

impl Deref for Known {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Known {
    /// Who has an organisation's tasks on a day: itself, or the one that it names as its only successor once it has ended.
    /// With several successors nobody can tell which one, so it stays with the one that the rule names.
    pub(crate) fn on<'k>(&'k self, organisation: &'k Organisation, day: Date) -> &'k Organisation {
        let mut current = organisation;
        for _ in 0..LONGEST_CHAIN {
            let Some(entry) = self.entries.of(&current.id) else {
                return current;
            };
            let ended = entry.valid_to.is_some_and(|last| last < day);
            let successor = match entry.successor_ids.as_slice() {
                [only] if ended => self.engine.directory.organisation(only),
                _ => None,
            };
            match successor {
                Some(next) => current = next,
                None => return current,
            }
        }
        current
    }
}
