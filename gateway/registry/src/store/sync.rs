//! What a node asks to keep up: the head, and every row that has changed since.

use super::{Error, Store};
use crate::model::Kind;
use database::query;

/// Rows in one answer: what is read at once stays bounded however large the registry is.
const AT_ONCE: i64 = 5_000;

/// Where the registry is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// Changes when the registry was restored from a backup: what a node knows is then of another past.
    pub epoch: String,
    /// The version.
    pub sequence: i64,
    /// Hash of the last audit entry.
    pub hash: String,
}

/// A row as it is, not yet read.
#[derive(Debug, Clone)]
pub struct RawObject {
    /// Kind of object.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// The version of its last change.
    pub version: i64,
    /// Whether it has been taken out.
    pub removed: bool,
    /// Its content.
    pub body: String,
}

impl Store {
    /// Where the registry is now; version 0 before the first change.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn head(&self) -> Result<Head, Error> {
        let select = query("SELECT epoch, sequence, hash FROM registry_head WHERE one = 1");
        let Some(row) = self.database().await?.fetch_optional(select).await? else {
            return Ok(Head::default());
        };
        Ok(Head {
            epoch: row.get("epoch")?,
            sequence: row.get("sequence")?,
            hash: row.get("hash")?,
        })
    }

    /// Rows changed after `version`, in the order of their changes, and whether there are more.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn changed_since(&self, version: i64) -> Result<(Vec<RawObject>, bool), Error> {
        let select = query(
            "SELECT kind, id, version, removed, body FROM registry_object WHERE version > ? ORDER BY version LIMIT ?",
        );
        let rows = self
            .database()
            .await?
            .fetch_all(select.bind(version).bind(AT_ONCE))
            .await?;
        let more = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= AT_ONCE;
        let mut changed = Vec::with_capacity(rows.len());
        for row in rows {
            // A kind that a newer version of the program put there is not this one's to serve.
            let Some(kind) = Kind::parse(&row.get::<String>("kind")?) else {
                continue;
            };
            changed.push(RawObject {
                kind,
                id: row.get("id")?,
                version: row.get("version")?,
                removed: row.flag("removed")?,
                body: row.get("body")?,
            });
        }
        Ok((changed, more))
    }
}
