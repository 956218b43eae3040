//! Events and the place in the changes that they come from.

use database::{Error, Row, query};

use super::{EVENTS, LOCK, Store};

/// For how long events can be asked for again, in microseconds: seven days, as long as the last retry and a weekend.
const KEPT: i64 = 7 * 24 * 3600 * 1_000_000;

/// A change as case status tells it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct News {
    pub(crate) sequence: i64,
    pub(crate) party: String,
    pub(crate) case_id: String,
    pub(crate) source_id: String,
    pub(crate) kind: String,
    pub(crate) changed_at: String,
}

/// Who follows a person's cases, on whose behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Follower {
    pub(crate) party: String,
    pub(crate) application: String,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) sequence: i64,
    pub(crate) id: String,
    pub(crate) case_id: String,
    pub(crate) source_id: String,
    pub(crate) kind: String,
    pub(crate) changed_at: String,
}

impl Event {
    pub(crate) fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            sequence: row.get("sequence")?,
            id: row.get("id")?,
            case_id: row.get("case_id")?,
            source_id: row.get("source_id")?,
            kind: row.get("kind")?,
            changed_at: row.get("changed_at")?,
        })
    }

    /// The event as a CloudEvent: which case, never whose and never what. `subscription` lets a receiver of many tell
    /// whose token to read the case with.
    pub(crate) fn body(&self, subscription: Option<&str>) -> String {
        serde_json::json!({
            "specversion": "1.0",
            "id": self.id,
            "source": "/case-status/v1",
            "type": format!("se.vagvisare.case.{}.v1", self.kind),
            "subject": self.case_id,
            "time": self.changed_at,
            "sequence": format!("{:020}", self.sequence),
            "datacontenttype": "application/json",
            "data": { "caseId": self.case_id, "sourceId": self.source_id, "subscriptionId": subscription },
        })
        .to_string()
    }
}

impl Store {
    /// How far changes have been read.
    pub(crate) async fn position(&self) -> Result<i64, Error> {
        let read = query("SELECT position FROM channel_feed WHERE name = 'case-status'");
        match self.database.fetch_optional(read).await? {
            Some(row) => row.get("position"),
            None => Ok(0),
        }
    }

    /// Takes changes in, with the deliveries that follow, and moves the place behind them: all of it or nothing. What
    /// another node has taken already is left out.
    pub(crate) async fn take(&self, news: &[News], now: i64) -> Result<(), Error> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(LOCK).await?;
        let read = query("SELECT position FROM channel_feed WHERE name = 'case-status'");
        let position = match transaction.fetch_optional(read).await? {
            Some(row) => row.get::<i64>("position")?,
            None => 0,
        };
        let last = query("SELECT COALESCE(MAX(sequence), 0) AS last FROM channel_event");
        let mut sequence: i64 = transaction.fetch_one(last).await?.get("last")?;
        for one in news.iter().filter(|one| one.sequence > position) {
            sequence += 1;
            let insert = "INSERT INTO channel_event (sequence, id, party, case_id, source_id, kind, changed_at, noted_at) \
                          VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
            let event = query(insert)
                .bind(sequence)
                .bind(uuid::Uuid::now_v7().to_string())
                .bind(&one.party)
                .bind(&one.case_id)
                .bind(&one.source_id)
                .bind(&one.kind)
                .bind(&one.changed_at)
                .bind(now);
            transaction.execute(event).await?;
            let deliveries = "INSERT INTO channel_delivery (subscription, event, case_id, state, attempts, next_at, claimed_until) \
                              SELECT id, CAST(? AS BIGINT), CAST(? AS TEXT), 'pending', 0, CAST(? AS BIGINT), 0 \
                              FROM channel_subscription WHERE party = ? AND state <> 'disabled'";
            let deliveries = query(deliveries)
                .bind(sequence)
                .bind(&one.case_id)
                .bind(now)
                .bind(&one.party);
            transaction.execute(deliveries).await?;
        }
        if let Some(last) = news.last().filter(|last| last.sequence > position) {
            let moved = "INSERT INTO channel_feed (name, position) VALUES ('case-status', ?) \
                         ON CONFLICT (name) DO UPDATE SET position = excluded.position";
            transaction.execute(query(moved).bind(last.sequence)).await?;
            // The last one stays whatever its age: the numbers go on from it.
            let old = "DELETE FROM channel_event WHERE noted_at < ? AND sequence < ? AND NOT EXISTS \
                       (SELECT 1 FROM channel_delivery d WHERE d.event = channel_event.sequence AND d.state = 'pending')";
            transaction.execute(query(old).bind(now - KEPT).bind(sequence)).await?;
            let ended = query("DELETE FROM channel_delivery WHERE state <> 'pending' AND ended_at < ?");
            transaction.execute(ended.bind(now - 4 * KEPT)).await?;
            transaction.notify(EVENTS, &sequence.to_string()).await?;
        }
        transaction.commit().await
    }

    /// The number of the newest event.
    pub(crate) async fn newest(&self) -> Result<i64, Error> {
        let last = query("SELECT COALESCE(MAX(sequence), 0) AS last FROM channel_event");
        self.database.fetch_one(last).await?.get("last")
    }

    /// A person's events after a place, oldest first.
    pub(crate) async fn events(&self, party: &str, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
        let read = "SELECT sequence, id, case_id, source_id, kind, changed_at FROM channel_event \
                    WHERE party = ? AND sequence > ? ORDER BY sequence LIMIT ?";
        let rows = self
            .database
            .fetch_all(query(read).bind(party).bind(after).bind(limit))
            .await?;
        rows.iter().map(Event::of).collect()
    }

    /// Notes that somebody follows the person's events until a time.
    pub(crate) async fn follow(&self, follower: &Follower, until: i64) -> Result<(), Error> {
        let follow = "INSERT INTO channel_follower (party, application, until) VALUES (?, ?, ?) \
                      ON CONFLICT (party, application) DO UPDATE SET until = excluded.until";
        let follow = query(follow)
            .bind(&follower.party)
            .bind(&follower.application)
            .bind(until);
        self.database.execute(follow).await.map(|_| ())
    }

    /// Everybody whose cases are to be looked at.
    pub(crate) async fn followed(&self, now: i64) -> Result<Vec<Follower>, Error> {
        let read = "SELECT party, application FROM channel_subscription WHERE state <> 'disabled' \
                    UNION SELECT party, application FROM channel_follower WHERE until > ?";
        let rows = self.database.fetch_all(query(read).bind(now)).await?;
        let follower = |row: &Row| {
            Ok(Follower {
                party: row.get("party")?,
                application: row.get("application")?,
            })
        };
        rows.iter().map(follower).collect()
    }
}
