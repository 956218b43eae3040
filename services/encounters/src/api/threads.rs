//! `POST /thread-messages`: the trigger rule. With the third message in one matter, a call is offered instead.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use model::{Links, Problem};
use serde::{Deserialize, Serialize};
use service_host::{Caller, Json, Refusal};
use utoipa::ToSchema;

use crate::api::{failed, id, owner};
use crate::store::{Store, THREAD_LENGTH};

/// A message was sent in a matter; only that it was, not what it said.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"organisationId": "skatteverket", "matterId": "m-2026-17"}))]
pub(crate) struct NewMessage {
    /// The agency.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) organisation_id: String,
    /// The matter, by an id of the caller's own that is not a person's.
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-]+$")]
    pub(crate) matter_id: String,
}

/// How long the thread has become.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ThreadView {
    /// Messages in the matter.
    pub(crate) messages: i64,
    /// Whether to offer a call instead; `_links` then leads to the agency's times.
    pub(crate) offer_callback: bool,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// Count a message
///
/// Räknar ett meddelande i ett ärende. Vid det tredje erbjuds ett samtal.
/// Counts a message in a matter. With the third a call is offered.
#[utoipa::path(
    post, path = "/thread-messages", operation_id = "createMessage", tag = "threads",
    request_body(content = NewMessage, description = "Meddelandet. The message.", examples(("message" = (summary = "Ett meddelande. A message.",
        value = json!({"organisationId": "skatteverket", "matterId": "m-2026-17"}))))),
    responses(
        (status = 201, description = "Räknat. Counted.", body = ThreadView, examples(("thread" = (summary = "Det tredje. The third.",
            value = json!({"messages": 3, "offerCallback": true, "_links": [{"href": "https://api.vagvisare.example/encounters/v1/slots?organisationId=skatteverket", "rel": "related", "method": "GET"}]}))))),
        (status = 403, description = "Bara en applikation kan. Only an application can.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Meddelandet kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_message(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Json(new): Json<NewMessage>,
) -> Result<(StatusCode, Json<ThreadView>), Refusal> {
    let who = owner(&caller)?;
    id("organisationId", &new.organisation_id)?;
    id("matterId", &new.matter_id)?;
    let messages = store
        .message(&who, &new.organisation_id, &new.matter_id)
        .await
        .map_err(failed)?;
    let slots = format!("{}/slots?organisationId={}", caller.base_url, new.organisation_id);
    let view = ThreadView {
        messages,
        offer_callback: messages >= THREAD_LENGTH,
        links: Links::default().and("related", slots),
    };
    Ok((StatusCode::CREATED, Json(view)))
}
