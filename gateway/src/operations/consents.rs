//! `POST /consents/checks`: whether a person still consents, for services behind the gateway that act later than the token
//! they were asked with. On the operations listener, since no caller has any business here.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use identity::people::Standing;
use identity::service::Service;
use serde::{Deserialize, Serialize};

/// Whose consent, for whom, to what. In the body, since a party's id belongs in no log. The organisation is the one whose id
/// of the person it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Asked {
    party_id: String,
    organisation_id: String,
    application_id: String,
    scope: String,
}

#[derive(Serialize)]
struct Answer {
    status: Standing,
}

pub(super) fn router(tokens: Option<Service>) -> Router {
    Router::new().route("/consents/checks", post(check)).with_state(tokens)
}

async fn check(State(tokens): State<Option<Service>>, Json(asked): Json<Asked>) -> Response {
    let Some(tokens) = tokens else {
        return Json(Answer {
            status: Standing::Unknown,
        })
        .into_response();
    };
    let standing = tokens.standing(
        &asked.party_id,
        &asked.organisation_id,
        &asked.application_id,
        &asked.scope,
    );
    match standing.await {
        Ok(status) => Json(Answer { status }).into_response(),
        Err(error) => {
            tracing::warn!(%error, "a consent cannot be looked up");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database of people cannot be read\n",
            )
                .into_response()
        }
    }
}
