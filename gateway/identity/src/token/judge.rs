//! How one token is judged: what is remembered of it, else from the beginning, the cheap checks first.

use super::claims::{self, Claims, Times};
use super::compact;
use super::error::TokenError;
use super::keys::Found;
use super::upkeep::{Cause, IssuerKeys, Usable};
use super::verifier::MAX_LENGTH;
use crate::revocation::Revocations;
use crate::service::KeyEncryption;
use crate::service::party;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// What a verifier's clones share.
pub(super) struct Inner {
    pub(super) issuers: Vec<Arc<IssuerKeys>>,
    /// By the hash of audience and whole token.
    pub(super) cache: Cache<[u8; 32], Known>,
    pub(super) times: Times,
    pub(super) revocations: Arc<Revocations>,
    /// Our own issuer, and what opens the `party` of its tokens.
    pub(super) parties: Option<(Arc<str>, KeyEncryption)>,
}

/// A token that was verified under a generation of its issuer's keys.
#[derive(Clone)]
pub(super) struct Known {
    claims: Arc<Claims>,
    issuer: usize,
    generation: u64,
}

/// What is known without waiting.
pub(super) enum Judged {
    Done(Result<Arc<Claims>, TokenError>),
    AfterFetch(Wanted),
}

/// A fetch to be waited for.
pub(super) struct Wanted {
    issuer: usize,
    cause: Cause,
    /// Fetches that had ended before the keys were looked at: a later one answers the question.
    seen: u64,
}

/// One question.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) token: &'a str,
    pub(super) audience: &'a str,
    pub(super) now_unix: i64,
    pub(super) now: Instant,
    /// A fetch has been waited for: there will be no other.
    pub(super) last: bool,
}

impl Inner {
    /// Waits for the keys and then answers for good.
    pub(super) async fn fetch_and_judge(
        self: Arc<Self>,
        wanted: Wanted,
        token: String,
        audience: String,
        now_unix: i64,
    ) -> Result<Arc<Claims>, TokenError> {
        let asked = Instant::now();
        if let Some(keys) = self.issuers.get(wanted.issuer) {
            keys.fetched_since(wanted.seen, wanted.cause).await;
        }
        let now = Instant::now();
        let now_unix = now_unix.saturating_add_unsigned((now - asked).as_secs());
        let question = Question {
            token: &token,
            audience: &audience,
            now_unix,
            now,
            last: true,
        };
        match self.judge(question) {
            Judged::Done(outcome) => outcome,
            // Not reached: a last question is always answered.
            Judged::AfterFetch(_) => Err(TokenError::KeysUnavailable {
                retry_after: Duration::from_secs(1),
            }),
        }
    }

    /// Says what can be said without waiting.
    pub(super) fn judge(&self, question: Question<'_>) -> Judged {
        if question.token.len() > MAX_LENGTH {
            return Judged::Done(Err(TokenError::Oversize));
        }
        let place = place(question.token, question.audience);
        match self.recall(&place, question) {
            Some(outcome) => Judged::Done(outcome),
            None => self
                .examine(place, question)
                .unwrap_or_else(|error| Judged::Done(Err(error))),
        }
    }

    /// What is remembered of this token, if that still holds.
    fn recall(&self, place: &[u8; 32], question: Question<'_>) -> Option<Result<Arc<Claims>, TokenError>> {
        let known = self.cache.get(place)?;
        if let Err(error) = known.claims.check_times(question.now_unix, self.times) {
            if error == TokenError::Expired {
                self.cache.remove(place);
            }
            return Some(Err(error));
        }
        match self.issuers.get(known.issuer)?.usable(question.now, question.last) {
            Usable::Keys(held) if held.as_ref()?.generation == known.generation => {
                // Asked each time: what is remembered never outlives a revocation.
                Some(self.not_revoked(known.claims))
            }
            _ => None,
        }
    }

    /// Checks a token from the beginning, the cheap things first.
    fn examine(&self, place: [u8; 32], question: Question<'_>) -> Result<Judged, TokenError> {
        let Question {
            token,
            audience,
            now_unix,
            now,
            last,
        } = question;
        let compact = compact::read(token, compact::Kind::AccessToken)?;
        let name = claims::issuer(&compact.claims)?;
        let named = self.issuers.iter().enumerate().find(|(_, keys)| *keys.name == *name);
        let (issuer, keys) = named.ok_or(TokenError::UnknownIssuer)?;
        let mut claims = Claims::read(&compact.claims, &keys.name, audience, now_unix, self.times)?;

        let seen = keys.landings();
        let held = match keys.usable(now, last) {
            Usable::Keys(held) => held,
            Usable::AfterFetch => {
                return Ok(Judged::AfterFetch(Wanted {
                    issuer,
                    cause: Cause::Age,
                    seen,
                }));
            }
            Usable::Unavailable(retry_after) => return Err(TokenError::KeysUnavailable { retry_after }),
        };
        let held = held.as_ref().ok_or(TokenError::KeysUnavailable {
            retry_after: Duration::from_secs(1),
        })?;
        let key = match held.keys.find(&compact.key_id, compact.algorithm) {
            Found::Key(key) => key,
            Found::OtherAlgorithm => return Err(TokenError::Algorithm),
            Found::Unknown if !last && keys.may_seek(&compact.key_id, now) => {
                return Ok(Judged::AfterFetch(Wanted {
                    issuer,
                    cause: Cause::UnknownKey,
                    seen,
                }));
            }
            Found::Unknown => {
                // While the source is down a new key may well exist: that is no reason to refuse the token for good.
                if let Some(retry_after) = keys.failing(now) {
                    return Err(TokenError::KeysUnavailable { retry_after });
                }
                if last {
                    keys.note_absent(&compact.key_id, now);
                }
                return Err(TokenError::UnknownKey);
            }
        };
        let signed = compact.signed.as_bytes();
        match jsonwebtoken::crypto::verify(compact.signature, signed, key, compact.algorithm) {
            Ok(true) => {}
            Ok(false) | Err(_) => return Err(TokenError::BadSignature),
        }
        if let Some((own, encryption)) = &self.parties
            && own == &keys.name
        {
            party::open(encryption, &mut claims)?;
        }
        let claims = Arc::new(claims);
        let known = Known {
            claims: Arc::clone(&claims),
            issuer,
            generation: held.generation,
        };
        self.cache.insert(place, known);
        Ok(Judged::Done(self.not_revoked(claims)))
    }

    fn not_revoked(&self, claims: Arc<Claims>) -> Result<Arc<Claims>, TokenError> {
        match self.revocations.refuses(&claims) {
            false => Ok(claims),
            true => Err(TokenError::Revoked),
        }
    }
}

/// Where a token is remembered: a hash of all of it and of the audience it was checked for.
fn place(token: &str, audience: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(audience.len() as u64).to_le_bytes());
    hasher.update(audience.as_bytes());
    hasher.update(token.as_bytes());
    *hasher.finalize().as_bytes()
}
