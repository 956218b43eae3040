//! `GET /cases/{caseId}`: one case with everything that has happened in it.

use std::sync::Arc;

use axum::extract::State as From;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use model::{CaseEvent, Problem, ProblemKind};
use serde::Serialize;
use service_host::{Caller, Entity, PartyId, Path, Query, Refusal};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::example;
use crate::api::shown::{ShownCase, show};
use crate::find::{Found, find};
use crate::state::State;
use crate::told::Known;

/// A case and what has happened in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CaseWithEvents {
    /// The case.
    #[serde(flatten)]
    case: ShownCase,
    /// What has happened, oldest first.
    events: Vec<CaseEvent>,
}

/// The person's case with this id, or the refusal that says why there is none.
pub(crate) async fn known(state: &State, party: &PartyId, case_id: Uuid) -> Result<Known, Refusal> {
    let found = find(state, party, case_id).await.map_err(|error| {
        tracing::error!(%error, "the index cannot be read");
        Refusal::from(Problem::of(ProblemKind::Internal))
    })?;
    match found {
        Found::Case(known) => Ok(*known),
        Found::Nothing => Err(Refusal::of(
            ProblemKind::NotFound,
            "The person has no case with this id.",
        )),
        Found::Unreachable(report) => {
            let detail = "The source that has the case did not answer, and nothing is known from before.";
            let problem = Problem::of(ProblemKind::SourcesUnavailable).detail(detail);
            Err(problem.retry_after(report.retry_after_seconds.unwrap_or(10)).into())
        }
    }
}

/// The events that the caller may see. One that it may not see leaves nothing behind: no title, no place, no count.
pub(crate) fn visible(events: Vec<CaseEvent>, caller: &Caller) -> Vec<CaseEvent> {
    let may_see = |event: &CaseEvent| {
        event
            .required_scope
            .as_ref()
            .is_none_or(|needed| caller.scopes.iter().any(|scope| scope == needed))
    };
    events.into_iter().filter(may_see).collect()
}

/// No parameters: any that is sent is refused by name.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct NoQuery {}

/// Get one case
///
/// Ett ärende med allt som har hänt i det. Någon annans ärende svarar precis som ett som inte finns.
/// One case with everything that has happened in it. Somebody else's case answers exactly as one that does not exist.
#[utoipa::path(
    get, path = "/cases/{caseId}", operation_id = "getCase", tag = "cases",
    params(
        ("caseId" = String, Path, description = "Ärendets id ur listan. The case's id from the list.", format = "uuid"),
        ("If-None-Match" = Option<String>, Header, description = "ETag från ett tidigare svar. An ETag from an earlier answer."),
    ),
    responses(
        (status = 200, description = "Ärendet. The case.", body = CaseWithEvents,
            headers(("ETag" = String, description = "Ändras när ärendet ändras. Changes when the case does.")),
            examples(("case" = (summary = "Ett ärende som väntar på personen. A case that waits for the person.", value = json!(example::case_with_events()))))),
        (status = 304, description = "Inget har ändrats. Nothing has changed."),
        (status = 404, description = "Personen har inget sådant ärende. The person has no such case.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Källan svarade inte. The source did not answer.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_case(
    From(state): From<Arc<State>>,
    caller: Caller,
    Path(case_id): Path<Uuid>,
    Query(NoQuery {}): Query<NoQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let party = caller.person()?;
    let known = known(&state, party, case_id).await?;
    let shown = show(known.case, &state, &caller);
    let events = visible(known.events, &caller);
    let version = (
        shown.case.revision.clone(),
        shown.case.source.freshness,
        shown.case.links.clone(),
        (shown.whose, shown.case.parties.len(), events.len()),
    );
    let body = CaseWithEvents { case: shown, events };
    let entity = Entity::new(body, &version, &headers).map_err(|error| {
        tracing::error!(%error, "the case cannot be written");
        Refusal::from(Problem::of(ProblemKind::Internal))
    })?;
    Ok(entity.into_response())
}
