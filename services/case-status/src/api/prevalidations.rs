//! `POST /prevalidations`: what would be wrong or missing, said before it is sent.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as From;
use model::{Links, Problem, ProblemKind};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Caller, Fetched, Json, Limits, OutgoingError, Query, Refusal};
use utoipa::ToSchema;

use crate::api::example;
use crate::api::one::NoQuery;
use crate::config::{Form, Producer};
use crate::rules::{MOST_PROBLEMS, Shortcoming, check};
use crate::state::State;

/// The largest rules and the largest answer of a check, in bytes.
const MOST_BYTES: usize = 256 * 1024;

/// How long each may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What somebody is about to send.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPrevalidation {
    /// To whom.
    organisation_id: String,
    /// For which of its services.
    #[schema(pattern = "^[a-z0-9-]{1,64}$")]
    service_id: String,
    /// What. It is checked and not kept; it needs nobody's name or number. One that is no object is told as a shortcoming.
    content: Value,
}

/// What became of the organisation's own check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum OwnCheck {
    /// It was made.
    Made,
    /// The organisation has none.
    None,
    /// It did not answer: there may be more that is wrong.
    Failed,
}

/// Everything that would be wrong or missing.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Prevalidation {
    /// Whether nothing was found. Only then, and when the own check did not fail, is it ready to be sent.
    valid: bool,
    /// What became of the organisation's own check.
    own_check: OwnCheck,
    /// What is wrong or missing.
    shortcomings: Vec<Shortcoming>,
    /// What to read.
    #[serde(rename = "_links")]
    links: Links,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rules {
    schema: Value,
    #[serde(default)]
    own_check: bool,
}

#[derive(Deserialize)]
struct Checked {
    shortcomings: Vec<Shortcoming>,
}

/// Check before sending
///
/// Säger allt som skulle vara fel eller saknas, enligt organisationens publicerade regler och dess egen kontroll, på klarspråk.
/// Says everything that would be wrong or missing, by the organisation's published rules and its own check, in plain words.
#[utoipa::path(
    post, path = "/prevalidations", operation_id = "createPrevalidation", tag = "prevalidations",
    request_body(description = "Det som ska skickas. What is to be sent.", content = NewPrevalidation,
        examples(("application" = (summary = "En ansökan om bygglov utan situationsplan. An application for a building permit without a site plan.", value = json!(example::new_prevalidation()))))),
    responses(
        (status = 200, description = "Vad som är fel eller saknas. What is wrong or missing.", body = Prevalidation,
            examples(("shortcomings" = (summary = "Situationsplanen saknas. The site plan is missing.", value = json!(example::prevalidation()))))),
        (status = 404, description = "Organisationen har inga regler för tjänsten. The organisation has no rules for the service.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Innehållet går inte att kontrollera. The content cannot be checked.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Reglerna kan inte hämtas nu. The rules cannot be had now.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_prevalidation(
    From(state): From<Arc<State>>,
    caller: Caller,
    Query(NoQuery {}): Query<NoQuery>,
    Json(new): Json<NewPrevalidation>,
) -> Result<Json<Prevalidation>, Refusal> {
    let service = &new.service_id;
    let safe = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if service.is_empty() || service.len() > 64 || !service.bytes().all(safe) {
        let message = "must be 1 to 64 small letters, digits and hyphens";
        let problem = Problem::of(ProblemKind::InvalidBody).field("serviceId", message);
        return Err(problem.detail(format!("The field 'serviceId' {message}.")).into());
    }
    let is_it = |one: &&Producer| one.form != Form::Pushed && one.organisation_id == new.organisation_id;
    let producer = state.producers.iter().find(is_it).ok_or_else(no_rules)?;
    let rules = rules(&state, producer, service).await?;
    let mut shortcomings = check(&rules.schema, &new.content).map_err(|error| {
        tracing::warn!(source = producer.id, %error, "a producer's rules cannot be used");
        unavailable()
    })?;
    let own_check = match rules.own_check {
        false => OwnCheck::None,
        true => match own(&state, producer, service, &new.content).await {
            Some(more) => {
                let new = more
                    .into_iter()
                    .filter(|one| !shortcomings.contains(one))
                    .collect::<Vec<_>>();
                shortcomings.extend(new);
                shortcomings.truncate(MOST_PROBLEMS);
                OwnCheck::Made
            }
            None => OwnCheck::Failed,
        },
    };
    Ok(Json(Prevalidation {
        valid: shortcomings.is_empty(),
        own_check,
        shortcomings,
        links: Links::default().and("service-desc", format!("{}/openapi.json", caller.base_url)),
    }))
}

async fn rules(state: &State, producer: &Producer, service: &str) -> Result<Rules, Refusal> {
    let fetched = fetch(state, producer, Method::GET, "/prevalidation-rules", service, None).await;
    let fetched = fetched.map_err(|_| unavailable())?;
    match fetched.status {
        StatusCode::OK => serde_json::from_slice(&fetched.body).map_err(|_| unavailable()),
        StatusCode::NOT_FOUND => Err(no_rules()),
        _ => Err(unavailable()),
    }
}

/// What the organisation's own check says; none when it does not answer as it should.
async fn own(state: &State, producer: &Producer, service: &str, content: &Value) -> Option<Vec<Shortcoming>> {
    let body = json!({ "content": content });
    let fetched = fetch(
        state,
        producer,
        Method::POST,
        "/prevalidation-checks",
        service,
        Some(&body),
    )
    .await
    .ok()?;
    let checked = fetched
        .status
        .is_success()
        .then(|| serde_json::from_slice::<Checked>(&fetched.body));
    Some(checked?.ok()?.shortcomings)
}

async fn fetch(
    state: &State,
    producer: &Producer,
    method: Method,
    path: &str,
    service: &str,
    body: Option<&Value>,
) -> Result<Fetched, OutgoingError> {
    let outgoing = &state.asker.outgoing;
    let url = format!("{}{path}/{service}", producer.base_url.trim_end_matches('/'));
    let mut request = outgoing.request(method, &url).header("accept", "application/json");
    if let Some(body) = body {
        request = request.json(body);
    }
    let limits = Limits {
        time: PATIENCE,
        body_bytes: MOST_BYTES,
    };
    outgoing.fetch(&format!("{path}/{{serviceId}}"), request, limits).await
}

fn no_rules() -> Refusal {
    Refusal::of(
        ProblemKind::NotFound,
        "The organisation publishes no rules for this service; what is sent to it cannot be checked before.",
    )
}

fn unavailable() -> Refusal {
    Problem::of(ProblemKind::SourcesUnavailable)
        .detail("The organisation's rules cannot be had just now. Nothing was checked.")
        .retry_after(10)
        .into()
}
