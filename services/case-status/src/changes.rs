//! `GET /internal/changes`: that cases changed, and `POST /internal/looks`: have a person's cases read now; for the service
//! that tells others about changes. Not a part of any API: the gateway routes nobody here. A reader keeps its own place, so
//! that what it has not read is still there after a restart.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State as From;
use axum::http::StatusCode;
use axum::routing::{get, post};
use model::{Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use service_host::{Json, PartyId, Query, Refusal};

use crate::gather::gather;
use crate::index::Change;
use crate::state::State;

/// The most changes in one answer.
const MOST: i64 = 500;

/// The longest wait for a change, in seconds.
const LONGEST_WAIT: u64 = 20;

pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/internal/changes", get(changes))
        .route("/internal/looks", post(look))
        .with_state(state)
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ChangesQuery {
    /// The last change that the reader has.
    after: Option<i64>,
    /// How long to wait for one, in seconds.
    wait_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Changes {
    changes: Vec<Change>,
}

/// Whose cases.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Look {
    party_id: String,
}

/// Reads the person's cases at every source, so that what has changed shows among the changes.
async fn look(From(state): From<Arc<State>>, Json(look): Json<Look>) -> Result<StatusCode, Refusal> {
    let party = PartyId::parse(&look.party_id).ok_or_else(|| {
        let problem = Problem::of(ProblemKind::InvalidBody);
        Refusal::from(problem.field("partyId", "must be the id of a person"))
    })?;
    gather(&state, &party, |_| true).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn changes(From(state): From<Arc<State>>, Query(query): Query<ChangesQuery>) -> Result<Json<Changes>, Refusal> {
    let after = query.after.unwrap_or(0);
    let mut changed = state.index.changed.subscribe();
    let wait = Duration::from_secs(query.wait_seconds.unwrap_or(0).min(LONGEST_WAIT));
    let waiting = async {
        loop {
            let changes = state.index.changes(after, MOST).await?;
            if !changes.is_empty() {
                return Ok(changes);
            }
            if changed.changed().await.is_err() {
                return Ok(Vec::new());
            }
        }
    };
    let changes: Result<_, sqlx::Error> = match tokio::time::timeout(wait.max(Duration::from_millis(1)), waiting).await
    {
        Ok(changes) => changes,
        // Without a wait the read itself may not have had time to end.
        Err(_) => state.index.changes(after, MOST).await,
    };
    let changes = changes.map_err(|error| {
        tracing::error!(%error, "the changes cannot be read");
        Refusal::from(Problem::of(ProblemKind::Internal))
    })?;
    Ok(Json(Changes { changes }))
}
