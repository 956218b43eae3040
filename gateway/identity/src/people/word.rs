//! Words that nobody guesses and that stand for something for a while: a login on its way, a session, an authorization
//! request, a code. Stored hashed: who copies the database can use none of them.

use super::{People, PeopleError, now_micros};
use database::query;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a word stands for. One kind is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// A login on its way to the e-identification and back.
    Login,
    /// Somebody who is logged in.
    Session,
    /// An authorization request that waits for its person.
    Request,
    /// An authorization code.
    Code,
    /// An authorization code that has been used.
    UsedCode,
    /// An authorization request that an application pushed (RFC 9126), until a browser comes with it.
    Pushed,
}

impl WordKind {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Session => "session",
            Self::Request => "request",
            Self::Code => "code",
            Self::UsedCode => "used code",
            Self::Pushed => "pushed",
        }
    }
}

impl People {
    /// A new word for `content`, good for `seconds`.
    ///
    /// # Errors
    /// The database, or random bytes.
    pub async fn issue(
        &self,
        kind: WordKind,
        content: &(impl Serialize + Sync),
        seconds: i64,
    ) -> Result<String, PeopleError> {
        let word = crate::random_word().ok_or(PeopleError::Randomness)?;
        self.remember(kind, &word, content, seconds).await?;
        Ok(word)
    }

    /// Lets a word at hand stand for `content`.
    ///
    /// # Errors
    /// The database.
    pub(super) async fn remember(
        &self,
        kind: WordKind,
        word: &str,
        content: &(impl Serialize + Sync),
        seconds: i64,
    ) -> Result<(), PeopleError> {
        let content = serde_json::to_string(content).map_err(|_| PeopleError::Sealed)?;
        let now = now_micros();
        let insert = query("INSERT INTO people_word (hash, kind, content, ends_at) VALUES (?, ?, ?, ?)")
            .bind(hash(kind, word))
            .bind(kind.name())
            .bind(content)
            .bind(now + seconds * 1_000_000);
        self.database.execute(insert).await?;
        Ok(())
    }

    /// What a word stands for, if it still does.
    ///
    /// # Errors
    /// The database.
    pub async fn look<T: DeserializeOwned>(&self, kind: WordKind, word: &str) -> Result<Option<T>, PeopleError> {
        let find = query("SELECT content FROM people_word WHERE hash = ? AND ends_at > ?");
        let find = find.bind(hash(kind, word)).bind(now_micros());
        let row = self.database.fetch_optional(find).await?;
        let content: Option<String> = row.map(|row| row.get("content")).transpose()?;
        Ok(content.and_then(|content| serde_json::from_str(&content).ok()))
    }

    /// As [`People::look`], once: of two who come at the same time one gets it. What has ended is dropped on the way.
    ///
    /// # Errors
    /// The database.
    pub async fn take<T: DeserializeOwned>(&self, kind: WordKind, word: &str) -> Result<Option<T>, PeopleError> {
        let now = now_micros();
        let gone = query("DELETE FROM people_word WHERE ends_at <= ?").bind(now);
        self.database.execute(gone).await?;
        let take = query("DELETE FROM people_word WHERE hash = ? RETURNING content").bind(hash(kind, word));
        let mut transaction = self.database.begin().await?;
        let row = transaction.fetch_optional(take).await?;
        transaction.commit().await?;
        let content: Option<String> = row.map(|row| row.get("content")).transpose()?;
        Ok(content.and_then(|content| serde_json::from_str(&content).ok()))
    }
}

fn hash(kind: WordKind, word: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("vagvisare people word v1");
    hasher.update(kind.name().as_bytes());
    hasher.update(word.as_bytes());
    hasher.finalize().to_hex().to_string()
}
