//! `GET /effort-chart`, `GET /reason-chart` and `GET /overview`: the published figures to look at.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use service_host::{Query, Refusal};
use utoipa::IntoParams;

use crate::api::failed;
use crate::chart;
use crate::page::{Shown, page};
use crate::statistics::{Span, contact_reasons};
use crate::store::Store;
use crate::words::Language;

/// Which agency, and in which language.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LookQuery {
    /// One agency only. Bara en myndighet.
    #[param(example = "skatteverket")]
    pub(crate) organisation_id: Option<String>,
    /// The language of the words. Ordens språk.
    #[param(inline)]
    pub(crate) language: Option<Language>,
}

const SVG: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "image/svg+xml")];

/// Draw the effort
///
/// Ansträngningen enligt den senaste publiceringen per myndighet och kanal, som en bild (SVG).
/// The effort by the newest publication of each agency and channel, as a drawing (SVG).
#[utoipa::path(
    get, path = "/effort-chart", operation_id = "getEffortChart", tag = "pages", security(()),
    params(LookQuery),
    responses((status = 200, description = "Bilden. The drawing.", body = String, content_type = "image/svg+xml",
        example = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"))
)]
pub(crate) async fn get_effort_chart(
    State(store): State<Arc<Store>>,
    Query(query): Query<LookQuery>,
) -> Result<impl IntoResponse, Refusal> {
    let all = store
        .publications(query.organisation_id.as_deref())
        .await
        .map_err(failed)?;
    Ok((SVG, chart::effort(&all, query.language.unwrap_or_default())))
}

/// Draw the reasons for contact
///
/// Varför människor hör av sig per myndighet och kanal, som en bild (SVG).
/// Why people make contact per agency and channel, as a drawing (SVG).
#[utoipa::path(
    get, path = "/reason-chart", operation_id = "getReasonChart", tag = "pages", security(()),
    params(LookQuery),
    responses((status = 200, description = "Bilden. The drawing.", body = String, content_type = "image/svg+xml",
        example = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"))
)]
pub(crate) async fn get_reason_chart(
    State(store): State<Arc<Store>>,
    Query(query): Query<LookQuery>,
) -> Result<impl IntoResponse, Refusal> {
    let all = store
        .publications(query.organisation_id.as_deref())
        .await
        .map_err(failed)?;
    let statistics = contact_reasons(&all, &Span::default());
    Ok((SVG, chart::reasons(&statistics, query.language.unwrap_or_default())))
}

/// Show the overview
///
/// En sida att läsa: bilderna, samma siffror i tabeller, och delade insikter med vad som gjorts.
/// A page to read: the drawings, the same figures in tables, and shared insights with what was done.
#[utoipa::path(
    get, path = "/overview", operation_id = "getOverview", tag = "pages", security(()),
    params(LookQuery),
    responses((status = 200, description = "Sidan. The page.", body = String, content_type = "text/html",
        example = "<!doctype html>"))
)]
pub(crate) async fn get_overview(
    State(store): State<Arc<Store>>,
    Query(query): Query<LookQuery>,
) -> Result<impl IntoResponse, Refusal> {
    let publications = store
        .publications(query.organisation_id.as_deref())
        .await
        .map_err(failed)?;
    let insights = store.insights().await.map_err(failed)?;
    let html = page(
        &Shown {
            publications: &publications,
            reasons: &contact_reasons(&publications, &Span::default()),
            insights: &insights,
        },
        query.language.unwrap_or_default(),
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        // The page needs its own style and nothing else.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, html))
}
