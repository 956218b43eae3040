//! A municipality's own form: snake case, its own codes in capitals, local time without an offset, weeks
//! instead of dates, and Swedish only.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::forms::{Office, swedish_zone};
use crate::story::{Stage, StageKind, Story};

pub(crate) fn router() -> Router<Office> {
    Router::new()
        .route("/errands", get(list))
        .route("/errands/{number}", get(one))
}

#[derive(Deserialize)]
struct Whose {
    party: String,
}

async fn list(State(office): State<Office>, Query(Whose { party }): Query<Whose>) -> Response {
    let stories = office.world.stories_of(office.agency, &party);
    let errands: Vec<_> = stories
        .iter()
        .filter_map(|story| errand(&office, story, &party))
        .collect();
    Json(json!({ "total": errands.len(), "errands": errands })).into_response()
}

async fn one(
    State(office): State<Office>,
    Path(number): Path<String>,
    Query(Whose { party }): Query<Whose>,
) -> Response {
    let stories = office.world.stories_of(office.agency, &party);
    let found = stories.iter().find(|story| story.reference == number);
    match found.and_then(|story| errand(&office, story, &party)) {
        Some(errand) => Json(errand).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "ERRAND_UNKNOWN" }))).into_response(),
    }
}

fn errand(office: &Office, story: &Story, party: &str) -> Option<Value> {
    let so_far = story.so_far(office.world.now());
    let (first, last) = (so_far.first()?, so_far.last()?);
    let decision = so_far.iter().rev().find_map(|stage| match stage.kind {
        StageKind::Decided { granted, appeal_by } => Some(json!({
            "result": if granted { "BEVILJAT" } else { "AVSLAG" },
            "date": day(stage.at),
            "appeal_until": day(appeal_by),
            "appeal_to": "Länsstyrelsen",
        })),
        _ => None,
    });
    let missing = match last.kind {
        StageKind::NeedsPerson { due } => {
            json!([{ "code": story.template.document.0, "label": story.template.document.1, "before": day(due) }])
        }
        _ => json!([]),
    };
    Some(json!({
        "errand_no": story.reference,
        "party": party,
        "type": story.template.service.to_ascii_uppercase(),
        "heading": story.template.title.0,
        "state": state(last),
        "unit": "Bygglovsenheten",
        "opened": local(first.at),
        "changed": local(last.at),
        "statutory_weeks": story.template.legal_days.map(|days| days / 7),
        "missing_documents": missing,
        "waiting_for": (last.kind == StageKind::NeedsOther).then_some(story.template.other.0),
        "decision": decision,
        "log": so_far.iter().map(|stage| json!({ "at": local(stage.at), "code": state(stage) })).collect::<Vec<_>>(),
    }))
}

fn state(stage: &Stage) -> &'static str {
    match stage.kind {
        StageKind::Received => "INKOMMET",
        StageKind::InProgress => "HANDLAGGS",
        StageKind::NeedsPerson { .. } => "KOMPLETTERING",
        StageKind::NeedsOther => "GRANNHORANDE",
        StageKind::Decided { .. } => "BESLUTAT",
        StageKind::Closed => "AVSLUTAT",
    }
}

/// The clock on the wall in Exempelby, which is all that its system writes down.
fn local(time: Timestamp) -> String {
    time.to_zoned(swedish_zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn day(time: Timestamp) -> String {
    time.to_zoned(swedish_zone()).strftime("%Y-%m-%d").to_string()
}
