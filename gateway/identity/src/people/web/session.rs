//! Who is logged in.

use super::Web;
use super::cookies;
use crate::people::{PeopleError, PersonId, WordKind};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

/// How long somebody stays logged in, in seconds. They are asked again then; nothing prolongs it.
pub(super) const SECONDS: u32 = 900;

/// What a session's word stands for. No name and no number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) person: String,
    pub(super) level: String,
    pub(super) at: i64,
}

/// Somebody who is logged in.
pub(super) struct Visitor {
    pub(super) person: PersonId,
    /// Goes into every form of theirs.
    pub(super) csrf: String,
    pub(super) word: String,
    /// Level of assurance of the login.
    pub(super) level: String,
    /// When it was, Unix seconds.
    pub(super) at: i64,
}

impl Web {
    /// Who the browser belongs to.
    pub(super) async fn visitor(&self, headers: &HeaderMap) -> Result<Option<Visitor>, PeopleError> {
        let Some(word) = cookies::read(headers, cookies::SESSION, self.secure()) else {
            return Ok(None);
        };
        let session: Option<Session> = self.0.people.look(WordKind::Session, word).await?;
        Ok(session.map(|session| Visitor {
            person: PersonId(session.person),
            csrf: csrf(word),
            word: word.to_owned(),
            level: session.level,
            at: session.at,
        }))
    }
}

impl Visitor {
    /// Whether a form came from one of this session's own pages.
    pub(super) fn sent(&self, given: &str) -> bool {
        self.csrf.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

fn csrf(word: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("vagvisare csrf v1");
    hasher.update(word.as_bytes());
    hasher.finalize().to_hex().to_string()
}
