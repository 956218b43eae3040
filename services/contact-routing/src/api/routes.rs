//! `POST /routes`: a question in plain words. `GET /routes`: a need and a municipality.

use std::sync::Arc;

use axum::extract::State;
use model::{Problem, ProblemKind};
use service_host::{Caller, Json, Query, Refusal};

use crate::api::respond::Wishes;
use crate::api::schema::{NeedQuery, QuestionLanguage, RouteAnswer, RouteQuestion};
use crate::api::{example, respond};
use crate::engine::{Engine, Question};
use crate::entries::Known;
use crate::text::language::Language;
use crate::text::spell;

/// The longest question, in characters.
const LONGEST: usize = 2_000;

/// Find whom to ask
///
/// Tar en fråga med egna ord och svarar med ansvarig organisation och skäl, en motfråga, att ingen myndighet ansvarar,
/// eller att 112 ska ringas först. Frågan skickas i kroppen, aldrig i adressen, och sparas inte.
/// Takes a question in plain words and answers with the responsible organisation and why, a question back, that no
/// authority is responsible, or that 112 comes first. The question is in the body, never in the URL, and is not kept.
#[utoipa::path(
    post, path = "/routes", operation_id = "routeQuestion", tag = "routes",
    request_body(content = RouteQuestion, description = "Frågan. The question.",
        examples(("question" = (summary = "En fråga om bygglov. A question on a building permit.", value = json!(example::question()))))),
    responses(
        (status = 200, description = "Svaret. The answer.", body = RouteAnswer, examples(
            ("organisation" = (summary = "En ansvarig organisation. A responsible organisation.", value = json!(example::answer()))),
            ("askBack" = (summary = "En motfråga. A question back.", value = json!(example::ask_back()))),
            ("emergency" = (summary = "Fara. Danger.", value = json!(example::emergency()))))),
        (status = 422, description = "Frågan kan inte tas emot. The question cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn route_question(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Json(asked): Json<RouteQuestion>,
) -> Result<Json<RouteAnswer>, Refusal> {
    let length = asked.question.chars().count();
    if asked.question.trim().is_empty() || length > LONGEST {
        let message = format!("must be from 1 to {LONGEST} characters");
        return Err(invalid("question", message));
    }
    let municipality = match &asked.municipality {
        Some(given) => Some(municipality(&known, given, ProblemKind::InvalidBody)?),
        None => None,
    };
    let question = Question {
        text: &asked.question,
        language: match asked.language {
            Some(QuestionLanguage::En) => Language::English,
            Some(QuestionLanguage::Sv) | None => Language::Swedish,
        },
        municipality: municipality.as_deref(),
    };
    let answer = known.ask(&question);
    Ok(Json(respond::answer(
        &known,
        &answer,
        &caller.base_url,
        &Wishes {
            channels: &asked.channels,
            time: asked.time.unwrap_or_else(jiff::Timestamp::now),
        },
    )))
}

/// Find who is responsible for a need
///
/// Svarar för ett känt behov i en kommun. Utan kommun kommer en motfråga när platsen avgör.
/// Answers for a known need in a municipality. Without one, a question back when the place decides.
#[utoipa::path(
    get, path = "/routes", operation_id = "routeNeed", tag = "routes",
    params(NeedQuery),
    responses(
        (status = 200, description = "Svaret. The answer.", body = RouteAnswer, examples(
            ("organisation" = (summary = "En ansvarig organisation. A responsible organisation.", value = json!(example::answer()))))),
        (status = 400, description = "Okänt behov eller okänd kommun. Unknown need or municipality.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn route_need(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Query(query): Query<NeedQuery>,
) -> Result<Json<RouteAnswer>, Refusal> {
    let Some(wanted) = &query.need else {
        return Err(refuse(
            ProblemKind::InvalidParameter,
            "need",
            "is needed; the ids are at /needs".to_owned(),
        ));
    };
    let Some(need) = known.need(wanted) else {
        let message = format!("is not the id of a need{}", did_you_mean(&near_needs(&known, wanted)));
        return Err(refuse(ProblemKind::InvalidParameter, "need", message));
    };
    let municipality = match &query.municipality {
        Some(given) => Some(municipality(&known, given, ProblemKind::InvalidParameter)?),
        None => None,
    };
    let answer = known.by_need(need, municipality.as_deref());
    let wishes = Wishes {
        channels: &[],
        time: jiff::Timestamp::now(),
    };
    Ok(Json(respond::answer(&known, &answer, &caller.base_url, &wishes)))
}

/// The code of the municipality that is meant, or a problem with near names.
pub(crate) fn municipality(engine: &Engine, given: &str, kind: ProblemKind) -> Result<String, Refusal> {
    if let Some(found) = engine.directory.find_municipality(given) {
        return Ok(found.code.clone());
    }
    let near: Vec<String> = engine
        .directory
        .near_municipalities(given)
        .iter()
        .map(|one| format!("{} ({})", one.name, one.code))
        .collect();
    Err(refuse(
        kind,
        "municipality",
        format!("is not the code or name of a municipality{}", did_you_mean(&near)),
    ))
}

fn near_needs(engine: &Engine, wanted: &str) -> Vec<String> {
    let wanted: String = wanted.chars().take(60).collect();
    let mut near: Vec<(usize, &str)> = engine
        .needs
        .iter()
        .map(|need| {
            let distance = if need.id.contains(&wanted) {
                0
            } else {
                spell::distance(&wanted, &need.id)
            };
            (distance, need.id.as_str())
        })
        .filter(|(distance, _)| *distance <= 4)
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, id)| id.to_owned()).collect()
}

fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() {
        String::new()
    } else {
        format!("; near ones are: {}", near.join(", "))
    }
}

fn invalid(field: &str, message: String) -> Refusal {
    refuse(ProblemKind::InvalidBody, field, message)
}

fn refuse(kind: ProblemKind, field: &str, message: String) -> Refusal {
    Problem::of(kind)
        .detail(format!("'{field}' {message}."))
        .field(field, message)
        .into()
}
