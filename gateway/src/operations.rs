//! The operations listener: health, metrics and traces, on a port of its own that callers do not reach.

mod backends;
mod quotas;
mod registry_status;
mod shared_limits;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use edge::plan::Shared;
use edge::server::Stats;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use telemetry::prometheus_client::collector::Collector;
use telemetry::prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use telemetry::prometheus_client::metrics::counter::ConstCounter;
use telemetry::prometheus_client::metrics::gauge::ConstGauge;

/// Whether the node wants new requests.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicBool>);

impl Readiness {
    /// Says so, or takes it back.
    pub fn set(&self, ready: bool) {
        self.0.store(ready, Ordering::Relaxed);
    }

    fn is_ready(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Clone)]
struct Known {
    shared: Arc<Shared>,
    stats: Stats,
    readiness: Readiness,
    registry: Option<Arc<registry::watch::Status>>,
}

/// All routes of the operations listener.
pub fn router(
    shared: &Arc<Shared>,
    stats: Stats,
    readiness: Readiness,
    registry: Option<Arc<registry::watch::Status>>,
) -> Router {
    let known = Known {
        shared: Arc::clone(shared),
        stats,
        readiness,
        registry,
    };
    shared
        .telemetry
        .with_registry(|registry| registry.register_collector(Box::new(Numbers(known.clone()))));
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(show_ready))
        .route("/status", get(show_status))
        .with_state(known)
        .merge(shared.telemetry.operations_router())
}

async fn show_ready(State(known): State<Known>) -> Response {
    if known.readiness.is_ready() {
        let limits = &known.shared.limits;
        let mut text = "ready".to_owned();
        if limits.store().is_some_and(|store| !store.up) {
            text.push_str("; the store of shared limits is gone: each policy does what its on_store_failure says");
        }
        if limits.quotas().is_some_and(|ledger| !ledger.up) {
            text.push_str("; the ledger of quotas is gone: what is reserved is spent, then each does what its on_store_failure says");
        }
        text.push('\n');
        text.into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response()
    }
}

/// What the node serves, for people and scripts.
async fn show_status(State(known): State<Known>) -> Json<serde_json::Value> {
    let plan = known.shared.plan.load();
    let totals = known.stats.totals();
    Json(json!({
        "ready": known.readiness.is_ready(),
        "snapshotVersion": plan.snapshot.version(),
        "registry": registry_status::status(known.registry.as_deref()),
        "apis": plan.snapshot.apis().iter().map(|api| json!({
            "id": &*api.id, "basePath": &*api.base_path, "version": &*api.version,
        })).collect::<Vec<_>>(),
        "backends": backends::status(&plan.backends()),
        "routes": plan.snapshot.routes().len(),
        "connections": totals.connections,
        "requestsInFlight": known.shared.in_flight(),
        "rateLimitSubjects": known.shared.limits.tracked(),
        "sharedLimits": shared_limits::status(&known.shared.limits),
        "quotas": quotas::status(&known.shared.limits),
    }))
}

/// The listener's and the limiter's numbers, read when somebody asks for them.
struct Numbers(Known);

impl std::fmt::Debug for Numbers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Numbers")
    }
}

impl Collector for Numbers {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Known {
            shared,
            stats,
            readiness,
            registry,
        } = &self.0;
        let totals = stats.totals();
        let mut gauge = |name: &str, help: &str, value: u64| -> Result<(), std::fmt::Error> {
            let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        gauge(
            "gateway_ready",
            "1 when the node wants new requests",
            u64::from(readiness.is_ready()),
        )?;
        gauge("gateway_connections", "Open connections of callers", totals.connections)?;
        gauge(
            "gateway_connections_asleep",
            "Those of them that have not been used for a while, and hold next to no memory",
            totals.asleep,
        )?;
        gauge(
            "gateway_requests_in_flight",
            "Requests whose answer has not ended",
            shared.in_flight() as u64,
        )?;
        gauge(
            "gateway_requests_allowed",
            "Requests that may be in flight: falls below max_in_flight while the workers fall behind",
            shared.overload.limit() as u64,
        )?;
        gauge(
            "gateway_snapshot_version",
            "Version of the registry that is served",
            shared.plan.load().snapshot.version(),
        )?;
        gauge(
            "ratelimit_subjects",
            "Subjects with a rate-limit counter in memory",
            shared.limits.tracked() as u64,
        )?;
        let store = shared.limits.store();
        for (name, help, value) in store.iter().flat_map(shared_limits::gauges) {
            gauge(name, help, value)?;
        }
        let ledger = shared.limits.quotas();
        for (name, help, value) in ledger.iter().flat_map(quotas::gauges) {
            gauge(name, help, value)?;
        }
        for (name, help, value) in registry.iter().flat_map(|status| registry_status::gauges(status)) {
            gauge(name, help, value)?;
        }
        backends::encode(&mut encoder, &shared.plan.load().backends())?;
        let mut counter = |name: &str, help: &str, value: u64| -> Result<(), std::fmt::Error> {
            let metric = ConstCounter::new(value);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        for (name, help, value) in store.iter().flat_map(shared_limits::counters) {
            counter(name, help, value)?;
        }
        for (name, help, value) in ledger.iter().flat_map(quotas::counters) {
            counter(name, help, value)?;
        }
        counter("gateway_connections_accepted", "Connections accepted", totals.accepted)?;
        counter(
            "gateway_connections_refused",
            "Connections closed because there were too many",
            totals.refused,
        )?;
        counter(
            "gateway_requests_malformed",
            "Requests that are not HTTP",
            totals.malformed,
        )?;
        counter(
            "gateway_connections_timed_out",
            "Connections closed for silence",
            totals.timed_out,
        )?;
        counter(
            "gateway_tls_handshakes_failed",
            "TLS handshakes that failed",
            totals.handshakes_failed,
        )?;
        counter(
            "gateway_accept_errors",
            "Errors of accepting connections",
            totals.accept_errors,
        )
    }
}
