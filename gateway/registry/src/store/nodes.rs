//! Which nodes there are, which version each serves, and when credentials were last used.

use super::{Error, Store};
use crate::model::Moment;
use database::query;
use std::time::Duration;

/// A node that has not been heard of for so long is gone.
pub const NODE_LIVES: Duration = Duration::from_secs(15);

/// What a node said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// Its name.
    pub node: String,
    /// The version that it serves.
    pub version: i64,
    /// Objects that it left out because they cannot be served.
    pub left_out: i64,
    /// When it said so.
    pub seen_at: Moment,
}

impl Store {
    /// A node says what it serves.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn report_node(&self, node: &str, version: i64, left_out: i64) -> Result<(), Error> {
        let upsert = query(
            "INSERT INTO registry_node (node, version, left_out, seen_at) VALUES (?, ?, ?, ?) ON CONFLICT (node) DO UPDATE SET \
             version = excluded.version, left_out = excluded.left_out, seen_at = excluded.seen_at",
        );
        let now = Moment::now().microseconds();
        self.database()
            .await?
            .execute(upsert.bind(node).bind(version).bind(left_out).bind(now))
            .await?;
        Ok(())
    }

    /// A node that stops says so; nobody waits for it any more.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn forget_node(&self, node: &str) -> Result<(), Error> {
        let delete = query("DELETE FROM registry_node WHERE node = ?");
        self.database().await?.execute(delete.bind(node)).await?;
        Ok(())
    }

    /// The nodes that live.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn nodes(&self) -> Result<Vec<NodeReport>, Error> {
        let lives = i64::try_from(NODE_LIVES.as_micros()).unwrap_or(i64::MAX);
        let select = query("SELECT * FROM registry_node WHERE seen_at > ? ORDER BY node");
        let rows = self
            .database()
            .await?
            .fetch_all(select.bind(Moment::now().microseconds() - lives))
            .await?;
        rows.iter()
            .map(|row| {
                Ok(NodeReport {
                    node: row.get("node")?,
                    version: row.get("version")?,
                    left_out: row.get("left_out")?,
                    seen_at: Moment::from_microseconds(row.get("seen_at")?),
                })
            })
            .collect()
    }

    /// Credentials that were used, and when (Unix seconds). Not a change of the registry: nobody's version moves.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn note_uses(&self, uses: &[(String, i64)]) -> Result<(), Error> {
        if uses.is_empty() {
            return Ok(());
        }
        let mut transaction = self.database().await?.begin().await?;
        for (credential, at) in uses {
            let upsert = query(
                "INSERT INTO registry_credential_use (credential, last_used_at) VALUES (?, ?) ON CONFLICT (credential) \
                 DO UPDATE SET last_used_at = excluded.last_used_at \
                 WHERE excluded.last_used_at > registry_credential_use.last_used_at",
            );
            let at = Moment::from_seconds(*at).microseconds();
            transaction.execute(upsert.bind(credential).bind(at)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
