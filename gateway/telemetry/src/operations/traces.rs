//! Recent traces, as text unless JSON is asked for.

use super::problem;
use crate::ids::parse_hex;
use crate::store::{Store, Trace, Which, as_json, as_text, summary};
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// Traces in the list when the caller does not say.
const LIST: usize = 50;

/// How long an unknown or growing trace is waited for when the caller does not say, in seconds.
const WAIT: f64 = 1.0;

/// The longest a caller may ask for, in seconds.
const MAX_WAIT: f64 = 2.0;

/// `?format=json`, `?wait=0.5` (seconds, for one trace), `?limit=10` (for the list).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Options {
    format: Option<String>,
    wait: Option<f64>,
    limit: Option<usize>,
}

type Traces = State<Option<Arc<Store>>>;

/// `GET /traces`: the newest traces, newest first.
pub(super) async fn list_traces(State(store): Traces, Query(options): Query<Options>, headers: HeaderMap) -> Response {
    let Some(store) = store else { return off() };
    let traces: Vec<Value> = store
        .recent(options.limit.unwrap_or(LIST))
        .iter()
        .map(summary)
        .collect();
    if options.json(&headers) {
        return Json(json!({ "traces": traces })).into_response();
    }
    let mut text = String::new();
    for trace in &traces {
        let word = |name: &str| match &trace[name] {
            Value::String(text) => text.clone(),
            Value::Null => "-".to_owned(),
            other => other.to_string(),
        };
        let mark = if trace["error"] == true { "✗" } else { " " };
        let took = trace["durationMs"].as_f64().unwrap_or_default();
        let (id, at, status, spans, name) = (
            word("traceId"),
            word("startedAt"),
            word("status"),
            word("spans"),
            word("name"),
        );
        let _ = writeln!(
            text,
            "{id}  {at}  {mark} {status:>3}  {took:>10.3} ms  {spans:>3} spans  {name}"
        );
    }
    plain(text)
}

/// `GET /traces/latest`: the trace of the request the gateway finished last.
pub(super) async fn show_latest_trace(
    State(store): Traces,
    Query(options): Query<Options>,
    headers: HeaderMap,
) -> Response {
    let Some(store) = store else { return off() };
    let trace = store.settled(Which::Latest, options.wait()).await;
    show(trace, &options, &headers, "No request has been traced yet.")
}

/// `GET /traces/{traceId}`: one trace.
pub(super) async fn show_trace(
    State(store): Traces,
    Path(id): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
) -> Response {
    let Some(store) = store else { return off() };
    let Some(id) = parse_hex::<16>(id.to_ascii_lowercase().as_bytes()) else {
        return problem(
            StatusCode::BAD_REQUEST,
            "trace-id-malformed",
            "A trace id is 32 hexadecimal digits.",
        );
    };
    let trace = store.settled(Which::Id(id), options.wait()).await;
    show(
        trace,
        &options,
        &headers,
        "The trace was not kept, has been pushed out by newer ones, or never was.",
    )
}

fn show(trace: Option<Trace>, options: &Options, headers: &HeaderMap, missing: &str) -> Response {
    match trace {
        None => problem(StatusCode::NOT_FOUND, "trace-not-found", missing),
        Some(trace) if options.json(headers) => Json(as_json(&trace)).into_response(),
        Some(trace) => plain(as_text(&trace)),
    }
}

fn plain(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn off() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "trace-store-off",
        "This gateway keeps no traces in memory (trace_store is 0).",
    )
}

// === impl Options ===

impl Options {
    fn json(&self, headers: &HeaderMap) -> bool {
        match self.format.as_deref() {
            Some(format) => format == "json",
            None => headers
                .get_all(header::ACCEPT)
                .iter()
                .any(|value| value.to_str().is_ok_and(|value| value.contains("application/json"))),
        }
    }

    fn wait(&self) -> Duration {
        // A NaN clamps to NaN, which the maximum turns into 0.
        Duration::from_secs_f64(self.wait.unwrap_or(WAIT).clamp(0.0, MAX_WAIT).max(0.0))
    }
}
