//! `GET /needs` and `GET /needs/{needId}`: what people come for.

use std::sync::Arc;

use axum::extract::State;
use model::{Problem, ProblemKind};
use service_host::{Caller, Json, Path, Query, Refusal, page};

use crate::api::schema::{ListQuery, NeedList, NeedView};
use crate::api::{directory, example, respond};
use crate::entries::Known;

/// List needs
///
/// Alla behov, eller de vars namn eller vardagliga ord börjar som söktexten.
/// All needs, or those whose name or everyday words begin as the query does.
#[utoipa::path(
    get, path = "/needs", operation_id = "listNeeds", tag = "needs",
    params(ListQuery),
    responses((status = 200, description = "Behoven. The needs.", body = NeedList,
        examples(("needs" = (summary = "Ett behov. A need.", value = json!(example::needs()))))))
)]
pub(crate) async fn list_needs(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<NeedList>, Refusal> {
    let page = page(query.page, query.limit, directory::MOST)?;
    let found = directory::search(&query, known.needs.iter(), |need| {
        vec![
            need.name.sv.as_str(),
            need.name.en.as_deref().unwrap_or_default(),
            need.id.as_str(),
        ]
    });
    let (found, meta) = page.cut(found);
    let base = &caller.base_url;
    Ok(Json(NeedList {
        needs: found
            .into_iter()
            .map(|need| respond::need(&known, need, base))
            .collect(),
        links: page.links(&format!("{base}/needs"), &directory::others(&query), meta.total_records),
        meta,
    }))
}

/// Get a need
///
/// Ett behov: hur människor frågar efter det, vem som ansvarar och varför.
/// A need: how people ask for it, who is responsible and why.
#[utoipa::path(
    get, path = "/needs/{needId}", operation_id = "getNeed", tag = "needs",
    params(("needId" = String, Path, description = "Behovets id. The need's id.", example = "building-permit")),
    responses(
        (status = 200, description = "Behovet. The need.", body = NeedView,
            examples(("need" = (summary = "Ett behov. A need.", value = json!(example::need()))))),
        (status = 404, description = "Det finns inget sådant behov. There is no such need.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_need(
    State(known): State<Arc<Known>>,
    caller: Caller,
    Path(need_id): Path<String>,
) -> Result<Json<NeedView>, Refusal> {
    let need = known
        .need(&need_id)
        .ok_or_else(|| Refusal::of(ProblemKind::NotFound, "There is no need with this id."))?;
    Ok(Json(respond::need(&known, need, &caller.base_url)))
}
