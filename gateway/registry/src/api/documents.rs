//! An API's OpenAPI document: uploaded for the draft, reported on, read back.

mod elsewhere;
mod promises;
mod report;

pub(super) use elsewhere::is_address;
pub use elsewhere::{DocumentAddress, Elsewhere};
pub use report::{DocumentChange, DocumentReport, Finding};

pub(super) use promises::check_against_published;

use super::acting::{Acting, Right};
use super::{Registry, flow, refuse};
use crate::compile;
use crate::intake;
use crate::model::ApiRecord;
use crate::rules::Breach;
use crate::store::Change;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::Problem;
use report::MOST_FINDINGS;
use serde_json::Value;
use service_host::{Json, Path, Refusal};
use snapshot::RouteDraft;
use std::sync::Arc;

/// The operations that the record's draft would serve.
pub(super) async fn routes_of(change: &mut Change, record: &ApiRecord) -> Result<Vec<RouteDraft>, Refusal> {
    match &record.document {
        Some(hash) => routes_of_document(change, hash).await,
        None => Ok(compile::operations_written(&record.draft)),
    }
}

async fn routes_of_document(change: &mut Change, hash: &str) -> Result<Vec<RouteDraft>, Refusal> {
    intake::operations(&document(change, hash).await?).map_err(unusable)
}

/// The document with this hash, as the change sees it.
async fn document(change: &mut Change, hash: &str) -> Result<Value, Refusal> {
    let text = change.document(hash).await.map_err(refuse::store)?;
    let text = text.ok_or_else(|| refuse::not_found("document"))?;
    read(Bytes::from(text), "document.json").await
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

/// A document that was sent, read and understood.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    document: Arc<Value>,
    routes: Arc<[RouteDraft]>,
    text: Arc<str>,
    hash: String,
}

impl Sent {
    /// Reads one ahead of its upload, which then takes it from the request's extensions.
    pub(super) async fn read(body: String) -> Result<Self, Refusal> {
        Self::of(read(Bytes::from(body), form(false)).await?)
    }

    fn of(document: Value) -> Result<Self, Refusal> {
        let routes = intake::operations(&document).map_err(unusable)?.into();
        let text = document.to_string();
        Ok(Self {
            hash: intake::hash(&text),
            text: text.into(),
            document: Arc::new(document),
            routes,
        })
    }
}

/// Upload an OpenAPI document
///
/// Tar emot API:ets specifikation (OpenAPI 3.0 eller 3.1, JSON eller YAML) till utkastet och berättar vad som bryter mot den nationella REST-profilen. I stället för dokumentet kan dess adress skickas (documentUrl): det hämtas en gång, utan omdirigering, och inget som det hänvisar till hämtas. Inget anropas förrän det publiceras.
/// Takes the API's document (OpenAPI 3.0 or 3.1, JSON or YAML) for the draft and tells what breaks the national REST profile. Its address may be sent instead of it (documentUrl): it is fetched once, without a redirect, and nothing that it refers to is. Nothing is served until it is published.
#[utoipa::path(
    put, path = "/apis/{apiId}/openapi", operation_id = "putDocument", tag = "apis",
    params(("apiId" = String, Path, description = "API:ets id. The API's id.", example = "exempel-v1"),
        ("If-Match" = String, Header, description = "API:ets ETag som lästes. The API's ETag that was read.", example = "\"1\"")),
    request_body(
        content(
            (serde_json::Value = "application/json", examples(
                ("document" = (summary = "Dokumentet. The document.", value = json!({"openapi": "3.1.0", "info": {"title": "Exempel", "version": "1.0.0"}, "paths": {}}))),
                ("address" = (summary = "Dess adress. Its address.", value = json!({"documentUrl": "https://arenden.exempelmyndigheten.example/openapi.json"})))
            )),
            (String = "application/yaml", example = json!("openapi: 3.1.0\ninfo: {title: Exempel, version: 1.0.0}\npaths: {}\n"))
        ),
        description = "OpenAPI-dokumentet, eller documentUrl med dess adress på internet. The OpenAPI document, or documentUrl with its address on the internet."
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
    ahead: Option<Extension<Sent>>,
    body: Bytes,
) -> Result<Response, Refusal> {
    acting.require(Right::Edit)?;
    let wanted = flow::IfMatch::of(&headers)?;
    let mut address = None;
    let sent = if let Some(Extension(sent)) = ahead {
        sent
    } else {
        let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let mut sent = read(body.clone(), form(media_type.is_some_and(elsewhere::is_yaml))).await?;
        address = elsewhere::named(&body, &sent)?;
        if let Some(address) = &address {
            // Whoever may not change the API makes the node call nobody.
            let known = registry.store.get::<ApiRecord>(&acting.scope(), &id).await;
            known.map_err(refuse::store)?.ok_or_else(|| refuse::not_found("API"))?;
            let (bytes, yaml) = registry.elsewhere.fetch(address).await?;
            sent = read(bytes, form(yaml)).await?;
        }
        Sent::of(sent)?
    };
    let Sent {
        document,
        routes,
        text,
        hash,
    } = sent;

    let mut change = registry.store.change(acting.actor()).await.map_err(refuse::store)?;
    let before = flow::existing::<ApiRecord>(&mut change, &acting, &id).await?;
    wanted.check(before.revision)?;
    if !before.object.draft.operations.is_empty() {
        let message = "are written in the registry; take them out before a document says what is served";
        return Err(refuse::breaches(vec![Breach::new("operations", message)]));
    }
    let mut record = before.object.clone();
    record.document = Some(hash.clone());
    record.document_url = address.map(|address| address.document_url);
    change.keep_document(&hash, &text).await.map_err(refuse::store)?;
    let stored = change.replace("upload", &before, record).await.map_err(refuse::store)?;
    // Nobody reads what would be reported, and others' changes wait.
    if registry.store.is_rehearsed() {
        return Ok(flow::with_etag(StatusCode::OK.into_response(), stored.revision));
    }
    let lost = promises::lost(&mut change, &stored.object, &routes).await?;
    let live = promises::live(&mut change, &stored.object).await?;
    change.commit().await.map_err(refuse::store)?;

    let next = Arc::clone(&document);
    let compared = promises::compared(live, next).await?;
    let findings = tokio::task::spawn_blocking(move || intake::findings(&document)).await;
    let findings = findings.map_err(|_| Problem::of(model::ProblemKind::Internal))?;
    let own = format!("{}/apis/{}", acting.base_url, id);
    let report = DocumentReport::of(hash, &routes, lost, compared, findings, &own);
    Ok(flow::with_etag(Json(report).into_response(), stored.revision))
}

/// How a document is named to its reader.
fn form(yaml: bool) -> &'static str {
    if yaml { "document.yaml" } else { "document." }
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
