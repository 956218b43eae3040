//! A producer in the national *Mina ärenden* 6.1 form. Its shape is not ours: a read by POST, camel case in
//! the path, and errors as `{"message"}`.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::agency::Writing;
use crate::forms::{Office, swedish_zone};
use crate::story::{Stage, StageKind, Story};

/// As in the standard's reference implementation.
const MOST_PARTIES: usize = 100;
const MOST_EVENTS: u64 = 1000;

/// What an old system manages at a time.
const MOST_EVENTS_OF_OLD: u64 = 2;

pub(crate) fn router() -> Router<Office> {
    Router::new().route("/kundhandelseFragaSynkron", post(answer))
}

#[derive(Deserialize)]
struct Ask {
    fraga: Fraga,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fraga {
    parter: Vec<Part>,
    #[serde(default)]
    kundhandelse_typer: Vec<String>,
    behandling: Option<Behandling>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    kund: Option<Identitet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arende: Option<Identitet>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Identitet {
    identifierare: String,
    typ: String,
}

#[derive(Deserialize)]
struct Behandling {
    #[serde(default)]
    sortering: Vec<Sortering>,
    paginering: Option<Paginering>,
}

#[derive(Deserialize)]
struct Sortering {
    attribut: String,
    stigande: bool,
}

#[derive(Clone, Copy, Deserialize)]
struct Paginering {
    offset: u64,
    limit: u64,
}

async fn answer(State(office): State<Office>, headers: HeaderMap, body: Result<Json<Ask>, JsonRejection>) -> Response {
    if headers
        .get("skv_client_correlation_id")
        .is_none_or(|value| value.is_empty())
    {
        return refuse("Headern skv_client_correlation_id saknas.");
    }
    let Ok(Json(Ask { fraga })) = body else {
        return refuse("Frågan går inte att tolka.");
    };
    if let Err(message) = check(&fraga) {
        return refuse(message);
    }
    let (mut groups, mut parts) = (Vec::new(), Vec::new());
    for part in &fraga.parter {
        let (total, events) = events(&office, part, &fraga);
        parts.push(json!({ "producent": office.agency.id, "part": part, "status": "OK", "httpCode": 200 }));
        groups.push(json!({ "part": part, "totaltAntalKundhandelser": total, "kundhandelserForPart": events }));
    }
    let answer = json!({ "kundhandelser": groups, "metadata": { "version": "6.1" }, "delfragor": parts });
    match office.agency.writes {
        Writing::Plain => Json(answer).into_response(),
        Writing::Old => latin_1(&answer),
    }
}

/// The answer in the one alphabet that the system has; what is not in it becomes a question mark.
fn latin_1(answer: &Value) -> Response {
    let text = answer.to_string();
    let body: Vec<u8> = text.chars().map(|sign| u8::try_from(sign).unwrap_or(b'?')).collect();
    ([(header::CONTENT_TYPE, "application/json; charset=ISO-8859-1")], body).into_response()
}

/// The time as the agency's system writes it.
fn written(office: &Office, time: Timestamp) -> String {
    match office.agency.writes {
        Writing::Plain => time.to_string(),
        Writing::Old => time.to_zoned(swedish_zone()).strftime("%Y%m%dT%H%M%S%z").to_string(),
    }
}

fn refuse(message: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response()
}

fn check(fraga: &Fraga) -> Result<(), &'static str> {
    if fraga.parter.is_empty() || fraga.parter.len() > MOST_PARTIES {
        return Err("Antalet parter ska vara 1 till 100.");
    }
    if fraga.kundhandelse_typer.len() > MOST_PARTIES {
        return Err("Antalet kundhändelsetyper får vara högst 100.");
    }
    for part in &fraga.parter {
        let Some(kund) = &part.kund else {
            return Err("Kund saknas.");
        };
        if !matches!(
            kund.typ.as_str(),
            "Personnummer" | "Organisationsnummer" | "Samordningsnummer"
        ) {
            return Err("Kundens typ är okänd.");
        }
        if kund.identifierare.len() != 12 || !kund.identifierare.bytes().all(|b| b.is_ascii_digit()) {
            return Err("Kundens identifierare ska ha tolv siffror.");
        }
    }
    let Some(Behandling {
        sortering,
        paginering: Some(paginering),
    }) = &fraga.behandling
    else {
        return Ok(());
    };
    if sortering.is_empty() {
        return Err("Paginering kräver sortering.");
    }
    if sortering.iter().any(|one| one.attribut != "tidpunkt") {
        return Err("Sortering kan ske på tidpunkt.");
    }
    if !(1..=MOST_EVENTS).contains(&paginering.limit) {
        return Err("Limit ska vara 1 till 1000.");
    }
    Ok(())
}

/// How many events there are for the party, and those of the page asked for.
fn events(office: &Office, part: &Part, fraga: &Fraga) -> (usize, Vec<Value>) {
    let now = office.world.now();
    let number = part
        .kund
        .as_ref()
        .map(|kund| kund.identifierare.as_str())
        .unwrap_or_default();
    let stories = office.world.stories_of(office.agency, number);
    let mut all: Vec<_> = stories
        .iter()
        .filter(|story| {
            part.arende
                .as_ref()
                .is_none_or(|arende| arende.identifierare == story.reference)
        })
        .flat_map(|story| {
            story
                .so_far(now)
                .into_iter()
                .enumerate()
                .map(move |(at, stage)| (stage.at, story, at, stage))
        })
        .filter(|(_, story, _, stage)| wanted(&fraga.kundhandelse_typer, &event_type(story, stage)))
        .collect();
    let behandling = fraga.behandling.as_ref();
    let ascending = behandling
        .and_then(|b| b.sortering.first())
        .is_none_or(|sortering| sortering.stigande);
    all.sort_by_key(|(time, ..)| *time);
    if !ascending {
        all.reverse();
    }
    let page = behandling.and_then(|b| b.paginering).unwrap_or(Paginering {
        offset: 0,
        limit: MOST_EVENTS,
    });
    let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let most = match office.agency.writes {
        Writing::Plain => MOST_EVENTS,
        Writing::Old => MOST_EVENTS_OF_OLD,
    };
    let take = usize::try_from(page.limit.min(most)).unwrap_or(usize::MAX);
    let total = all.len();
    let events = all
        .into_iter()
        .skip(skip)
        .take(take)
        .map(|(_, story, at, stage)| event(office, story, at, stage));
    (total, events.collect())
}

/// Types match by their first parts.
fn wanted(types: &[String], one: &str) -> bool {
    types.is_empty() || types.iter().any(|wanted| one.starts_with(wanted.as_str()))
}

fn event_type(story: &Story, stage: &Stage) -> String {
    let last = match stage.kind {
        StageKind::Received => "ANSOKAN.MOTTAGEN",
        StageKind::InProgress => "HANDLAGGNING.PAGAR",
        StageKind::NeedsPerson { .. } => "HANDLAGGNING.KOMPLETTERING_BEGARD",
        StageKind::NeedsOther => "HANDLAGGNING.VANTAR_PA_ANNAN",
        StageKind::Decided { granted: true, .. } => "BESLUT.BIFALL",
        StageKind::Decided { granted: false, .. } => "BESLUT.AVSLAG",
        StageKind::Closed => "ARENDE.AVSLUTAT",
    };
    format!("{}.{last}", story.template.event_prefix)
}

fn event(office: &Office, story: &Story, at: usize, stage: &Stage) -> Value {
    let template = story.template;
    let (heading, text) = match stage.kind {
        StageKind::Received => (
            "Vi har tagit emot ditt ärende",
            "Det väntar på en handläggare.".to_owned(),
        ),
        StageKind::InProgress => (
            "Vi handlägger ditt ärende",
            "Du behöver inte göra något just nu.".to_owned(),
        ),
        StageKind::NeedsPerson { .. } => (
            "Vi behöver något från dig",
            format!("Skicka in: {}.", template.document.1),
        ),
        StageKind::NeedsOther => (
            "Vi väntar på någon annan",
            format!("Vi väntar på besked från {}.", template.other.0),
        ),
        StageKind::Decided { granted: true, .. } => ("Beslut", "Du får det du har ansökt om.".to_owned()),
        StageKind::Decided { granted: false, .. } => ("Beslut", "Du får inte det du har ansökt om.".to_owned()),
        StageKind::Closed => ("Ärendet är avslutat", "Det händer inget mer.".to_owned()),
    };
    let more = match stage.kind {
        StageKind::NeedsPerson { due } => {
            json!({ "senastDatum": written(office, due), "saknadeHandlingar": [template.document.1] })
        }
        StageKind::Decided { appeal_by, .. } => json!({ "overklagasSenast": written(office, appeal_by) }),
        _ => json!({}),
    };
    json!({
        "kundhandelseId": format!("{}-{at}", story.reference),
        "rubrik": template.title.0,
        "beskrivning": format!("{heading}. {text}"),
        "sprak": "sv",
        "producent": office.agency.id,
        "tidpunkt": written(office, stage.at),
        "kundhandelseTyp": event_type(story, stage),
        "producentarendetKraverKundatgard": matches!(stage.kind, StageKind::NeedsPerson { .. }),
        "producentarendetKlart": stage.kind == StageKind::Closed,
        "version": "6.1",
        "utokadInformation": more,
        "referenser": [{ "identifierare": story.reference, "typ": "Producentarendereferens" }],
    })
}
