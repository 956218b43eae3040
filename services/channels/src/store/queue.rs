//! What is to be delivered: claimed by one worker at a time, in order within a case, tried again later when it fails.

use std::time::Duration;

use database::{Error, Row, query};

use super::subscriptions::{COLUMNS, Owner, State, Subscription};
use super::{EVENTS, Event, LOCK, Store};

/// For how long a delivery waits when nobody can say whether it may be made.
const MOMENT: i64 = 2 * 1_000_000;

/// The waits after each failure, in seconds: three days in all, less a little.
pub(crate) const WAITS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 72_000];

/// After this many failures in a row nothing more is sent until somebody says that it works again.
const MOST_FAILURES: i64 = 20;

/// Something to send now.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    /// The question whether the endpoint wants anything at all.
    Verification(Subscription),
    /// An event.
    Event(Subscription, Event, i64),
}

/// A delivery as its owner sees it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) event: Event,
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) last_status: Option<i64>,
    pub(crate) last_error: Option<String>,
    pub(crate) next_at: i64,
}

impl Store {
    /// Claims what is due, at most `limit` verifications and as many events, for as long as `hold`. Of one case's
    /// deliveries only the first is ever claimed.
    pub(crate) async fn claim(&self, now: i64, limit: usize, hold: Duration) -> Result<Vec<Due>, Error> {
        let until = now.saturating_add(i64::try_from(hold.as_micros()).unwrap_or(i64::MAX));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut transaction = self.database.begin().await?;
        transaction.lock(LOCK).await?;
        let read = format!(
            "SELECT {COLUMNS} FROM channel_subscription \
                    WHERE state = 'unverified' AND next_at <= ? AND claimed_until <= ? ORDER BY next_at LIMIT ?"
        );
        let rows = transaction
            .fetch_all(query(read).bind(now).bind(now).bind(limit))
            .await?;
        let mut due = Vec::new();
        for row in &rows {
            let subscription = Subscription::of(row)?;
            let claim = query("UPDATE channel_subscription SET claimed_until = ? WHERE id = ?");
            transaction.execute(claim.bind(until).bind(&subscription.id)).await?;
            due.push(Due::Verification(subscription));
        }
        let read = "SELECT s.id AS subscription, s.party, s.application, s.url, s.state, s.state_reason, s.secrets, s.challenge, s.created_at, \
                    s.attempts AS verifications, d.attempts AS attempts, e.sequence, e.id AS event, e.case_id, e.source_id, \
                    e.kind, e.changed_at FROM channel_delivery d JOIN channel_subscription s ON s.id = d.subscription \
                    JOIN channel_event e ON e.sequence = d.event \
                    WHERE d.state = 'pending' AND d.next_at <= ? AND d.claimed_until <= ? AND s.state = 'active' \
                    AND NOT EXISTS (SELECT 1 FROM channel_delivery o WHERE o.subscription = d.subscription \
                    AND o.case_id = d.case_id AND o.state = 'pending' AND o.event < d.event) \
                    ORDER BY d.next_at, d.event LIMIT ?";
        let rows = transaction
            .fetch_all(query(read).bind(now).bind(now).bind(limit))
            .await?;
        for row in &rows {
            let (subscription, event, attempts) = due_of(row)?;
            let claim = query("UPDATE channel_delivery SET claimed_until = ? WHERE subscription = ? AND event = ?");
            let claim = claim.bind(until).bind(&subscription.id).bind(event.sequence);
            transaction.execute(claim).await?;
            due.push(Due::Event(subscription, event, attempts));
        }
        transaction.commit().await?;
        Ok(due)
    }

    /// The endpoint has shown that it wants events.
    pub(crate) async fn verified(&self, id: &str) -> Result<(), Error> {
        let update = "UPDATE channel_subscription SET state = 'active', state_reason = NULL, attempts = 0, claimed_until = 0, \
                      failures_in_a_row = 0 WHERE id = ? AND state = 'unverified'";
        self.database.execute(query(update).bind(id)).await.map(|_| ())
    }

    /// The endpoint has not; it is asked again later, until the waits have come to an end.
    pub(crate) async fn not_verified(&self, id: &str, attempts: i64, why: &str, now: i64) -> Result<(), Error> {
        let (state, next_at) = match wait(attempts) {
            Some(wait) => (State::Unverified, now + wait),
            None => (State::Disabled, now),
        };
        let update = "UPDATE channel_subscription SET state = ?, state_reason = ?, attempts = ?, next_at = ?, claimed_until = 0 \
                      WHERE id = ? AND state = 'unverified'";
        let update = query(update)
            .bind(state.name())
            .bind(why)
            .bind(attempts + 1)
            .bind(next_at)
            .bind(id);
        self.database.execute(update).await.map(|_| ())
    }

    /// It was not tried: it is due again in a moment.
    pub(crate) async fn put_off(&self, id: &str, event: Option<i64>, now: i64) -> Result<(), Error> {
        let update = match event {
            None => query("UPDATE channel_subscription SET claimed_until = 0, next_at = ? WHERE id = ?")
                .bind(now + MOMENT)
                .bind(id),
            Some(event) => {
                let later =
                    "UPDATE channel_delivery SET claimed_until = 0, next_at = ? WHERE subscription = ? AND event = ?";
                query(later).bind(now + MOMENT).bind(id).bind(event)
            }
        };
        self.database.execute(update).await.map(|_| ())
    }

    /// An event has been delivered.
    pub(crate) async fn delivered(&self, id: &str, event: i64, status: u16, now: i64) -> Result<(), Error> {
        let mut transaction = self.database.begin().await?;
        let update = "UPDATE channel_delivery SET state = 'delivered', attempts = attempts + 1, last_status = ?, last_error = NULL, \
                      ended_at = ? WHERE subscription = ? AND event = ?";
        let update = query(update).bind(i64::from(status)).bind(now).bind(id).bind(event);
        transaction.execute(update).await?;
        let well =
            query("UPDATE channel_subscription SET failures_in_a_row = 0 WHERE id = ? AND failures_in_a_row > 0");
        transaction.execute(well.bind(id)).await?;
        transaction.notify(EVENTS, "").await?;
        transaction.commit().await
    }

    /// An event has not been delivered: it is tried again later, or has been tried for long enough and is put aside.
    pub(crate) async fn not_delivered(
        &self,
        id: &str,
        event: i64,
        attempts: i64,
        status: Option<u16>,
        why: &str,
        now: i64,
    ) -> Result<(), Error> {
        let (state, next_at) = match wait(attempts) {
            Some(wait) => ("pending", now + wait),
            None => ("dead", now),
        };
        let mut transaction = self.database.begin().await?;
        let update = "UPDATE channel_delivery SET state = ?, attempts = ?, next_at = ?, claimed_until = 0, last_status = ?, \
                      last_error = ?, ended_at = ? WHERE subscription = ? AND event = ? AND state = 'pending'";
        let update = query(update)
            .bind(state)
            .bind(attempts + 1)
            .bind(next_at)
            .bind(status.map(i64::from))
            .bind(why)
            .bind((state == "dead").then_some(now))
            .bind(id)
            .bind(event);
        transaction.execute(update).await?;
        let count = "UPDATE channel_subscription SET failures_in_a_row = failures_in_a_row + 1 WHERE id = ?";
        transaction.execute(query(count).bind(id)).await?;
        if status == Some(410) {
            let gone = "UPDATE channel_subscription SET state = 'disabled', state_reason = 'the endpoint answered 410 Gone' \
                        WHERE id = ?";
            transaction.execute(query(gone).bind(id)).await?;
        } else {
            let pause = "UPDATE channel_subscription SET state = 'paused', state_reason = 'too many deliveries failed in a row' \
                         WHERE id = ? AND state = 'active' AND failures_in_a_row >= ?";
            transaction.execute(query(pause).bind(id).bind(MOST_FAILURES)).await?;
        }
        transaction.commit().await
    }

    /// Puts events after a place back among what is to be delivered, whatever has become of them; gives their number.
    pub(crate) async fn replay(&self, owner: Owner<'_>, id: &str, after: i64, now: i64) -> Result<u64, Error> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(LOCK).await?;
        let replay = "INSERT INTO channel_delivery (subscription, event, case_id, state, attempts, next_at, claimed_until) \
                      SELECT CAST(? AS TEXT), e.sequence, e.case_id, 'pending', 0, CAST(? AS BIGINT), 0 FROM channel_event e \
                      WHERE e.party = ? AND e.sequence > ? \
                      ON CONFLICT (subscription, event) DO UPDATE SET state = 'pending', attempts = 0, \
                      next_at = excluded.next_at, claimed_until = 0, ended_at = NULL";
        let replay = query(replay).bind(id).bind(now).bind(owner.party).bind(after);
        let count = transaction.execute(replay).await?;
        transaction.notify(EVENTS, "").await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// A subscription's deliveries after a place, oldest first; only those in `state` when one is given.
    pub(crate) async fn deliveries(
        &self,
        id: &str,
        state: Option<&str>,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Delivery>, Error> {
        let read = "SELECT e.sequence, e.id, e.case_id, e.source_id, e.kind, e.changed_at, d.state, d.attempts, d.last_status, \
                    d.last_error, d.next_at FROM channel_delivery d JOIN channel_event e ON e.sequence = d.event \
                    WHERE d.subscription = ? AND d.event > ? AND d.state = COALESCE(CAST(? AS TEXT), d.state) \
                    ORDER BY d.event LIMIT ?";
        let read = query(read).bind(id).bind(after).bind(state).bind(limit);
        let rows = self.database.fetch_all(read).await?;
        let delivery = |row: &Row| {
            Ok(Delivery {
                event: Event::of(row)?,
                state: row.get("state")?,
                attempts: row.get("attempts")?,
                last_status: row.get("last_status")?,
                last_error: row.get("last_error")?,
                next_at: row.get("next_at")?,
            })
        };
        rows.iter().map(delivery).collect()
    }
}

/// How long to wait after the failure of this number, from 0, in microseconds; none when it was the last.
fn wait(attempts: i64) -> Option<i64> {
    let wait = usize::try_from(attempts).ok().and_then(|at| WAITS.get(at))?;
    Some(wait * 1_000_000)
}

fn due_of(row: &Row) -> Result<(Subscription, Event, i64), Error> {
    let event = Event {
        sequence: row.get("sequence")?,
        id: row.get("event")?,
        case_id: row.get("case_id")?,
        source_id: row.get("source_id")?,
        kind: row.get("kind")?,
        changed_at: row.get("changed_at")?,
    };
    let attempts: i64 = row.get("attempts")?;
    let subscription = Subscription {
        id: row.get("subscription")?,
        party: row.get("party")?,
        application: row.get("application")?,
        url: row.get("url")?,
        state: State::Active,
        state_reason: None,
        secrets: serde_json::from_str(&row.get::<String>("secrets")?).unwrap_or_default(),
        challenge: row.get("challenge")?,
        created_at: jiff::Timestamp::from_microsecond(row.get("created_at")?).unwrap_or_default(),
        attempts: row.get("verifications")?,
    };
    Ok((subscription, event, attempts))
}
