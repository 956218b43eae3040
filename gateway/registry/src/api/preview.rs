//! An API's draft as it would be published: for its own organisation's eyes, before anybody can call it.

use super::acting::{Acting, Right};
use super::{Registry, refuse};
use crate::compile;
use crate::intake;
use crate::model::{Api, ApiRecord, LimitPlan, Organisation};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::{Problem, ProblemKind};
use serde_json::Value;
use service_host::{Path, Refusal};
use snapshot::{ApiTraffic, Document, Draft};
use std::fmt;
use std::sync::Arc;

/// Renders an API as a node would publish it.
pub trait Preview: fmt::Debug + Send + Sync {
    /// The documents of the draft's only API, by their paths under it; `document` is its OpenAPI document.
    ///
    /// # Errors
    /// What is wrong with the draft.
    fn render(&self, draft: &Draft, document: &Value) -> Result<Vec<(String, Arc<Document>)>, String>;
}

/// Look at the draft before it is published
///
/// Utkastets dokumentation som den blir när den publiceras: sidan (på engelska med Accept-Language: en), eller den publicerade specifikationen (Accept: application/json). Bara för den egna organisationens medlemmar.
/// The draft's documentation as it will be published: the page (in English with Accept-Language: en), or the published document (Accept: application/json). For members of the organisation only.
#[utoipa::path(
    get, path = "/apis/{apiId}/preview", operation_id = "getPreview", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"),
        ("Accept-Language" = Option<String>, Header, description = "sv eller en. sv or en.", example = "sv")),
    responses(
        (status = 200, description = "Sidan eller dokumentet. The page or the document.", content(
            (serde_json::Value = "application/json", examples(
                ("document" = (summary = "Ett litet dokument. A small document.", value = json!({"openapi": "3.1.0", "info": {"title": "Exempel", "version": "1.0.0"}, "paths": {}}))))),
            (String = "text/html", examples(("page" = (summary = "Sidan. The page.", value = json!("<!doctype html>")))))
        )),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_preview(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    acting.require(Right::Read)?;
    let found = registry.store.get::<ApiRecord>(&acting.scope(), &id).await;
    let record = found
        .map_err(refuse::store)?
        .ok_or_else(|| refuse::not_found("API"))?
        .object;
    let hash = record
        .document
        .as_deref()
        .ok_or_else(|| refuse::not_found("document"))?;
    let text = registry.store.document(hash).await.map_err(refuse::store)?;
    let text = text.ok_or_else(|| refuse::not_found("document"))?;
    let draft = alone(&registry, &acting, &record.draft).await?;
    let path = wanted(&headers);
    // Parsing and rendering a large document takes a while.
    let rendered = tokio::task::spawn_blocking(move || {
        let document = intake::parse(text.as_bytes(), "document.json")?;
        registry.preview.render(&draft, &document)
    });
    let rendered = rendered.await.unwrap_or_else(|error| Err(error.to_string()));
    let document = rendered.map(|all| all.into_iter().find(|(known, _)| known == path));
    match document {
        Ok(Some((_, document))) => Ok(shown(&document)),
        other => {
            tracing::error!(api = id, missing = ?other.err(), "a draft cannot be shown");
            Err(Problem::of(ProblemKind::Internal).into())
        }
    }
}

/// The API with its owner and its limits, and without what its documents do not tell.
async fn alone(registry: &Registry, acting: &Acting, api: &Api) -> Result<Draft, Refusal> {
    let scope = acting.scope();
    let owner = registry.store.get::<Organisation>(&scope, &api.organisation_id).await;
    let owner = owner
        .map_err(refuse::store)?
        .ok_or_else(|| refuse::not_found("organisation"))?;
    let mut drafted = compile::api_draft(api, Vec::new());
    drafted.backend = None;
    drafted.traffic = ApiTraffic {
        mock_answers: api.mock_answers,
        ..ApiTraffic::default()
    };
    if drafted.released.is_empty() {
        // The day on which it is published, if that is today.
        drafted.released = jiff::Timestamp::now()
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .to_string();
    }
    let mut limits = Vec::new();
    for id in &api.limit_plan_ids {
        let plan = registry
            .store
            .get::<LimitPlan>(&scope, id)
            .await
            .map_err(refuse::store)?;
        limits.extend(plan.map(|plan| compile::limit_plan_draft(&plan.object)));
    }
    drafted.limits.retain(|id| limits.iter().any(|plan| plan.id == *id));
    Ok(Draft {
        organisations: vec![compile::organisation_draft(&owner.object)],
        limits,
        apis: vec![drafted],
        ..Draft::default()
    })
}

/// Which of the documents is asked for.
fn wanted(headers: &HeaderMap) -> &'static str {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .unwrap_or_default()
    };
    let accept = text(header::ACCEPT).to_ascii_lowercase();
    let language = text(header::ACCEPT_LANGUAGE).trim_start().to_ascii_lowercase();
    if accept.contains("json") && !accept.contains("html") {
        "/openapi.json"
    } else if language.starts_with("en") {
        "/docs/en"
    } else {
        "/docs"
    }
}

fn shown(document: &Document) -> Response {
    let headers = [
        (header::CONTENT_TYPE, document.content_type.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::VARY, HeaderValue::from_static("accept, accept-language")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::CONTENT_SECURITY_POLICY, Document::SECURITY_POLICY),
    ];
    (headers, document.body.clone()).into_response()
}
