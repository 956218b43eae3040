//! The token service (OAuth 2.0): confidential clients get short access tokens for one API, under an agreement in force.
//!
//! Who may do what is read from the registry's [`Snapshot`]; what the service itself must remember (signing keys, ids that
//! were used, revocations) is in a database that all nodes share. Modules below `service/` are about applications;
//! logging people in is a matter of its own, and mints its tokens by [`Service::mint`] like everything else here.

mod access;
mod assertion;
mod client;
mod document;
mod error;
mod exchange;
mod form;
mod introspect;
mod keys;
mod metadata;
mod mint;
pub(crate) mod party;
mod person;
mod proof;
mod pushed;
mod refresh;
mod seal;
mod settings;
mod store;
mod throttle;
mod token;

pub use access::{Allowed, decide};
pub use assertion::Statement;
pub use document::{facts, openapi};
pub use error::OAuthError;
pub use mint::{ActingPerson, Grant, Minted};
pub use seal::{KeyEncryption, SealError};
pub use settings::{Algorithm, Rotation, Settings};
pub use store::MIGRATIONS;

use crate::revocation::{self, Revocations};
use crate::token::{Issuer, KeySource, Verifier, VerifierError};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use database::Database;
use keys::Keys;
use snapshot::Snapshot;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How often revocations are looked for, beside the hints of the database.
const LOOK: Duration = Duration::from_millis(200);
/// Largest request body.
const MAX_BODY: usize = 64 * 1024;

/// Gives the registry's picture in force.
pub trait Registry: fmt::Debug + Send + Sync {
    /// The picture; a request reads one and keeps it.
    fn snapshot(&self) -> Arc<Snapshot>;

    /// Hears that a client has proved itself at `now` (Unix seconds), with what it calls `CLIENT/` and the secret's id, the
    /// key's `kid`, the address that its keys are at, or its certificate's SHA-256 in hexadecimal. On the way of a request: it
    /// must not wait.
    fn used(&self, _credential: &str, _now: i64) {}
}

/// Why the service cannot be opened, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The database.
    #[error("the token service's database")]
    Database(#[from] database::Error),
    /// The signing keys.
    #[error("the token service's signing keys")]
    Seal(#[from] SealError),
    /// No random bytes, or a key that cannot be made.
    #[error("no signing key could be made")]
    Key,
    /// The issuers.
    #[error("the issuers of access tokens")]
    Verifier(#[from] VerifierError),
    /// Our own key set.
    #[error("our own key set")]
    KeySet(#[from] crate::token::FetchError),
}

/// The token service. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    database: Database,
    registry: Arc<dyn Registry>,
    keys: Keys,
    clients: client::Clients,
    nonces: crate::dpop::Nonces,
    throttle: throttle::Throttle,
    assertions: assertion::Assertions,
    revocations: Arc<Revocations>,
    verifier: OnceLock<Verifier>,
    people: OnceLock<crate::people::People>,
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Service")
            .field("issuer", &self.inner.settings.issuer)
            .finish_non_exhaustive()
    }
}

/// Now, in Unix seconds.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Revokes from outside a running service: every node refuses within a second.
///
/// # Errors
/// The database.
pub async fn revoke(database: &Database, kind: revocation::Kind, subject: &str) -> Result<(), database::Error> {
    store::revoke(database, kind, subject, now()).await
}

impl Service {
    /// Opens the service on a database that holds [`MIGRATIONS`]; makes the first signing keys where there are none.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn open(
        settings: Settings,
        database: Database,
        registry: Arc<dyn Registry>,
    ) -> Result<Self, ServiceError> {
        let keys = Keys::new(settings.key_encryption.clone(), settings.rotation);
        let nonces = crate::dpop::Nonces::new(settings.key_encryption.derive("dpop nonce"));
        let service = Self {
            inner: Arc::new(Inner {
                clients: client::Clients::new(settings.allow_private_key_sets),
                throttle: throttle::Throttle::new(settings.tokens_per_minute),
                assertions: assertion::Assertions::default(),
                settings,
                database,
                registry,
                keys,
                nonces,
                revocations: Arc::default(),
                verifier: OnceLock::new(),
                people: OnceLock::new(),
            }),
        };
        service.inner.keys.upkeep(&service.inner.database, now()).await?;
        service.read_revocations().await?;
        Ok(service)
    }

    /// The verifier of this service's tokens and those of `others`; it learns of every new key and revocation as long as
    /// [`Service::run`] runs.
    ///
    /// # Errors
    /// What is wrong with an issuer.
    pub fn verifier(&self, mut others: Vec<Issuer>) -> Result<Verifier, ServiceError> {
        others.push(Issuer::new(&self.inner.settings.issuer, KeySource::Own));
        let settings = crate::token::Settings {
            revocations: Arc::clone(&self.inner.revocations),
            parties: Some((
                self.inner.settings.issuer.as_str().into(),
                self.inner.settings.key_encryption.clone(),
            )),
            ..crate::token::Settings::default()
        };
        let verifier = Verifier::with_settings(others, &settings)?;
        verifier.set_keys(&self.inner.settings.issuer, &self.inner.keys.published())?;
        Ok(self.inner.verifier.get_or_init(|| verifier).clone())
    }

    /// What has been revoked, as far as this node knows.
    pub fn revocations(&self) -> &Arc<Revocations> {
        &self.inner.revocations
    }

    /// The nonces that proofs of possession carry.
    pub fn nonces(&self) -> &crate::dpop::Nonces {
        &self.inner.nonces
    }

    /// Name of the issuer.
    pub fn issuer(&self) -> &str {
        &self.inner.settings.issuer
    }

    /// Public keys, as a key set (RFC 7517).
    pub fn key_set(&self) -> axum::body::Bytes {
        self.inner.keys.published()
    }

    /// Everything that is served: `/oauth2/..` and the well-known documents.
    pub fn router(&self) -> Router {
        Router::new()
            .nest(facts().base_path, document::routes().split_for_parts().0)
            .route("/.well-known/jwks.json", get(metadata::show_key_set))
            .route("/.well-known/oauth-authorization-server", get(metadata::show_metadata))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    /// Keeps keys and revocations up to date, for ever: to be spawned once a node.
    pub async fn run(self) {
        let mut listener = self.inner.database.listen(store::CHANNEL);
        let mut clock = tokio::time::interval(LOOK);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut turn = 0_u32;
        loop {
            tokio::select! {
                _ = clock.tick() => {}
                _ = listener.heard() => {}
            }
            if let Err(error) = self.look(turn.is_multiple_of(5), turn.is_multiple_of(300)).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the token service's database could not be read: what was revoked elsewhere is not known here"
                );
                tokio::time::sleep(LOOK).await;
            }
            turn = turn.wrapping_add(1);
        }
    }

    async fn look(&self, keys: bool, sweep: bool) -> Result<(), ServiceError> {
        self.read_revocations().await?;
        if keys && self.inner.keys.upkeep(&self.inner.database, now()).await? {
            if let Some(verifier) = self.inner.verifier.get() {
                verifier.set_keys(&self.inner.settings.issuer, &self.inner.keys.published())?;
            }
            tracing::info!("signing keys changed");
        }
        if sweep {
            store::sweep(&self.inner.database, now()).await?;
        }
        Ok(())
    }

    async fn read_revocations(&self) -> Result<(), ServiceError> {
        store::read_revocations(&self.inner.database, &self.inner.revocations).await?;
        Ok(())
    }

    /// Revokes; every node refuses within a second. Kept as long as anything can be that it refuses: for tokens,
    /// their longest life; for what is taken out of the registry too, a year.
    ///
    /// # Errors
    /// The database.
    pub async fn revoke(&self, kind: revocation::Kind, subject: &str) -> Result<(), ServiceError> {
        store::revoke(&self.inner.database, kind, subject, now()).await?;
        self.read_revocations().await
    }
}
