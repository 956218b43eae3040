//! `POST /plans` and `POST /plans/drawing`: a life event fitted to a person, and drawn. Neither keeps anything.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::{Links, Problem, ProblemKind};
use service_host::{Caller, Json, Refusal};

use crate::api::life::Life;
use crate::api::life::view::{self, CaseKnowledge, NewPlan, PlanStep, PlanView, StepCase};
use crate::life::LifeEvent;
use crate::life::draw::{self, Row};
use crate::life::plan::{Plan, Situation, StepState, plan};
use crate::text::fold;

/// The scope with which a person lets their cases be read.
const SCOPE: &str = "cases.read";

fn today() -> Date {
    let zone = TimeZone::get("Europe/Stockholm").unwrap_or(TimeZone::UTC);
    Timestamp::now().to_zoned(zone).date()
}

fn invalid(field: &str, message: impl Into<String>) -> Refusal {
    let message = message.into();
    Problem::of(ProblemKind::InvalidBody)
        .detail(format!("'{field}' {message}."))
        .field(field, message)
        .into()
}

/// A plan's parts, checked.
struct Checked<'l> {
    event: &'l LifeEvent,
    municipality: Option<String>,
    situation: Situation,
    cases: CaseKnowledge,
}

async fn checked<'l>(life: &'l Life, caller: &Caller, new: &NewPlan) -> Result<Checked<'l>, Refusal> {
    let event = life.event(&new.life_event_id).ok_or_else(|| {
        invalid(
            "lifeEventId",
            "must be the id or alias of a life event, see GET /life-events",
        )
    })?;
    let municipality = match new.municipality.as_deref() {
        Some(text) => Some(code(life, text).ok_or_else(|| {
            invalid(
                "municipality",
                "must be the name or four-digit code of a municipality, see contact routing's GET /municipalities",
            )
        })?),
        None => None,
    };
    let years = -9000..=9000;
    if new.date.is_some_and(|date| !years.contains(&date.year())) {
        return Err(invalid("date", "must be a day near ours"));
    }
    let mut situation = Situation {
        day: new.date,
        ..Situation::default()
    };
    if new.answers.len() > 20 {
        return Err(invalid("answers", "must be at most 20"));
    }
    for (at, answer) in new.answers.iter().enumerate() {
        if !event.questions.iter().any(|one| one.id == answer.question_id) {
            return Err(invalid(
                &format!("answers.{at}.questionId"),
                "must be a question of the life event",
            ));
        }
        situation.answers.insert(answer.question_id.clone(), answer.answer);
    }
    if new.done.len() > 50 {
        return Err(invalid("done", "must be at most 50"));
    }
    for (at, done) in new.done.iter().enumerate() {
        if !event.steps.iter().any(|one| one.id == *done) {
            return Err(invalid(&format!("done.{at}"), "must be a step of the life event"));
        }
        situation.done.insert(done.clone());
    }
    let may = caller.scopes.iter().any(|scope| scope == SCOPE);
    let cases = match (&life.cases, &caller.subject) {
        (Some(source), Some(_)) if may => {
            let (cases, complete) = source.of(&life.engine, caller).await;
            situation.cases = cases;
            if complete {
                CaseKnowledge::Complete
            } else {
                CaseKnowledge::Incomplete
            }
        }
        _ => CaseKnowledge::NotAsked,
    };
    Ok(Checked {
        event,
        municipality,
        situation,
        cases,
    })
}

fn code(life: &Life, text: &str) -> Option<String> {
    let wanted = fold::lower(text.trim());
    let mut all = life.engine.directory.municipalities.iter();
    all.find(|one| one.code == wanted || fold::lower(&one.name) == wanted)
        .map(|one| one.code.clone())
}

fn shown(life: &Life, checked: &Checked<'_>, plan: &Plan<'_>, base: &str) -> PlanView {
    // The gateway serves both APIs at the same place.
    let cases = base.strip_suffix("/life-events/v1").unwrap_or_default();
    let step = |one: &crate::life::plan::Planned<'_>| PlanStep {
        step: view::step(&life.engine, one.step, checked.municipality.as_deref()),
        state: one.state,
        from_date: one.from,
        by_date: one.by,
        late: one.late,
        depends_on_question_id: one.depends_on.map(str::to_owned),
        case: one.case.map(|case| StepCase {
            case_id: case.id.to_string(),
            status: case.status,
            href: format!("{cases}/case-status/v1/cases/{}", case.id),
        }),
    };
    PlanView {
        life_event_id: checked.event.id.clone(),
        name: checked.event.name.clone(),
        questions: plan.questions.iter().map(|one| view::question(one)).collect(),
        steps: plan.steps.iter().map(step).collect(),
        next_step_id: plan.next.map(str::to_owned),
        done_count: plan.steps.iter().filter(|one| one.state == StepState::Done).count(),
        dropped_step_ids: plan.dropped.iter().map(|one| one.id.clone()).collect(),
        cases: checked.cases,
        links: Links::default().and("describedby", format!("{base}/life-events/{}", checked.event.id)),
    }
}

/// Make a plan
///
/// Personens egen plan: vad som gäller, vad som är klart, vad som är näst. Med en åtkomstbiljett för personen med
/// omfattningen `cases.read` knyts stegen till personens ärenden. Planen sparas inte; skicka läget igen för att se den igen.
/// The person's own plan: what applies, what is done, what is next. With a person's token with the scope `cases.read`,
/// steps are tied to the person's cases. The plan is not kept; send the situation again to see it again.
#[utoipa::path(
    post, path = "/plans", operation_id = "createPlan", tag = "plans",
    request_body(content = NewPlan, description = "Läget. The situation.", examples(("barn" = (summary = "Barn. A child.", value = json!(view::example_request()))))),
    responses(
        (status = 200, description = "Planen. The plan.", body = PlanView, examples(("plan" = (summary = "Barn. A child.", value = json!(view::example_plan()))))),
        (status = 422, description = "Läget kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_plan(
    State(life): State<Arc<Life>>,
    caller: Caller,
    Json(new): Json<NewPlan>,
) -> Result<Json<PlanView>, Refusal> {
    let checked = checked(&life, &caller, &new).await?;
    let plan = plan(checked.event, &checked.situation, today());
    Ok(Json(shown(&life, &checked, &plan, &caller.base_url)))
}

/// Draw a plan
///
/// Personens plan som en bild (SVG) som en skärmläsare kan läsa.
/// The person's plan as a drawing (SVG) that a screen reader can read.
#[utoipa::path(
    post, path = "/plans/drawing", operation_id = "drawPlan", tag = "plans",
    request_body(content = NewPlan, description = "Läget. The situation.", examples(("barn" = (summary = "Barn. A child.", value = json!(view::example_request()))))),
    responses(
        (status = 200, description = "Bilden. The drawing.", body = String, content_type = "image/svg+xml",
            example = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        (status = 422, description = "Läget kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn draw_plan(
    State(life): State<Arc<Life>>,
    caller: Caller,
    Json(new): Json<NewPlan>,
) -> Result<impl IntoResponse, Refusal> {
    let checked = checked(&life, &caller, &new).await?;
    let plan = plan(checked.event, &checked.situation, today());
    let language = new.language.unwrap_or_default().tag();
    let name = checked.event.name.in_language(language);
    let svg = draw::draw(name, &rows(&life, &checked, &plan, language), language);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg))
}

fn rows(life: &Life, checked: &Checked<'_>, plan: &Plan<'_>, language: &str) -> Vec<Row> {
    let place = |id: &String| plan.steps.iter().position(|one| one.step.id == *id);
    let row = |one: &crate::life::plan::Planned<'_>| {
        let when = match (one.by, language) {
            (Some(by), "en") => format!("by {by}"),
            (Some(by), _) => format!("senast {by}"),
            (None, _) => one.step.when().in_language(language).to_owned(),
        };
        Row {
            what: one.step.what.in_language(language).to_owned(),
            who: view::holder(&life.engine, &one.step.need, checked.municipality.as_deref())
                .name
                .in_language(language)
                .to_owned(),
            when,
            state: Some(one.state),
            next: plan.next == Some(one.step.id.as_str()),
            after: one.step.after.iter().filter_map(place).collect(),
        }
    };
    plan.steps.iter().map(row).collect()
}
