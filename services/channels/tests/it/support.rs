//! The service over a feed of changes that a test writes, and an endpoint that does as it is told.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use channels::{Channels, ChannelsConfig, Clock, SecretKeys};
use jiff::Timestamp;
use serde_json::{Value, json};
use service_host::{ServiceTelemetry, serve};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};

/// A task that ends when nobody holds it any more.
pub(crate) struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) async fn start(router: Router) -> (String, Task) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (
        url,
        Task(tokio::spawn(
            async move { axum::serve(listener, router).await.unwrap() },
        )),
    )
}

/// A clock that goes on only when it is told to.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Timestamp::now().as_second())))
    }

    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn clock(&self) -> Clock {
        let hands = Arc::clone(&self.0);
        Clock::new(move || Timestamp::from_second(hands.load(Ordering::SeqCst)).unwrap())
    }
}

/// One webhook as it came.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) id: String,
    pub(crate) timestamp: String,
    pub(crate) signature: String,
    pub(crate) text: String,
    pub(crate) body: Value,
}

/// An endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    hooks: Arc<Mutex<Vec<Hook>>>,
    status: Arc<AtomicU16>,
    held: Arc<Mutex<Option<Arc<Hold>>>>,
    _task: Arc<Task>,
}

/// Webhooks that have arrived and wait for their answers.
pub(crate) struct Hold {
    answers: Semaphore,
    arrived: AtomicUsize,
}

impl Hold {
    /// How many have arrived since answers were held back.
    pub(crate) fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    /// Lets so many be answered.
    pub(crate) fn answer(&self, count: usize) {
        self.answers.add_permits(count);
    }
}

/// In place of a status: take it and never answer.
pub(crate) const SILENCE: u16 = 0;

impl Endpoint {
    pub(crate) async fn start() -> Self {
        let (hooks, status) = (Arc::<Mutex<Vec<Hook>>>::default(), Arc::new(AtomicU16::new(200)));
        let held = Arc::<Mutex<Option<Arc<Hold>>>>::default();
        let state = (Arc::clone(&hooks), Arc::clone(&status), Arc::clone(&held));
        let (url, task) = start(Router::new().route("/hook", post(take)).with_state(state)).await;
        Self {
            url: format!("{url}/hook"),
            hooks,
            status,
            held,
            _task: Arc::new(task),
        }
    }

    /// Takes what comes from now on without an answer, until it is let go.
    pub(crate) fn hold(&self) -> Arc<Hold> {
        let hold = Arc::new(Hold {
            answers: Semaphore::new(0),
            arrived: AtomicUsize::new(0),
        });
        *self.held.lock().unwrap() = Some(Arc::clone(&hold));
        hold
    }

    /// Answers what was held and what comes from now on.
    pub(crate) fn let_go(&self) {
        if let Some(hold) = self.held.lock().unwrap().take() {
            hold.answers.close();
        }
    }

    pub(crate) fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Every webhook but verifications.
    pub(crate) fn events(&self) -> Vec<Hook> {
        let all = self.hooks.lock().unwrap().clone();
        all.into_iter()
            .filter(|hook| !hook.id.starts_with("verification"))
            .collect()
    }

    pub(crate) fn verifications(&self) -> usize {
        let all = self.hooks.lock().unwrap().len();
        all - self.events().len()
    }
}

type Shared = (Arc<Mutex<Vec<Hook>>>, Arc<AtomicU16>, Arc<Mutex<Option<Arc<Hold>>>>);

async fn take(State((hooks, status, held)): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    let challenge = body["data"]["challenge"].clone();
    hooks.lock().unwrap().push(Hook {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        text,
        body,
    });
    let hold = held.lock().unwrap().clone();
    if let Some(hold) = hold {
        hold.arrived.fetch_add(1, Ordering::SeqCst);
        if let Ok(answer) = hold.answers.acquire().await {
            answer.forget();
        }
    }
    match status.load(Ordering::SeqCst) {
        SILENCE => std::future::pending().await,
        status => {
            let status = StatusCode::from_u16(status).unwrap();
            (status, Json(json!({ "challenge": challenge }))).into_response()
        }
    }
}

/// Changes as case status would tell them.
#[derive(Clone, Default)]
pub(crate) struct News(Arc<Mutex<Vec<Value>>>, Arc<Notify>);

impl News {
    pub(crate) fn tell(&self, party: &str, case: u128) {
        let mut all = self.0.lock().unwrap();
        let sequence = all.len() + 1;
        all.push(json!({
            "sequence": sequence, "party": party, "caseId": uuid(case), "sourceId": "skattekontoret", "kind": "updated",
            "revision": "r", "changedAt": "2026-11-26T10:00:00Z",
        }));
        self.1.notify_waiters();
    }

    /// What came after a place; waits for it as long as is said.
    async fn after(&self, place: u64, wait: Duration) -> Vec<Value> {
        let told = self.1.notified();
        let later = || -> Vec<Value> {
            let all = self.0.lock().unwrap();
            let later = all.iter().filter(|one| one["sequence"].as_u64().unwrap() > place);
            later.cloned().collect()
        };
        let now = later();
        if !now.is_empty() || tokio::time::timeout(wait, told).await.is_err() {
            return now;
        }
        later()
    }

    pub(crate) async fn start(&self) -> (String, Task) {
        let news = self.clone();
        let changes = move |Query(asked): Query<std::collections::HashMap<String, u64>>| {
            let news = news.clone();
            async move {
                let wait = Duration::from_secs(asked["waitSeconds"]);
                Json(json!({ "changes": news.after(asked["after"], wait).await }))
            }
        };
        let router = Router::new()
            .route("/internal/changes", get(changes))
            .route("/internal/looks", post(|| async { StatusCode::NO_CONTENT }));
        start(router).await
    }
}

pub(crate) fn uuid(number: u128) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

/// The service, with nothing going on by itself.
pub(crate) struct Running {
    pub(crate) channels: Channels,
    pub(crate) config: ChannelsConfig,
    pub(crate) url: String,
    pub(crate) news: News,
    pub(crate) hands: Hands,
    pub(crate) endpoint: Endpoint,
    _tasks: (Task, Task),
    directory: TempDir,
}

/// Both databases, for tests of what is kept.
pub(crate) async fn both() -> [Running; 2] {
    let postgres = database::testing::postgres().await;
    [Running::start(None).await, Running::start(Some(postgres)).await]
}

impl Running {
    pub(crate) async fn start(database: Option<String>) -> Self {
        Self::configured(database, |config| config).await
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) async fn configured(
        database: Option<String>,
        configure: impl FnOnce(ChannelsConfig) -> ChannelsConfig,
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let news = News::default();
        let (case_status, feed) = news.start().await;
        let hands = Hands::new();
        let file = format!("sqlite:{}", directory.path().join("channels.sqlite").display());
        let config = configure(ChannelsConfig {
            allow_private_network: true,
            clock: hands.clock(),
            ..ChannelsConfig::new(database.unwrap_or(file), case_status, SecretKeys::from_bytes([7; 32]))
        });
        let channels = Channels::open(config.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/channels/v1", listener.local_addr().unwrap());
        let serving = serve(
            listener,
            channels.service(),
            std::future::pending(),
            ServiceTelemetry::off(),
        );
        Self {
            channels,
            config,
            url,
            news,
            hands,
            endpoint: Endpoint::start().await,
            _tasks: (feed, Task(tokio::spawn(async move { serving.await.unwrap() }))),
            directory,
        }
    }

    /// Takes in what has changed and sends all that is due.
    pub(crate) async fn go_on(&self) {
        self.channels.read_changes().await.unwrap();
        for _ in 0..100 {
            if self.channels.deliver().await.unwrap() == 0 {
                return;
            }
        }
        panic!("there is no end to what is due");
    }

    pub(crate) async fn call(&self, method: &str, party: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = client()
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .header("vagvisare-subject", party)
            .header("vagvisare-application", "bank");
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// A subscription for the party to the endpoint; gives its path and its secret.
    pub(crate) async fn subscribe(&self, party: &str) -> (String, String) {
        let body = json!({ "url": self.endpoint.url });
        let (status, made) = self.call("POST", party, "/subscriptions", Some(body)).await;
        assert_eq!((status, made["state"].as_str()), (201, Some("unverified")), "{made}");
        let id = made["subscriptionId"].as_str().unwrap();
        (
            format!("/subscriptions/{id}"),
            made["secret"].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) async fn get(&self, party: &str, path: &str) -> Value {
        let (status, body) = self.call("GET", party, path, None).await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}
