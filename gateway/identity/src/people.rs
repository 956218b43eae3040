//! People: who they are (known here only), by what id each organisation knows them, what they have consented to, and who
//! has read about them.
//!
//! A person number is stored encrypted and is found by a keyed hash. Organisations see a `partyId` each of their own:
//! two of them cannot find out that they know the same person, and neither can somebody who copies the database.
//! Nothing here has a `Debug`, an error or a log line that shows a number.

mod consent;
mod grant;
mod keys;
mod mapping;
pub mod openid;
mod reading;
mod refresh;
mod register;
mod relations;
mod store;
pub mod web;
mod word;

pub use consent::{Consent, Item, NewConsent, Role, Standing};
pub use grant::{Actor, PersonGrant};
pub use keys::PersonKeys;
pub use mapping::{PersonId, PersonNumber};
pub use reading::{NewReading, Noted, Reading, ReadingLog, Readings};
pub use refresh::Refresh;
pub use register::{Register, RegisterSettings};
pub use relations::{RelationKind, RelationSettings, Relations, Represented};
pub use store::MIGRATIONS;
pub use word::WordKind;

use database::Database;
use std::fmt;
use std::sync::Arc;

/// Why something about a person could not be done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The database.
    #[error("the database of people")]
    Database(#[from] database::Error),
    /// A row does not open with the keys at hand.
    #[error("what is stored does not open: the key is not among those configured, or the database was changed")]
    Sealed,
    /// The operating system gave no random bytes.
    #[error("no random bytes could be had")]
    Randomness,
    /// Whoever knows for whom people may act does not answer.
    #[error("the register of relations does not answer as it should")]
    Relations,
    /// The consent is not this person's, or there is none.
    #[error("there is no such consent")]
    NoConsent,
}

/// Everything about people. Cheap to clone.
#[derive(Clone)]
pub struct People {
    database: Database,
    keys: Arc<PersonKeys>,
    relations: Option<Relations>,
    pushed_requests_only: bool,
}

impl fmt::Debug for People {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("People(..)")
    }
}

impl People {
    /// On a database that holds [`MIGRATIONS`].
    pub fn new(database: Database, keys: PersonKeys) -> Self {
        Self {
            database,
            keys: Arc::new(keys),
            relations: None,
            pushed_requests_only: false,
        }
    }

    /// Whether applications must push what they will ask a person, so that no browser can change it (RFC 9126 section 5).
    #[must_use]
    pub fn with_pushed_requests_only(mut self, only: bool) -> Self {
        self.pushed_requests_only = only;
        self
    }

    /// See [`People::with_pushed_requests_only`].
    #[must_use]
    pub fn pushed_requests_only(&self) -> bool {
        self.pushed_requests_only
    }

    /// Everything about a person, for them to take along (JSON).
    ///
    /// # Errors
    /// The database.
    pub async fn export(&self, person: &PersonId) -> Result<serde_json::Value, PeopleError> {
        Ok(serde_json::json!({
            "exportedAt": jiff::Timestamp::now(),
            "consents": self.consents(person).await?,
            "readings": self.readings(person, None).await?,
        }))
    }
}

/// Now, in Unix microseconds, as it is stored.
fn now_micros() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

/// A stored moment as text.
fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or_default()
        .to_string()
}
