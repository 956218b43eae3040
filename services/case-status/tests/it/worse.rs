//! Producers of a test's own that do what no agency should, and a register to go with them.

mod answers;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use case_status::{Form, Producer};
use model::LocalizedText;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::Task;

/// What a producer does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Answers as it should.
    Right,
    /// Answers each case twice, the older last.
    Twice,
    /// Answers one right case and one that is wrong.
    HalfWrong,
    /// Never answers.
    Silent,
    /// Begins an answer and goes on so slowly that it never ends.
    Trickling,
    /// Answers 503.
    Refusing,
    /// Sends the caller to another address.
    Redirecting,
    /// Answers something else.
    Babbling,
    /// Answers with nothing in it.
    Empty,
    /// Breaks off in the middle of its answer.
    BreakingOff,
    /// Ends its answer in the middle of a word, as if that were all.
    Truncating,
    /// Answers what is right and says that it is something else.
    Mislabelling,
    /// Answers without end.
    Giant,
    /// Answers brackets within brackets within brackets.
    Nesting,
    /// Answers about somebody else.
    Mistaken,
    /// Answers about the right person and about somebody else.
    Mixing,
    /// Answers about the right person, in words that hold what it knows them by.
    Indiscreet,
    /// Says that there is more than it gives.
    Short,
    /// Says that there is more, and gives the same again.
    Repeating,
    /// Always has another page.
    Endless,
    /// Has a clock that goes wrong by thousands of years.
    Skewed,
}

impl Manner {
    pub(crate) const ALL: [Self; 21] = [
        Self::Right,
        Self::Twice,
        Self::HalfWrong,
        Self::Silent,
        Self::Trickling,
        Self::Refusing,
        Self::Redirecting,
        Self::Babbling,
        Self::Empty,
        Self::BreakingOff,
        Self::Truncating,
        Self::Mislabelling,
        Self::Giant,
        Self::Nesting,
        Self::Mistaken,
        Self::Mixing,
        Self::Indiscreet,
        Self::Short,
        Self::Repeating,
        Self::Endless,
        Self::Skewed,
    ];

    /// What must be said of it the first time that it is asked in this form.
    pub(crate) fn expected(self, form: Form) -> Expected {
        let told = |cases, whole| Expected {
            status: "ok",
            cases,
            whole,
        };
        let nothing = |status| Expected {
            status,
            cases: 0,
            whole: false,
        };
        // Only one form has pages, and only one lacks a number of what there is.
        let (pages, counts) = (form == Form::Cases, form != Form::Errands);
        match self {
            Self::Right | Self::Twice | Self::Mislabelling | Self::Skewed => told(1, true),
            Self::HalfWrong => told(1, false),
            Self::Short | Self::Repeating => told(1, !counts),
            Self::Endless => told(if pages { 10 } else { 1 }, !counts),
            // Where the answer as a whole says whose it is, one page about somebody else spoils it.
            Self::Mixing if pages => nothing("failed"),
            Self::Mixing => told(1, false),
            Self::Silent | Self::Trickling => nothing("timeout"),
            _ => nothing("failed"),
        }
    }
}

/// What must be said of a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) status: &'static str,
    pub(crate) cases: u64,
    /// Whether nothing of it is missing.
    pub(crate) whole: bool,
}

/// A producer whose manners can be changed.
#[derive(Clone)]
pub(crate) struct Switch(Arc<Mutex<Manner>>);

impl Switch {
    pub(crate) fn to(&self, manner: Manner) {
        *self.0.lock().unwrap() = manner;
    }
}

/// A producer in the near form, in this manner.
pub(crate) async fn producer(id: String, manner: Manner) -> (Producer, Task) {
    let (producer, _, task) = switchable(id, Form::Cases, manner).await;
    (producer, task)
}

/// A producer in this form, in this manner until it is switched.
pub(crate) async fn switchable(id: String, form: Form, manner: Manner) -> (Producer, Switch, Task) {
    let switch = Switch(Arc::new(Mutex::new(manner)));
    let state = (form, Arc::clone(&switch.0));
    let router = Router::new()
        .route("/cases", get(answer_get))
        .route("/errands", get(answer_get))
        .route("/kundhandelseFragaSynkron", post(answer_post))
        .with_state(state);
    let (base_url, task) = serve(router).await;
    let producer = Producer {
        organisation_id: format!("organisation-{id}"),
        name: LocalizedText::swedish(&id),
        form,
        relation_term: None,
        rules: Vec::new(),
        base_url,
        id,
    };
    (producer, switch, task)
}

#[derive(Deserialize)]
struct Asked {
    party: String,
    #[serde(default)]
    page: u64,
}

type Shared = (Form, Arc<Mutex<Manner>>);

async fn answer_get(State((form, manner)): State<Shared>, Query(asked): Query<Asked>) -> Response {
    let manner = *manner.lock().unwrap();
    answers::answer(manner, form, &asked.party, asked.page.max(1)).await
}

async fn answer_post(State((form, manner)): State<Shared>, Json(asked): Json<Value>) -> Response {
    let manner = *manner.lock().unwrap();
    let party = asked["fraga"]["parter"][0]["kund"]["identifierare"].as_str().unwrap();
    answers::answer(manner, form, party, 1).await
}

/// A register that knows everybody, by a name that no answer may hold.
pub(crate) async fn register() -> (String, Task) {
    let know = |Json(asked): Json<Value>| async move {
        Json(json!({ "identifier": format!("known-as-{}", asked["partyId"].as_str().unwrap_or_default()) }))
    };
    serve(Router::new().route("/parties/lookups", post(know))).await
}

/// A register that says at once which organisations have to do with anybody, and counts how often it was asked.
pub(crate) async fn many_register(organisations: &[&str]) -> (String, Task) {
    let organisations: Vec<String> = organisations.iter().map(|one| (*one).to_owned()).collect();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let engagements = move |Json(asked): Json<Value>| {
        counted.fetch_add(1, Ordering::Relaxed);
        let identifier = format!("known-as-{}", asked["partyId"].as_str().unwrap_or_default());
        let one = |organisation: &String| json!({ "organisationId": organisation, "identifier": identifier });
        let all: Vec<_> = organisations.iter().map(one).collect();
        async move { Json(json!({ "engagements": all })) }
    };
    let know = |Json(asked): Json<Value>| async move {
        Json(json!({ "identifier": format!("known-as-{}", asked["partyId"].as_str().unwrap_or_default()) }))
    };
    let identify = |Json(asked): Json<Value>| async move {
        match asked["identifier"]
            .as_str()
            .and_then(|known| known.strip_prefix("known-as-"))
        {
            Some(party) => Json(json!({ "partyId": party })).into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    };
    let router = Router::new()
        .route("/parties/engagements", post(engagements))
        .route("/parties/lookups", post(know))
        .route("/parties/identifications", post(identify))
        .route(
            "/calls",
            get(move || async move { Json(calls.load(Ordering::Relaxed)) }),
        );
    serve(router).await
}

pub(crate) async fn serve(router: Router) -> (String, Task) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (
        url,
        Task::spawn(async move { axum::serve(listener, router).await.unwrap() }),
    )
}
