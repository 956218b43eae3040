//! What a backend is told of a call, signed: who calls, under which agreement, for whom (`Vagvisare-Assertion`).
//!
//! A backend verifies it with the published key set: type `vagvisare-assertion+jwt`, `iss` this gateway, `aud` the API's
//! id. The same statement is signed once for some seconds, so that the request path seldom signs; one that names its call
//! (its trace) is signed each time.

use super::Service;
use quick_cache::sync::Cache;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `typ` of the header.
const TYPE: &str = "vagvisare-assertion+jwt";
/// Seconds one is valid for, and for which it is given out again.
const LIFE: i64 = 60;
const REUSED_FOR: i64 = 30;
/// Statements remembered.
const CAPACITY: usize = 20_000;

/// What is stated.
#[derive(Debug, Clone, Copy, Default)]
pub struct Statement<'a> {
    /// Id of the API.
    pub api: &'a str,
    /// The application; `None`: an open call.
    pub client: Option<&'a str>,
    /// Its organisation.
    pub organisation: Option<&'a str>,
    /// The agreement that admits it.
    pub agreement: Option<&'a str>,
    /// Its organisation again, where it calls on a consumer's behalf.
    pub supplier: Option<&'a str>,
    /// What its token may be used for.
    pub scopes: Option<&'a [Box<str>]>,
    /// The person, as the API's organisation knows them.
    pub person: Option<&'a str>,
    /// Who acts for the person, known likewise, and the relation that lets them.
    pub actor: Option<(&'a str, &'a str)>,
    /// The trace, where the statement is of one call.
    pub trace: Option<&'a str>,
}

/// Statements signed a moment ago.
pub(super) struct Assertions(Cache<[u8; 32], (i64, Arc<str>)>);

impl Default for Assertions {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Service {
    /// Signs `statement` at `now` (Unix seconds), or gives what was signed a moment ago. `None`: there is no key.
    pub fn assertion(&self, statement: &Statement<'_>, now: i64) -> Option<Arc<str>> {
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), json!(self.issuer()));
        claims.insert("aud".to_owned(), json!(statement.api));
        let texts = [
            ("client", statement.client),
            ("organisation", statement.organisation),
            ("agreement", statement.agreement),
            ("supplier", statement.supplier),
            ("person", statement.person),
            ("trace", statement.trace),
        ];
        for (name, value) in texts {
            claims.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        let scope = statement.scopes.map(|scopes| json!(scopes.join(" ")));
        claims.extend(scope.map(|scope| ("scope".to_owned(), scope)));
        if let Some((actor, relation)) = statement.actor {
            claims.insert("act".to_owned(), json!({ "sub": actor, "relation": relation }));
        }
        let once = statement.trace.is_some();
        let place = *blake3::hash(Value::Object(claims.clone()).to_string().as_bytes()).as_bytes();
        if let Some((signed_at, text)) = self.inner.assertions.0.get(&place).filter(|_| !once)
            && (signed_at..signed_at + REUSED_FOR).contains(&now)
        {
            return Some(text);
        }
        claims.insert("iat".to_owned(), json!(now));
        claims.insert("exp".to_owned(), json!(now + LIFE));
        if once {
            claims.insert("jti".to_owned(), json!(crate::random_word()?));
        }
        let signer = self.inner.keys.signer(super::Algorithm::ES256, now)?;
        let text: Arc<str> = signer.sign(TYPE, &Value::Object(claims))?.into();
        if !once {
            self.inner.assertions.0.insert(place, (now, Arc::clone(&text)));
        }
        Some(text)
    }
}
