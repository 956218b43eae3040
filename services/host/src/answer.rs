//! The one layer around every request: a server span that continues the caller's trace, the caller's
//! deadline, a net under panics, and the only place where a problem is written.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use model::{Problem, ProblemKind};
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};
use tokio::time::Instant;

use crate::caller::{self, text};
use crate::context::RequestContext;
use crate::refusal::{self, Refusal};
use crate::shown_path::shown;
use crate::trace_headers;

/// A caller may not ask for more time than this; a wrong number must not become an endless request.
const LONGEST_DEADLINE: Duration = Duration::from_secs(300);

/// Answers one request; see the module.
pub(crate) async fn answer(State(tracer): State<SdkTracer>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = shown(request.uri().path()).into_owned();
    let route = caller::route(request.extensions()).map(str::to_owned);
    let mut span = start_span(&tracer, &request, route.as_deref(), &path);
    let deadline = deadline(request.headers(), started);
    let context = RequestContext::new(span.span_context().clone(), tracer, deadline);
    request.extensions_mut().insert(context.clone());

    let response = context.clone().scope(guarded(next.run(request), deadline)).await;
    let mut response = written(response, &path, &context);
    if let Some(traceparent) = trace_headers::traceparent(context.span()) {
        response.headers_mut().insert("traceparent", traceparent);
    }

    let status = response.status();
    span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    if status.is_server_error() {
        span.set_attribute(KeyValue::new("error.type", status.as_str().to_owned()));
        span.set_status(Status::error(""));
    }
    span.end();
    tracing::info!(
        %method, route = route.as_deref().unwrap_or("-"), status = status.as_u16(),
        elapsed_ms = started.elapsed().as_millis(), trace_id = context.trace_id(), "answered"
    );
    response
}

fn start_span(tracer: &SdkTracer, request: &Request, route: Option<&str>, path: &str) -> SdkSpan {
    let parent = trace_headers::read(request.headers())
        .map_or_else(Context::new, |remote| Context::new().with_remote_span_context(remote));
    let method = known_method(request.method().as_str());
    let name = match route {
        Some(route) => format!("{method} {route}"),
        None => method.to_owned(),
    };
    let mut attributes = vec![
        KeyValue::new("http.request.method", method),
        KeyValue::new("url.path", path.to_owned()),
        KeyValue::new("url.scheme", "http"),
    ];
    if let Some(route) = route {
        attributes.push(KeyValue::new("http.route", route.to_owned()));
    }
    tracer
        .span_builder(name)
        .with_kind(SpanKind::Server)
        .with_attributes(attributes)
        .start_with_context(tracer, &parent)
}

/// Semantic conventions: a method that is not a known one is `_OTHER`, so that names stay few.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 9] = [
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT",
    ];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("_OTHER")
}

fn deadline(headers: &HeaderMap, started: Instant) -> Option<Instant> {
    let left = text(headers, "vagvisare-deadline-ms")?
        .parse()
        .ok()
        .map(Duration::from_millis)?;
    Some(started + left.min(LONGEST_DEADLINE))
}

/// The handler's answer, or a problem when it panicked or ran out of the caller's time.
async fn guarded(handler: impl Future<Output = Response>, deadline: Option<Instant>) -> Response {
    let handler = AssertUnwindSafe(handler).catch_unwind();
    let outcome = match deadline {
        Some(deadline) => match tokio::time::timeout_at(deadline, handler).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let detail = "The time that the caller allowed passed before the service was done.";
                return Refusal::of(ProblemKind::DeadlineExceeded, detail).into_response();
            }
        },
        None => handler.await,
    };
    outcome.unwrap_or_else(|_| {
        // The panic hook has printed what and where; the caller is told nothing of the inside (SAK.26).
        tracing::error!("a handler panicked");
        Refusal::from(Problem::of(ProblemKind::Internal)).into_response()
    })
}

/// Writes a problem for every refusal, also for those that the router makes by itself.
fn written(mut response: Response, path: &str, context: &RequestContext) -> Response {
    let status = response.status();
    let refusal = response.extensions_mut().remove::<Refusal>();
    let mut problem = match refusal {
        Some(Refusal(problem)) => *problem,
        None if is_bare_refusal(status, response.headers()) => bare(status),
        None => return response,
    };
    problem.trace_id = Some(context.trace_id());
    problem.instance.get_or_insert_with(|| path.to_owned());
    refusal::write(&problem, std::mem::take(response.headers_mut()))
}

/// A service that answers in its own JSON form has said what it wants; everything else becomes a problem.
fn is_bare_refusal(status: StatusCode, headers: &HeaderMap) -> bool {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/"));
    (status.is_client_error() || status.is_server_error()) && !json
}

fn bare(status: StatusCode) -> Problem {
    let problem = Problem {
        status: status.as_u16(),
        ..Problem::of(refusal::kind_of(status))
    };
    match status {
        // The router writes the header after this layer, so the methods cannot be repeated here.
        StatusCode::METHOD_NOT_ALLOWED => problem.detail("The Allow header lists what this address answers to."),
        StatusCode::NOT_FOUND => problem.detail("Nothing has this address."),
        _ => problem,
    }
}
