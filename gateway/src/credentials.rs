//! Gives the data plane its check of keys and tokens: identity's verdicts in the edge's words.

use edge::error::{CredentialKind, CredentialRefusal};
use edge::middleware::authenticate::{Credentials, Token, TokenRefusal, TokenVerdict};
use identity::api_key::{self, KeyError, Pepper};
use identity::token::{Claims, TokenError, Verdict, Verifier};
use snapshot::{ApplicationIndex, Snapshot};
use std::sync::Arc;

/// Checks keys against the snapshot and tokens against the issuers' key sets.
#[derive(Debug)]
pub struct Checks {
    pepper: Pepper,
    tokens: Verifier,
}

impl Checks {
    /// From the node's secret and its issuers.
    pub fn new(pepper: Pepper, tokens: Verifier) -> Self {
        Self { pepper, tokens }
    }
}

impl Credentials for Checks {
    fn key(&self, presented: &str, snapshot: &Snapshot, now: i64) -> Result<ApplicationIndex, CredentialRefusal> {
        let key = api_key::parse(presented).map_err(malformed)?;
        // An unknown id and a wrong secret answer alike: nobody learns which ids exist.
        let stored = snapshot
            .find_key(key.id())
            .filter(|stored| key.matches(&stored.hash, &self.pepper));
        let stored = stored.ok_or_else(|| {
            refuse_key(
                "unknown_key",
                "The API key is not known here. Check its environment, or ask for a new one.",
            )
        })?;
        match stored.expires_at {
            Some(end) if now >= end => Err(refuse_key("key_expired", "The API key has ended. Ask for a new one.")),
            _ => Ok(stored.application),
        }
    }

    fn token(&self, presented: &str, audience: &str, now: i64) -> TokenVerdict {
        match self.tokens.verify(presented, audience, now) {
            Verdict::Done(verdict) => TokenVerdict::Now(translate(verdict)),
            Verdict::Pending(verdict) => TokenVerdict::Later(Box::pin(async move { translate(verdict.await) })),
        }
    }
}

fn malformed(error: KeyError) -> CredentialRefusal {
    CredentialRefusal {
        kind: CredentialKind::Key,
        code: "malformed_key",
        description: format!("That is not an API key: {error}.").into(),
    }
}

fn refuse_key(code: &'static str, description: &'static str) -> CredentialRefusal {
    CredentialRefusal {
        kind: CredentialKind::Key,
        code,
        description: description.into(),
    }
}

fn translate(verdict: Result<Arc<Claims>, TokenError>) -> Result<Token, TokenRefusal> {
    match verdict {
        Ok(claims) => Ok(Token {
            client: Arc::clone(&claims.client_id),
            subject: claims.person.then(|| Arc::clone(&claims.subject)),
            scopes: Arc::clone(&claims.scopes),
        }),
        Err(TokenError::KeysUnavailable { retry_after }) => Err(TokenRefusal::KeysUnavailable { retry_after }),
        Err(error) => Err(TokenRefusal::Refused(CredentialRefusal {
            kind: CredentialKind::Token,
            code: error.code(),
            description: error.description().into(),
        })),
    }
}
