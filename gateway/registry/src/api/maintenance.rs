//! Taking what is served aside for work, and back, at once: nothing is published for it.

use super::Registry;
use super::acting::{Acting, Right};
use super::flow;
use super::refuse;
use super::schema::ApiView;
use crate::model::{ApiRecord, Maintenance, Stored};
use crate::rules;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use model::Problem;
use service_host::{Json, Path, Refusal};
use std::sync::Arc;

/// Take an API aside
///
/// Tar det publicerade API:et ur drift: varje anrop besvaras med 503 och meddelandet, i varje nod inom en sekund, tills det tas i drift igen. Inget publiceras på nytt; görs det igen byts meddelandet.
/// Takes the published API aside: every call is answered 503 with the message, on every node within a second, until it is taken back. Nothing is published anew; done again, it changes the message.
#[utoipa::path(
    put, path = "/apis/{apiId}/maintenance", operation_id = "beginMaintenance", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    request_body(content = Maintenance, example = json!(super::example::maintenance())),
    responses(
        (status = 200, description = "Ur drift. Taken aside.", body = ApiView, headers(("ETag" = String, description = "Revision.")),
            examples(("aside" = (summary = "Ur drift. Taken aside.", value = json!(super::example::one("apis", super::example::api_aside())))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Inte publicerat. Not published.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Kroppen bryter mot en regel. The body breaks a rule.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn begin_maintenance(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(maintenance): Json<Maintenance>,
) -> Result<Response, Refusal> {
    set(&registry, &acting, &headers, &id, Some(maintenance)).await
}

/// Take an API back
///
/// Tar API:et i drift igen; anrop går fram i varje nod inom en sekund.
/// Takes the API back into use; calls go through on every node within a second.
#[utoipa::path(
    delete, path = "/apis/{apiId}/maintenance", operation_id = "endMaintenance", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"),
        ("If-Match" = String, Header, description = "ETag som lästes. The ETag that was read.", example = "\"1\"")),
    responses(
        (status = 200, description = "I drift. In use.", body = ApiView, headers(("ETag" = String, description = "Revision.")),
            examples(("back" = (summary = "I drift. In use.", value = json!(super::example::one("apis", super::example::published_api())))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Är inte ur drift. Not taken aside.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_maintenance(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    set(&registry, &acting, &headers, &id, None).await
}

/// Changes what is served, and the draft with it: what is published next neither begins nor ends it by chance.
async fn set(
    registry: &Registry,
    acting: &Acting,
    headers: &HeaderMap,
    id: &str,
    maintenance: Option<Maintenance>,
) -> Result<Response, Refusal> {
    acting.require(Right::Publish)?;
    let wanted = flow::IfMatch::of(headers)?;
    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before: Stored<ApiRecord> = flow::existing(&mut change, acting, id).await?;
    wanted.check(before.revision)?;
    let breaches: Vec<_> = maintenance.iter().flat_map(rules::check_maintenance).collect();
    if !breaches.is_empty() {
        return Err(refuse::breaches(breaches));
    }
    let mut record = before.object.clone();
    let Some(published) = &mut record.published else {
        return Err(refuse::conflict(
            "The API is not published, so nobody calls it. What its draft says of maintenance holds when it is.",
        ));
    };
    let action = match (&published.api.maintenance, &maintenance) {
        (_, Some(_)) => "maintain",
        (Some(_), None) => "resume",
        (None, None) => return Err(refuse::conflict("The API is not taken aside.")),
    };
    published.api.maintenance.clone_from(&maintenance);
    record.draft.maintenance = maintenance;
    let stored = change.replace(action, &before, record).await.map_err(refuse::store)?;
    change.commit().await.map_err(refuse::store)?;
    Ok(flow::shown(StatusCode::OK, stored, acting))
}
