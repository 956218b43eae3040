//! Entries and each change of them, on SQLite or PostgreSQL.
//!
//! A change says which revision it was made from; what it replaced stays in the list of changes, which is only added to.

use database::{Database, Error, Migrations, query};
use jiff::Timestamp;

use crate::entries::Entry;

const MIGRATIONS: Migrations = Migrations {
    component: "directory-entries",
    steps: &["CREATE TABLE directory_entry (
    organisation TEXT PRIMARY KEY,
    revision BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    document TEXT
);
CREATE TABLE directory_change (
    sequence BIGINT PRIMARY KEY,
    organisation TEXT NOT NULL,
    revision BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    application TEXT NOT NULL,
    document TEXT,
    UNIQUE (organisation, revision)
)"],
};

/// One advisory lock: changes get their numbers one after the other.
const CHANGING: i64 = 7_103_002;

/// What all nodes share.
#[derive(Clone, Debug)]
pub struct EntryStore {
    database: Database,
}

/// What is kept of an organisation. Revision 0: nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Counts changes, from 1.
    pub revision: i64,
    /// When it was changed last.
    pub changed: Option<Timestamp>,
    /// What the organisation says; `None` when it has said nothing, or has taken it back.
    pub entry: Option<Entry>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision that it made.
    pub revision: i64,
    /// When.
    pub changed: Timestamp,
    /// Which application of the organisation.
    pub application: String,
    /// What it says since then; `None` when it was taken back.
    pub entry: Option<Entry>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is in force, as this revision.
    Done(i64),
    /// Somebody else was first.
    Stale,
}

fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A document of ours; one that cannot be read counts as none, so that the register's facts hold.
fn read(document: Option<&str>) -> Option<Entry> {
    let document = document?;
    serde_json::from_str(document)
        .inspect_err(|error| tracing::error!(%error, "a stored entry cannot be read"))
        .ok()
}

impl EntryStore {
    /// Opens the store and brings its schema up to date.
    ///
    /// # Errors
    /// A database that cannot be opened.
    pub async fn open(address: &str) -> Result<Self, Error> {
        let database = Database::open(address, &[MIGRATIONS]).await?;
        Ok(Self { database })
    }

    /// The number of the last change of any organisation; 0 before the first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn sequence(&self) -> Result<i64, Error> {
        let last = query("SELECT COALESCE(MAX(sequence), 0) AS last FROM directory_change");
        self.database.fetch_one(last).await?.get("last")
    }

    /// Every entry in force, with its organisation.
    ///
    /// # Errors
    /// The database fails.
    pub async fn all(&self) -> Result<Vec<(String, Entry)>, Error> {
        let find = query("SELECT organisation, document FROM directory_entry WHERE document IS NOT NULL");
        let mut all = Vec::new();
        for row in self.database.fetch_all(find).await? {
            let document: Option<String> = row.get("document")?;
            if let Some(entry) = read(document.as_deref()) {
                all.push((row.get("organisation")?, entry));
            }
        }
        Ok(all)
    }

    /// What is kept of an organisation.
    ///
    /// # Errors
    /// The database fails.
    pub async fn get(&self, organisation: &str) -> Result<Stored, Error> {
        let find = query("SELECT revision, changed, document FROM directory_entry WHERE organisation = ?");
        let Some(row) = self.database.fetch_optional(find.bind(organisation)).await? else {
            return Ok(Stored::default());
        };
        let document: Option<String> = row.get("document")?;
        Ok(Stored {
            revision: row.get("revision")?,
            changed: Some(time(row.get("changed")?)),
            entry: read(document.as_deref()),
        })
    }

    /// Puts an entry in force, or takes it back, if nothing has changed since `revision`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put(
        &self,
        organisation: &str,
        revision: i64,
        entry: Option<&Entry>,
        application: &str,
        at: Timestamp,
    ) -> Result<Put, Error> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(CHANGING).await?;
        let find = query("SELECT revision FROM directory_entry WHERE organisation = ?").bind(organisation);
        let current: i64 = match transaction.fetch_optional(find).await? {
            Some(row) => row.get("revision")?,
            None => 0,
        };
        if current != revision {
            transaction.rollback().await?;
            return Ok(Put::Stale);
        }
        let next = current + 1;
        let document = entry.and_then(|entry| serde_json::to_string(entry).ok());
        let put = query(
            "INSERT INTO directory_entry (organisation, revision, changed, document) VALUES (?, ?, ?, ?) \
             ON CONFLICT (organisation) DO UPDATE SET revision = excluded.revision, changed = excluded.changed, \
             document = excluded.document",
        );
        let put = put
            .bind(organisation)
            .bind(next)
            .bind(at.as_microsecond())
            .bind(document.clone());
        transaction.execute(put).await?;
        let note = query(
            "INSERT INTO directory_change (sequence, organisation, revision, changed, application, document) \
             SELECT COALESCE(MAX(sequence), 0) + 1, ?, ?, ?, ?, ? FROM directory_change",
        );
        let note = note
            .bind(organisation)
            .bind(next)
            .bind(at.as_microsecond())
            .bind(application)
            .bind(document);
        transaction.execute(note).await?;
        transaction.commit().await?;
        Ok(Put::Done(next))
    }

    /// The changes of an organisation, newest first; at most 1,000.
    ///
    /// # Errors
    /// The database fails.
    pub async fn changes(&self, organisation: &str) -> Result<Vec<Change>, Error> {
        let find = query(
            "SELECT revision, changed, application, document FROM directory_change WHERE organisation = ? \
             ORDER BY revision DESC LIMIT 1000",
        );
        let rows = self.database.fetch_all(find.bind(organisation)).await?;
        let change = |row: &database::Row| {
            let document: Option<String> = row.get("document")?;
            Ok(Change {
                revision: row.get("revision")?,
                changed: time(row.get("changed")?),
                application: row.get("application")?,
                entry: read(document.as_deref()),
            })
        };
        rows.iter().map(change).collect()
    }
}
