//! What sources have pushed: which events have come, how far each case has come, and the case where nobody is asked.

use jiff::Timestamp;
use service_host::PartyId;

use crate::index::Index;

/// For how long an event's id is known, in seconds; a later copy is still told by its case's sequence.
const KNOWN_FOR: i64 = 30 * 24 * 3600;

/// An event that a source has pushed.
#[derive(Clone, Debug)]
pub(crate) struct Push<'a> {
    pub(crate) source: &'a str,
    pub(crate) event_id: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) party: &'a PartyId,
    /// Orders the events of one case, as text.
    pub(crate) sequence: &'a str,
    /// The case, where it is to be kept.
    pub(crate) content: Option<String>,
}

/// What became of a pushed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It says something new.
    New,
    /// It has come before.
    Duplicate,
    /// A later one of the same case came first.
    Superseded,
}

impl Index {
    /// Takes an event in: once, and never an older one over a newer.
    ///
    /// # Errors
    /// When the database cannot be written; then the event has not been taken and may be sent again.
    pub(crate) async fn push(&self, push: &Push<'_>) -> Result<Taken, sqlx::Error> {
        let now = Timestamp::now().as_second();
        let mut transaction = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM pushed_events WHERE source_id = ? AND received_at < ?")
            .bind(push.source)
            .bind(now - KNOWN_FOR)
            .execute(&mut *transaction)
            .await?;
        let first =
            sqlx::query("INSERT OR IGNORE INTO pushed_events (source_id, event_id, received_at) VALUES (?, ?, ?)")
                .bind(push.source)
                .bind(push.event_id)
                .bind(now)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        if first == 0 {
            return Ok(Taken::Duplicate);
        }
        let written = sqlx::query(
            "INSERT INTO pushed_cases (source_id, reference, party, sequence, content, received_at) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source_id, reference) DO UPDATE SET party = excluded.party, \
             sequence = excluded.sequence, content = excluded.content, received_at = excluded.received_at \
             WHERE excluded.sequence >= pushed_cases.sequence",
        )
        .bind(push.source)
        .bind(push.reference)
        .bind(push.party.as_str())
        .bind(push.sequence)
        .bind(push.content.as_deref())
        .bind(now)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(if written == 0 { Taken::Superseded } else { Taken::New })
    }

    /// Forgets that an event came, so that it counts when it is sent again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub(crate) async fn forget(&self, push: &Push<'_>) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM pushed_events WHERE source_id = ? AND event_id = ?")
            .bind(push.source)
            .bind(push.event_id)
            .execute(&self.write)
            .await
            .map(|_| ())
    }

    /// The cases that a source has pushed about the party, and when each came.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn pushed(&self, party: &PartyId, source: &str) -> Result<Vec<(String, Timestamp)>, sqlx::Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT content, received_at FROM pushed_cases WHERE source_id = ? AND party = ? AND content IS NOT NULL \
             ORDER BY reference LIMIT 1001",
        )
        .bind(source)
        .bind(party.as_str())
        .fetch_all(&self.read)
        .await?;
        let told = |(content, at): (String, i64)| (content, Timestamp::from_second(at).unwrap_or_default());
        Ok(rows.into_iter().map(told).collect())
    }
}
