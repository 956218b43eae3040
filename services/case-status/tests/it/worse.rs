//! Producers of a test's own that do what no agency should, and a register to go with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

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
    /// Answers 503.
    Refusing,
    /// Answers something else.
    Babbling,
    /// Answers about somebody else.
    Mistaken,
    /// Answers about the right person, in words that hold what it knows them by.
    Indiscreet,
}

impl Manner {
    pub(crate) const ALL: [Self; 8] = [
        Self::Right,
        Self::Twice,
        Self::HalfWrong,
        Self::Silent,
        Self::Refusing,
        Self::Babbling,
        Self::Mistaken,
        Self::Indiscreet,
    ];

    /// What must be said of it the first time.
    pub(crate) const fn expected_status(self) -> &'static str {
        match self {
            Self::Right | Self::Twice | Self::HalfWrong => "ok",
            Self::Silent => "timeout",
            Self::Refusing | Self::Babbling | Self::Mistaken | Self::Indiscreet => "failed",
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    party: String,
}

/// A producer in the near form, in this manner.
pub(crate) async fn producer(id: String, manner: Manner) -> (Producer, Task) {
    let router = Router::new().route("/cases", get(answer)).with_state(manner);
    let (base_url, task) = serve(router).await;
    let producer = Producer {
        organisation_id: format!("organisation-{id}"),
        name: LocalizedText::swedish(&id),
        form: Form::Cases,
        relation_term: None,
        base_url,
        id,
    };
    (producer, task)
}

async fn answer(State(manner): State<Manner>, Query(Asked { party }): Query<Asked>) -> Response {
    let cases = |whose: &str, cases: &[Value]| Json(json!({ "party": whose, "cases": cases })).into_response();
    match manner {
        Manner::Right => cases(&party, &[case(&party, "", 2)]),
        Manner::Twice => cases(&party, &[case(&party, "", 2), case(&party, "", 1)]),
        Manner::HalfWrong => cases(&party, &[case(&party, "", 2), json!({ "reference": "R-2" })]),
        Manner::Silent => std::future::pending().await,
        Manner::Refusing => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")], "no").into_response(),
        Manner::Babbling => "<html>".into_response(),
        Manner::Mistaken => cases("somebody-else", &[case("somebody-else", "", 2)]),
        Manner::Indiscreet => cases(&party, &[case(&party, &party, 2)]),
    }
}

/// A case whose title says whose it is, so that a test can tell when people are mixed.
fn case(party: &str, more: &str, day: u8) -> Value {
    let owner = party.strip_prefix("known-as-").unwrap_or(party);
    json!({
        "reference": "R-1", "title": { "sv": format!("of {owner}") }, "summary": { "sv": format!("Text {more}") },
        "status": "inProgress", "requiresAction": false, "ballHolder": "agency",
        "lastChangedAt": format!("2026-01-0{day}T10:00:00Z"),
    })
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
