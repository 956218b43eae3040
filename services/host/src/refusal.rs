//! A problem as a handler returns it. The answering layer adds the trace and the path, and writes it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{PROBLEM_JSON, Problem, ProblemKind};

/// A problem as a handler returns it: `Result<Json<T>, Refusal>`.
#[derive(Clone, Debug)]
pub struct Refusal(pub Box<Problem>);

impl Refusal {
    /// A problem of this kind with what happened this time.
    #[must_use]
    pub fn of(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::of(kind).detail(detail)))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes a problem as the response that goes out, keeping headers such as `Allow` and `Retry-After`.
pub(crate) fn write(problem: &Problem, mut headers: HeaderMap) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(problem).unwrap_or_default();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let mut response = (status, body).into_response();
    *response.headers_mut() = headers;
    response
}

/// The kind that stands for a bare status: what axum answers by itself for an unknown path or method.
pub(crate) fn kind_of(status: StatusCode) -> ProblemKind {
    match status {
        StatusCode::NOT_FOUND => ProblemKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemKind::MethodNotAllowed,
        StatusCode::NOT_ACCEPTABLE => ProblemKind::NotAcceptable,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::UnsupportedMediaType,
        StatusCode::UNPROCESSABLE_ENTITY => ProblemKind::InvalidBody,
        StatusCode::SERVICE_UNAVAILABLE => ProblemKind::Unavailable,
        StatusCode::GATEWAY_TIMEOUT => ProblemKind::DeadlineExceeded,
        status if status.is_client_error() => ProblemKind::BadRequest,
        _ => ProblemKind::Internal,
    }
}
