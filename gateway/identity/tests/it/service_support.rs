//! A token service over a small registry, asked as the gateway asks it.

use crate::person_codes::BACK;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use database::Database;
use identity::api_key::{self, Pepper};
use identity::client_key::{Algorithm, ClientKey, generate};
use identity::service::{KeyEncryption, MIGRATIONS, Registry, Service, Settings};
use serde_json::{Value, json};
use snapshot::{
    AgreementDraft, AgreementKind, ApiDraft, ApplicationDraft, Assertion, Authentication, BackendDraft, Draft,
    KeyDraft, LifecycleState, OrganisationDraft, OrganisationKind, RouteDraft, SenderConstraint, Snapshot,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::ServiceExt;

pub(crate) const ISSUER: &str = "https://api.example.se";
pub(crate) const CASES: &str = "https://api.example.se/cases/v1";
pub(crate) const BOUND: &str = "https://api.example.se/bound/v1";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[derive(Debug, Default)]
pub(crate) struct Fixed(pub(crate) Mutex<Arc<Snapshot>>);

impl Registry for Fixed {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

/// One node, its client's keys, and what they share with other nodes.
pub(crate) struct Node {
    pub(crate) service: Service,
    pub(crate) key: Arc<ClientKey>,
    pub(crate) secret: String,
    pub(crate) snapshot: Arc<Snapshot>,
}

pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_secs()).unwrap()
}

pub(crate) fn pepper() -> Pepper {
    Pepper::from_bytes([7; 32])
}

/// A node on a new embedded database.
pub(crate) async fn node() -> (Node, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", directory.path().join("identity.sqlite").display());
    let nodes = nodes(&address, 1, |_| {}).await;
    (nodes.into_iter().next().unwrap(), directory)
}

/// Nodes that share a database, with changed settings.
pub(crate) async fn nodes(address: &str, count: usize, change: impl Fn(&mut Settings)) -> Vec<Node> {
    let pair = generate(Algorithm::ES256).unwrap();
    let key = Arc::new(ClientKey::from_pem(pair.private_pem.expose()).unwrap());
    let secret = api_key::generate("client", &pepper()).unwrap();
    let snapshot = Arc::new(Snapshot::compile(&draft(&key, &secret)).unwrap());
    let mut all = Vec::new();
    for _ in 0..count {
        let database = Database::open(address, &[MIGRATIONS]).await.unwrap();
        let mut settings = Settings::new(ISSUER, KeyEncryption::from_secret(&pepper()));
        settings.pepper = Some(pepper());
        change(&mut settings);
        let registry = Arc::new(Fixed(Mutex::new(Arc::clone(&snapshot))));
        let service = Service::open(settings, database, registry).await.unwrap();
        service.verifier(Vec::new()).unwrap();
        all.push(Node {
            service,
            key: Arc::clone(&key),
            secret: secret.text.expose().to_owned(),
            snapshot: Arc::clone(&snapshot),
        });
    }
    all
}

pub(crate) fn draft(key: &ClientKey, secret: &api_key::NewKey) -> Draft {
    let organisation = |id: &str, kind| OrganisationDraft {
        id: id.into(),
        name: id.into(),
        kind,
    };
    let application = |id: &str, organisation: &str| ApplicationDraft {
        id: id.into(),
        name: id.into(),
        organisation: organisation.into(),
        ..ApplicationDraft::default()
    };
    let agreement = |id: &str, apis: &[&str], valid_to| AgreementDraft {
        id: id.into(),
        kind: AgreementKind::Avtal,
        purpose: "tests".into(),
        producers: vec!["agency".into()],
        consumers: vec!["bank".into()],
        applications: Vec::new(),
        apis: apis.iter().map(|api| (*api).to_owned()).collect(),
        suppliers: Vec::new(),
        suspended: false,
        scopes: vec!["cases.read".into(), "cases.write".into()],
        limits: Vec::new(),
        valid_from: 0,
        valid_to,
    };
    Draft {
        version: 1,
        organisations: vec![
            organisation("agency", OrganisationKind::StateAgency),
            organisation("bank", OrganisationKind::PrivateActor),
            organisation("vendor", OrganisationKind::PrivateActor),
        ],
        apis: ["cases", "bound", "ended", "none"].map(api).to_vec(),
        backends: vec![BackendDraft {
            id: "origin".into(),
            organisation: "agency".into(),
            addresses: vec!["http://127.0.0.1:9".into()],
            connect_timeout: Duration::from_secs(1),
            allow_private_network: true,
            ca_file: None,
            assertion: Assertion::None,
            traffic: snapshot::BackendTraffic::default(),
        }],
        applications: vec![
            ApplicationDraft {
                jwks: Some(json!({ "keys": [key.public_jwk()] }).to_string()),
                secrets: vec![KeyDraft {
                    id: secret.id.clone(),
                    hash: secret.hash,
                    expires_at: None,
                }],
                redirect_uris: vec![BACK.to_owned()],
                ..application("app", "bank")
            },
            application("keyless", "bank"),
            ApplicationDraft {
                jwks: Some(json!({ "keys": [key.public_jwk()] }).to_string()),
                redirect_uris: vec![BACK.to_owned()],
                require_par: true,
                ..application("pushing", "bank")
            },
            ApplicationDraft {
                jwks: Some(json!({ "keys": [key.public_jwk()] }).to_string()),
                ..application("agency-app", "agency")
            },
            ApplicationDraft {
                jwks: Some(json!({ "keys": [key.public_jwk()] }).to_string()),
                ..application("vendor-app", "vendor")
            },
        ],
        agreements: vec![
            agreement("avtal-1", &["cases-v1", "bound-v1"], None),
            agreement("avtal-2", &["ended-v1"], Some(1_000)),
            AgreementDraft {
                suppliers: vec!["vendor".into()],
                applications: vec!["vendor-app".into()],
                ..agreement("avtal-3", &["cases-v1"], None)
            },
        ],
        ..Draft::default()
    }
}

fn api(name: &str) -> ApiDraft {
    ApiDraft {
        id: format!("{name}-v1"),
        name: name.into(),
        base_path: None,
        title: format!("The {name} API"),
        version: "1.0.0".into(),
        released: "2026-01-01".into(),
        organisation: "agency".into(),
        state: LifecycleState::Active,
        deprecated_at: None,
        sunset_at: None,
        successor: None,
        authentication: Authentication::Token,
        audience: format!("https://api.example.se/{name}/v1"),
        sender_constraint: match name {
            "bound" => SenderConstraint::Dpop,
            _ => SenderConstraint::None,
        },
        personal_data: true,
        limits: Vec::new(),
        cors: None,
        deadline: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        max_body_bytes: 0,
        backend: Some("origin".into()),
        traffic: snapshot::ApiTraffic::default(),
        routes: vec![RouteDraft {
            method: None,
            path: "/x".into(),
            scopes: vec!["cases.read".into()],
            authentication: None,
        }],
        documents: Vec::new(),
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    pub(crate) fn description(&self) -> &str {
        self.body["error_description"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub(crate) fn token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["access_token"].as_str().unwrap().to_owned()
    }
}

impl Node {
    pub(crate) fn assertion(&self) -> String {
        self.key.assertion("app", ISSUER, now()).unwrap()
    }

    /// Form parameters of a good request.
    pub(crate) fn good(&self) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "client_credentials".into()),
            ("client_assertion_type", JWT_BEARER.into()),
            ("client_assertion", self.assertion()),
            ("resource", CASES.into()),
        ]
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, String)], headers: &[(&str, &str)]) -> Answer {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.finish())).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.router().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// A token for `cases`.
    pub(crate) async fn token(&self) -> String {
        self.post("/oauth2/token", &self.good(), &[]).await.token()
    }
}

/// What a token says, unchecked.
pub(crate) fn claims(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}
