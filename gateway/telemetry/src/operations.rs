//! What the operations listener serves of this crate: metrics, recent traces, and the receiver for services' spans.

mod otlp;
mod traces;

use crate::metrics::Metrics;
use crate::store::Store;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;
use std::sync::Arc;

/// Largest OTLP request taken, in bytes: what collectors use.
const MAX_OTLP_BYTES: usize = 4 * 1024 * 1024;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN_METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All routes; those of the trace store answer 404 when it is off.
pub(crate) fn router(metrics: Arc<Metrics>, store: Option<Arc<Store>>) -> Router {
    let numbers = Router::new().route("/metrics", get(show_metrics)).with_state(metrics);
    let traces = Router::new()
        .route("/traces", get(traces::list_traces))
        .route("/traces/latest", get(traces::show_latest_trace))
        .route("/traces/{traceId}", get(traces::show_trace))
        .route(
            "/v1/traces",
            post(otlp::receive_spans).layer(DefaultBodyLimit::max(MAX_OTLP_BYTES)),
        )
        .with_state(store);
    numbers.merge(traces)
}

/// OpenMetrics with exemplars for a scraper that accepts it, else the older text.
async fn show_metrics(State(metrics): State<Arc<Metrics>>, headers: HeaderMap) -> Response {
    let accepts = headers.get_all(header::ACCEPT).iter().any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.to_ascii_lowercase().contains("application/openmetrics-text"))
    });
    let (kind, text) = if accepts {
        (OPEN_METRICS, metrics.open_metrics())
    } else {
        (PLAIN_METRICS, metrics.plain_text())
    };
    match text {
        Ok(text) => ([(header::CONTENT_TYPE, kind)], text).into_response(),
        Err(_) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics-unreadable",
            "A metric could not be written.",
        ),
    }
}

/// A problem of this listener (RFC 9457).
fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body =
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "code": code });
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        format!("{body}\n"),
    )
        .into_response()
}
