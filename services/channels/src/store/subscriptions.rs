//! Subscriptions. Each belongs to one application and one person; nobody else can see or touch it.

use anyhow::Context;
use database::{Error, Row, query};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Store;
use crate::consent::Between;
use crate::seal::SecretKeys;
use crate::sign::Secret;

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum State {
    /// The endpoint has not yet answered the verification; nothing else is sent to it.
    Unverified,
    /// Events are delivered.
    Active,
    /// Too many deliveries have failed in a row; events wait until the subscription is resumed.
    Paused,
    /// The endpoint said that it is gone (410), or never answered the verification; events are not kept for it.
    Disabled,
}

impl State {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "active" => Self::Active,
            "paused" => Self::Paused,
            "disabled" => Self::Disabled,
            _ => Self::Unverified,
        }
    }
}

/// A subscription as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) party: String,
    pub(crate) application: String,
    pub(crate) url: String,
    pub(crate) state: State,
    pub(crate) state_reason: Option<String>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) challenge: String,
    pub(crate) created_at: Timestamp,
    pub(crate) attempts: i64,
}

pub(super) const COLUMNS: &str =
    "id, party, application, url, state, state_reason, secrets, challenge, created_at, attempts";

/// Whose subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) application: &'a str,
    pub(crate) party: &'a str,
}

impl Subscription {
    pub(crate) fn of(row: &Row) -> Result<Self, Error> {
        let created_at: i64 = row.get("created_at")?;
        Ok(Self {
            id: row.get("id")?,
            party: row.get("party")?,
            application: row.get("application")?,
            url: row.get("url")?,
            state: State::of(&row.get::<String>("state")?),
            state_reason: row.get("state_reason")?,
            secrets: serde_json::from_str(&row.get::<String>("secrets")?).unwrap_or_default(),
            challenge: row.get("challenge")?,
            created_at: Timestamp::from_microsecond(created_at).unwrap_or_default(),
            attempts: row.get("attempts")?,
        })
    }
}

fn written(secrets: &[Secret]) -> String {
    serde_json::to_string(secrets).unwrap_or_default()
}

impl Store {
    pub(crate) async fn add(&self, new: &Subscription) -> Result<(), Error> {
        let insert = "INSERT INTO channel_subscription (id, application, party, url, state, secrets, challenge, created_at, \
                      attempts, next_at, claimed_until, failures_in_a_row) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, 0)";
        let insert = query(insert)
            .bind(&new.id)
            .bind(&new.application)
            .bind(&new.party)
            .bind(&new.url)
            .bind(new.state.name())
            .bind(written(&new.secrets))
            .bind(&new.challenge)
            .bind(new.created_at.as_microsecond())
            .bind(new.created_at.as_microsecond());
        self.database.execute(insert).await.map(|_| ())
    }

    pub(crate) async fn all(&self, owner: Owner<'_>) -> Result<Vec<Subscription>, Error> {
        let read = format!(
            "SELECT {COLUMNS} FROM channel_subscription WHERE application = ? AND party = ? ORDER BY created_at, id"
        );
        let read = query(read).bind(owner.application).bind(owner.party);
        self.database
            .fetch_all(read)
            .await?
            .iter()
            .map(Subscription::of)
            .collect()
    }

    pub(crate) async fn one(&self, owner: Owner<'_>, id: &str) -> Result<Option<Subscription>, Error> {
        let read = format!("SELECT {COLUMNS} FROM channel_subscription WHERE id = ? AND application = ? AND party = ?");
        let read = query(read).bind(id).bind(owner.application).bind(owner.party);
        let row = self.database.fetch_optional(read).await?;
        row.as_ref().map(Subscription::of).transpose()
    }

    /// Ends a subscription; what was still to be delivered goes with it. False when there is none.
    pub(crate) async fn remove(&self, owner: Owner<'_>, id: &str) -> Result<bool, Error> {
        let delete = "DELETE FROM channel_subscription WHERE id = ? AND application = ? AND party = ?";
        let delete = query(delete).bind(id).bind(owner.application).bind(owner.party);
        Ok(self.database.execute(delete).await? > 0)
    }

    pub(crate) async fn set_secrets(&self, id: &str, secrets: &[Secret]) -> Result<(), Error> {
        let update = query("UPDATE channel_subscription SET secrets = ? WHERE id = ?");
        self.database
            .execute(update.bind(written(secrets)).bind(id))
            .await
            .map(|_| ())
    }

    /// The person no longer lets the application be told: what it waits for goes, and nothing more is kept for it.
    pub(crate) async fn withdrawn(&self, between: Between<'_>) -> Result<(), Error> {
        const WHOSE: &str = "party = ? AND application = ?";
        let bound = |text: String| query(text).bind(between.party).bind(between.application);
        let mut transaction = self.database.begin().await?;
        let pending = format!(
            "DELETE FROM channel_delivery WHERE state = 'pending' AND subscription IN \
             (SELECT id FROM channel_subscription WHERE {WHOSE})"
        );
        transaction.execute(bound(pending)).await?;
        let disable = format!(
            "UPDATE channel_subscription SET state = 'disabled', claimed_until = 0, \
             state_reason = 'the person no longer consents' WHERE {WHOSE}"
        );
        transaction.execute(bound(disable)).await?;
        let follower = format!("DELETE FROM channel_follower WHERE {WHOSE}");
        transaction.execute(bound(follower)).await?;
        transaction.commit().await
    }

    /// Seals with the first key what an older one has sealed.
    ///
    /// # Errors
    /// The database; a secret that does not open.
    pub(crate) async fn seal_anew(&self, keys: &SecretKeys) -> anyhow::Result<()> {
        let all = self
            .database
            .fetch_all(query(format!("SELECT {COLUMNS} FROM channel_subscription")))
            .await?;
        for row in &all {
            let mut subscription = Subscription::of(row)?;
            if !subscription.secrets.iter().any(|secret| keys.is_older(&secret.sealed)) {
                continue;
            }
            for secret in &mut subscription.secrets {
                let text = keys.open(&secret.id, &secret.sealed);
                let text = text.with_context(|| format!("a secret of subscription {}", subscription.id))?;
                secret.sealed = keys.seal(&secret.id, &text)?;
            }
            self.set_secrets(&subscription.id, &subscription.secrets).await?;
        }
        Ok(())
    }

    /// Lets a subscription that was paused go on; one that was disabled or is unverified is verified anew.
    pub(crate) async fn resume(&self, id: &str, now: i64) -> Result<(), Error> {
        let mut transaction = self.database.begin().await?;
        let update = "UPDATE channel_subscription SET state = CASE state WHEN 'paused' THEN 'active' WHEN 'active' THEN \
                      'active' ELSE 'unverified' END, state_reason = NULL, attempts = 0, next_at = ?, failures_in_a_row = 0 \
                      WHERE id = ?";
        transaction.execute(query(update).bind(now).bind(id)).await?;
        let due = query("UPDATE channel_delivery SET next_at = ? WHERE subscription = ? AND state = 'pending'");
        transaction.execute(due.bind(now).bind(id)).await?;
        transaction.notify(super::EVENTS, "").await?;
        transaction.commit().await
    }
}
