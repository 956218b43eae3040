//! A form that follows the national REST profile: `GET /cases` with paging, links and problems.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::{LocalizedText, Problem, ProblemKind};
use serde::Deserialize;
use serde_json::{Value, json};
use service_host::{Caller, Json, Path, Query, Refusal, page};

use crate::forms::Office;
use crate::story::{Stage, StageKind, Story};

pub(crate) fn router() -> Router<Office> {
    Router::new()
        .route("/cases", get(list))
        .route("/cases/{reference}", get(one))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whose {
    party: Option<String>,
    page: Option<u64>,
    limit: Option<u64>,
}

fn needed(party: Option<String>) -> Result<String, Refusal> {
    party.ok_or_else(|| {
        Problem::of(ProblemKind::InvalidParameter)
            .field("party", "is needed")
            .into()
    })
}

async fn list(
    State(office): State<Office>,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refusal> {
    let party = needed(whose.party)?;
    let page = page(whose.page, whose.limit, 100)?;
    let stories = office.world.stories_of(office.agency, &party);
    let all: Vec<_> = stories
        .iter()
        .filter_map(|story| case(&office, story, &party))
        .collect();
    let (cases, meta) = page.cut(all);
    let links = page.links(
        &format!("{}/cases", caller.base_url),
        &format!("party={party}"),
        meta.total_records,
    );
    Ok(Json(
        json!({ "party": party, "cases": cases, "_links": links, "_meta": meta }),
    ))
}

async fn one(
    State(office): State<Office>,
    Path(reference): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refusal> {
    let party = needed(whose.party)?;
    let stories = office.world.stories_of(office.agency, &party);
    let found = stories.iter().find(|story| story.reference == reference);
    let case = found.and_then(|story| case(&office, story, &party));
    case.map(Json)
        .ok_or_else(|| Refusal::of(ProblemKind::NotFound, "There is no such case for the party."))
}

fn case(office: &Office, story: &Story, party: &str) -> Option<Value> {
    let so_far = story.so_far(office.world.now());
    let (first, last) = (so_far.first()?, so_far.last()?);
    let template = story.template;
    let next_steps = match last.kind {
        StageKind::NeedsPerson { due } => json!([{
            "stepId": template.document.0, "who": "person", "dueAt": due,
            "what": text((&format!("Skicka in: {}", template.document.1), &format!("Send in: {}", template.document.2))),
        }]),
        _ => json!([]),
    };
    let outcome = so_far.iter().rev().find_map(|stage| match stage.kind {
        StageKind::Decided { granted, appeal_by } => {
            Some(json!({ "kind": if granted { "granted" } else { "rejected" }, "appealBy": appeal_by }))
        }
        _ => None,
    });
    let closed_at = so_far
        .iter()
        .find(|stage| stage.kind == StageKind::Closed)
        .map(|stage| stage.at);
    Some(json!({
        "reference": story.reference,
        "service": template.service,
        "title": text(template.title),
        "status": status(last),
        "requiresAction": matches!(last.kind, StageKind::NeedsPerson { .. }),
        "ballHolder": ball_holder(last),
        "parties": parties(office, template.guardian, party),
        "nextSteps": next_steps,
        "startedAt": first.at,
        "lastChangedAt": last.at,
        "expectedAt": story.expected_at,
        "legalDeadlineAt": story.legal_deadline_at,
        "closedAt": closed_at,
        "outcome": outcome,
        "events": so_far.iter().enumerate().map(|(at, stage)| event(story, at, stage)).collect::<Vec<_>>(),
    }))
}

/// Who has a part: the person who is asked about first, and then whose case it is if that is a child of theirs.
fn parties(office: &Office, about_child: bool, party: &str) -> Value {
    let whose = json!({ "role": "applicant", "relationTerm": text(office.agency.relation_term) });
    if !about_child || office.world.is_minor(office.agency, party) {
        return json!([whose]);
    }
    let own = json!({ "role": "guardian", "relationTerm": text(("vårdnadshavare", "custodial parent")) });
    match office.world.child_of(office.agency, party) {
        Some(child) => {
            let mut whose = whose;
            whose["party"] = child.into();
            json!([own, whose])
        }
        None => json!([own]),
    }
}

fn event(story: &Story, at: usize, stage: &Stage) -> Value {
    let title = match stage.kind {
        StageKind::Received => ("Mottaget", "Received"),
        StageKind::InProgress => ("Handläggning pågår", "Being handled"),
        StageKind::NeedsPerson { .. } => ("Väntar på dig", "Waiting for you"),
        StageKind::NeedsOther => ("Väntar på någon annan", "Waiting for somebody else"),
        StageKind::Decided { .. } => ("Beslut", "Decision"),
        StageKind::Closed => ("Avslutat", "Closed"),
    };
    json!({
        "eventId": format!("{}-{at}", story.reference),
        "type": format!("{}.{}", story.template.event_prefix, status(stage).to_ascii_uppercase()),
        "occurredAt": stage.at,
        "title": text(title),
    })
}

fn status(stage: &Stage) -> &'static str {
    match stage.kind {
        StageKind::Received => "received",
        StageKind::InProgress => "inProgress",
        StageKind::NeedsPerson { .. } => "waitingForPerson",
        StageKind::NeedsOther => "waitingForOther",
        StageKind::Decided { .. } => "decided",
        StageKind::Closed => "closed",
    }
}

fn ball_holder(stage: &Stage) -> &'static str {
    match stage.kind {
        StageKind::NeedsPerson { .. } => "person",
        StageKind::NeedsOther => "thirdParty",
        StageKind::Received | StageKind::InProgress => "agency",
        StageKind::Decided { .. } | StageKind::Closed => "nobody",
    }
}

fn text((sv, en): (&str, &str)) -> LocalizedText {
    LocalizedText::new(sv, en)
}
