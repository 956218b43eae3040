//! Gives the data plane its check of keys and tokens: identity's verdicts in the edge's words.

use crate::governed::Uses;
use edge::error::ProofRefusal;
use edge::error::{CredentialKind, CredentialRefusal};
use edge::middleware::authenticate::{
    Actor, Binding, Credentials, Noted, Possession, Proved, Reading, Statement, Token, TokenRefusal, TokenVerdict,
};
use http::HeaderValue;
use identity::api_key::{self, KeyError, Pepper};
use identity::dpop::{self, Expected, Nonces, ProofError, Replays};
use identity::people::{self, NewReading, Readings};
use identity::service::Service;
use identity::token::{Claims, Confirmation, TokenError, Verdict, Verifier};
use snapshot::{ApplicationIndex, Snapshot};
use std::sync::Arc;
use std::time::Duration;

/// Checks keys against the snapshot and tokens against the issuers' key sets.
#[derive(Debug)]
pub struct Checks {
    pepper: Pepper,
    tokens: Verifier,
    proofs: Replays,
    nonces: Option<Nonces>,
    uses: Arc<Uses>,
    signer: Option<Service>,
    readings: Option<Readings>,
}

/// Proofs of possession that a node remembers while they are fresh.
const PROOFS: usize = 400_000;

impl Checks {
    /// From the node's secret and its issuers.
    pub fn new(pepper: Pepper, tokens: Verifier) -> Self {
        Self {
            pepper,
            tokens,
            proofs: Replays::new(PROOFS),
            nonces: None,
            uses: Arc::default(),
            signer: None,
            readings: None,
        }
    }

    /// Proofs of possession must carry one of these nonces.
    pub fn with_nonces(mut self, nonces: Option<Nonces>) -> Self {
        self.nonces = nonces;
        self
    }

    /// Notes when keys were used.
    #[must_use]
    pub fn noting(mut self, uses: &Arc<Uses>) -> Self {
        self.uses = Arc::clone(uses);
        self
    }

    /// Who reads about people is noted here.
    pub fn with_readings(mut self, readings: Option<Readings>) -> Self {
        self.readings = readings;
        self
    }

    /// Backends that ask for it are told who calls in a statement that this service signs.
    pub fn with_signer(mut self, signer: Option<Service>) -> Self {
        self.signer = signer;
        self
    }
}

impl Credentials for Checks {
    fn reading(&self, reading: Reading<'_>) -> Noted {
        let Some(readings) = &self.readings else {
            return Noted::Now(true);
        };
        let noted = readings.note(NewReading {
            token_id: Arc::clone(reading.token_id),
            api: Arc::clone(reading.api),
            operation: format!("{} {}", reading.method, reading.template),
            trace: reading.trace.trace_id_hex().as_str().to_owned(),
        });
        match noted {
            people::Noted::Now(noted) => Noted::Now(noted),
            people::Noted::Later(written) => Noted::Later(written),
        }
    }

    fn assertion(&self, statement: &Statement<'_>) -> Option<HeaderValue> {
        let stated = identity::service::Statement {
            api: statement.api,
            client: statement.client,
            organisation: statement.organisation,
            agreement: statement.agreement,
            supplier: statement.supplier,
            scopes: statement.scopes,
            person: statement.person,
            actor: statement.actor.map(|actor| (&*actor.subject, &*actor.relation)),
            trace: statement.trace,
        };
        let text = self.signer.as_ref()?.assertion(&stated, statement.now)?;
        HeaderValue::from_str(&text).ok()
    }

    fn key(&self, presented: &str, snapshot: &Snapshot, now: i64) -> Result<ApplicationIndex, CredentialRefusal> {
        let key = api_key::parse(presented).map_err(malformed)?;
        if self.tokens.revocations().refuses_key(key.id()) {
            return Err(refuse_key(
                "key_revoked",
                "The API key has been revoked. Ask for a new one.",
            ));
        }
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
            _ => {
                self.uses.note(key.id(), now);
                Ok(stored.application)
            }
        }
    }

    fn possession(&self, question: &Possession<'_>) -> Result<Proved, ProofRefusal> {
        let expected = Expected {
            method: question.method,
            address: question.address,
            access_token: Some(question.token),
            thumbprint: Some(question.thumbprint),
            now: question.now,
            nonces: self.nonces.as_ref(),
        };
        let outcome = dpop::check(question.proof, &expected);
        let outcome = outcome.and_then(|proof| {
            self.proofs.note(&proof, question.now)?;
            let fresh_for = u64::try_from(proof.expires_at - question.now).unwrap_or(0);
            Ok(Proved {
                id: proof.id,
                fresh_for: Duration::from_secs(fresh_for),
            })
        });
        outcome.map_err(|error| {
            let nonce = (error == ProofError::Nonce).then_some(self.nonces.as_ref()).flatten();
            refuse_proof(&error, nonce.map(|nonces| nonces.current(question.now)))
        })
    }

    fn token(&self, presented: &str, audience: &str, now: i64) -> TokenVerdict {
        match self.tokens.verify(presented, audience, now) {
            Verdict::Done(verdict) => TokenVerdict::Now(translate(verdict)),
            Verdict::Pending(verdict) => TokenVerdict::Later(Box::pin(async move { translate(verdict.await) })),
        }
    }
}

fn refuse_proof(error: &ProofError, nonce: Option<String>) -> ProofRefusal {
    ProofRefusal {
        code: if nonce.is_some() {
            "use_dpop_nonce"
        } else {
            "invalid_dpop_proof"
        },
        description: format!("{error}.").into(),
        nonce,
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
            subject: claims
                .person
                .then(|| Arc::clone(claims.known_as.as_ref().unwrap_or(&claims.subject))),
            // By the consumer's id nobody else is told of them.
            actor: claims.representative.as_ref().and_then(|one| {
                Some(Box::new(Actor {
                    subject: Arc::clone(one.known_as.as_ref()?),
                    relation: Arc::clone(&one.relation),
                }))
            }),
            id: claims.known_as.as_ref().and(claims.token_id.clone()),
            scopes: Arc::clone(&claims.scopes),
            binding: claims.confirmation.as_ref().map(|confirmation| match confirmation {
                Confirmation::Key(thumbprint) => Binding::Key(Arc::clone(thumbprint)),
                Confirmation::Certificate(thumbprint) => Binding::Certificate(Arc::clone(thumbprint)),
            }),
        }),
        Err(TokenError::KeysUnavailable { retry_after }) => Err(TokenRefusal::KeysUnavailable { retry_after }),
        Err(error) => Err(TokenRefusal::Refused(CredentialRefusal {
            kind: CredentialKind::Token,
            code: error.code(),
            description: error.description().into(),
        })),
    }
}
