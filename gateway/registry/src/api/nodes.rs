//! Which version each node of the gateway serves: how a caller knows that a change holds everywhere.

use super::acting::{Acting, Right};
use super::credentials::PageQuery;
use super::flow::MOST;
use super::schema::{NodeBody, NodeList, NodeView};
use super::{Registry, refuse};
use axum::extract::State;
use service_host::{Json, Query, Refusal, page};
use std::sync::Arc;

/// List nodes
///
/// Noderna som lever, och vilken version av registret var och en använder. En ändring gäller överallt när varje nod har minst den version som ändringen gav.
/// The nodes that live, and the version of the registry that each serves. A change holds everywhere when every node has at least the version that it made.
#[utoipa::path(
    get, path = "/nodes", operation_id = "listNodes", tag = "nodes", params(PageQuery),
    responses((status = 200, description = "Noderna. The nodes.", body = NodeList,
        examples(("nodes" = (summary = "En nod. One node.", value = json!(super::example::nodes()))))))
)]
pub(crate) async fn list_nodes(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Query(query): Query<PageQuery>,
) -> Result<Json<NodeList>, Refusal> {
    acting.require(Right::Read)?;
    let page = page(query.page, query.limit, MOST)?;
    let url = format!("{}/nodes", acting.base_url);
    let head = registry.store.head().await.map_err(refuse::store)?;
    let nodes = registry.store.nodes().await.map_err(refuse::store)?;
    let nodes = nodes.into_iter().map(|report| NodeView {
        object: NodeBody {
            node: report.node,
            version: report.version,
            left_out: report.left_out,
        },
        seen_at: report.seen_at,
    });
    let (nodes, meta) = page.cut(nodes.collect());
    Ok(Json(NodeList {
        registry_version: head.sequence,
        nodes,
        links: page.links(&url, "", meta.total_records),
        meta,
    }))
}
