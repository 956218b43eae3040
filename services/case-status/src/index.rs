//! The index in SQLite: which case is whose and where to ask for it, and who has nothing to do with whom. It
//! holds no content, so losing it loses nothing but a little time.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use service_host::PartyId;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

/// For how long "has nothing to do with the person" is believed, in seconds.
const NOT_ENGAGED_FOR: i64 = 600;

/// Where to ask for a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) source_id: String,
    pub(crate) reference: String,
}

/// The index.
#[derive(Debug)]
pub(crate) struct Index {
    read: SqlitePool,
    /// SQLite has one writer; a pool of one makes them wait here and not in errors.
    write: SqlitePool,
    /// What is known to be written already, so that an answer that says nothing new writes nothing.
    written: Cache<(Uuid, PartyId), ()>,
}

impl Index {
    /// Opens the index, making the file and its tables if they are not there.
    ///
    /// # Errors
    /// A directory that cannot be made or a file that is not a database of ours.
    pub(crate) async fn open(file: &Path) -> anyhow::Result<Self> {
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A lost tail of an index that can be made again is no loss.
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(2));
        let shown = || format!("cannot open {}", file.display());
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .with_context(shown)?;
        sqlx::migrate!().run(&write).await.with_context(shown)?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .with_context(shown)?;
        Ok(Self {
            read,
            write,
            written: Cache::new(100_000),
        })
    }

    /// Remembers where to ask for these cases of the party.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn remember(
        &self,
        party: &PartyId,
        source: &str,
        cases: &[(Uuid, String)],
    ) -> Result<(), sqlx::Error> {
        let new: Vec<_> = cases
            .iter()
            .filter(|(id, _)| self.written.get(&(*id, party.clone())).is_none())
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write.begin().await?;
        for (id, reference) in &new {
            sqlx::query("INSERT OR REPLACE INTO cases (case_id, party, source_id, reference) VALUES (?, ?, ?, ?)")
                .bind(id.to_string())
                .bind(party.as_str())
                .bind(source)
                .bind(reference)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        for (id, _) in new {
            self.written.insert((*id, party.clone()), ());
        }
        Ok(())
    }

    /// Where to ask for a case of the party; none when it is not theirs or not known, which must look the same.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn find(&self, party: &PartyId, case: Uuid) -> Result<Option<Place>, sqlx::Error> {
        let row: Option<(String, String)> =
            sqlx::query_as("SELECT source_id, reference FROM cases WHERE case_id = ? AND party = ?")
                .bind(case.to_string())
                .bind(party.as_str())
                .fetch_optional(&self.read)
                .await?;
        Ok(row.map(|(source_id, reference)| Place { source_id, reference }))
    }

    /// Remembers whether a source has anything to do with the party.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn engage(&self, party: &PartyId, source: &str, engaged: bool) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT OR REPLACE INTO engagements (party, source_id, engaged, checked_at) VALUES (?, ?, ?, ?)")
            .bind(party.as_str())
            .bind(source)
            .bind(engaged)
            .bind(Timestamp::now().as_second())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The sources that, as was found out a short while ago, have nothing to do with the party.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn not_engaged(&self, party: &PartyId) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar("SELECT source_id FROM engagements WHERE party = ? AND engaged = 0 AND checked_at > ?")
            .bind(party.as_str())
            .bind(Timestamp::now().as_second() - NOT_ENGAGED_FOR)
            .fetch_all(&self.read)
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_case_is_found_by_its_own_person_only_and_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("made/index.sqlite");
        let (alva, bo) = (PartyId::parse("alva").unwrap(), PartyId::parse("bo").unwrap());
        let case = Uuid::now_v7();
        let index = Index::open(&file).await.unwrap();
        index.remember(&alva, "tax", &[(case, "T-1".to_owned())]).await.unwrap();
        drop(index);
        let index = Index::open(&file).await.unwrap();
        let place = Place {
            source_id: "tax".to_owned(),
            reference: "T-1".to_owned(),
        };
        assert_eq!(index.find(&alva, case).await.unwrap(), Some(place));
        assert_eq!(index.find(&bo, case).await.unwrap(), None);
    }

    #[tokio::test]
    async fn who_is_not_engaged_is_remembered_until_told_otherwise() {
        let directory = tempfile::tempdir().unwrap();
        let index = Index::open(&directory.path().join("index.sqlite")).await.unwrap();
        let alva = PartyId::parse("alva").unwrap();
        index.engage(&alva, "tax", false).await.unwrap();
        assert_eq!(index.not_engaged(&alva).await.unwrap(), ["tax"]);
        index.engage(&alva, "tax", true).await.unwrap();
        assert!(index.not_engaged(&alva).await.unwrap().is_empty());
    }
}
