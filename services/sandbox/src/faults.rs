//! Faults that can be switched on and off while the sandbox runs.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::agency::Agency;
use crate::random::Random;

/// How an agency fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// It does not.
    #[default]
    None,
    /// It answers 503 with `Retry-After`.
    Error503,
    /// It answers 200 with something that is not what was asked for.
    Garbage,
    /// It takes the request and never answers.
    Hang,
    /// Nobody is there: connections are refused.
    Down,
}

/// What is wrong with an agency just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Fault {
    /// How much longer than usual it takes, in milliseconds; at most a minute.
    pub latency_ms: u64,
    /// How it fails.
    pub failure: Failure,
}

impl Fault {
    /// An agency that is not there.
    pub const DOWN: Self = Self {
        latency_ms: 0,
        failure: Failure::Down,
    };
}

/// What the middleware of one agency needs.
#[derive(Clone, Debug)]
pub(crate) struct Habits {
    pub(crate) agency: &'static Agency,
    pub(crate) fault: watch::Receiver<Fault>,
    pub(crate) seed: u64,
}

/// Takes the agency's usual time, then fails in the way that is switched on.
pub(crate) async fn misbehave(State(habits): State<Habits>, request: Request, next: Next) -> Response {
    let fault = *habits.fault.borrow();
    tokio::time::sleep(usual_time(&habits, &request) + Duration::from_millis(fault.latency_ms.min(60_000))).await;
    match fault.failure {
        Failure::None => next.run(request).await,
        Failure::Error503 => unavailable("Tjänsten är tillfälligt otillgänglig."),
        Failure::Garbage => Html("<html><body>Välkommen till inloggningen</body></html>").into_response(),
        Failure::Hang => std::future::pending().await,
        // Where each agency has its own port the connection is refused before this; on a shared port it cannot be.
        Failure::Down => unavailable("Tjänsten är nere."),
    }
}

fn unavailable(message: &str) -> Response {
    let body = axum::Json(serde_json::json!({ "message": message }));
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
    response
}

/// Between the agency's quickest and slowest, the same for the same trace.
fn usual_time(habits: &Habits, request: &Request) -> Duration {
    let trace = request
        .headers()
        .get("traceparent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let span = habits.agency.slowest.saturating_sub(habits.agency.quickest).as_millis();
    let extra = Random::of(habits.seed, &[habits.agency.id, trace]).below(u64::try_from(span).unwrap_or(0) + 1);
    habits.agency.quickest + Duration::from_millis(extra)
}
