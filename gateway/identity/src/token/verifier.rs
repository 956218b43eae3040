//! The verifier: a token in, checked claims or a reason out.

use super::claims::{self, Claims, Times};
use super::compact;
use super::error::{TokenError, VerifierError};
use super::issuer::Issuer;
use super::keys::Found;
use super::upkeep::{Cause, IssuerKeys, Usable};
use futures_util::future::{BoxFuture, join_all};
use quick_cache::sync::Cache;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Longest token that is looked at, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;

/// Clocks may be apart by this at most, whatever the settings say.
const MAX_LEEWAY: Duration = Duration::from_secs(30);

/// What a verifier may be told beside its issuers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Verified tokens that are remembered.
    pub cache_capacity: usize,
    /// How far the issuers' clocks may be from ours; at most 30 s.
    pub leeway: Duration,
    /// Longest life of a token that is accepted.
    pub max_lifetime: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_capacity: 20_000,
            leeway: MAX_LEEWAY,
            max_lifetime: Duration::from_secs(60 * 60),
        }
    }
}

/// The answer to one token.
pub enum Verdict {
    /// At once.
    Done(Result<Arc<Claims>, TokenError>),
    /// After keys have been fetched; to be awaited on a tokio runtime.
    Pending(BoxFuture<'static, Result<Arc<Claims>, TokenError>>),
}

impl fmt::Debug for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(outcome) => formatter.debug_tuple("Done").field(outcome).finish(),
            Self::Pending(_) => formatter.write_str("Pending"),
        }
    }
}

/// Verifies access tokens. Cheap to clone; one per process, shared by its threads.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("issuers", &self.inner.issuers)
            .finish_non_exhaustive()
    }
}

struct Inner {
    issuers: Vec<Arc<IssuerKeys>>,
    /// By the hash of audience and whole token.
    cache: Cache<[u8; 32], Known>,
    times: Times,
}

/// A token that was verified under a generation of its issuer's keys.
#[derive(Clone)]
struct Known {
    claims: Arc<Claims>,
    issuer: usize,
    generation: u64,
}

/// What is known without waiting.
enum Judged {
    Done(Result<Arc<Claims>, TokenError>),
    AfterFetch(Wanted),
}

/// A fetch to be waited for.
struct Wanted {
    issuer: usize,
    cause: Cause,
    /// Fetches that had ended before the keys were looked at: a later one answers the question.
    seen: u64,
}

/// One question.
#[derive(Clone, Copy)]
struct Question<'a> {
    token: &'a str,
    audience: &'a str,
    now_unix: i64,
    now: Instant,
    /// A fetch has been waited for: there will be no other.
    last: bool,
}

impl Verifier {
    /// A verifier with the usual [`Settings`]. Reads key files at once; addresses are asked when needed, or by
    /// [`Verifier::keep_fresh`].
    ///
    /// # Errors
    /// What is wrong with an issuer.
    pub fn new(issuers: Vec<Issuer>) -> Result<Self, VerifierError> {
        Self::with_settings(issuers, &Settings::default())
    }

    /// A verifier with other settings.
    ///
    /// # Errors
    /// What is wrong with an issuer.
    pub fn with_settings(issuers: Vec<Issuer>, settings: &Settings) -> Result<Self, VerifierError> {
        let mut names = HashSet::new();
        for issuer in &issuers {
            if issuer.issuer.is_empty() {
                return Err(VerifierError::EmptyIssuer);
            }
            if !names.insert(issuer.issuer.as_str()) {
                return Err(VerifierError::DuplicateIssuer(issuer.issuer.clone()));
            }
        }
        let issuers = issuers.into_iter().map(IssuerKeys::new).collect::<Result<_, _>>()?;
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let times = Times {
            leeway: seconds(settings.leeway.min(MAX_LEEWAY)),
            max_lifetime: seconds(settings.max_lifetime),
        };
        let cache = Cache::new(settings.cache_capacity.max(1));
        Ok(Self {
            inner: Arc::new(Inner { issuers, cache, times }),
        })
    }

    /// Verifies `token` for the API named `audience` at `now_unix` (Unix seconds).
    ///
    /// A token seen before and one signed by a known key are answered at once; only when keys must be fetched is there
    /// something to wait for.
    pub fn verify(&self, token: &str, audience: &str, now_unix: i64) -> Verdict {
        let question = Question {
            token,
            audience,
            now_unix,
            now: Instant::now(),
            last: false,
        };
        match self.inner.judge(question) {
            Judged::Done(outcome) => Verdict::Done(outcome),
            Judged::AfterFetch(wanted) => {
                let inner = Arc::clone(&self.inner);
                let (token, audience) = (token.to_owned(), audience.to_owned());
                Verdict::Pending(Box::pin(inner.fetch_and_judge(wanted, token, audience, now_unix)))
            }
        }
    }

    /// Fetches every issuer's keys now and whenever their age is up. Never returns: to be spawned once.
    pub async fn keep_fresh(self) {
        join_all(self.inner.issuers.iter().map(|keys| Arc::clone(keys).keep_fresh())).await;
    }

    /// The issuers whose tokens cannot be verified just now.
    pub fn without_keys(&self) -> Vec<Arc<str>> {
        let now = Instant::now();
        let lacking = self.inner.issuers.iter().filter(|keys| keys.held(now) == 0);
        lacking.map(|keys| Arc::clone(&keys.name)).collect()
    }

    /// Tokens remembered just now.
    pub fn remembered(&self) -> usize {
        self.inner.cache.len()
    }
}

impl Inner {
    async fn fetch_and_judge(
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

    fn judge(&self, question: Question<'_>) -> Judged {
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
            Usable::Keys(held) if held.as_ref()?.generation == known.generation => Some(Ok(known.claims)),
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
        let compact = compact::read(token)?;
        let name = claims::issuer(&compact.claims)?;
        let named = self.issuers.iter().enumerate().find(|(_, keys)| *keys.name == *name);
        let (issuer, keys) = named.ok_or(TokenError::UnknownIssuer)?;
        let claims = Claims::read(&compact.claims, &keys.name, audience, now_unix, self.times)?;

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
        let claims = Arc::new(claims);
        let known = Known {
            claims: Arc::clone(&claims),
            issuer,
            generation: held.generation,
        };
        self.cache.insert(place, known);
        Ok(Judged::Done(Ok(claims)))
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
