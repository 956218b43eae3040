//! `GET /cases/{caseId}/events`: what has happened in one case, a page at a time.

use std::sync::Arc;

use axum::extract::State as From;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use model::{CaseEvent, Links, Meta, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use service_host::{Caller, Entity, Path, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::example;
use crate::api::one::{known, visible};
use crate::state::State;

/// The most that one page may hold.
const MOST: u64 = 100;

/// What a caller may ask of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Vilken sida; den första är 1. Which page; the first is 1.
    #[param(default = 1, minimum = 1)]
    page: Option<u64>,
    /// Högst så många händelser på en sida. At most so many events on a page.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// What has happened in a case.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventList {
    /// The events of this page, oldest first.
    events: Vec<CaseEvent>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    meta: Meta,
}

/// List the events of a case
///
/// Allt som har hänt i ett ärende, äldst först. En händelse som anroparen inte får se syns inte alls; de andra gör det.
/// Everything that has happened in a case, oldest first. An event that the caller may not see does not show at all; the
/// others do.
#[utoipa::path(
    get, path = "/cases/{caseId}/events", operation_id = "listCaseEvents", tag = "cases",
    params(
        ("caseId" = String, Path, description = "Ärendets id ur listan. The case's id from the list.", format = "uuid"),
        EventsQuery,
        ("If-None-Match" = Option<String>, Header, description = "ETag från ett tidigare svar. An ETag from an earlier answer."),
    ),
    responses(
        (status = 200, description = "Händelserna. The events.", body = EventList,
            headers(("ETag" = String, description = "Ändras när svaret ändras. Changes when the answer does.")),
            examples(("events" = (summary = "Ärendet har kommit in. The case was received.", value = json!(example::events()))))),
        (status = 304, description = "Inget har ändrats. Nothing has changed."),
        (status = 404, description = "Personen har inget sådant ärende. The person has no such case.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Källan svarade inte. The source did not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_events(
    From(state): From<Arc<State>>,
    caller: Caller,
    Path(case_id): Path<Uuid>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let known = known(&state, caller.person()?, case_id).await?;
    let (events, meta) = page.cut(visible(known.events, &caller));
    let url = format!("{}/cases/{case_id}/events", caller.base_url);
    let links = page.links(&url, "", meta.total_records);
    let version = (known.case.revision, known.case.source.freshness, meta);
    let entity = Entity::new(EventList { events, links, meta }, &version, &headers).map_err(|error| {
        tracing::error!(%error, "the events cannot be written");
        Refusal::from(Problem::of(ProblemKind::Internal))
    })?;
    Ok(entity.into_response())
}
