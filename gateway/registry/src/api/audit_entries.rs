//! The audit trail, as far as it is one's own.

use super::acting::{Acting, Right};
use super::flow::{self, MOST, others};
use super::schema::{AuditEntryList, AuditEntryView};
use super::{Registry, refuse};
use crate::model::Moment;
use axum::extract::State;
use serde::Deserialize;
use service_host::{Json, Query, Refusal, page};
use std::sync::Arc;
use utoipa::IntoParams;

/// Which entries.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(rename_all = "camelCase")]
pub(crate) struct AuditQuery {
    /// Sidans nummer, från 1. The page's number, from 1.
    #[param(minimum = 1, default = 1, example = 1)]
    page: Option<u64>,
    /// Högsta antal på en sida. The most on a page.
    #[param(minimum = 1, maximum = 100, default = 20, example = 20)]
    limit: Option<u64>,
    /// Slag av objekt. Kind of object.
    #[param(example = "agreement")]
    kind: Option<String>,
    /// Objektets id. The object's id.
    #[param(example = "exempel.ett")]
    object_id: Option<String>,
}

/// List audit entries
///
/// Vem som ändrade vad, med innehållet före och efter; den senaste först.
/// Who changed what, with its content before and after; the newest first.
#[utoipa::path(
    get, path = "/audit-entries", operation_id = "listAuditEntries", tag = "audit-entries", params(AuditQuery),
    responses((status = 200, description = "Posterna. The entries.", body = AuditEntryList,
        examples(("entries" = (summary = "En post. One entry.", value = json!(super::example::audit_entries()))))))
)]
pub(crate) async fn list_audit_entries(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Query(query): Query<AuditQuery>,
) -> Result<Json<AuditEntryList>, Refusal> {
    acting.require(Right::Audit)?;
    let page = page(query.page, query.limit, MOST)?;
    let found = registry
        .store
        .list_audit(&acting.scope(), query.kind.as_deref(), query.object_id.as_deref(), page)
        .await
        .map_err(refuse::store)?;
    let others = others(&[("kind", &query.kind), ("objectId", &query.object_id)]);
    let content = |text: &str| serde_json::from_str(text).ok();
    let count = found.items.len();
    let entries = found.items.into_iter().map(|(entry, hash)| AuditEntryView {
        sequence: entry.sequence,
        at: Moment::from_microseconds(entry.at),
        before: content(&entry.before),
        after: content(&entry.after),
        member_id: entry.member,
        member_organisation_id: entry.member_organisation,
        organisation_id: entry.organisation,
        action: entry.action,
        kind: entry.kind,
        object_id: entry.object,
        hash,
    });
    Ok(Json(AuditEntryList {
        audit_entries: entries.collect(),
        links: page.links(&format!("{}/audit-entries", acting.base_url), &others, found.total),
        meta: flow::meta(page, found.total, count),
    }))
}
