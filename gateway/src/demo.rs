//! The whole house in one process on loopback: gateway, services and simulated agencies, each on a port of its own.
//!
//! The only module of the gateway that knows the services: it starts them as their own programs would, and registers them
//! through the registry's own API with their addresses. Built in are only the node's own APIs: registry, tokens, people.

mod calls;
mod embedded;
mod enrol;
mod parts;

pub use calls::Call;

use crate::credentials::Checks;
use crate::governed::{self, Following, Founder, Governed, Uses};
use crate::internal;
use crate::node::{self, Node, Setup};
use crate::people;
use crate::publish::{self, Site};
use crate::token_service::{self, TokenService};
use anyhow::{Context, anyhow};
use enrol::Members;
use identity::api_key::{Pepper, SecretText};
use identity::client_key;
use identity::people::openid::ProviderSettings;
use identity::people::{Readings, RegisterSettings, RelationSettings};
use identity::service::{KeyEncryption, Settings as TokenSettings};
use identity::token::{Issuer, KeySource};
use parts::Parts;
use registry::import::{self, Imported};
use registry::store::{Retention, Store};
use serde_json::{Value, json};
use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use telemetry::UsageCounter;
use tokio_util::sync::CancellationToken;

/// The node's name.
const NODE: &str = "demo";
/// The consumer in the demo.
const BANK: &str = "exempelbanken";
/// The consumer's application in the demo.
pub(crate) const APPLICATION: &str = "exempelbanken-app";
/// An agency that is itself a consumer.
const AGENCY: &str = "provkommun";
/// An agency's application: what offers call-back times and answers for the agency.
const AGENCY_APPLICATION: &str = "provkommun-sidor";
/// The sandbox agency that tells of changes by itself.
const PUSHING_AGENCY: &str = "skattekontoret";
/// The application of the sandbox agency that tells of changes by itself.
const PUSHING_APPLICATION: &str = "skattekontoret-handelser";
/// The audience of the demo's API that an application calls for itself.
const OPEN_RESOURCE: &str = "https://api.vagvisare.example/contact-routing/v1";
/// Whose services stand behind the demo's gateway.
pub(crate) const SERVICES: &str = "vagvisare-demo";
/// Where the demo's application takes people back; nobody needs to listen there to see the address.
const REDIRECT_URI: &str = "http://127.0.0.1:8888/callback";
/// The synthetic person whose cases the demo shows.
pub(crate) const PERSON: &str = "alva";

/// Where things are to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Callers.
    pub listen: SocketAddr,
    /// Operations.
    pub operations: SocketAddr,
    /// Databases, logs, `demo.json`.
    pub data_dir: PathBuf,
}

/// A running demo.
pub struct Demo {
    /// Where callers are served.
    pub address: SocketAddr,
    /// Where operations are served.
    pub operations: SocketAddr,
    /// `demo.json`.
    pub file: PathBuf,
    api_key: String,
    agency_key: String,
    client_key: PathBuf,
    audience: String,
    readings: Readings,
    registry: Value,
    node: Node,
    following: Following,
    parts: Parts,
    stop: CancellationToken,
    /// Held as long as the demo runs: two in one directory would write over each other's files.
    _lock: File,
}

/// Starts everything and returns when all of it can be called.
///
/// # Errors
/// A taken port, a directory that cannot be written: one line that says which.
pub async fn start(options: Options) -> anyhow::Result<Demo> {
    let lock = prepare(&options.data_dir)?;
    let usage = UsageCounter::default();
    let mut bound = node::bind(setup(&options, usage.clone()))
        .map_err(|error| anyhow!("{error:#} (see --listen and --ops-listen)"))?;
    let (address, operations) = (bound.address(), bound.operations_address()?);
    let base = format!("http://{address}");
    bound.set_public_base_url(&base);
    let mut register = people::Register::bind(
        SocketAddr::from(([127, 0, 0, 1], 0)),
        RegisterSettings {
            organisation: SERVICES.to_owned(),
            key: SecretText::new(identity::random_word().context("no random bytes could be had")?),
            behind: None,
        },
    )
    .await?;
    let parts = Parts::start(&options.data_dir, &base, operations, &register).await?;
    register.settings.behind = Some(parts.party_register().to_owned());
    let pepper = Pepper::load_or_create(&options.data_dir.join("pepper"))?;
    let wanted = wanted(&parts)?;
    let audience = wanted.apis.iter().find(|(api, _)| api.name == "case-status");
    let audience = audience.and_then(|(api, _)| api.audience.clone());
    let stop = CancellationToken::new();
    let mut issuer = Issuer::new(parts.issuer(), KeySource::Url(parts.key_set().to_owned()));
    issuer.allow_http_loopback = true;
    let uses = Arc::<Uses>::default();
    let setup = demo_tokens(&options.data_dir, &base, &pepper)?;
    let tokens = TokenService::start(setup, vec![issuer], &uses, &stop).await?;
    let people = people::start(demo_people(&options.data_dir, &base, &parts, register)?, &tokens, &stop).await?;
    let site = Site {
        public_base_url: base.clone(),
        issuer: Some(parts.issuer().to_owned()),
        credentials_url: Some(format!("{base}/test-identity/v0/docs")),
        service_problems: publish::service_problems(),
        authorization_servers: vec![base.clone(), parts.issuer().to_owned()],
        sandbox: true,
        internal: vec![tokens.internal.clone(), people.internal],
    };
    let store = new_store(&options.data_dir)?;
    let founder = Founder {
        organisation: internal::ORGANISATION,
        name: "Vägvisare",
        again: false,
    };
    let operator_key = governed::found(&store, &founder, pepper.clone()).await?;
    let mut governed = Governed::begin(governed::Settings {
        store,
        cache: None,
        node: NODE.to_owned(),
        site,
        allow_private_backends: true,
        takes_tokens: true,
        signs: true,
        pepper: pepper.clone(),
        uses: Arc::clone(&uses),
        usage_kept: Retention::default(),
        usage,
        operations,
    })
    .await?;
    bound.set_registry(governed.status());
    let checks = Checks::new(pepper, tokens.verifier.clone())
        .with_nonces(tokens.nonces())
        .with_signer(Some(tokens.service.clone()))
        .with_readings(Some(people.readings.clone()))
        .noting(&uses);
    let node = bound.serve(governed.snapshot()?, Arc::new(checks))?;
    tokens.follow(&node);
    let following = governed.follow(Arc::clone(node.shared()));

    let members = Members::let_in(&base, &operator_key, &wanted).await?;
    members.register(wanted).await?;
    let client_key = options.data_dir.join("client-key.pem");
    let pair = client_key::generate(client_key::Algorithm::ES256).context("no client key could be made")?;
    private::write(&client_key, pair.private_pem.expose())?;
    let public = serde_json::to_value(&pair.public_jwk)?;
    members.upload_public_key(BANK, APPLICATION, &public).await?;
    let api_key = members.application_key(BANK, APPLICATION).await?;
    let agency_key = members.application_key(AGENCY, AGENCY_APPLICATION).await?;
    let pushing_key = members.application_key(PUSHING_AGENCY, PUSHING_APPLICATION).await?;
    members.wait().await?;
    parts.push_to(format!("{base}/case-events/v1/events"), &pushing_key);
    let mut demo = Demo {
        address,
        operations,
        file: options.data_dir.join("demo.json"),
        client_key: std::path::absolute(&client_key).unwrap_or(client_key),
        api_key,
        agency_key,
        audience: audience.context("the demo's registry lacks case-status")?,
        readings: people.readings,
        registry: members.described(&operator_key),
        node,
        following,
        parts,
        stop,
        _lock: lock,
    };
    demo.write_file()?;
    demo.file = std::path::absolute(&demo.file).unwrap_or(demo.file);
    Ok(demo)
}

/// What is to be registered: the built-in document, with the addresses that the services have this time.
fn wanted(parts: &Parts) -> anyhow::Result<Imported> {
    let mut registry =
        embedded::registry().map_err(|problems| anyhow!("the demo's registry:\n{}", problems.render()))?;
    parts.put_into(&mut registry.loaded.draft)?;
    let mut wanted = import::objects(&registry.loaded.draft, &registry.documents);
    let application = wanted
        .applications
        .iter_mut()
        .find(|one| one.application_id == APPLICATION);
    application
        .with_context(|| format!("the demo's registry lacks the application {APPLICATION}"))?
        .redirect_uris = vec![REDIRECT_URI.to_owned()];
    Ok(wanted)
}

/// An empty registry: one of an earlier start may hold documents that this program's are not compatible with.
fn new_store(directory: &Path) -> anyhow::Result<Store> {
    let path = directory.join("registry.sqlite");
    for ending in ["", "-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(ending);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", Path::new(&file).display()));
            }
            _ => {}
        }
    }
    Ok(Store::at(&format!("sqlite:{}", path.display())))
}

/// The token service of the demo: an embedded database, and secrets beside it.
fn demo_tokens(directory: &Path, base: &str, pepper: &Pepper) -> anyhow::Result<token_service::Setup> {
    let encryption = KeyEncryption::load_or_create(&directory.join("key-encryption"))?;
    let mut settings = TokenSettings::new(base, encryption);
    settings.pepper = Some(pepper.clone());
    settings.allow_private_key_sets = true;
    Ok(token_service::Setup {
        database: format!("sqlite:{}", directory.join("identity.sqlite").display()),
        settings,
    })
}

/// The pages for people, who log in at the sandbox.
fn demo_people(
    directory: &Path,
    base: &str,
    parts: &Parts,
    register: people::Register,
) -> anyhow::Result<people::Setup> {
    let mut provider = ProviderSettings::new(parts.openid_issuer(), parts::RELYING_PARTY);
    provider.name = "test-e-legitimation".to_owned();
    provider.test_provider = true;
    Ok(people::Setup {
        database: format!("sqlite:{}", directory.join("people.sqlite").display()),
        keys: (Pepper::load_or_create(&directory.join("people-key"))?, Vec::new()),
        provider,
        base_url: base.to_owned(),
        register: Some(register),
        pushed_requests_only: false,
        readings_before_answers: true,
        relations: Some(RelationSettings {
            url: parts.party_register().to_owned(),
            key: None,
        }),
    })
}

/// Makes the directory and takes it for this process.
fn prepare(directory: &Path) -> anyhow::Result<File> {
    let hint = || {
        format!(
            "the directory {} cannot be written (see --data-dir)",
            directory.display()
        )
    };
    std::fs::create_dir_all(directory).with_context(hint)?;
    let lock = File::create(directory.join(".lock")).with_context(hint)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "the directory {} is in use: another demo runs there (see --data-dir)",
            directory.display()
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(hint),
    }
}

fn setup(options: &Options, usage: UsageCounter) -> Setup {
    Setup {
        listen: edge::server::Config::new(options.listen),
        operations: options.operations,
        settings: edge::plan::Settings::default(),
        telemetry: telemetry::Config {
            service_name: "vagvisare".to_owned(),
            node: NODE.to_owned(),
            usage: Some(usage),
            share: 1.0,
            access_log: telemetry::AccessLog::File(options.data_dir.join("access.log")),
            trace_store: 1_000,
            ..telemetry::Config::default()
        },
        shared_limits: None,
        quota_ledger: None,
        drain_timeout: Duration::from_secs(10),
        registry: None,
    }
}

impl Demo {
    /// The calls to paste.
    pub fn calls(&self) -> Vec<Call> {
        calls::all(self)
    }

    /// Addresses and credentials for scripts; readable by its owner only.
    fn write_file(&self) -> anyhow::Result<()> {
        let content = json!({
            "gateway": format!("http://{}", self.address),
            "operations": format!("http://{}", self.operations),
            "apiKey": self.api_key,
            "application": APPLICATION,
            "agencyKey": self.agency_key,
            "agencyApplication": AGENCY_APPLICATION,
            "personToken": {
                "how": "POST this body to the url; the answer's access_token goes into Authorization: Bearer. With Accept: text/plain the answer is the token alone.",
                "url": format!("http://{}/test-identity/v0/tokens", self.address),
                "body": calls::token_request(&self.audience),
                "command": calls::token_command(self),
            },
            "clientKey": {
                "how": "The private key of the application: it signs who the application is (private_key_jwt, RFC 7523) and gets a token of its own. The command prints one for contact-routing.",
                "file": self.client_key,
                "tokenEndpoint": format!("http://{}/oauth2/token", self.address),
                "command": format!(
                    "vagvisare token --application {APPLICATION} --key '{}' --gateway http://{} --resource {}",
                    self.client_key.display(), self.address, OPEN_RESOURCE
                ),
            },
            "personPages": {
                "how": "Open login in a browser, or send a person to authorize with response_type=code, client_id, redirect_uri, resource, scope, state, code_challenge and code_challenge_method=S256; the code is given for a token at the clientKey's tokenEndpoint.",
                "login": format!("http://{}/me/login", self.address),
                "authorize": format!("http://{}/me/authorize", self.address),
                "redirectUri": REDIRECT_URI,
                "resource": self.audience,
            },
            "people": format!("http://{}/test-identity/v0/people", self.address),
            "sandboxControl": self.parts.control_url(),
            "registry": self.registry,
        });
        private::write(&self.file, &format!("{content:#}\n"))
            .with_context(|| format!("{} cannot be written", self.file.display()))
    }

    /// Lets requests in flight finish and stops everything.
    ///
    /// # Errors
    /// A background thread that panicked.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.node.stop().await?;
        self.readings.flush().await;
        self.stop.cancel();
        self.following.stop().await;
        self.parts.stop().await;
        Ok(())
    }
}

mod private {
    //! Files that only their owner may read.

    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    pub(super) fn write(path: &Path, content: &str) -> std::io::Result<()> {
        // A file of an earlier run may have been made readable: it is replaced, not rewritten.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?
            .write_all(content.as_bytes())
    }
}
