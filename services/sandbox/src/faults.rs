//! Faults that can be switched on and off while the sandbox runs.

mod wrong;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::agency::Agency;
use crate::random::Random;
use crate::world::World;

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
    /// It answers 200 with JSON that ends in the middle.
    Truncated,
    /// It answers 200 with its JSON in another shape.
    WrongSchema,
    /// It answers about another person than it was asked about.
    AnotherPerson,
    /// It says that there is more than it gives; in the national form 206 with a part that failed.
    Partial,
    /// It breaks off in the middle of its answer.
    CutOff,
    /// It answers a byte at a time.
    Trickle,
    /// It takes the request and never answers.
    Hang,
    /// It resets each connection as it comes.
    Reset,
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

impl Failure {
    /// Every way to fail, and not to.
    pub const ALL: [Self; 12] = [
        Self::None,
        Self::Error503,
        Self::Garbage,
        Self::Truncated,
        Self::WrongSchema,
        Self::AnotherPerson,
        Self::Partial,
        Self::CutOff,
        Self::Trickle,
        Self::Hang,
        Self::Reset,
        Self::Down,
    ];
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
pub(crate) async fn misbehave(
    State((habits, world)): State<(Habits, Arc<World>)>,
    request: Request,
    next: Next,
) -> Response {
    let fault = *habits.fault.borrow();
    tokio::time::sleep(usual_time(&habits, &request) + Duration::from_millis(fault.latency_ms.min(60_000))).await;
    match fault.failure {
        Failure::None => next.run(request).await,
        Failure::Error503 => unavailable("Tjänsten är tillfälligt otillgänglig."),
        Failure::Garbage => Html("<html><body>Välkommen till inloggningen</body></html>").into_response(),
        Failure::AnotherPerson => match wrong::about_another(&world, habits.agency, request).await {
            Some(request) => next.run(request).await,
            None => unavailable("Frågan går inte att tolka."),
        },
        Failure::Truncated | Failure::WrongSchema | Failure::Partial | Failure::CutOff | Failure::Trickle => {
            wrong::spoil(fault.failure, next.run(request).await, habits.fault).await
        }
        Failure::Hang => {
            gone(habits.fault).await;
            wrong::broken(Bytes::new())
        }
        // Where each agency has its own port connections are refused or reset before this; on a shared port they cannot be.
        Failure::Reset => wrong::broken(Bytes::new()),
        Failure::Down => unavailable("Tjänsten är nere."),
    }
}

/// Is done when nobody is there any more: what an agency was answering then breaks off, as it does in life, and does not
/// hold up its coming back.
pub(crate) async fn gone(mut fault: watch::Receiver<Fault>) {
    // Without anyone left to switch faults, the sandbox is ending.
    let _ = fault
        .wait_for(|fault| matches!(fault.failure, Failure::Down | Failure::Reset))
        .await;
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
