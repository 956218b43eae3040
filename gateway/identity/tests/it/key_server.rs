//! A real key server on loopback that can be told to misbehave, and counts who asks.

use crate::signing::{ISSUER, key_set};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use identity::token::{Issuer, KeySource};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How the server answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Keys(String),
    KeysFor(String, &'static str),
    Html,
    Status(u16),
    Huge,
    Redirect(String),
    /// The keys, once the gate is open.
    Behind(Arc<Semaphore>, String),
}

/// The server; gone when dropped.
pub(crate) struct KeyServer {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    answer: Mutex<Answer>,
    asked: AtomicUsize,
}

impl KeyServer {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            answer: Mutex::new(answer),
            asked: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/jwks", get(respond))
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    pub(crate) async fn with_keys(keys: &[Value]) -> Self {
        Self::start(Answer::Keys(key_set(keys))).await
    }

    pub(crate) fn answer(&self, answer: Answer) {
        *self.shared.answer.lock().unwrap() = answer;
    }

    /// How often the server was asked.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/jwks", self.address)
    }

    /// The issuer whose keys are here.
    pub(crate) fn issuer(&self) -> Issuer {
        Issuer {
            allow_http_loopback: true,
            ..Issuer::new(ISSUER, KeySource::Url(self.url()))
        }
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn respond(State(shared): State<Arc<Shared>>) -> Response {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let answer = shared.answer.lock().unwrap().clone();
    match answer {
        Answer::Keys(keys) => keys.into_response(),
        Answer::KeysFor(keys, cache_control) => {
            ([(header::CACHE_CONTROL, HeaderValue::from_static(cache_control))], keys).into_response()
        }
        Answer::Html => Html("<h1>Please log in</h1>").into_response(),
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Huge => format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(10 << 20)).into_response(),
        Answer::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Answer::Behind(gate, keys) => {
            gate.acquire().await.unwrap().forget();
            keys.into_response()
        }
    }
}

/// Waits until `done`, at most ten seconds.
#[track_caller]
pub(crate) fn until(mut done: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let end = tokio::time::Instant::now() + Duration::from_secs(10);
        let mut look = tokio::time::interval(Duration::from_millis(2));
        while !done() {
            assert!(tokio::time::Instant::now() < end, "it never happened: {place}");
            look.tick().await;
        }
    }
}
