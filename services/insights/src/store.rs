//! Impressions, answers that wait for publication, publications, and shared insights, on SQLite or PostgreSQL.
//!
//! An answer is kept without the impression it came from and without who gave it: the impression only remembers that it
//! has been answered. Times are cut to the hour.

mod shared;

use database::{Database, Error, Migrations, query};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::batch::{self, Answer, Figures, JourneyStep};

pub use shared::{Action, ActionState, Insight};

const MIGRATIONS: Migrations = Migrations {
    component: "insights",
    steps: &[
        "CREATE TABLE insights_impression (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    channel TEXT NOT NULL,
    answered BIGINT NOT NULL DEFAULT 0
);
CREATE TABLE insights_answer (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    channel TEXT NOT NULL,
    hour TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX insights_answer_cell ON insights_answer (organisation, channel);
CREATE TABLE insights_publication (
    organisation TEXT NOT NULL,
    channel TEXT NOT NULL,
    day TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (organisation, channel, day)
);
CREATE TABLE insights_shared (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE TABLE insights_reuse (
    insight TEXT NOT NULL,
    organisation TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (insight, organisation)
);
CREATE TABLE insights_action (
    id TEXT PRIMARY KEY,
    insight TEXT NOT NULL,
    organisation TEXT NOT NULL,
    document TEXT NOT NULL
)",
        // Impressions from before are never accounted for: nobody knows when they were made.
        "ALTER TABLE insights_impression ADD COLUMN step TEXT;
ALTER TABLE insights_impression ADD COLUMN day TEXT;
CREATE INDEX insights_impression_cell ON insights_impression (organisation, channel, day)",
    ],
};

/// One advisory lock: two nodes must not publish the same answers.
const PUBLISHING: i64 = 7_103_001;

/// The store.
#[derive(Clone)]
pub struct Store {
    pub(crate) database: Database,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is counted.
    Counted,
    /// There is no such impression.
    NoImpression,
    /// The impression has been answered before.
    Already,
}

/// What was published of one agency and channel on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The agency.
    pub organisation: String,
    /// The channel.
    pub channel: String,
    /// The day.
    pub day: String,
    /// The figures.
    pub figures: Figures,
}

impl Store {
    /// Opens the store and brings its schema up to date.
    ///
    /// # Errors
    /// A database that cannot be opened.
    pub async fn open(address: &str) -> Result<Self, Error> {
        let database = Database::open(address, &[MIGRATIONS]).await?;
        Ok(Self { database })
    }

    /// Notes that a person was asked, and gives the id to answer with.
    ///
    /// # Errors
    /// The database fails.
    pub async fn impression(
        &self,
        organisation: &str,
        channel: &str,
        step: Option<JourneyStep>,
        on: Date,
    ) -> Result<String, Error> {
        let id = Uuid::new_v4().to_string();
        let insert =
            query("INSERT INTO insights_impression (id, organisation, channel, step, day) VALUES (?, ?, ?, ?, ?)")
                .bind(&id)
                .bind(organisation)
                .bind(channel)
                .bind(step.and_then(|step| serde_json::to_string(&step).ok()))
                .bind(on.to_string());
        self.database.execute(insert).await?;
        Ok(id)
    }

    /// Whether an impression has been answered; `None` when there is no such impression.
    ///
    /// # Errors
    /// The database fails.
    pub async fn answered(&self, impression: &str) -> Result<Option<bool>, Error> {
        let find = query("SELECT answered FROM insights_impression WHERE id = ?").bind(impression);
        let row = self.database.fetch_optional(find).await?;
        row.map(|row| row.flag("answered")).transpose()
    }

    /// Counts an answer, once for each impression; the impression says which step it is about.
    ///
    /// # Errors
    /// The database fails.
    pub async fn record(&self, impression: &str, answer: &Answer, at: Timestamp) -> Result<Recorded, Error> {
        let mut transaction = self.database.begin().await?;
        let take = query(
            "UPDATE insights_impression SET answered = 1 WHERE id = ? AND answered = 0 \
             RETURNING organisation, channel, step",
        );
        let Some(row) = transaction.fetch_optional(take.bind(impression)).await? else {
            transaction.rollback().await?;
            let known = self.answered(impression).await?;
            return Ok(known.map_or(Recorded::NoImpression, |_| Recorded::Already));
        };
        let step: Option<String> = row.get("step")?;
        let answer = Answer {
            step: step.and_then(|step| serde_json::from_str(&step).ok()),
            ..*answer
        };
        let hour = at.strftime("%Y-%m-%dT%H:00:00Z");
        let insert =
            query("INSERT INTO insights_answer (id, organisation, channel, hour, document) VALUES (?, ?, ?, ?, ?)")
                .bind(Uuid::new_v4().to_string())
                .bind(row.get::<String>("organisation")?)
                .bind(row.get::<String>("channel")?)
                .bind(hour.to_string())
                .bind(serde_json::to_string(&answer).unwrap_or_default());
        transaction.execute(insert).await?;
        transaction.commit().await?;
        Ok(Recorded::Counted)
    }

    /// Publishes what may be published of answers given before `today`, once a day for each agency and channel; published
    /// answers are removed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn publish(&self, today: Date) -> Result<usize, Error> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(PUBLISHING).await?;
        let before = format!("{today}T00:00:00Z");
        let due = query(
            "SELECT organisation, channel FROM insights_answer WHERE hour < ? GROUP BY organisation, channel \
             HAVING COUNT(*) >= ?",
        );
        let floor = i64::try_from(batch::FLOOR).unwrap_or(i64::MAX);
        let cells = transaction.fetch_all(due.bind(&before).bind(floor)).await?;
        let mut published = 0;
        for cell in cells {
            let (organisation, channel): (String, String) = (cell.get("organisation")?, cell.get("channel")?);
            let take = query(
                "DELETE FROM insights_answer WHERE organisation = ? AND channel = ? AND hour < ? RETURNING document",
            );
            let rows = transaction
                .fetch_all(take.bind(&organisation).bind(&channel).bind(&before))
                .await?;
            let texts: Vec<String> = rows.iter().map(|row| row.get("document")).collect::<Result<_, _>>()?;
            let answers: Vec<Answer> = texts
                .iter()
                .filter_map(|text| serde_json::from_str(text).ok())
                .collect();
            let account = query(
                "UPDATE insights_impression SET day = NULL WHERE organisation = ? AND channel = ? AND day < ? \
                 RETURNING answered",
            );
            let asked = transaction
                .fetch_all(account.bind(&organisation).bind(&channel).bind(today.to_string()))
                .await?;
            let answered = asked.iter().filter(|row| row.flag("answered").unwrap_or(false)).count();
            let Some(figures) = batch::figures(&answers, (asked.len(), answered)) else {
                continue;
            };
            let insert =
                query("INSERT INTO insights_publication (organisation, channel, day, document) VALUES (?, ?, ?, ?)")
                    .bind(organisation)
                    .bind(channel)
                    .bind(today.to_string())
                    .bind(serde_json::to_string(&figures).unwrap_or_default());
            transaction.execute(insert).await?;
            published += 1;
        }
        transaction.commit().await?;
        Ok(published)
    }

    /// What has been published, newest first, of one agency or of all.
    ///
    /// # Errors
    /// The database fails.
    pub async fn publications(&self, organisation: Option<&str>) -> Result<Vec<Publication>, Error> {
        let find = query(
            "SELECT organisation, channel, day, document FROM insights_publication WHERE organisation = ? OR ? = 1 \
             ORDER BY day DESC, organisation, channel",
        );
        let find = find
            .bind(organisation.unwrap_or_default())
            .bind(i64::from(organisation.is_none()));
        let rows = self.database.fetch_all(find).await?;
        let mut all = Vec::new();
        for row in rows {
            let text: String = row.get("document")?;
            let Ok(figures) = serde_json::from_str(&text) else {
                continue;
            };
            all.push(Publication {
                organisation: row.get("organisation")?,
                channel: row.get("channel")?,
                day: row.get("day")?,
                figures,
            });
        }
        Ok(all)
    }
}
