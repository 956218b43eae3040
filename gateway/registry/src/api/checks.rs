//! Changes tried out before they are made: by the same operations, one on another, and none of them takes effect.

use super::acting::{Acting, Right};
use super::{LARGEST_BODY, Registry, documents, objects, refuse};
use crate::rules::Breach;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use model::{Links, Problem, ProblemKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_host::{Json, Refusal};
use std::sync::Arc;
use std::time::Duration;
use tower::ServiceExt;
use utoipa::ToSchema;

/// Most changes that are tried out together: others' changes wait meanwhile.
pub const MOST_CHECKED: usize = 500;
/// How long they may take together: as long as other changes wait for a database that is busy.
const PATIENCE: Duration = Duration::from_secs(3);

/// Changes to try out, in the order in which they would be made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChecksRequest {
    /// Each may count on those before it.
    #[schema(min_items = 1, max_items = 500)]
    changes: Vec<CheckedChange>,
}

/// One change, as it would be sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CheckedChange {
    /// The operation's method.
    method: CheckedMethod,
    /// Its path under this API's address, `/backends`.
    #[schema(example = "/backends")]
    path: String,
    /// `If-Match`; whichever revision unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    if_match: Option<String>,
    /// Its body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
}

/// Methods that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum CheckedMethod {
    Post,
    Put,
    Delete,
}

/// What would become of the changes.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChecksReport {
    /// Whether every one would be made.
    accepted: bool,
    /// Each of them, in the same order.
    results: Vec<CheckResult>,
    /// Links.
    #[serde(rename = "_links")]
    links: Links,
}

/// What would become of one change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckResult {
    /// The status that it would be answered with.
    status: u16,
    /// Why it would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

/// Try changes out
///
/// Prövar ändringar i ordning, var och en på dem före, utan att någon av dem görs: svaret säger vad som skulle vägras och varför. Rättigheter och regler är desamma som när de görs.
/// Tries changes out in order, each on those before it, without making any of them: the answer says what would be refused, and why. Rights and rules are those of making them.
#[utoipa::path(
    post, path = "/checks", operation_id = "checkChanges", tag = "checks",
    request_body(content = ChecksRequest, example = json!(super::example::checks())),
    responses(
        (status = 200, description = "Vad som skulle ske. What would happen.", body = ChecksReport,
            examples(("report" = (summary = "En av två vägras. One of two would be refused.", value = json!(super::example::checks_report()))))),
        (status = 422, description = "Kroppen bryter mot en regel. The body breaks a rule.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Det tar för lång tid; pröva färre. It takes too long; try fewer.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn check_changes(
    State(registry): State<Arc<Registry>>,
    acting: Acting,
    headers: HeaderMap,
    Json(wanted): Json<ChecksRequest>,
) -> Result<Json<ChecksReport>, Refusal> {
    acting.require(Right::Read)?;
    if !(1..=MOST_CHECKED).contains(&wanted.changes.len()) {
        let message = format!("must hold 1 to {MOST_CHECKED} changes");
        return Err(refuse::breaches(vec![Breach::new("changes", message)]));
    }
    let requests = requests(wanted.changes, &headers).await?;
    let results = tokio::time::timeout(PATIENCE, rehearse(&registry, requests)).await;
    let results = results.map_err(|_| {
        let detail = "The changes take too long to be tried out together. Try fewer of them.";
        Problem::of(ProblemKind::Unavailable).detail(detail).retry_after(1)
    })??;
    Ok(Json(ChecksReport {
        accepted: results.iter().all(|result| result.status < 400),
        results,
        links: Links::to_self(format!("{}/checks", acting.base_url)),
    }))
}

/// The calls that would make the changes, by whoever asks. Documents are read here, before others' changes wait; what cannot be
/// read is refused in its turn.
async fn requests(changes: Vec<CheckedChange>, headers: &HeaderMap) -> Result<Vec<Request<Body>>, Refusal> {
    let mut by = headers.clone();
    // What belongs to the question, and would make another one of the changes.
    for name in [header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::IF_MATCH] {
        by.remove(name);
    }
    by.remove("idempotency-key");
    by.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut breaches = Vec::new();
    let mut requests = Vec::with_capacity(changes.len());
    for (number, change) in changes.into_iter().enumerate() {
        let uri = change.path.parse::<Uri>().ok();
        let Some(uri) = uri.filter(|uri| change.path.starts_with('/') && uri.query().is_none()) else {
            let message = "must be a path under this API's address, without a query";
            breaches.push(Breach::new(format!("changes[{number}].path"), message));
            continue;
        };
        let revision = HeaderValue::from_str(change.if_match.as_deref().unwrap_or("*"));
        let Ok(revision) = revision else {
            let message = "must be an ETag or *";
            breaches.push(Breach::new(format!("changes[{number}].ifMatch"), message));
            continue;
        };
        // Others' changes wait for the transaction, so it waits for nobody outside.
        if change.body.as_ref().is_some_and(documents::is_address) {
            let message = "is fetched only when it is uploaded: send the document itself to have it checked";
            breaches.push(Breach::new(format!("changes[{number}].body.documentUrl"), message));
            continue;
        }
        let body = change.body.map(|body| body.to_string()).unwrap_or_default();
        let mut read = None;
        if change.method == CheckedMethod::Put && change.path.ends_with("/openapi") {
            read = documents::Sent::read(body.clone()).await.ok();
        }
        let mut request = Request::new(Body::from(body));
        if let Some(read) = read {
            request.extensions_mut().insert(read);
        }
        *request.method_mut() = match change.method {
            CheckedMethod::Post => axum::http::Method::POST,
            CheckedMethod::Put => axum::http::Method::PUT,
            CheckedMethod::Delete => axum::http::Method::DELETE,
        };
        *request.uri_mut() = uri;
        request.headers_mut().clone_from(&by);
        request.headers_mut().insert(header::IF_MATCH, revision);
        requests.push(request);
    }
    if breaches.is_empty() {
        Ok(requests)
    } else {
        Err(refuse::breaches(breaches))
    }
}

async fn rehearse(registry: &Registry, requests: Vec<Request<Body>>) -> Result<Vec<CheckResult>, Refusal> {
    let rehearsed = Registry {
        store: registry.store.rehearse().await.map_err(refuse::store)?,
        ..registry.clone()
    };
    let router: Router = objects().with_state(Arc::new(rehearsed)).into();
    let router = router.layer(DefaultBodyLimit::max(LARGEST_BODY));
    let mut results = Vec::with_capacity(requests.len());
    for request in requests {
        let response = match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let problem = match response.extensions().get::<Refusal>() {
            Some(Refusal(problem)) => Some((**problem).clone()),
            None if status.is_client_error() || status.is_server_error() => Some(without_words(status)),
            None => None,
        };
        results.push(CheckResult {
            status: status.as_u16(),
            problem,
        });
    }
    Ok(results)
}

/// What the router itself refuses.
fn without_words(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::of(ProblemKind::NotFound).detail("The API has no such path."),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::of(ProblemKind::MethodNotAllowed).detail("The API has no such operation.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of(ProblemKind::BodyTooLarge),
        _ => Problem::of(ProblemKind::BadRequest),
    }
}
