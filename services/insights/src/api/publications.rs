//! `GET /publications`: figures per agency and channel. `GET /effort-chart`: the same as a drawing.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Links, Meta};
use serde::{Deserialize, Serialize};
use service_host::{Caller, Json, Query, Refusal, page};
use utoipa::{IntoParams, ToSchema};

use crate::api::failed;
use crate::batch::Figures;
use crate::chart;
use crate::store::{Publication, Store};

const MOST: u64 = 100;

/// Which agency, and which part of the list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PublicationQuery {
    /// One agency only. Bara en myndighet.
    #[param(example = "skatteverket")]
    pub(crate) organisation_id: Option<String>,
    /// Page, from 1. Sida, från 1.
    #[param(minimum = 1, default = 1)]
    pub(crate) page: Option<u64>,
    /// At most how many on a page. Högst så många på en sida.
    #[param(minimum = 1, maximum = 100, default = 20)]
    pub(crate) limit: Option<u64>,
}

/// Which agency.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ChartQuery {
    /// One agency only. Bara en myndighet.
    #[param(example = "skatteverket")]
    pub(crate) organisation_id: Option<String>,
}

/// Figures of one agency and channel, published on one day.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicationView {
    /// The agency.
    pub(crate) organisation_id: String,
    /// The channel.
    pub(crate) channel_kind: String,
    /// The day of publication.
    #[schema(format = Date, example = "2026-11-26")]
    pub(crate) published_on: String,
    /// The figures.
    pub(crate) figures: Figures,
}

/// Publications.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicationList {
    /// The publications of this page.
    pub(crate) publications: Vec<PublicationView>,
    /// This page and those around it.
    #[serde(rename = "_links")]
    pub(crate) links: Links,
    /// Which page of how many.
    #[serde(rename = "_meta")]
    pub(crate) meta: Meta,
}

async fn published(store: &Store, organisation: Option<&str>) -> Result<Vec<Publication>, Refusal> {
    // Whoever looks first on a day has the answers of the days before it published.
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    store.publish(today).await.map_err(failed)?;
    store.publications(organisation).await.map_err(failed)
}

/// List publications
///
/// Siffror per myndighet och kanal, nyast först; aldrig om färre än 100 svar.
/// Figures per agency and channel, newest first; never of fewer than 100 answers.
#[utoipa::path(
    get, path = "/publications", operation_id = "listPublications", tag = "publications",
    params(PublicationQuery),
    responses((status = 200, description = "Siffrorna. The figures.", body = PublicationList, examples(
        ("publications" = (summary = "En kanal. A channel.", value = json!({
            "publications": [{"organisationId": "skatteverket", "channelKind": "phone", "publishedOn": "2026-11-26", "figures": {
                "answers": 132, "effortMean": 2.8, "effortPerCent": [31, 24, 15, 12, 8, 6, 4], "treatmentMean": 4.3,
                "gotAnswerPerCent": 81, "reasons": [{"reason": "wantedStatus", "perCent": 44}]}}],
            "_links": [{"href": "https://api.vagvisare.example/insights/v1/publications?page=1&limit=20", "rel": "self", "method": "GET"}],
            "_meta": {"totalRecords": 1, "page": 1, "offset": 0, "limit": 20, "count": 1}
        }))))))
)]
pub(crate) async fn list_publications(
    State(store): State<Arc<Store>>,
    caller: Caller,
    Query(query): Query<PublicationQuery>,
) -> Result<Json<PublicationList>, Refusal> {
    let page = page(query.page, query.limit, MOST)?;
    let all = published(&store, query.organisation_id.as_deref()).await?;
    let (found, meta) = page.cut(all);
    let publications = found.into_iter().map(|one| PublicationView {
        organisation_id: one.organisation,
        channel_kind: one.channel,
        published_on: one.day,
        figures: one.figures,
    });
    let safe = |id: &&String| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let others = query
        .organisation_id
        .as_ref()
        .filter(safe)
        .map(|id| format!("organisationId={id}"));
    Ok(Json(PublicationList {
        publications: publications.collect(),
        links: page.links(
            &format!("{}/publications", caller.base_url),
            &others.unwrap_or_default(),
            meta.total_records,
        ),
        meta,
    }))
}

/// Draw the effort
///
/// De publicerade siffrorna som en bild (SVG) att visa på en sida.
/// The published figures as a drawing (SVG) to show on a page.
#[utoipa::path(
    get, path = "/effort-chart", operation_id = "getEffortChart", tag = "publications",
    params(ChartQuery),
    responses((status = 200, description = "Bilden. The drawing.", body = String, content_type = "image/svg+xml",
        example = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"))
)]
pub(crate) async fn get_effort_chart(
    State(store): State<Arc<Store>>,
    Query(query): Query<ChartQuery>,
) -> Result<impl IntoResponse, Refusal> {
    let all = published(&store, query.organisation_id.as_deref()).await?;
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], chart::effort(&all)))
}
