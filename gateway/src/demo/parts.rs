//! The services and simulated agencies behind the demo's gateway.

use super::{SERVICES, embedded};
use crate::people;
use anyhow::Context;
use case_status::{CaseStatusConfig, Form, Producer};
use channels::{Channels, ChannelsConfig, ConsentsConfig, SecretKeys};
use contact_routing::ContactRoutingConfig;
use encounters::EncountersConfig;
use handover::HandoverConfig;
use handover::agreement::Agreements;
use identity::people::web::Web;
use insights::InsightsConfig;
use mcp::McpConfig;
use model::LocalizedText;
use sandbox::{PushTo, RelyingParty, Running, RunningAgency, SandboxConfig};
use service_host::{InternalKey, Service, ServiceTelemetry, Trust, TrustSettings};
use snapshot::{Assertion, Draft};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The agency that is down in the demo.
const DOWN: &str = "indrivningsverket";

/// The municipality whose entry in the directory the demo's Provkommun keeps.
const KEPT: &str = "kommun-1283";

/// How often the demo looks whether a case that somebody follows has changed, at sources that do not tell by themselves.
const REFRESH: Duration = Duration::from_secs(3);

/// What the gateway is to the sandbox's OpenID provider.
pub(super) const RELYING_PARTY: &str = "vagvisare";

/// Whose calls each service takes: those of its own APIs, and those that another service passes on to it.
const CALLS: [(&str, &[&str]); 7] = [
    (
        "case-status",
        &[
            "case-status-v1",
            "case-events-v1",
            "mina-arenden-v6",
            "open311-v2",
            "mcp-v1",
            "life-events-v1",
        ],
    ),
    ("channels", &["channels-v1"]),
    (
        "contact-routing",
        &["contact-routing-v1", "directory-v1", "life-events-v1", "mcp-v1"],
    ),
    ("encounters", &["encounters-v1"]),
    ("handover", &["handover-v1"]),
    ("insights", &["insights-v1"]),
    ("mcp", &["mcp-v1"]),
];

/// Everything behind the gateway, running.
pub(super) struct Parts {
    sandbox: Running,
    /// Backend ids of the registry document, and where each is.
    addresses: Vec<(&'static str, String)>,
    /// Goes on with deliveries as long as it is held.
    _channels: channels::Running,
    tasks: JoinSet<anyhow::Result<()>>,
    stop: CancellationToken,
    /// The gateway, whose signed word the services take and nobody else's.
    issuer: String,
}

impl Parts {
    /// Starts each part on a free port; spans go to the gateway's operations listener, where the traces are shown.
    pub(super) async fn start(
        data_dir: &Path,
        base: &str,
        operations: SocketAddr,
        register: &people::Register,
    ) -> anyhow::Result<Self> {
        let telemetry = ServiceTelemetry::otlp_http(&format!("http://{operations}"));
        let sandbox = sandbox::start(SandboxConfig {
            issuer: format!("{base}/test-identity/v0"),
            down: vec![DOWN.to_owned()],
            relying_parties: vec![RelyingParty {
                client_id: RELYING_PARTY.to_owned(),
                redirect_uri: Web::callback_uri(base),
            }],
            telemetry: telemetry.clone(),
            ..SandboxConfig::default()
        })
        .await?;
        let producers = sandbox.agencies.iter().map(producer).collect();
        let mut config = CaseStatusConfig::new(producers, register.url()?, data_dir);
        config.party_register_key = Some(register.settings.key.expose().to_owned());
        let case_status = case_status::service(config).await?;
        // Who tells of changes asks there for them, so the address must be known before.
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let at = format!("http://{}", listener.local_addr()?);
        let contact_routing = contact_routing::service(ContactRoutingConfig {
            database: data_dir.join("contact-routing.sqlite"),
            entries: format!("sqlite:{}", data_dir.join("directory-entries.sqlite").display()),
            // The directory holds real organisations only. In the demo, an invented one keeps the entry of one of them.
            stewards: BTreeMap::from([("provkommun".to_owned(), KEPT.to_owned())]),
            case_status: Some(at.clone()),
        })
        .await?;
        let encounters = encounters::service(EncountersConfig {
            database: format!("sqlite:{}", data_dir.join("encounters.sqlite").display()),
            number_key: data_dir.join("number.key"),
        })
        .await?;
        let handover = handover::service(HandoverConfig {
            database: format!("sqlite:{}", data_dir.join("handover.sqlite").display()),
            content_key: data_dir.join("handover.key"),
            agreements: Agreements::read(embedded::HANDOVER_AGREEMENTS)?,
        })
        .await?;
        let insights = insights::service(InsightsConfig {
            database: format!("sqlite:{}", data_dir.join("insights.sqlite").display()),
        })
        .await?;
        let internal = identity::random_word().and_then(|word| InternalKey::new(&word));
        let internal = internal.context("no random bytes could be had")?;
        let case_status = case_status.internal_key(internal.clone());
        let channels = channels(data_dir, register, &at, internal).await?;
        let mut parts = Self {
            _channels: channels.run(),
            addresses: vec![("test-identity", sandbox.identity_url.clone())],
            sandbox,
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            issuer: base.to_owned(),
        };
        parts.serve("case-status", listener, case_status, &telemetry)?;
        parts.add("channels", channels.service(), &telemetry).await?;
        parts.add("contact-routing", contact_routing, &telemetry).await?;
        let assistant = mcp::service(McpConfig {
            case_status: at,
            contact_routing: parts.address("contact-routing")?,
        })?;
        parts.add("mcp", assistant, &telemetry).await?;
        parts.add("encounters", encounters, &telemetry).await?;
        parts.add("handover", handover, &telemetry).await?;
        parts.add("insights", insights, &telemetry).await?;
        Ok(parts)
    }

    async fn add(
        &mut self,
        backend: &'static str,
        service: Service,
        telemetry: &ServiceTelemetry,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        self.serve(backend, listener, service, telemetry)
    }

    fn serve(
        &mut self,
        backend: &'static str,
        listener: TcpListener,
        service: Service,
        telemetry: &ServiceTelemetry,
    ) -> anyhow::Result<()> {
        let apis = CALLS.iter().find(|(id, _)| *id == backend);
        let (_, apis) = apis.with_context(|| format!("nobody may call {backend}"))?;
        let trust = Trust::new(TrustSettings {
            issuer: self.issuer.clone(),
            apis: apis.iter().map(|&api| api.to_owned()).collect(),
        })?;
        self.addresses
            .push((backend, format!("http://{}", listener.local_addr()?)));
        self.tasks.spawn(service_host::serve(
            listener,
            service.trusting(trust),
            self.stop.clone().cancelled_owned(),
            telemetry.clone(),
        ));
        Ok(())
    }

    fn address(&self, backend: &str) -> anyhow::Result<String> {
        let found = self.addresses.iter().find(|(id, _)| *id == backend);
        found
            .map(|(_, url)| url.clone())
            .with_context(|| format!("{backend} is not started"))
    }

    /// Puts the addresses into the registry's backends; those that take signed calls only are told who calls.
    pub(super) fn put_into(&self, draft: &mut Draft) -> anyhow::Result<()> {
        for (id, address) in &self.addresses {
            let backend = draft.backends.iter_mut().find(|backend| backend.id == *id);
            let backend = backend.with_context(|| format!("the demo's registry has no backend {id}"))?;
            backend.addresses = vec![address.clone()];
            if CALLS.iter().any(|(service, _)| *service == *id) {
                backend.assertion = Assertion::Session;
            }
        }
        Ok(())
    }

    /// `iss` of the test e-identification's tokens.
    pub(super) fn issuer(&self) -> &str {
        &self.sandbox.issuer
    }

    /// The OpenID provider that people log in at.
    pub(super) fn openid_issuer(&self) -> &str {
        &self.sandbox.openid_issuer
    }

    /// Where its keys are.
    pub(super) fn key_set(&self) -> &str {
        &self.sandbox.jwks_url
    }

    /// Where agencies' own references of people are looked up.
    pub(super) fn party_register(&self) -> &str {
        &self.sandbox.party_register_url
    }

    /// Where faults are switched.
    pub(super) fn control_url(&self) -> &str {
        &self.sandbox.control_url
    }

    /// Lets the agencies that tell of changes by themselves do so, through the gateway.
    pub(super) fn push_to(&self, url: String, api_key: &str) {
        self.sandbox.push_to(PushTo {
            url,
            headers: vec![("x-api-key".to_owned(), api_key.to_owned())],
        });
    }

    /// Lets requests in hand finish.
    pub(super) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::warn!(%error, "a service ended with an error");
            }
        }
        self.sandbox.stop().await;
    }
}

async fn channels(
    data_dir: &Path,
    register: &people::Register,
    case_status: &str,
    internal: InternalKey,
) -> anyhow::Result<Channels> {
    let database = format!("sqlite:{}", data_dir.join("channels.sqlite").display());
    let keys = SecretKeys::load_or_create(&data_dir.join("channels-key"))?;
    Channels::open(ChannelsConfig {
        internal_key: Some(internal),
        refresh: REFRESH,
        // Receivers of the demo are on this machine.
        allow_private_network: true,
        consents: Some(ConsentsConfig {
            url: format!("{}/consents/checks", register.url()?),
            key: register.settings.key.expose().to_owned(),
            organisation: SERVICES.to_owned(),
            // The test e-identification gives tokens without a consent page.
            allow_unknown: true,
        }),
        ..ChannelsConfig::new(database, case_status, keys)
    })
    .await
}

/// An agency of the sandbox as case status has to know it.
fn producer(running: &RunningAgency) -> Producer {
    let agency = running.agency;
    Producer {
        id: agency.id.to_owned(),
        organisation_id: agency.id.to_owned(),
        name: LocalizedText::new(agency.name_sv, agency.name_en),
        form: match agency.form {
            sandbox::Form::MinaArenden61 => Form::MinaArenden61,
            sandbox::Form::Cases => Form::Cases,
            sandbox::Form::Errands => Form::Errands,
        },
        base_url: running.base_url.clone(),
        relation_term: Some(LocalizedText::new(agency.relation_term.0, agency.relation_term.1)),
        rules: agency.rules.iter().map(|&service| service.to_owned()).collect(),
    }
}
