//! Runs the token service inside a node: its database, its upkeep, and `/oauth2` as an API of the node's own.

use crate::config;
use crate::governed::Uses;
use crate::internal::{self, InternalApi, ORGANISATION};
use crate::node::Node;
use anyhow::Context;
use database::Database;
use edge::plan::Shared;
use identity::api_key::Pepper;
use identity::dpop::Nonces;
use identity::service::{self, KeyEncryption, MIGRATIONS, Registry, Rotation, Service, Settings};
use identity::token::{Issuer, Verifier};
use serde_json::Value;
use snapshot::{ApiDraft, Authentication, LifecycleState, LimitDraft, LimitPer, SenderConstraint, Snapshot};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a token service is started with.
#[derive(Debug)]
pub struct Setup {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
    /// Its settings.
    pub settings: Settings,
}

impl Setup {
    /// From the node's configuration.
    ///
    /// # Errors
    /// A key file that cannot be used.
    pub fn of(service: &config::TokenService, issuer: &str, pepper: &Pepper) -> anyhow::Result<Self> {
        let previous = service.previous_key_encryption_file.as_slice();
        let encryption = KeyEncryption::load(&service.key_encryption_file, previous)?;
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        let mut settings = Settings::new(issuer, encryption);
        settings.pepper = Some(pepper.clone());
        settings.algorithm = service.algorithm;
        settings.lifetime = seconds(service.lifetime);
        settings.tokens_per_minute = service.tokens_per_minute;
        settings.proof_nonce = service.proof_nonce;
        let period = seconds(service.rotate_after);
        settings.rotation = Rotation {
            period,
            publish_before: (period / 4).min(86_400),
            ..Rotation::default()
        };
        Ok(Self {
            database: service.database.clone(),
            settings,
        })
    }
}

/// A token service that runs.
pub struct TokenService {
    /// The service.
    pub service: Service,
    /// Verifies its tokens and those of the other issuers.
    pub verifier: Verifier,
    /// `/oauth2`, for the registry.
    pub internal: InternalApi,
    proof_nonce: bool,
    registry: Arc<InForce>,
}

/// The picture in force, once there is a node that serves one, and where uses of credentials are noted.
#[derive(Debug)]
struct InForce {
    served: OnceLock<Arc<Shared>>,
    uses: Arc<Uses>,
}

impl Registry for InForce {
    fn snapshot(&self) -> Arc<Snapshot> {
        match self.served.get() {
            Some(shared) => Arc::clone(&shared.plan.load().snapshot),
            None => Arc::new(Snapshot::empty()),
        }
    }

    fn used(&self, credential: &str, now: i64) {
        self.uses.note(credential, now);
    }
}

impl TokenService {
    /// Opens the database and starts to serve and to keep keys and revocations up to date, until `stop`.
    ///
    /// # Errors
    /// A database or a key that cannot be used.
    pub async fn start(
        setup: Setup,
        others: Vec<Issuer>,
        uses: &Arc<Uses>,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let database = Database::open(&setup.database, &[MIGRATIONS])
            .await
            .context("the token service's database cannot be used")?;
        let registry = Arc::new(InForce {
            served: OnceLock::new(),
            uses: Arc::clone(uses),
        });
        let proof_nonce = setup.settings.proof_nonce;
        let service = Service::open(setup.settings, database, registry.clone()).await?;
        let verifier = service.verifier(others)?;
        let document = serde_json::to_value(service::openapi())?;
        let backend = internal::serve("vagvisare-oauth2", service.router(), stop.clone()).await?;
        for task in [
            Box::pin(verifier.clone().keep_fresh()) as std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
            Box::pin(service.clone().run()),
        ] {
            let stop = stop.clone();
            tokio::spawn(async move { stop.run_until_cancelled_owned(task).await });
        }
        Ok(Self {
            internal: InternalApi {
                api: api(&backend.id, &document)?,
                backend,
                limits: vec![limit()],
                relays: vec![
                    "/.well-known/jwks.json".to_owned(),
                    "/.well-known/oauth-authorization-server".to_owned(),
                ],
                document: Arc::new(document),
            },
            service,
            verifier,
            proof_nonce,
            registry,
        })
    }

    /// From now on clients and agreements are those that this node serves.
    pub fn follow(&self, node: &Node) {
        // A service follows one node, the first.
        let _ = self.registry.served.set(Arc::clone(node.shared()));
    }

    /// Gives the picture in force to whoever shows names from it.
    pub fn picture(&self) -> identity::people::web::Picture {
        let registry = Arc::clone(&self.registry);
        Arc::new(move || registry.snapshot())
    }

    /// The nonces that proofs of possession must carry, if they must.
    pub fn nonces(&self) -> Option<Nonces> {
        self.proof_nonce.then(|| self.service.nonces().clone())
    }
}

/// How often one address may ask, whoever it says it is.
fn limit() -> LimitDraft {
    LimitDraft {
        id: "vagvisare-oauth2-address".to_owned(),
        name: "address".to_owned(),
        per: LimitPer::Address,
        quota: 1_200,
        window: Duration::from_secs(60),
        burst: Some(200),
        shared: None,
        calendar: None,
    }
}

fn api(backend: &str, document: &Value) -> anyhow::Result<ApiDraft> {
    let facts = service::facts();
    Ok(ApiDraft {
        id: "oauth2".to_owned(),
        name: "oauth2".to_owned(),
        base_path: Some(facts.base_path.to_owned()),
        title: facts.title.to_owned(),
        version: facts.version.to_owned(),
        released: facts.released.to_owned(),
        organisation: ORGANISATION.to_owned(),
        state: LifecycleState::Active,
        deprecated_at: None,
        sunset_at: None,
        successor: None,
        authentication: Authentication::None,
        audience: String::new(),
        sender_constraint: SenderConstraint::None,
        personal_data: false,
        limits: vec!["vagvisare-oauth2-address".to_owned()],
        cors: None,
        deadline: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(10),
        max_body_bytes: 64 * 1024,
        backend: Some(backend.to_owned()),
        traffic: snapshot::ApiTraffic::default(),
        routes: registry::intake::operations(document).map_err(anyhow::Error::msg)?,
        documents: Vec::new(),
    })
}
