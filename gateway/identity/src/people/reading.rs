//! Who asked about a person, when and for what. Written beside the request: one that finds no place in the queue is not
//! told, and the call that it would be about must not be answered.

use super::{People, PeopleError, PersonId, moment, now_micros};
use database::{Row, query};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Readings that may wait to be written.
const QUEUE: usize = 16_384;
/// Readings that are written in one transaction.
const BATCH: usize = 256;
/// Readings that are listed at once.
const PAGE: i64 = 200;

/// Somebody asked about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// When, as RFC 3339.
    pub at: String,
    /// The application that asked.
    pub application: String,
    /// Whose it is.
    pub organisation: String,
    /// Audience of the API that was asked.
    pub api: String,
    /// What was asked there: method and path without anything of anybody.
    pub operation: String,
    /// The consent it rested on.
    pub consent: String,
    /// The trace of the call.
    pub trace: String,
}

/// A call with a person's token, as the request path tells it.
#[derive(Debug, Clone)]
pub struct NewReading {
    /// `jti` of the token; leads to the consent, and so to the person.
    pub token_id: Arc<str>,
    /// Audience of the API.
    pub api: Arc<str>,
    /// Method and path template.
    pub operation: String,
    /// The trace of the call.
    pub trace: String,
}

/// A reading to be written.
struct New {
    at: i64,
    reading: NewReading,
}

enum Message {
    Write(Box<New>),
    Flush(oneshot::Sender<()>),
}

/// Where readings are told. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readings(mpsc::Sender<Message>);

/// Writes what is told to [`Readings`]; to be spawned.
pub struct ReadingLog {
    people: People,
    messages: mpsc::Receiver<Message>,
}

impl std::fmt::Debug for ReadingLog {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ReadingLog")
    }
}

impl Readings {
    /// A place to tell readings, and the task that writes them.
    pub fn new(people: People) -> (Self, ReadingLog) {
        let (sender, messages) = mpsc::channel(QUEUE);
        (Self(sender), ReadingLog { people, messages })
    }

    /// Tells a reading, without waiting. `false`: there is no place for it just now, and the call must not be answered.
    #[must_use]
    pub fn tell(&self, reading: NewReading) -> bool {
        let at = now_micros();
        self.0.try_send(Message::Write(Box::new(New { at, reading }))).is_ok()
    }

    /// Returns when everything that was told before has been written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.0.send(Message::Flush(done)).await.is_ok() {
            // Without an answer nobody writes any more.
            let _ = written.await;
        }
    }
}

impl ReadingLog {
    /// Writes until every [`Readings`] is gone. While the database cannot be written the readings wait.
    pub async fn run(mut self) {
        let mut messages = Vec::with_capacity(BATCH);
        while self.messages.recv_many(&mut messages, BATCH).await > 0 {
            let mut waiting = Vec::new();
            let mut new = Vec::new();
            for message in messages.drain(..) {
                match message {
                    Message::Write(one) => new.push((uuid::Uuid::now_v7().to_string(), one)),
                    Message::Flush(done) => waiting.push(done),
                }
            }
            while let Err(error) = self.people.write_readings(&new).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "readings cannot be written; they wait"
                );
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            }
            for done in waiting {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }
}

impl People {
    /// The person's readings, the newest first, at most 200: those before the moment `before` (Unix microseconds), if given.
    ///
    /// # Errors
    /// The database.
    pub async fn readings(&self, person: &PersonId, before: Option<i64>) -> Result<Vec<Reading>, PeopleError> {
        let sql = "SELECT at, application, organisation, api, operation, consent, trace FROM people_reading \
                   WHERE person = ? AND at < ? ORDER BY at DESC, id DESC LIMIT ?";
        let find = query(sql).bind(&person.0).bind(before.unwrap_or(i64::MAX)).bind(PAGE);
        let rows = self.database.fetch_all(find).await?;
        let reading = |row: &Row| {
            Ok(Reading {
                at: moment(row.get("at")?),
                application: row.get("application")?,
                organisation: row.get("organisation")?,
                api: row.get("api")?,
                operation: row.get("operation")?,
                consent: row.get("consent")?,
                trace: row.get("trace")?,
            })
        };
        rows.iter().map(reading).collect()
    }

    /// Writes all or none. The ids make a second try after a lost answer harmless.
    async fn write_readings(&self, new: &[(String, Box<New>)]) -> Result<(), PeopleError> {
        if new.is_empty() {
            return Ok(());
        }
        let mut transaction = self.database.begin().await?;
        for (id, new) in new {
            // Who and for whom is what the consent of the token says; a token without one is not of our people.
            let sql = "INSERT INTO people_reading (id, person, at, application, organisation, api, operation, consent, trace) \
                       SELECT ?, c.person, ?, c.application, c.organisation, ?, ?, c.id, ? \
                       FROM people_token t JOIN people_consent c ON c.id = t.consent WHERE t.id = ? ON CONFLICT DO NOTHING";
            let insert = query(sql)
                .bind(id)
                .bind(new.at)
                .bind(&*new.reading.api)
                .bind(&new.reading.operation)
                .bind(&new.reading.trace)
                .bind(&*new.reading.token_id);
            transaction.execute(insert).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
