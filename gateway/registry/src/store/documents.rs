//! OpenAPI documents, by the hash of their text. They are never changed.

use super::{Error, Store};
use database::query;

/// Hashes in one question; SQLite takes more values, but not any number.
const AT_ONCE: usize = 500;

impl Store {
    /// The documents with these hashes; those that are missing are left out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn documents(&self, hashes: &[&str]) -> Result<Vec<(String, String)>, Error> {
        let mut found = Vec::with_capacity(hashes.len());
        for part in hashes.chunks(AT_ONCE) {
            let marks = vec!["?"; part.len()].join(", ");
            let select = query(format!(
                "SELECT hash, body FROM registry_document WHERE hash IN ({marks})"
            ));
            let rows = self
                .database()
                .await?
                .fetch_all(select.bind_all(part.iter().copied()))
                .await?;
            for row in rows {
                found.push((row.get("hash")?, row.get("body")?));
            }
        }
        Ok(found)
    }

    /// One document.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn document(&self, hash: &str) -> Result<Option<String>, Error> {
        let found = self.documents(&[hash]).await?;
        Ok(found.into_iter().next().map(|(_, body)| body))
    }
}
