//! Who asked about a person, when and for what. One that finds no place in the queue is not told, and the call that it would
//! be about must not be answered. The request waits until it is written, many in one transaction, or goes on beside it, as
//! the installation chooses: then a node that dies loses what it was told in its last moments.

use super::consent::Role;
use super::{People, PeopleError, PersonId, moment, now_micros};
use database::{Query, Row, query};
use serde::Serialize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use utoipa::ToSchema;

/// Readings that may wait to be written.
const QUEUE: usize = 16_384;
/// Readings that are written in one transaction: all that came while the one before was made durable share the next wait.
const BATCH: usize = 1_024;
/// Readings in one statement, the largest first: few statements, so that each is prepared once.
const STATEMENTS: [usize; 5] = [256, 64, 16, 4, 1];
/// How long a request waits for its reading to be written.
const PATIENCE: Duration = Duration::from_secs(2);
/// Readings that are listed at once.
const PAGE: i64 = 200;

/// Somebody asked about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
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
    /// What whoever looks at it is to it.
    pub role: Role,
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
    /// Who waits until it is written.
    written: Option<oneshot::Sender<()>>,
}

enum Message {
    Write(Box<New>),
    Flush(oneshot::Sender<()>),
}

/// Where readings are told. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Readings {
    messages: mpsc::Sender<Message>,
    before_answers: bool,
}

/// Whether a reading has been noted; see [`Readings::note`].
pub enum Noted {
    /// At hand.
    Now(bool),
    /// When it is written.
    Later(Pin<Box<dyn Future<Output = bool> + Send>>),
}

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
        let readings = Self {
            messages: sender,
            before_answers: true,
        };
        (readings, ReadingLog { people, messages })
    }

    /// Whether requests wait until their readings are written, which they do unless told otherwise here.
    #[must_use]
    pub fn before_answers(mut self, wait: bool) -> Self {
        self.before_answers = wait;
        self
    }

    /// Notes a reading. `false`, now or later: it is not noted, and the call must not be answered.
    #[must_use]
    pub fn note(&self, reading: NewReading) -> Noted {
        if !self.before_answers {
            return Noted::Now(self.tell(reading));
        }
        let (written, waits) = oneshot::channel();
        if !self.send(reading, Some(written)) {
            return Noted::Now(false);
        }
        // Too late, it may still be written: the person sees a reading that was asked for and not answered.
        Noted::Later(Box::pin(async move {
            matches!(tokio::time::timeout(PATIENCE, waits).await, Ok(Ok(())))
        }))
    }

    /// Tells a reading, without waiting. `false`: there is no place for it just now, and the call must not be answered.
    #[must_use]
    pub fn tell(&self, reading: NewReading) -> bool {
        self.send(reading, None)
    }

    fn send(&self, reading: NewReading, written: Option<oneshot::Sender<()>>) -> bool {
        let new = New {
            at: now_micros(),
            reading,
            written,
        };
        self.messages.try_send(Message::Write(Box::new(new))).is_ok()
    }

    /// Returns when everything that was told before has been written.
    pub async fn flush(&self) {
        let (done, written) = oneshot::channel();
        if self.messages.send(Message::Flush(done)).await.is_ok() {
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
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            let noted = new.into_iter().filter_map(|(_, one)| one.written);
            for done in noted.chain(waiting) {
                // Whoever asked may have gone.
                let _ = done.send(());
            }
        }
    }
}

impl People {
    /// The readings about the person, and those under consents that they gave for others, the newest first, at most 200: those before the moment `before` (Unix microseconds), if given.
    ///
    /// # Errors
    /// The database.
    pub async fn readings(&self, person: &PersonId, before: Option<i64>) -> Result<Vec<Reading>, PeopleError> {
        let sql = "SELECT at, application, organisation, api, operation, consent, trace, subject FROM people_reading \
                   WHERE (person = ? OR subject = ?) AND at < ? ORDER BY at DESC, id DESC LIMIT ?";
        let find = query(sql).bind(&person.0).bind(&person.0);
        let find = find.bind(before.unwrap_or(i64::MAX)).bind(PAGE);
        let rows = self.database.fetch_all(find).await?;
        let reading = |row: &Row| {
            let subject: String = row.get("subject")?;
            let subject = Some(subject).filter(|id| !id.is_empty()).map(PersonId);
            Ok(Reading {
                role: Role::of(person, subject.as_ref()),
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
        let mut rest = new;
        for size in STATEMENTS {
            while let Some((rows, others)) = rest.split_at_checked(size) {
                transaction.execute(insert(rows)).await?;
                rest = others;
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

/// One statement for several. Who and for whom is what the consent of the token says; a token without one is not of our people.
fn insert(rows: &[(String, Box<New>)]) -> Query {
    let marks = vec!["(?, ?, ?, ?, ?, ?)"; rows.len()].join(", ");
    // In this order: what is written leads to its token and that to its consent, however many of those there are.
    let sql = format!(
        "INSERT INTO people_reading (id, at, api, operation, trace, person, application, organisation, consent, subject) \
         SELECT v.column1, v.column2, v.column3, v.column4, v.column5, c.person, c.application, c.organisation, c.id, c.acts_for \
         FROM (VALUES {marks}) AS v CROSS JOIN people_token t CROSS JOIN people_consent c \
         WHERE t.id = v.column6 AND c.id = t.consent ON CONFLICT DO NOTHING"
    );
    let mut insert = query(sql);
    for (id, new) in rows {
        insert = insert
            .bind(id)
            .bind(new.at)
            .bind(&*new.reading.api)
            .bind(&new.reading.operation)
            .bind(&new.reading.trace)
            .bind(&*new.reading.token_id);
    }
    insert
}
