//! `/shared-insights`: what agencies have learnt, who reuses it, and what was done.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use model::{Links, Meta, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_host::{Caller, Json, Path, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};

use crate::api::{failed, invalid, organisation};
use crate::store::{Action, ActionState, Insight, Store};

const MOST: u64 = 100;
/// The longest text, in characters.
const LONGEST: usize = 2_000;

/// Which insights, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InsightQuery {
    /// Those that somebody has acted on, or those that nobody has. De som är åtgärdade, eller de som inte är det.
    #[param(example = false)]
    pub(crate) acted_on: Option<bool>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

/// Something learnt, to be shared.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"statement": "Fyra av tio ringer för att få veta hur långt ärendet har kommit.", "evidence": ["Publicering 2026-11-26, telefon"]}))]
pub(crate) struct NewInsight {
    /// What was learnt; no personal data.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) statement: String,
    /// What it rests on.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) evidence: Vec<String>,
}

/// Something done about an insight.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"what": "Skickar besked om handläggningstid redan vid ansökan.", "measuredEffect": "20 procent färre samtal"}))]
pub(crate) struct NewAction {
    /// What was done.
    #[schema(min_length = 1, max_length = 2000)]
    pub(crate) what: String,
    /// How far it has come; done if left out.
    #[serde(default)]
    pub(crate) state: ActionState,
    /// What it led to, when that was measured.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub(crate) measured_effect: Option<String>,
}

/// An insight with links.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InsightView {
    /// The insight.
    #[serde(flatten)]
    pub(crate) insight: Insight,
    /// Whether any agency is done with something about it.
    pub(crate) acted_on: bool,
    /// Links.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
}

/// Insights.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InsightList {
    /// The insights of this page.
    pub(crate) insights: Vec<InsightView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

fn example() -> Value {
    json!({
        "insightId": "01930000-0000-7000-8000-000000000001", "organisationId": "skatteverket",
        "statement": "Fyra av tio ringer för att få veta hur långt ärendet har kommit.",
        "evidence": ["Publicering 2026-11-26, telefon"], "reusedBy": ["csn"],
        "actions": [{"organisationId": "csn", "what": "Skickar besked om handläggningstid redan vid ansökan.", "state": "done", "measuredEffect": "20 procent färre samtal"}],
        "actedOn": true,
        "_links": [{"href": "https://api.vagvisare.example/insights/v1/shared-insights/01930000-0000-7000-8000-000000000001", "rel": "self", "method": "GET"}]
    })
}

fn example_list() -> Value {
    json!({
        "insights": [example()],
        "_links": [{"href": "https://api.vagvisare.example/insights/v1/shared-insights?page=1&limit=20", "rel": "self", "method": "GET"}],
        "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
    })
}

fn shown(insight: Insight, caller: &Caller) -> InsightView {
    let base = format!("{}/shared-insights", caller.base_url);
    InsightView {
        links: Links::to_self(format!("{base}/{}", insight.insight_id)).and("collection", base),
        acted_on: insight.is_acted_on(),
        insight,
    }
}

fn text(field: &str, value: &str) -> Result<(), Refusal> {
    let length = value.chars().count();
    if value.trim().is_empty() || length > LONGEST {
        return Err(invalid(field, "must be from 1 to 2000 characters"));
    }
    Ok(())
}

async fn found(store: &Store, id: &str) -> Result<Insight, Refusal> {
    let found = store.insight(id).await.map_err(failed)?;
    found.ok_or_else(|| Refusal::of(ProblemKind::NotFound, "There is no insight with this id."))
}

/// List shared insights
///
/// Vad myndigheter har lärt sig, nyast först.
/// What agencies have learnt, newest first.
#[utoipa::path(
    get, path = "/shared-insights", operation_id = "listSharedInsights", tag = "shared-insights", security(()),
    params(InsightQuery),
    responses((status = 200, description = "Insikterna. The insights.", body = InsightList, examples(
        ("insights" = (summary = "En insikt. An insight.", value = json!(example_list()))))))
)]
pub(crate) async fn list_shared_insights(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Query(query): Query<InsightQuery>,
) -> Result<Json<InsightList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let mut all = store.insights().await.map_err(failed)?;
    all.retain(|one| query.acted_on.is_none_or(|wanted| one.is_acted_on() == wanted));
    let (found, meta) = page.cut(all);
    let others = query
        .acted_on
        .map(|wanted| format!("actedOn={wanted}"))
        .unwrap_or_default();
    let url = format!("{}/shared-insights", caller.base_url);
    Ok(Json(InsightList {
        insights: found.into_iter().map(|one| shown(one, &caller)).collect(),
        links: page.links(&url, &others, meta.total_records),
        meta,
    }))
}

/// Share an insight
///
/// Publicerar en insikt i den egna organisationens namn.
/// Publishes an insight in the name of one's own organisation.
#[utoipa::path(
    post, path = "/shared-insights", operation_id = "createSharedInsight", tag = "shared-insights",
    request_body(content = NewInsight, description = "Insikten. The insight.", examples(
        ("insight" = (summary = "En insikt. An insight.", value = json!({"statement": "Fyra av tio ringer för att få veta hur långt ärendet har kommit.", "evidence": []}))))),
    responses(
        (status = 201, description = "Delad. Shared.", body = InsightView, examples(("insight" = (summary = "En insikt. An insight.", value = json!(example()))))),
        (status = 403, description = "Bara en organisation kan dela. Only an organisation can share.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Insikten kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_shared_insight(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Json(new): Json<NewInsight>,
) -> Result<(StatusCode, Json<InsightView>), Refusal> {
    let who = organisation(&caller)?.to_owned();
    text("statement", &new.statement)?;
    if new.evidence.len() > 20 {
        return Err(invalid("evidence", "must hold at most 20 items"));
    }
    for one in &new.evidence {
        text("evidence", one)?;
    }
    let insight = store.share(&who, new.statement, new.evidence).await.map_err(failed)?;
    Ok((StatusCode::CREATED, Json(shown(insight, &caller))))
}

/// Get a shared insight
///
/// En insikt, vilka som använder den och vad som gjorts.
/// An insight, who uses it and what was done.
#[utoipa::path(
    get, path = "/shared-insights/{insightId}", operation_id = "getSharedInsight", tag = "shared-insights", security(()),
    params(("insightId" = String, Path, description = "Insiktens id. The insight's id.", example = "01930000-0000-7000-8000-000000000001")),
    responses(
        (status = 200, description = "Insikten. The insight.", body = InsightView, examples(("insight" = (summary = "En insikt. An insight.", value = json!(example()))))),
        (status = 404, description = "Det finns ingen sådan insikt. There is no such insight.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_shared_insight(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(insight_id): Path<String>,
) -> Result<Json<InsightView>, Refusal> {
    Ok(Json(shown(found(&store, &insight_id).await?, &caller)))
}

/// Reuse a shared insight
///
/// Den egna organisationen visar att den använder insikten. Att göra det två gånger är som en.
/// One's own organisation shows that it uses the insight. Twice is as once.
#[utoipa::path(
    put, path = "/shared-insights/{insightId}/reuse", operation_id = "reuseSharedInsight", tag = "shared-insights",
    params(("insightId" = String, Path, description = "Insiktens id. The insight's id.", example = "01930000-0000-7000-8000-000000000001")),
    responses(
        (status = 200, description = "Insikten. The insight.", body = InsightView, examples(("insight" = (summary = "En insikt. An insight.", value = json!(example()))))),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan insikt. There is no such insight.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reuse_shared_insight(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(insight_id): Path<String>,
) -> Result<Json<InsightView>, Refusal> {
    let who = organisation(&caller)?.to_owned();
    found(&store, &insight_id).await?;
    store.reuse(&insight_id, &who).await.map_err(failed)?;
    Ok(Json(shown(found(&store, &insight_id).await?, &caller)))
}

/// Act on a shared insight
///
/// Den egna organisationen visar vad den har gjort.
/// One's own organisation shows what it has done.
#[utoipa::path(
    post, path = "/shared-insights/{insightId}/actions", operation_id = "actOnSharedInsight", tag = "shared-insights",
    params(("insightId" = String, Path, description = "Insiktens id. The insight's id.", example = "01930000-0000-7000-8000-000000000001")),
    request_body(content = NewAction, description = "Åtgärden. The action.", examples(
        ("action" = (summary = "En åtgärd. An action.", value = json!({"what": "Skickar besked om handläggningstid redan vid ansökan."}))))),
    responses(
        (status = 201, description = "Insikten. The insight.", body = InsightView, examples(("insight" = (summary = "En insikt. An insight.", value = json!(example()))))),
        (status = 403, description = "Bara en organisation kan. Only an organisation can.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Det finns ingen sådan insikt. There is no such insight.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Åtgärden kan inte tas emot. It cannot be taken.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn act_on_shared_insight(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Path(insight_id): Path<String>,
    Json(new): Json<NewAction>,
) -> Result<(StatusCode, Json<InsightView>), Refusal> {
    let who = organisation(&caller)?.to_owned();
    text("what", &new.what)?;
    if let Some(effect) = &new.measured_effect {
        text("measuredEffect", effect)?;
    }
    found(&store, &insight_id).await?;
    let action = Action {
        organisation_id: who,
        what: new.what,
        state: new.state,
        measured_effect: new.measured_effect,
    };
    store.act(&insight_id, &action).await.map_err(failed)?;
    Ok((
        StatusCode::CREATED,
        Json(shown(found(&store, &insight_id).await?, &caller)),
    ))
}
