//! An API's OpenAPI document: uploaded for the draft, reported on, read back.

use super::acting::{Acting, Right};
use super::{Registry, flow, refuse};
use crate::compile;
use crate::intake;
use crate::model::{ApiRecord, Authentication, LifecycleState};
use crate::rules::Breach;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use catalogue::compare::{Change, Comparison, Impact, Step, check_version};
use catalogue::profile::Severity;
use model::{Links, Problem};
use serde::Serialize;
use serde_json::Value;
use service_host::{Json, Path, Refusal};
use snapshot::RouteDraft;
use std::sync::Arc;
use utoipa::ToSchema;

/// Findings that a report holds at most; the rest are counted.
const MOST_FINDINGS: usize = 500;

/// What the registry has to say of an uploaded document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// What it is found by.
    pub document_hash: String,
    /// The operations that it describes.
    pub operations: Vec<String>,
    /// Operations that are served now and that it lacks: publishing an active version without them is refused.
    pub lost_operations: Vec<String>,
    /// What is different from the document that is published; the breaking changes first.
    pub changes: Vec<DocumentChange>,
    /// How many of them break callers: publishing an active version with one is refused.
    pub breaking_change_count: usize,
    /// Errors against the national REST profile.
    pub error_count: usize,
    /// Warnings of the national REST profile.
    pub warning_count: usize,
    /// Each of them; the errors first.
    pub findings: Vec<Finding>,
    /// Links.
    #[serde(rename = "_links")]
    pub links: Links,
}

/// One change since the document that is published.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentChange {
    /// Kind of change, `operation-removed`.
    pub rule_id: String,
    /// `breaking`, `careful` or `compatible`.
    pub impact: String,
    /// JSON pointer into the document, or into the published one.
    pub place: String,
    /// Whether the place is in the published document, because the new one lacks it.
    pub in_published: bool,
    /// What happened there.
    pub message: String,
    /// The kind of change, in Swedish.
    pub rule: String,
    /// What to do about it.
    pub mend: String,
}

/// One breach of the national REST profile.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ProfileFinding)]
pub struct Finding {
    /// The profile's id of the rule, `SAK.01`.
    pub rule_id: String,
    /// `error` or `warning`.
    pub severity: String,
    /// JSON pointer into the document.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// The rule, in Swedish.
    pub rule: String,
    /// What to do about it.
    pub mend: String,
}

/// The operations that the record's draft would serve.
pub(super) async fn routes_of(registry: &Registry, record: &ApiRecord) -> Result<Vec<RouteDraft>, Refusal> {
    match &record.document {
        Some(hash) => routes_of_document(registry, hash).await,
        None => Ok(compile::operations_written(&record.draft)),
    }
}

async fn routes_of_document(registry: &Registry, hash: &str) -> Result<Vec<RouteDraft>, Refusal> {
    intake::operations(&document(registry, hash).await?).map_err(unusable)
}

async fn document(registry: &Registry, hash: &str) -> Result<Value, Refusal> {
    let document = registry.store.document(hash).await.map_err(refuse::store)?;
    let text = document.ok_or_else(|| refuse::not_found("document"))?;
    read(Bytes::from(text), "document.json").await
}

/// What is different from the published document, where both have one.
async fn changes(registry: &Registry, record: &ApiRecord) -> Result<Vec<Change>, Refusal> {
    let published = record.published.as_ref();
    let live = published.and_then(|published| published.document.as_deref());
    let (Some(live), Some(next)) = (live, record.document.as_deref()) else {
        return Ok(Vec::new());
    };
    if live == next {
        return Ok(Vec::new());
    }
    let (live, next) = (document(registry, live).await?, document(registry, next).await?);
    let compared = tokio::task::spawn_blocking(move || catalogue::compare::compare(&live, &next)).await;
    let compared = compared.map_err(|_| Problem::of(model::ProblemKind::Internal))?;
    Ok(compared.changes)
}

/// What would be lost to callers if the draft took the place of what is published.
pub(super) async fn lost(registry: &Registry, record: &ApiRecord, next: &[RouteDraft]) -> Result<Vec<String>, Refusal> {
    let Some(published) = &record.published else {
        return Ok(Vec::new());
    };
    let live = match &published.document {
        Some(hash) => routes_of_document(registry, hash).await?,
        None => compile::operations_written(&published.api),
    };
    Ok(intake::lost_operations(&live, next))
}

/// An active version keeps what it has promised: what breaks callers gets a new major version.
pub(super) async fn check_against_published(registry: &Registry, record: &ApiRecord) -> Result<Vec<Breach>, Refusal> {
    let promised = |state| matches!(state, LifecycleState::Active | LifecycleState::Deprecated);
    let Some(published) = record.published.as_ref().filter(|live| promised(live.api.state)) else {
        return Ok(Vec::new());
    };
    let mut breaches = Vec::new();
    let unchanged = Comparison {
        step: Step::None,
        changes: Vec::new(),
    };
    if let Err(error) = check_version(&published.api.version, &record.draft.version, &unchanged) {
        breaches.push(Breach::new(
            "version",
            format!("goes back, which no caller expects: {error}"),
        ));
    }
    if !still_admits(published.api.authentication, record.draft.authentication) {
        let message =
            "no longer takes a credential that callers use: keep it, or register the change as a new major version";
        breaches.push(Breach::new("authentication", message));
    }
    let next = routes_of(registry, record).await?;
    for operation in lost(registry, record, &next).await? {
        let message =
            format!("lack `{operation}`, which callers use: keep it, or register the change as a new major version");
        breaches.push(Breach::new("operations", message));
    }
    let changes = changes(registry, record).await?;
    let breaking = changes.iter().filter(|change| change.impact == Impact::Breaking);
    for change in breaking.take(MOST_FINDINGS) {
        let place = if change.place.is_empty() { "/" } else { &change.place };
        let which = if change.in_old {
            ", in the published document"
        } else {
            ""
        };
        let message = format!(
            "breaks callers ({}{which}): {}. {}",
            change.rule, change.message, change.mend
        );
        breaches.push(Breach::new(place, message));
    }
    Ok(breaches)
}

/// Whether whoever could call before still can.
fn still_admits(before: Authentication, now: Authentication) -> bool {
    use Authentication::{Key, KeyOrToken, None, Token};
    match (before, now) {
        (_, None) | (Key | Token, KeyOrToken) => true,
        (None | KeyOrToken | Key | Token, _) => before == now,
    }
}

/// Parses off the event loop: a large document takes a while.
async fn read(bytes: Bytes, name: &'static str) -> Result<Value, Refusal> {
    let parsed = tokio::task::spawn_blocking(move || intake::parse(&bytes, name)).await;
    match parsed {
        Ok(parsed) => parsed.map_err(unusable),
        Err(_) => Err(Problem::of(model::ProblemKind::Internal).into()),
    }
}

fn unusable(messages: String) -> Refusal {
    let breaches = messages
        .lines()
        .take(MOST_FINDINGS)
        .map(|line| Breach::new("(document)", line.trim_start_matches("document.")));
    refuse::breaches(breaches.collect())
}

/// Upload an OpenAPI document
///
/// Tar emot API:ets specifikation (OpenAPI 3.0 eller 3.1, JSON eller YAML) till utkastet och berättar vad som bryter mot den nationella REST-profilen. Inget anropas förrän det publiceras.
/// Takes the API's document (OpenAPI 3.0 or 3.1, JSON or YAML) for the draft and tells what breaks the national REST profile. Nothing is served until it is published.
#[utoipa::path(
    put, path = "/apis/{apiId}/openapi", operation_id = "putDocument", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"),
        ("If-Match" = String, Header, description = "API:ets ETag som lästes. The API's ETag that was read.", example = "\"1\"")),
    request_body(
        content(
            (serde_json::Value = "application/json", example = json!({"openapi": "3.1.0", "info": {"title": "Exempel", "version": "1.0.0"}, "paths": {}})),
            (String = "application/yaml", example = json!("openapi: 3.1.0\ninfo: {title: Exempel, version: 1.0.0}\npaths: {}\n"))
        ),
        description = "OpenAPI-dokumentet. The OpenAPI document."
    ),
    responses(
        (status = 200, description = "Vad som sägs om dokumentet. What is said of the document.", body = DocumentReport,
            headers(("ETag" = String, description = "API:ets nya revision. The API's new revision.")),
            examples(("report" = (summary = "Rapporten. The report.", value = json!(super::example::report()))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "Ändrat av någon annan sedan det lästes. Changed by somebody else since it was read.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Dokumentet kan inte användas. The document cannot be used.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put_document(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    acting.require(Right::Edit)?;
    let wanted = flow::IfMatch::of(&headers)?;
    let yaml = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.to_ascii_lowercase().contains("yaml"));
    let document = read(body, if yaml { "document.yaml" } else { "document." }).await?;
    let routes = intake::operations(&document).map_err(unusable)?;
    let text = document.to_string();
    let hash = intake::hash(&text);

    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before = flow::existing::<ApiRecord>(&mut change, &acting, &id).await?;
    wanted.check(before.revision)?;
    if !before.object.draft.operations.is_empty() {
        let message = "are written in the registry; take them out before a document says what is served";
        return Err(refuse::breaches(vec![Breach::new("operations", message)]));
    }
    let mut record = before.object.clone();
    record.document = Some(hash.clone());
    change.keep_document(&hash, &text).await.map_err(refuse::store)?;
    let stored = change.replace("upload", &before, record).await.map_err(refuse::store)?;
    let lost = lost(&registry, &stored.object, &routes).await?;
    change.commit().await.map_err(refuse::store)?;
    let changes = changes(&registry, &stored.object).await?;
    let breaking = changes
        .iter()
        .filter(|change| change.impact == Impact::Breaking)
        .count();

    let findings = tokio::task::spawn_blocking(move || intake::findings(&document)).await;
    let findings = findings.map_err(|_| Problem::of(model::ProblemKind::Internal))?;
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let own = format!("{}/apis/{}", acting.base_url, id);
    let report = DocumentReport {
        document_hash: hash,
        operations: routes
            .iter()
            .map(|route| {
                format!(
                    "{} {}",
                    route.method.as_ref().map_or("*", |method| method.as_str()),
                    route.path
                )
            })
            .collect(),
        lost_operations: lost,
        breaking_change_count: breaking,
        changes: changes.into_iter().take(MOST_FINDINGS).map(told_change).collect(),
        error_count: errors,
        warning_count: findings.len() - errors,
        findings: findings.into_iter().take(MOST_FINDINGS).map(told).collect(),
        links: Links::to_self(format!("{own}/openapi")).and("up", own),
    };
    Ok(flow::with_etag(Json(report).into_response(), stored.revision))
}

fn told_change(change: Change) -> DocumentChange {
    DocumentChange {
        rule_id: change.rule.to_owned(),
        impact: match change.impact {
            Impact::Breaking => "breaking",
            Impact::Careful => "careful",
            Impact::Compatible => "compatible",
        }
        .to_owned(),
        place: change.place,
        in_published: change.in_old,
        message: change.message,
        rule: change.message_sv.to_owned(),
        mend: change.mend.to_owned(),
    }
}

fn told(finding: catalogue::profile::Finding) -> Finding {
    Finding {
        rule_id: finding.rule.to_owned(),
        severity: match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
        .to_owned(),
        place: finding.place,
        message: finding.message,
        rule: finding.message_sv.to_owned(),
        mend: finding.mend.to_owned(),
    }
}

/// Get the OpenAPI document
///
/// Specifikationen som laddades upp till utkastet, som JSON. Den publicerade finns under API:ets egen adress.
/// The document that was uploaded for the draft, as JSON. The published one is under the API's own address.
#[utoipa::path(
    get, path = "/apis/{apiId}/openapi", operation_id = "getDocument", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1")),
    responses(
        (status = 200, description = "Dokumentet. The document.", body = serde_json::Value, content_type = "application/json",
            examples(("document" = (summary = "Ett litet dokument. A small document.", value = json!({"openapi": "3.1.0", "info": {"title": "Exempel", "version": "1.0.0"}, "paths": {}}))))),
        (status = 404, description = "Finns inte, eller är inte ditt. Does not exist, or is not yours.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_document(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    acting.require(Right::Read)?;
    let found = registry.store.get::<ApiRecord>(&acting.scope(), &id).await;
    let stored = found.map_err(refuse::store)?.ok_or_else(|| refuse::not_found("API"))?;
    let hash = stored.object.document.ok_or_else(|| refuse::not_found("document"))?;
    let text = registry.store.document(&hash).await.map_err(refuse::store)?;
    let text = text.ok_or_else(|| refuse::not_found("document"))?;
    let response = (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], text).into_response();
    Ok(flow::with_etag(response, stored.revision))
}
