//! `/open311/v2`: Open311 GeoReport v2, read-only, over the municipal sources. Clients such as FixMyStreet and its kin show a
//! person's municipal matters without knowing anything else of us.
//!
//! The form is the standard's: paths may end in `.json`, fields are in snake case, an error is a list of code and
//! description, whoever of us finds it. `jurisdiction_id` is the municipality's organisation id.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State as From;
use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use model::{BallHolder, LocalizedText, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Access, Api, ApiFacts, ApiStatus, Caller, Path, Query, Refusal};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::describing;
use crate::config::{Form, Producer};
use crate::gather::{Gathered, gather};
use crate::source::SourceReport;
use crate::state::State;
use crate::told::Known;

/// As many requests as the standard gives at most.
const MOST: usize = 1000;

/// When to try again, in seconds, where no source said.
const RETRY: u32 = 10;

/// The document of `/open311/v2`.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Api::document(&facts(), routes())
}

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new()
        .routes(routes!(list_services))
        .routes(routes!(list_requests))
        .routes(routes!(get_request))
        .layer(map_response(in_the_standards_form))
}

pub(super) fn facts() -> ApiFacts {
    ApiFacts {
        base_path: "/open311/v2",
        title: "Open311",
        version: "2.0.0",
        released: "2026-11-26",
        status: ApiStatus::Active,
        description: LocalizedText::new(
            "En persons ärenden hos kommuner i formen Open311 GeoReport v2, bara läsning. Varje svar gäller den person som \
             åtkomstbiljetten är utfärdad för.",
            "A person's matters with municipalities in the form of Open311 GeoReport v2, reading only. Every answer is for the \
             person that the access token was issued for.",
        ),
        limitations: LocalizedText::new(
            "Bara JSON, bara läsning, högst 1 000 ärenden. Platser och bilder finns inte. Open311 kan bara säga öppet eller \
             stängt; status_notes säger resten.",
            "JSON only, reading only, at most 1,000 requests. There are no places or pictures. Open311 can say open or closed \
             only; status_notes says the rest.",
        ),
        access: Access::PersonToken("cases.read"),
    }
}

fn example_kind() -> Value {
    json!({ "service_code": "bygglov", "service_name": "Bygglov för uteplats med tak", "description": "", "metadata": false, "type": "realtime", "keywords": "", "group": "exempelby" })
}

fn example_request() -> Value {
    json!({ "service_request_id": "0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51", "status": "open", "status_notes": "Väntar på komplettering", "service_name": "Bygglov för uteplats med tak", "service_code": "bygglov", "description": "", "agency_responsible": "Exempelby kommun", "service_notice": "Skicka in: Situationsplan", "requested_datetime": "2026-01-02T08:14:00Z", "updated_datetime": "2026-01-15T10:00:00Z", "media_url": null })
}

/// A kind of matter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!(example_kind()))]
struct ServiceKind {
    /// Its code.
    service_code: String,
    /// Its name.
    service_name: String,
    /// What it is.
    description: String,
    /// Whether it has attributes of its own: never.
    metadata: bool,
    /// How a request gets its id: always at once.
    #[serde(rename = "type")]
    type_: &'static str,
    /// Words to find it by.
    keywords: &'static str,
    /// Whose it is.
    group: String,
}

/// One matter.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!(example_request()))]
struct ServiceRequest {
    /// Its id: the case's.
    service_request_id: String,
    /// `open` or `closed`.
    status: &'static str,
    /// What the status means.
    status_notes: String,
    /// What it is about.
    service_name: String,
    /// The kind of matter.
    service_code: String,
    /// More of it.
    description: String,
    /// Whose it is.
    agency_responsible: String,
    /// What is to be done next.
    service_notice: String,
    /// When it came in; where that is not known, the first that is known of it.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T10:00:00Z")]
    requested_datetime: Timestamp,
    /// When it changed last.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T10:00:00Z")]
    updated_datetime: Timestamp,
    /// When it is expected to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-31T10:00:00Z")]
    expected_datetime: Option<Timestamp>,
    /// A picture: none.
    media_url: Option<&'static str>,
}

/// What is wrong, as the standard tells it: in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!([{ "code": 404, "description": "The person has no request with this service_request_id." }]))]
struct Faults(Vec<Fault>);

/// One thing that is wrong.
#[derive(Debug, Serialize, ToSchema)]
struct Fault {
    /// The answer's status.
    code: u16,
    /// What is wrong.
    description: String,
}

/// Which municipality.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct JurisdictionQuery {
    /// Kommunens organisations-id; alla om det utelämnas. The municipality's organisation id; all if left out.
    jurisdiction_id: Option<String>,
}

/// Which matters.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct RequestQuery {
    /// Kommunens organisations-id; alla om det utelämnas. The municipality's organisation id; all if left out.
    jurisdiction_id: Option<String>,
    /// Id:n, åtskilda av komma; då gäller inget annat. Ids, with commas between; then nothing else counts.
    service_request_id: Option<String>,
    /// Slag av ärende, åtskilda av komma. Kinds of matters, with commas between.
    service_code: Option<String>,
    /// Inkomna från och med. Received from then on.
    #[param(value_type = Option<String>, format = DateTime)]
    start_date: Option<Timestamp>,
    /// Inkomna till och med. Received until then.
    #[param(value_type = Option<String>, format = DateTime)]
    end_date: Option<Timestamp>,
    /// `open`, `closed` eller båda åtskilda av komma. `open`, `closed` or both with a comma between.
    status: Option<String>,
}

// Refusals that every operation shares, as its document tells them.
const BAD: &str = "En parameter är fel, i standardens form, eller anropet, i gatewayens. A parameter is wrong, in the standard's form, or the call, in the gateway's.";
const CLOSED: &str = "Åtkomstbiljetten gäller ingen person, i standardens form, eller räcker inte, i gatewayens. The token speaks for no person, in the standard's form, or does not suffice, in the gateway's.";
const AWAY: &str = "Ingen kommun svarade, i standardens form, eller gatewayen kan inte svara, i dess. No municipality answered, in the standard's form, or the gateway cannot, in its own.";

/// List kinds of matters
///
/// De slag av ärenden som personen har hos kommuner. The kinds of matters that the person has with municipalities.
#[utoipa::path(
    get, path = "/services.json", operation_id = "listServices", tag = "services", params(JurisdictionQuery),
    responses(
        (status = 200, description = "Slagen. The kinds.", body = Vec<ServiceKind>,
            headers(("Link" = String, description = "Till beskrivningen av API:et. To the description of the API.")),
            examples(("services" = (summary = "Ett slag. One kind.", value = json!([example_kind()]))))),
        (status = 400, description = BAD,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 403, description = CLOSED,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 503, description = AWAY,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
    )
)]
async fn list_services(
    From(state): From<Arc<State>>,
    caller: Caller,
    Query(query): Query<JurisdictionQuery>,
) -> Result<Response, Refusal> {
    let gathered = municipal(&state, &caller, query.jurisdiction_id.as_deref()).await?;
    let mut kinds = BTreeMap::new();
    for known in gathered.known {
        let (case, code) = (&known.case, code(&known));
        kinds
            .entry((case.organisation_id.clone(), code.clone()))
            .or_insert(ServiceKind {
                service_code: code,
                service_name: case.title.sv.clone(),
                description: String::new(),
                metadata: false,
                type_: "realtime",
                keywords: "",
                group: case.organisation_id.clone(),
            });
    }
    let kinds: Vec<_> = kinds.into_values().collect();
    Ok(describing(&caller, Json(kinds).into_response()))
}

/// List matters
///
/// Personens ärenden hos kommuner, de senast inkomna först. The person's matters with municipalities, the newest first.
#[utoipa::path(
    get, path = "/requests.json", operation_id = "listRequests", tag = "requests", params(RequestQuery),
    responses(
        (status = 200, description = "Ärendena. The matters.", body = Vec<ServiceRequest>,
            headers(("Link" = String, description = "Till beskrivningen av API:et. To the description of the API.")),
            examples(("requests" = (summary = "Ett ärende. One matter.", value = json!([example_request()]))))),
        (status = 400, description = BAD,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 403, description = CLOSED,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 503, description = AWAY,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
    )
)]
async fn list_requests(
    From(state): From<Arc<State>>,
    caller: Caller,
    Query(query): Query<RequestQuery>,
) -> Result<Response, Refusal> {
    let gathered = municipal(&state, &caller, query.jurisdiction_id.as_deref()).await?;
    let is_in = |list: &Option<String>, one: &str| {
        list.as_ref()
            .is_none_or(|list| list.split(',').any(|wanted| wanted.trim() == one))
    };
    let mut requests: Vec<_> = gathered
        .known
        .iter()
        .map(|known| request(known, &gathered.sources))
        .collect();
    requests.retain(|one| match &query.service_request_id {
        // As the standard has it: ids override every other argument.
        Some(_) => is_in(&query.service_request_id, &one.service_request_id),
        None => {
            is_in(&query.service_code, &one.service_code)
                && is_in(&query.status, one.status)
                && query.start_date.is_none_or(|start| one.requested_datetime >= start)
                && query.end_date.is_none_or(|end| one.requested_datetime <= end)
        }
    });
    requests.sort_by_key(|one| std::cmp::Reverse(one.requested_datetime));
    requests.truncate(MOST);
    Ok(describing(&caller, Json(requests).into_response()))
}

/// Get one matter
///
/// Ett ärende, som en lista av ett; id:t får sluta på `.json`. One matter, as a list of one; the id may end in `.json`.
#[utoipa::path(
    get, path = "/requests/{serviceRequestId}", operation_id = "getRequest", tag = "requests",
    params(("serviceRequestId" = String, Path, description = "Ärendets id. The matter's id."), JurisdictionQuery),
    responses(
        (status = 200, description = "Ärendet. The matter.", body = Vec<ServiceRequest>,
            headers(("Link" = String, description = "Till beskrivningen av API:et. To the description of the API.")),
            examples(("request" = (summary = "Ärendet. The matter.", value = json!([example_request()]))))),
        (status = 400, description = BAD,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 403, description = CLOSED,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 404, description = "Personen har inget sådant ärende, i standardens form, eller adressen finns inte, i gatewayens. The person has no such matter, in the standard's form, or there is no such address, in the gateway's.",
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
        (status = 503, description = AWAY,
            content((Faults = "application/json"), (Problem = "application/problem+json"))),
    )
)]
async fn get_request(
    From(state): From<Arc<State>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<JurisdictionQuery>,
) -> Result<Response, Refusal> {
    let gathered = municipal(&state, &caller, query.jurisdiction_id.as_deref()).await?;
    let id = id.strip_suffix(".json").unwrap_or(&id);
    let found = gathered.known.iter().find(|known| known.case.case_id.to_string() == id);
    let Some(known) = found else {
        let detail = "The person has no request with this service_request_id.";
        return Err(Refusal::of(ProblemKind::NotFound, detail));
    };
    let one = [request(known, &gathered.sources)];
    Ok(describing(&caller, Json(one).into_response()))
}

/// What the municipal sources have; a refusal when none of those asked can say.
async fn municipal(state: &State, caller: &Caller, jurisdiction: Option<&str>) -> Result<Gathered, Refusal> {
    let wanted = |producer: &Producer| {
        producer.form == Form::Errands && jurisdiction.is_none_or(|wanted| wanted == producer.organisation_id)
    };
    let gathered = gather(state, caller.person()?, wanted).await;
    let nothing = gathered.sources.iter().all(|source| !source.answers());
    if nothing && !gathered.sources.iter().all(SourceReport::is_whole) {
        let why = "The municipality did not answer. Try again later.";
        let asked = gathered.sources.iter().filter_map(|source| source.retry_after_seconds);
        let problem = Problem::of(ProblemKind::SourcesUnavailable).detail(why);
        return Err(problem.retry_after(asked.min().unwrap_or(RETRY)).into());
    }
    Ok(gathered)
}

/// A refusal of ours, also of a parameter that cannot be read, as the standard's clients look for it.
async fn in_the_standards_form(mut response: Response) -> Response {
    let Some(Refusal(problem)) = response.extensions_mut().remove::<Refusal>() else {
        return response;
    };
    let fault = Fault {
        code: problem.status,
        description: problem.detail.unwrap_or_else(|| problem.title.to_string()),
    };
    let mut told = (response.status(), Json(Faults(vec![fault]))).into_response();
    if let Some(seconds) = problem.retry_after_seconds {
        told.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    told
}

fn code(known: &Known) -> String {
    known.case.service_id.clone().unwrap_or_else(|| "other".to_owned())
}

fn request(known: &Known, sources: &[SourceReport]) -> ServiceRequest {
    let case = &known.case;
    let agency = sources.iter().find(|source| source.source_id == case.source.source_id);
    let notes = case.status_detail.as_ref().and_then(|detail| detail.text.as_ref());
    let step = case.next_steps.iter().find(|step| step.who == BallHolder::Person);
    ServiceRequest {
        service_request_id: case.case_id.to_string(),
        status: if case.closed { "closed" } else { "open" },
        status_notes: notes.map(|text| text.sv.clone()).unwrap_or_default(),
        service_name: case.title.sv.clone(),
        service_code: code(known),
        description: case.summary.as_ref().map(|text| text.sv.clone()).unwrap_or_default(),
        agency_responsible: agency.map_or_else(|| case.organisation_id.clone(), |source| source.name.sv.clone()),
        service_notice: step.map(|step| step.what.sv.clone()).unwrap_or_default(),
        requested_datetime: case.started_at.unwrap_or(case.last_changed_at),
        updated_datetime: case.last_changed_at,
        expected_datetime: case.expected_at,
        media_url: None,
    }
}
