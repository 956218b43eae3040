//! The verifier: a token in, checked claims or a reason out.

use super::claims::{Claims, Times};
use super::error::{TokenError, VerifierError};
use super::fetch::FetchError;
use super::issuer::Issuer;
use super::judge::{Inner, Judged, Question};
use super::keys::KeySet;
use super::upkeep::IssuerKeys;
use crate::revocation::Revocations;
use crate::service::KeyEncryption;
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
    /// What has been revoked; whoever learns of it tells it here.
    pub revocations: Arc<Revocations>,
    /// This process as an issuer, and what opens whom its tokens speak for; `None`: it issues none.
    pub parties: Option<(Arc<str>, KeyEncryption)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_capacity: 20_000,
            leeway: MAX_LEEWAY,
            max_lifetime: Duration::from_secs(60 * 60),
            revocations: Arc::default(),
            parties: None,
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
            inner: Arc::new(Inner {
                issuers,
                cache,
                times,
                revocations: Arc::clone(&settings.revocations),
                parties: settings.parties.clone(),
            }),
        })
    }

    /// Brings the keys of an issuer that is this process itself ([`KeySource::Own`](super::KeySource::Own)). What was
    /// verified with keys that are no longer among them must be verified again.
    ///
    /// # Errors
    /// If the text is no key set.
    pub fn set_keys(&self, issuer: &str, key_set: &[u8]) -> Result<(), FetchError> {
        let keys = KeySet::read(key_set)?;
        if let Some(own) = self.inner.issuers.iter().find(|known| *known.name == *issuer) {
            own.bring(keys);
        }
        Ok(())
    }

    /// What has been revoked.
    pub fn revocations(&self) -> &Arc<Revocations> {
        &self.inner.revocations
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
