//! Runs the pages for people inside a node: login, consent, what was read, as the API `/me` of the node's own.

use crate::config;
use crate::internal::{self, InternalApi, ORGANISATION};
use crate::token_service::TokenService;
use anyhow::{Context, bail};
use database::Database;
use identity::api_key::{Pepper, SecretText};
use identity::people::openid::{LoginError, OpenId, ProviderSettings};
use identity::people::web::{self, Web};
use identity::people::{MIGRATIONS, People, PersonKeys, Readings, RegisterSettings, RelationSettings, Relations};
use serde_json::Value;
use snapshot::{ApiDraft, Authentication, LifecycleState, LimitDraft, LimitPer, SenderConstraint};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the pages are started with.
pub struct Setup {
    /// `sqlite:PATH` or `postgres://..`.
    pub database: String,
    /// Encrypts who people are; the first for what is new.
    pub keys: (Pepper, Vec<Pepper>),
    /// Where people log in.
    pub provider: ProviderSettings,
    /// Under what address people reach the gateway.
    pub base_url: String,
    /// Where services learn what agencies know people by; `None`: they do not.
    pub register: Option<Register>,
    /// Whether applications must push what they will ask a person.
    pub pushed_requests_only: bool,
    /// Whether a call with a person's token waits until it is written down that it reads.
    pub readings_before_answers: bool,
    /// Where it is asked for whom people may act; `None`: nobody acts for anybody else.
    pub relations: Option<RelationSettings>,
}

/// The party register, bound to its address and not yet served.
pub struct Register {
    /// The listener.
    pub listener: TcpListener,
    /// What it is told.
    pub settings: RegisterSettings,
}

impl Register {
    /// Binds the register of `organisation`'s services.
    ///
    /// # Errors
    /// An address that is taken.
    pub async fn bind(address: SocketAddr, settings: RegisterSettings) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("the party register cannot listen on {address}"))?;
        Ok(Self { listener, settings })
    }

    /// Its base URL.
    ///
    /// # Errors
    /// The operating system.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }
}

/// What runs.
pub struct Running {
    /// `/me`, for the registry.
    pub internal: InternalApi,
    /// Where the request path tells who reads about people.
    pub readings: Readings,
}

impl Setup {
    /// From the node's configuration.
    ///
    /// # Errors
    /// A key file that cannot be used.
    pub async fn of(people: &config::People, database: &str, base_url: &str) -> anyhow::Result<Self> {
        let mut provider = people.provider.clone();
        if let Some(file) = &people.client_secret_file {
            let secret = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
            provider.client_secret = Some(secret.trim_end().to_owned());
        }
        let others = people.previous_key_file.as_slice();
        let register = match &people.register {
            Some(register) => {
                // Read as a key first: long enough, and its owner's alone.
                Pepper::load(&register.key_file)?;
                let key = std::fs::read_to_string(&register.key_file)?;
                let settings = RegisterSettings {
                    organisation: register.organisation.clone(),
                    key: SecretText::new(key.trim().to_owned()),
                    behind: register.behind.clone(),
                };
                Some(Register::bind(register.listen, settings).await?)
            }
            None => None,
        };
        let relations = match &people.relations {
            Some(relations) => {
                let key = match &relations.key_file {
                    Some(file) => {
                        Pepper::load(file)?;
                        Some(SecretText::new(std::fs::read_to_string(file)?.trim().to_owned()))
                    }
                    None => None,
                };
                Some(RelationSettings {
                    url: relations.url.clone(),
                    key,
                })
            }
            None => None,
        };
        Ok(Self {
            relations,
            pushed_requests_only: people.pushed_requests_only,
            readings_before_answers: people.readings_before_answers,
            database: database.to_owned(),
            keys: PersonKeys::load(&people.key_file, others)?,
            provider,
            base_url: base_url.to_owned(),
            register,
        })
    }
}

/// Opens the database, looks whether the provider may be used here, and serves until `stop`.
///
/// # Errors
/// A database or a key that cannot be used; a provider that must not be used. One that does not answer yet is no error.
pub async fn start(setup: Setup, tokens: &TokenService, stop: &CancellationToken) -> anyhow::Result<Running> {
    let issuer = setup.provider.issuer.clone();
    let openid = OpenId::new(setup.provider)?;
    match openid.check().await {
        Ok(()) => {}
        Err(LoginError::Invalid(why)) => bail!("people cannot log in at {issuer}: {why}"),
        Err(error) => tracing::warn!(%error, issuer, "people cannot log in just now"),
    }
    let database = Database::open(&setup.database, &[MIGRATIONS])
        .await
        .context("the database of people cannot be used")?;
    let (first, others) = setup.keys;
    let mut people = People::new(database, PersonKeys::from_secrets(&first, &others)?)
        .with_pushed_requests_only(setup.pushed_requests_only);
    if let Some(relations) = setup.relations {
        people = people.with_relations(Relations::new(relations)?);
    }
    if !others.is_empty() {
        let rows = people.rotate().await.context("a key of people cannot be changed")?;
        tracing::info!(rows, "people are encrypted with the first key");
    }
    tokens.service.serve_people(people.clone());
    if let Some(Register { listener, settings }) = setup.register {
        let router = identity::people::Register::new(people.clone(), settings)?.router();
        let stop = stop.clone();
        tokio::spawn(async move {
            let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
            if let Err(error) = served.await {
                tracing::error!(%error, "the party register is no longer served");
            }
        });
    }
    let (readings, log) = Readings::new(people.clone());
    let readings = readings.before_answers(setup.readings_before_answers);
    tokio::spawn(log.run());
    let web = Web::new(
        people,
        openid,
        setup.base_url,
        tokens.picture(),
        Arc::new(tokens.service.clone()),
    );
    let document = serde_json::to_value(web::openapi())?;
    let backend = internal::serve("vagvisare-me", web.router(), stop.clone()).await?;
    Ok(Running {
        internal: InternalApi {
            api: api(&backend.id, &document)?,
            backend,
            limits: vec![limit()],
            relays: Vec::new(),
            document: Arc::new(document),
        },
        readings,
    })
}

/// How often one address may ask.
fn limit() -> LimitDraft {
    LimitDraft {
        id: "vagvisare-me-address".to_owned(),
        name: "address".to_owned(),
        per: LimitPer::Address,
        quota: 600,
        window: Duration::from_secs(60),
        burst: Some(100),
        shared: None,
        calendar: None,
    }
}

fn api(backend: &str, document: &Value) -> anyhow::Result<ApiDraft> {
    let facts = web::facts();
    Ok(ApiDraft {
        id: "me".to_owned(),
        name: "me".to_owned(),
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
        limits: vec!["vagvisare-me-address".to_owned()],
        cors: None,
        deadline: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(10),
        max_body_bytes: 16 * 1024,
        backend: Some(backend.to_owned()),
        traffic: snapshot::ApiTraffic::default(),
        routes: registry::intake::operations(document).map_err(anyhow::Error::msg)?,
        documents: Vec::new(),
    })
}
