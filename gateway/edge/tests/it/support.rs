//! A gateway on a free port with an origin behind it. Every test builds its own and reads as: build, ask, assert.

use bytes::Bytes;
use edge::BoxError;
use edge::error::ProofRefusal;
use edge::error::{CredentialKind, CredentialRefusal};
use edge::middleware::authenticate::{
    Actor, Binding, Credentials, Noted, Possession, Proved, Reading, Statement, Token, TokenRefusal, TokenVerdict,
};
use edge::plan::{Plan, Settings, Shared};
use edge::server::{self, Running};
use edge::stack::Entry;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use limits::Limits;
use snapshot::{
    AgreementDraft, AgreementKind, ApiDraft, ApplicationDraft, ApplicationIndex, Authentication, BackendDraft, Draft,
    LifecycleState, LimitDraft, LimitPer, OnStoreFailure, OrganisationDraft, OrganisationKind, RouteDraft, Snapshot,
};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{Guard, Telemetry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Body of an origin's answers.
pub(crate) type OriginBody = UnsyncBoxBody<Bytes, BoxError>;

/// An origin that answers each request with `answer`.
pub(crate) async fn origin<F, R>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Response<OriginBody>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let answer = answer.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades()
                    .await;
            });
        }
    });
    address
}

/// An origin that reads one head and writes `answer` as it is, then closes.
pub(crate) async fn raw_origin(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
                    let mut part = [0; 1024];
                    match stream.read(&mut part).await {
                        Ok(0) | Err(_) => return,
                        Ok(read) => seen.extend_from_slice(&part[..read]),
                    }
                }
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

pub(crate) fn full(text: impl Into<Bytes>) -> OriginBody {
    use http_body_util::{BodyExt, Full};
    UnsyncBoxBody::new(Full::new(text.into()).map_err(|never| match never {}))
}

/// Answers with the request's line and headers as text.
pub(crate) async fn echo(request: Request<Incoming>) -> Response<OriginBody> {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or("?")));
    }
    Response::new(full(text))
}

/// A key is good when it is `key-<application id>`; a token when it is `token-<application id>-<scope>`.
#[derive(Debug)]
struct TestCredentials;

impl Credentials for TestCredentials {
    fn key(&self, presented: &str, snapshot: &Snapshot, _: i64) -> Result<ApplicationIndex, CredentialRefusal> {
        assert_ne!(presented, "panic", "the panic that a test asked for");
        presented
            .strip_prefix("key-")
            .and_then(|id| snapshot.find_application(id))
            .ok_or(CredentialRefusal {
                kind: CredentialKind::Key,
                code: "unknown_key",
                description: "The key is not known.".into(),
            })
    }

    fn assertion(&self, told: &Statement<'_>) -> Option<http::HeaderValue> {
        let mut text = format!(
            "{} {:?} {:?} {}",
            told.api,
            told.client,
            told.person,
            told.trace.is_some()
        );
        text.extend(told.supplier.map(|supplier| format!(" for another by {supplier}")));
        text.extend(
            told.actor
                .map(|actor| format!(" acted for by {} {}", actor.relation, actor.subject)),
        );
        text.parse().ok()
    }

    fn reading(&self, reading: Reading<'_>) -> Noted {
        match &**reading.token_id {
            "full" => Noted::Now(false),
            "late" => Noted::Later(Box::pin(async { true })),
            "lost" => Noted::Later(Box::pin(async { false })),
            _ => Noted::Now(true),
        }
    }

    fn possession(&self, question: &Possession<'_>) -> Result<Proved, ProofRefusal> {
        let wanted = format!("{} {} {}", question.method, question.address, question.thumbprint);
        let mut id = [0; 32];
        // One with a number is for any address; this node remembers none of them.
        match question.proof.strip_prefix("proof-") {
            Some(number) => id[0] = number.parse().unwrap(),
            None if question.proof == wanted => {}
            None => {
                return Err(ProofRefusal {
                    code: "use_dpop_nonce",
                    description: format!("Prove {wanted}.").into(),
                    nonce: Some("n1".to_owned()),
                });
            }
        }
        Ok(Proved {
            id,
            fresh_for: Duration::from_secs(60),
        })
    }

    fn token(&self, presented: &str, _: &str, _: i64) -> TokenVerdict {
        let parts: Vec<&str> = presented.split('-').collect();
        let verdict = match parts.as_slice() {
            ["token", client, scope] => Ok(Token {
                client: (*client).into(),
                subject: Some("party-1".into()),
                actor: None,
                scopes: Arc::from([Box::from(*scope)]),
                id: None,
                binding: None,
            }),
            ["bound", client, scope] => Ok(Token {
                client: (*client).into(),
                subject: None,
                actor: None,
                scopes: Arc::from([Box::from(*scope)]),
                id: None,
                binding: Some(Binding::Key("thumbprint".into())),
            }),
            ["token", client, scope, person] => Ok(Token {
                client: (*client).into(),
                subject: Some((*person).into()),
                actor: None,
                scopes: Arc::from([Box::from(*scope)]),
                id: None,
                binding: None,
            }),
            ["acting", client, scope] => Ok(Token {
                client: (*client).into(),
                subject: Some("party-1".into()),
                actor: Some(Box::new(Actor {
                    subject: "party-2".into(),
                    relation: "guardian".into(),
                })),
                scopes: Arc::from([Box::from(*scope)]),
                id: None,
                binding: None,
            }),
            ["told", client, scope, id] => Ok(Token {
                client: (*client).into(),
                subject: Some("party-1".into()),
                actor: None,
                scopes: Arc::from([Box::from(*scope)]),
                id: Some((*id).into()),
                binding: None,
            }),
            ["later", client, scope] => {
                let token = Token {
                    client: (*client).into(),
                    subject: None,
                    actor: None,
                    scopes: Arc::from([Box::from(*scope)]),
                    id: None,
                    binding: None,
                };
                return TokenVerdict::Later(Box::pin(async move {
                    tokio::task::yield_now().await;
                    Ok(token)
                }));
            }
            ["unavailable"] => Err(TokenRefusal::KeysUnavailable {
                retry_after: Duration::from_secs(7),
            }),
            _ => Err(TokenRefusal::Refused(CredentialRefusal {
                kind: CredentialKind::Token,
                code: "expired",
                description: "The token has expired.".into(),
            })),
        };
        TokenVerdict::Now(verdict)
    }
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) shared: Arc<Shared>,
    _running: Running,
    _guard: Guard,
}

/// A gateway in the making.
pub(crate) struct Builder {
    pub(crate) draft: Draft,
    pub(crate) settings: Settings,
    pub(crate) pool: edge::upstream::Limits,
    limits: Limits,
}

/// A gateway in front of `origin`, with one API `test` at `/test/v1`.
pub(crate) fn gateway(origin: SocketAddr) -> Builder {
    let mut draft = Draft {
        version: 1,
        ..Draft::default()
    };
    draft.organisations = vec![
        OrganisationDraft {
            id: "agency".into(),
            name: "The Agency".into(),
            kind: OrganisationKind::StateAgency,
        },
        OrganisationDraft {
            id: "bank".into(),
            name: "The Bank".into(),
            kind: OrganisationKind::PrivateActor,
        },
    ];
    draft.backends = vec![BackendDraft {
        id: "origin".into(),
        organisation: "agency".into(),
        addresses: vec![format!("http://{origin}")],
        connect_timeout: Duration::from_secs(1),
        allow_private_network: true,
        ca_file: None,
        assertion: snapshot::Assertion::None,
        traffic: snapshot::BackendTraffic::default(),
    }];
    draft.apis = vec![api("test", Authentication::None)];
    draft.applications = vec![ApplicationDraft {
        own_agreements_only: false,
        id: "app".into(),
        name: "App".into(),
        organisation: "bank".into(),
        ..ApplicationDraft::default()
    }];
    Builder {
        draft,
        settings: Settings::default(),
        pool: edge::upstream::Limits::default(),
        limits: Limits::default(),
    }
}

/// An API with a route for every method on `/{*rest}`, and `GET /items/{id}` that asks for the scope `items`.
pub(crate) fn api(name: &str, authentication: Authentication) -> ApiDraft {
    let route = |method: Option<http::Method>, path: &str, scopes: &[&str]| RouteDraft {
        method,
        path: path.into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        authentication: None,
    };
    ApiDraft {
        id: format!("{name}-v1"),
        name: name.into(),
        title: format!("The {name} API"),
        version: "1.2.3".into(),
        released: "2026-01-01".into(),
        organisation: "agency".into(),
        state: LifecycleState::Active,
        deprecated_at: None,
        sunset_at: None,
        successor: None,
        authentication,
        audience: format!("https://api.example.se/{name}/v1"),
        sender_constraint: snapshot::SenderConstraint::None,
        base_path: None,
        personal_data: false,
        limits: Vec::new(),
        cors: None,
        deadline: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        max_body_bytes: 4 << 30,
        backend: Some("origin".into()),
        traffic: snapshot::ApiTraffic::default(),
        routes: vec![
            route(None, "/any/{*rest}", &[]),
            route(Some(http::Method::GET), "/items/{id}", &["items"]),
            route(Some(http::Method::POST), "/items", &[]),
        ],
        documents: Vec::new(),
    }
}

impl Builder {
    /// Changes the draft.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        change(&mut self.draft);
        self
    }

    /// Changes the first API.
    pub(crate) fn api(self, change: impl FnOnce(&mut ApiDraft)) -> Self {
        self.with(|draft| change(&mut draft.apis[0]))
    }

    /// An agreement that lets `app` call every API, with these scopes.
    pub(crate) fn agreement(self, scopes: &[&str], valid_to: Option<i64>) -> Self {
        self.with(|draft| {
            draft.agreements.push(AgreementDraft {
                suppliers: Vec::new(),
                suspended: false,
                id: "avtal-1".into(),
                kind: AgreementKind::Avtal,
                purpose: "tests".into(),
                producers: vec!["agency".into()],
                consumers: vec!["bank".into()],
                applications: Vec::new(),
                apis: draft.apis.iter().map(|api| api.id.clone()).collect(),
                scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
                limits: Vec::new(),
                valid_from: 0,
                valid_to,
            });
        })
    }

    /// A limit on every API.
    pub(crate) fn limit(self, per: LimitPer, quota: u32, window: Duration) -> Self {
        self.with(|draft| {
            let id = format!("limit-{}", draft.limits.len());
            draft.limits.push(LimitDraft {
                id: id.clone(),
                name: format!("name-{}", draft.limits.len()),
                per,
                quota,
                window,
                burst: None,
                shared: None,
                calendar: None,
            });
            for api in &mut draft.apis {
                api.limits.push(id.clone());
            }
        })
    }

    /// Counts with these; limits that come before are then shared by all who do.
    pub(crate) fn counting_with(mut self, limits: &Limits, on_store_failure: OnStoreFailure) -> Self {
        self.limits = limits.clone();
        self.with(|draft| {
            for limit in &mut draft.limits {
                limit.shared = Some(on_store_failure);
            }
        })
    }

    /// Starts it.
    pub(crate) fn start(self) -> Gateway {
        self.start_with(|_| {})
    }

    /// Starts it with other settings of the listener.
    pub(crate) fn start_with(self, change: impl FnOnce(&mut server::Config)) -> Gateway {
        let snapshot = Snapshot::compile(&self.draft).unwrap_or_else(|problems| panic!("{problems:?}"));
        let (telemetry, guard) = Telemetry::start(telemetry::Config::default()).unwrap();
        let plan = Plan::new(snapshot, &telemetry);
        let shared = Shared::new(plan, self.limits, telemetry, Arc::new(TestCredentials), self.settings);
        let mut config = server::Config::new("127.0.0.1:0".parse().unwrap());
        config.workers = 2;
        change(&mut config);
        let bound = server::bind(&config).unwrap();
        let address = bound.local_addr();
        let entry = Arc::clone(&shared);
        let enter = move |_| {
            edge::upstream::set_limits(self.pool);
            Entry::new(&entry)
        };
        let running = bound.serve(enter).unwrap();
        Gateway {
            address,
            shared,
            _running: running,
            _guard: guard,
        }
    }
}

impl Gateway {
    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// GET with headers.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = client().get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Sends bytes as they are on a new connection, and reads until the gateway closes it or `until` is seen.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        // Some answers keep the connection open: what has come after two seconds is the answer.
        let _ = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A client without redirects or proxies.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// The problem's code, checked to be what its media type says.
pub(crate) async fn problem(response: reqwest::Response) -> serde_json::Value {
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let status = response.status().as_u16();
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert_eq!(body["traceId"].as_str().unwrap().len(), 32);
    body
}
