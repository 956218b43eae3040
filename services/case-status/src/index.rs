//! The index in SQLite: which case is whose and where to ask for it, and who has nothing to do with whom. It
//! holds no content, so losing it loses nothing but a little time.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use service_host::PartyId;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::watch;
use uuid::Uuid;

use crate::ask::now;
use crate::told::Known;

/// For how long "has nothing to do with the person" is believed, in seconds.
const NOT_ENGAGED_FOR: i64 = 600;

/// How many changes are kept for those who read them.
const KEPT_CHANGES: i64 = 1_000_000;

/// Where to ask for a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) source_id: String,
    pub(crate) reference: String,
}

/// The index.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) read: SqlitePool,
    /// SQLite has one writer; a pool of one makes them wait here and not in errors.
    pub(crate) write: SqlitePool,
    /// What is known to be written already, so that an answer that says nothing new writes nothing.
    written: Cache<(Uuid, PartyId), String>,
    engaged: Cache<(PartyId, String), ()>,
    /// Tells those who wait for changes that there is one.
    pub(crate) changed: watch::Sender<()>,
}

/// A case as the index knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) case_id: Uuid,
    pub(crate) reference: String,
    pub(crate) revision: String,
}

impl Seen {
    pub(crate) fn of(known: &Known) -> Self {
        Self {
            case_id: known.case.case_id,
            reference: known.reference.clone(),
            revision: known.case.revision.clone(),
        }
    }
}

/// What asking a source about a person has taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Learnt {
    pub(crate) source_id: String,
    /// The cases that it told; none when it has nothing to do with the person.
    pub(crate) cases: Option<Vec<Seen>>,
    /// Whether these are all the cases there are.
    pub(crate) whole: bool,
}

/// That a case is new or no longer what it was.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// Its place among all changes; larger is later.
    pub(crate) sequence: i64,
    pub(crate) party: String,
    pub(crate) case_id: String,
    pub(crate) source_id: String,
    /// `added` or `updated`.
    pub(crate) kind: String,
    pub(crate) revision: String,
    pub(crate) changed_at: String,
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
            // Whoever waits for longer gives up: what was learnt is learnt again.
            .acquire_timeout(Duration::from_secs(5))
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
            engaged: Cache::new(100_000),
            changed: watch::Sender::new(()),
        })
    }

    /// Remembers where to ask for the party's cases with all of these sources, and notes each case that is new or has
    /// changed: one transaction for the whole list, none when it says nothing new. What is met the first time that a source
    /// is asked about somebody is not news.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn learn(&self, party: &PartyId, learnt: &[Learnt]) -> Result<(), sqlx::Error> {
        let new: Vec<_> = learnt.iter().filter_map(|one| self.news(party, one)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let mut changed = false;
        for (one, cases) in &new {
            changed |= learn_one(&mut transaction, party, one, cases).await?;
        }
        transaction.commit().await?;
        for (one, cases) in new {
            let at = (party.clone(), one.source_id.clone());
            for seen in cases {
                self.written
                    .insert((seen.case_id, party.clone()), seen.revision.clone());
            }
            match one.cases {
                Some(_) if one.whole => self.engaged.insert(at, ()),
                Some(_) => {}
                None => {
                    self.engaged.remove(&at);
                }
            }
        }
        if changed {
            self.changed.send_replace(());
        }
        Ok(())
    }

    /// What of it is not known to be written already; none when all of it is.
    fn news<'l>(&self, party: &PartyId, one: &'l Learnt) -> Option<(&'l Learnt, Vec<&'l Seen>)> {
        let Some(cases) = &one.cases else {
            return Some((one, Vec::new()));
        };
        let is_new = |seen: &&Seen| self.written.get(&(seen.case_id, party.clone())).as_ref() != Some(&seen.revision);
        let new: Vec<_> = cases.iter().filter(is_new).collect();
        let known = || self.engaged.get(&(party.clone(), one.source_id.clone())).is_some();
        (!new.is_empty() || (one.whole && !known())).then_some((one, new))
    }

    /// Notes a change that a source told of itself, without a look at the case.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn note(&self, party: &PartyId, source: &str, seen: &Seen) -> Result<(), sqlx::Error> {
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        note(&mut transaction, party, source, seen, "updated").await?;
        transaction.commit().await?;
        self.changed.send_replace(());
        Ok(())
    }

    /// The changes after a place, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn changes(&self, after: i64, limit: i64) -> Result<Vec<Change>, sqlx::Error> {
        type Row = (i64, String, String, String, String, String, String);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT sequence, party, case_id, source_id, kind, revision, changed_at FROM changes WHERE sequence > ? \
             ORDER BY sequence LIMIT ?",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(&self.read)
        .await?;
        let change = |(sequence, party, case_id, source_id, kind, revision, changed_at)| Change {
            sequence,
            party,
            case_id,
            source_id,
            kind,
            revision,
            changed_at,
        };
        Ok(rows.into_iter().map(change).collect())
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
        self.engaged.remove(&(party.clone(), source.to_owned()));
        engage(&self.write, party, source, engaged).await
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

/// Writes what one source has taught; tells whether anything of it is news to others.
async fn learn_one(
    transaction: &mut Transaction<'_, Sqlite>,
    party: &PartyId,
    learnt: &Learnt,
    new: &[&Seen],
) -> Result<bool, sqlx::Error> {
    let source = learnt.source_id.as_str();
    if learnt.cases.is_none() {
        engage(&mut **transaction, party, source, false).await?;
        return Ok(false);
    }
    let asked_before: Option<bool> =
        sqlx::query_scalar("SELECT engaged FROM engagements WHERE party = ? AND source_id = ?")
            .bind(party.as_str())
            .bind(source)
            .fetch_optional(&mut **transaction)
            .await?;
    let mut changed = false;
    for seen in new {
        let before: Option<String> = sqlx::query_scalar("SELECT revision FROM cases WHERE case_id = ? AND party = ?")
            .bind(seen.case_id.to_string())
            .bind(party.as_str())
            .fetch_optional(&mut **transaction)
            .await?;
        let kind = match before.as_deref() {
            None if asked_before == Some(true) => Some("added"),
            // An index of before revisions were kept knows nothing to compare with.
            None | Some("") => None,
            Some(before) => (before != seen.revision).then_some("updated"),
        };
        if let Some(kind) = kind {
            note(transaction, party, source, seen, kind).await?;
            changed = true;
        }
        sqlx::query(
            "INSERT OR REPLACE INTO cases (case_id, party, source_id, reference, revision) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(seen.case_id.to_string())
        .bind(party.as_str())
        .bind(source)
        .bind(&seen.reference)
        .bind(&seen.revision)
        .execute(&mut **transaction)
        .await?;
    }
    if learnt.whole && asked_before != Some(true) {
        engage(&mut **transaction, party, source, true).await?;
    }
    Ok(changed)
}

async fn engage<'e>(
    database: impl sqlx::Executor<'e, Database = Sqlite>,
    party: &PartyId,
    source: &str,
    engaged: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR REPLACE INTO engagements (party, source_id, engaged, checked_at) VALUES (?, ?, ?, ?)")
        .bind(party.as_str())
        .bind(source)
        .bind(engaged)
        .bind(Timestamp::now().as_second())
        .execute(database)
        .await?;
    Ok(())
}

async fn note(
    transaction: &mut Transaction<'_, Sqlite>,
    party: &PartyId,
    source: &str,
    seen: &Seen,
    kind: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO changes (party, case_id, source_id, kind, revision, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(party.as_str())
    .bind(seen.case_id.to_string())
    .bind(source)
    .bind(kind)
    .bind(&seen.revision)
    .bind(now().to_string())
    .execute(&mut **transaction)
    .await?;
    // Whoever reads the changes keeps up, or reads the cases themselves.
    sqlx::query("DELETE FROM changes WHERE sequence <= (SELECT MAX(sequence) FROM changes) - ?")
        .bind(KEPT_CHANGES)
        .execute(&mut **transaction)
        .await?;
    Ok(())
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
        index.learn(&alva, &[told(&[seen(case, "1")])]).await.unwrap();
        drop(index);
        let index = Index::open(&file).await.unwrap();
        let place = Place {
            source_id: "tax".to_owned(),
            reference: "T-1".to_owned(),
        };
        assert_eq!(index.find(&alva, case).await.unwrap(), Some(place));
        assert_eq!(index.find(&bo, case).await.unwrap(), None);
    }

    fn seen(case_id: Uuid, revision: &str) -> Seen {
        Seen {
            case_id,
            reference: "T-1".to_owned(),
            revision: revision.to_owned(),
        }
    }

    /// All that a source told.
    fn told(cases: &[Seen]) -> Learnt {
        Learnt {
            source_id: "tax".to_owned(),
            cases: Some(cases.to_vec()),
            whole: true,
        }
    }

    #[tokio::test]
    async fn what_is_new_or_has_changed_is_noted_once_and_the_first_sight_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let index = Index::open(&directory.path().join("index.sqlite")).await.unwrap();
        let (alva, bo) = (PartyId::parse("alva").unwrap(), PartyId::parse("bo").unwrap());
        let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
        for cases in [
            vec![seen(first, "1")],
            vec![seen(first, "1")],
            vec![seen(first, "2"), seen(second, "1")],
            vec![seen(first, "2"), seen(second, "1")],
        ] {
            index.learn(&alva, &[told(&cases)]).await.unwrap();
        }
        index.learn(&bo, &[told(&[])]).await.unwrap();
        index.learn(&bo, &[told(&[seen(first, "9")])]).await.unwrap();
        let all = index.changes(0, 10).await.unwrap();
        let noted: Vec<_> = all
            .iter()
            .map(|one| {
                (
                    one.party.as_str(),
                    one.case_id.clone(),
                    one.kind.as_str(),
                    one.revision.as_str(),
                )
            })
            .collect();
        assert_eq!(
            noted,
            [
                ("alva", first.to_string(), "updated", "2"),
                ("alva", second.to_string(), "added", "1"),
                ("bo", first.to_string(), "added", "9"),
            ]
        );
        assert_eq!(index.changes(all[1].sequence, 10).await.unwrap(), all[2..]);
    }

    #[tokio::test]
    async fn who_is_not_engaged_is_remembered_until_told_otherwise() {
        let directory = tempfile::tempdir().unwrap();
        let index = Index::open(&directory.path().join("index.sqlite")).await.unwrap();
        let alva = PartyId::parse("alva").unwrap();
        let nothing = Learnt {
            cases: None,
            ..told(&[])
        };
        index.learn(&alva, &[nothing]).await.unwrap();
        assert_eq!(index.not_engaged(&alva).await.unwrap(), ["tax"]);
        index.engage(&alva, "tax", true).await.unwrap();
        assert!(index.not_engaged(&alva).await.unwrap().is_empty());
    }
}
