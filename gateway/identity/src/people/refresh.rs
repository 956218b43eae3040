//! Refresh tokens: each is used once and gives the next (RFC 9700 section 4.14.2). Somebody who shows one again has either
//! stolen it or been stolen from: everything that came of the same code ends.

use super::{People, PeopleError, PersonGrant, now_micros};
use database::query;

/// How long one works if it is not used, in microseconds; no longer than its consent.
const UNUSED: i64 = 30 * 86_400 * 1_000_000;

/// A refresh token at hand.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// What it came of, as do others.
    pub family: String,
    /// What it stands for.
    pub grant: PersonGrant,
    /// When it was given out, Unix seconds.
    pub issued_at: i64,
    /// Whether it has been used.
    pub used: bool,
}

impl People {
    /// The first refresh token of a family, or the next one.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn issue_refresh(&self, family: &str, grant: &PersonGrant) -> Result<String, PeopleError> {
        let word = crate::random_word().ok_or(PeopleError::Randomness)?;
        let content = serde_json::to_string(grant).map_err(|_| PeopleError::Sealed)?;
        let now = now_micros();
        let sql =
            "INSERT INTO people_refresh (hash, family, consent, content, issued_at, ends_at) VALUES (?, ?, ?, ?, ?, ?)";
        let insert = query(sql)
            .bind(hash(&word))
            .bind(family)
            .bind(&grant.consent)
            .bind(content)
            .bind(now)
            .bind(now + UNUSED);
        self.database.execute(insert).await?;
        let gone = query("DELETE FROM people_refresh WHERE ends_at <= ?").bind(now);
        self.database.execute(gone).await?;
        Ok(word)
    }

    /// What a refresh token stands for; nothing about whether it may be used.
    ///
    /// # Errors
    /// The database.
    pub async fn look_at_refresh(&self, token: &str) -> Result<Option<Refresh>, PeopleError> {
        let sql = "SELECT family, content, issued_at, used_at FROM people_refresh WHERE hash = ? AND ends_at > ?";
        let find = query(sql).bind(hash(token)).bind(now_micros());
        let Some(row) = self.database.fetch_optional(find).await? else {
            return Ok(None);
        };
        let content: String = row.get("content")?;
        Ok(Some(Refresh {
            family: row.get("family")?,
            grant: serde_json::from_str(&content).map_err(|_| PeopleError::Sealed)?,
            issued_at: row.get::<i64>("issued_at")? / 1_000_000,
            used: row.get::<Option<i64>>("used_at")?.is_some(),
        }))
    }

    /// Uses a refresh token up; of two who come at the same time one does.
    ///
    /// # Errors
    /// The database.
    pub async fn use_refresh(&self, token: &str) -> Result<bool, PeopleError> {
        let update = query("UPDATE people_refresh SET used_at = ? WHERE hash = ? AND used_at IS NULL");
        let used = self
            .database
            .execute(update.bind(now_micros()).bind(hash(token)))
            .await?;
        Ok(used == 1)
    }

    /// Ends a family; gives the ids of its access tokens that may still hold: to be revoked at once.
    ///
    /// # Errors
    /// The database.
    pub async fn end_family(&self, family: &str) -> Result<Vec<String>, PeopleError> {
        let mut transaction = self.database.begin().await?;
        let gone = query("DELETE FROM people_refresh WHERE family = ?").bind(family);
        transaction.execute(gone).await?;
        let sql = "SELECT id FROM people_token WHERE family = ? AND ends_at > ?";
        let rows = transaction
            .fetch_all(query(sql).bind(family).bind(now_micros()))
            .await?;
        transaction.commit().await?;
        rows.iter().map(|row| Ok(row.get("id")?)).collect()
    }
}

fn hash(token: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("vagvisare people refresh token v1");
    hasher.update(token.as_bytes());
    hasher.finalize().to_hex().to_string()
}
