//! `POST /events`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State as From;
use axum::http::{HeaderMap, StatusCode};
use model::{Links, Problem, ProblemKind};
use serde::Serialize;
use service_host::{Caller, Json, PartyId, Refusal};
use utoipa::ToSchema;

use crate::ask::{Question, left, now};
use crate::config::{Form, Producer};
use crate::forms::cases;
use crate::gather::one;
use crate::index::{Learnt, Seen};
use crate::intake::cloud_event::{CloudEvent, EventData};
use crate::pushed::{Push, Taken};
use crate::source::SourceStatus;
use crate::state::State;
use crate::told::{Asked, Told};

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EventOutcome {
    /// It was taken.
    Accepted,
    /// It has come before and changed nothing now.
    Duplicate,
    /// A later event of the same case came first; this one changed nothing.
    Superseded,
}

/// A receipt for an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "eventId": "0197a1c2-7c1e-7000-8000-000000000001", "outcome": "accepted",
    "_links": [{"href": "https://api.vagvisare.example/case-events/v1/openapi.json", "rel": "service-desc", "method": "GET"}] }))]
pub(crate) struct EventReceipt {
    /// The event's id.
    event_id: String,
    /// What became of it.
    outcome: EventOutcome,
    /// What to read about events.
    #[serde(rename = "_links")]
    links: Links,
}

/// Send an event
///
/// Tar emot en CloudEvent, hel i kroppen eller med attributen i huvuden. Källan måste höra till den organisation som
/// anropar. Skicka om vid 5xx eller uteblivet svar: samma `id` räknas en gång.
/// Takes a CloudEvent, whole in the body or with its attributes in headers. The source must belong to the calling
/// organisation. Send again after a 5xx or no answer: the same `id` counts once.
#[utoipa::path(
    post, path = "/events", operation_id = "receiveEvent", tag = "events",
    request_body(description = "Händelsen. The event.", content((CloudEvent = "application/cloudevents+json"), (EventData = "application/json"))),
    responses(
        (status = 202, description = "Händelsen är mottagen. The event is taken.", body = EventReceipt),
        (status = 403, description = "Källan är någon annans. The source is somebody else's.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Fel medietyp. Wrong media type.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Händelsen har fel innehåll. The event's content is wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Skicka igen. Send it again.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive_event(
    From(state): From<Arc<State>>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<EventReceipt>), Refusal> {
    let event = CloudEvent::read(&headers, &body)?;
    let producer = producer(&state, &event, &caller)?;
    let party = whose(&state, producer, &event.data.party).await?;
    let pushed = (producer.form == Form::Pushed).then(|| case(producer, &party, &event));
    let (content, seen) = match pushed {
        Some(case) => case.map(|(content, seen)| (Some(content), Some(seen)))?,
        None => (None, None),
    };
    let push = Push {
        source: &producer.id,
        event_id: &event.id,
        reference: &event.subject,
        party: &party,
        sequence: &event.order(),
        content,
    };
    let taken = state.index.push(&push).await.map_err(|error| later(&error))?;
    if taken == Taken::New
        && let Err(error) = spread(&state, producer, &party, &event, seen).await
    {
        // The producer is told to send it again; then it must count.
        state.index.forget(&push).await.map_err(|error| later(&error))?;
        return Err(later(&error));
    }
    let receipt = EventReceipt {
        event_id: event.id,
        outcome: match taken {
            Taken::New => EventOutcome::Accepted,
            Taken::Duplicate => EventOutcome::Duplicate,
            Taken::Superseded => EventOutcome::Superseded,
        },
        links: Links::default().and("service-desc", format!("{}/openapi.json", caller.base_url)),
    };
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}

/// The calling organisation's source that the event names. One that is not theirs and one that does not exist answer
/// alike.
fn producer<'a>(state: &'a State, event: &CloudEvent, caller: &Caller) -> Result<&'a Producer, Refusal> {
    let is_it = |producer: &&Producer| {
        producer.id == event.source_id() && caller.organisation.as_ref() == Some(&producer.organisation_id)
    };
    state.producers.iter().find(is_it).ok_or_else(|| {
        let detail = "The event's source is not one of the calling organisation's sources.";
        Refusal::of(ProblemKind::NotYours, detail)
    })
}

async fn whose(state: &State, producer: &Producer, identifier: &str) -> Result<PartyId, Refusal> {
    let unavailable = || {
        Problem::of(ProblemKind::Unavailable)
            .detail("Send the event again.")
            .retry_after(5)
    };
    let time = left(state.deadline()).map_err(|_| unavailable())?;
    let register = &state.asker.register;
    let found = register.identify(&producer.organisation_id, identifier, time).await;
    found.map_err(|_| unavailable())?.ok_or_else(|| {
        Problem::of(ProblemKind::InvalidBody)
            .detail("Nobody is known by the event's 'data.party'.")
            .field("data.party", "is not known by the party register")
            .into()
    })
}

/// The case that came with the event, as it is kept and as the index sees it.
fn case(producer: &Producer, party: &PartyId, event: &CloudEvent) -> Result<(String, Seen), Refusal> {
    let wrong = |message: &str| {
        Problem::of(ProblemKind::InvalidBody)
            .detail(format!("The event's 'data.case' {message}."))
            .field("data.case", message)
    };
    let case = event
        .data
        .case
        .clone()
        .ok_or_else(|| wrong("is missing: this source is never asked"))?;
    let content = case.to_string();
    let asked = Asked {
        producer,
        party: party.as_str(),
        identifier: &event.data.party,
        now: now(),
    };
    let known = cases::read_one(&asked, case).ok_or_else(|| wrong("is not a case in the form of GET /cases"))?;
    if known.reference != event.subject {
        return Err(wrong("has another reference than the event's subject").into());
    }
    let mut told = Told::default();
    told.take(&asked, known);
    match told.known.pop() {
        Some(known) => Ok((content, Seen::of(&known))),
        None => Err(wrong("holds the person's identifier in its text").into()),
    }
}

/// Notes the change for those who tell others: the case itself where it came along, else what the producer says now.
async fn spread(
    state: &State,
    producer: &Producer,
    party: &PartyId,
    event: &CloudEvent,
    seen: Option<Seen>,
) -> Result<(), sqlx::Error> {
    if let Some(seen) = seen {
        // Whoever pushes has told everything there is: the first case is news.
        state.index.engage(party, &producer.id, true).await?;
        let learnt = Learnt {
            source_id: producer.id.clone(),
            cases: Some(vec![seen]),
            whole: false,
        };
        return state.index.learn(party, &[learnt]).await;
    }
    let question = Question {
        reference: None,
        identifier: Some(event.data.party.clone()),
    };
    let (_, report) = one(state, producer, party, question, state.deadline()).await;
    if report.status == SourceStatus::Ok {
        return Ok(());
    }
    let asked = Asked {
        producer,
        party: party.as_str(),
        identifier: &event.data.party,
        now: now(),
    };
    let seen = Seen {
        case_id: asked.case_id(&event.subject),
        reference: event.subject.clone(),
        revision: String::new(),
    };
    state.index.note(party, &producer.id, &seen).await
}

fn later(error: &sqlx::Error) -> Refusal {
    tracing::error!(%error, "an event cannot be kept");
    Problem::of(ProblemKind::Unavailable)
        .detail("The event was not taken. Send it again.")
        .retry_after(5)
        .into()
}
