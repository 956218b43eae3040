//! `GET /life-events`, one of them, and its drawing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use model::{Problem, ProblemKind};
use serde::Deserialize;
use service_host::{Caller, Json, Path, Query, Refusal, page};
use utoipa::IntoParams;

use crate::api::life::Life;
use crate::api::life::view::{self, DrawingLanguage, LifeEventList, LifeEventView};
use crate::life::LifeEvent;
use crate::life::draw::{self, Row};

/// Which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PageQuery {
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

/// How to draw.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DrawingQuery {
    /// The language of the drawing. Bildens språk.
    #[param(inline, default = "sv", example = "en")]
    pub(crate) language: Option<DrawingLanguage>,
}

/// List life events
///
/// Alla livshändelser med frågor och steg.
/// All life events with their questions and steps.
#[utoipa::path(
    get, path = "/life-events", operation_id = "listLifeEvents", tag = "life-events",
    params(PageQuery),
    responses((status = 200, description = "Livshändelserna. The life events.", body = LifeEventList,
        examples(("lifeEvents" = (summary = "En livshändelse. A life event.", value = json!(view::example_list()))))))
)]
pub(crate) async fn list_life_events(
    State(life): State<Arc<Life>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<LifeEventList>, Refusal> {
    let page = page(query.page, query.limit, 100)?;
    let base = &caller.base_url;
    let (found, meta) = page.cut(life.events.iter().collect::<Vec<_>>());
    Ok(Json(LifeEventList {
        life_events: found
            .into_iter()
            .map(|one| view::event(&life.engine, one, base))
            .collect(),
        links: page.links(&format!("{base}/life-events"), "", meta.total_records),
        meta,
    }))
}

pub(super) fn unknown() -> Refusal {
    Refusal::of(ProblemKind::NotFound, "There is no life event with this id.")
}

/// Get a life event
///
/// En livshändelse: stegen i ordning, hos vem, när, sista dag och vad som måste göras först.
/// A life event: its steps in order, with whom, when, the last day and what must be done first.
#[utoipa::path(
    get, path = "/life-events/{lifeEventId}", operation_id = "getLifeEvent", tag = "life-events",
    params(("lifeEventId" = String, Path, description = "Livshändelsens id eller kortnamn. The life event's id or alias.", example = "child")),
    responses(
        (status = 200, description = "Livshändelsen. The life event.", body = LifeEventView,
            examples(("lifeEvent" = (summary = "Barn. A child.", value = json!(view::example_event()))))),
        (status = 404, description = "Det finns ingen sådan livshändelse. There is no such life event.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_life_event(
    State(life): State<Arc<Life>>,
    caller: Caller,
    Path(life_event_id): Path<String>,
) -> Result<Json<LifeEventView>, Refusal> {
    let one = life.event(&life_event_id).ok_or_else(unknown)?;
    Ok(Json(view::event(&life.engine, one, &caller.base_url)))
}

/// Draw a life event
///
/// Livshändelsen som en bild (SVG) som en skärmläsare kan läsa.
/// The life event as a drawing (SVG) that a screen reader can read.
#[utoipa::path(
    get, path = "/life-events/{lifeEventId}/drawing", operation_id = "drawLifeEvent", tag = "life-events",
    params(
        ("lifeEventId" = String, Path, description = "Livshändelsens id eller kortnamn. The life event's id or alias.", example = "child"),
        DrawingQuery,
    ),
    responses(
        (status = 200, description = "Bilden. The drawing.", body = String, content_type = "image/svg+xml",
            example = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        (status = 404, description = "Det finns ingen sådan livshändelse. There is no such life event.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn draw_life_event(
    State(life): State<Arc<Life>>,
    Path(life_event_id): Path<String>,
    Query(query): Query<DrawingQuery>,
) -> Result<impl IntoResponse, Refusal> {
    let one = life.event(&life_event_id).ok_or_else(unknown)?;
    let language = query.language.unwrap_or_default().tag();
    let svg = draw::draw(one.name.in_language(language), &rows(&life, one, language), language);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], svg))
}

fn rows(life: &Life, event: &LifeEvent, language: &str) -> Vec<Row> {
    let place = |id: &String| event.steps.iter().position(|one| one.id == *id);
    let row = |step: &crate::life::Step| Row {
        what: step.what.in_language(language).to_owned(),
        who: view::holder(&life.engine, &step.need, None)
            .name
            .in_language(language)
            .to_owned(),
        when: step.when().in_language(language).to_owned(),
        state: step.automatic.then_some(crate::life::plan::StepState::Automatic),
        next: false,
        after: step.after.iter().filter_map(place).collect(),
    };
    event.steps.iter().map(row).collect()
}
