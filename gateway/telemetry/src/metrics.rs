//! Numbers for Prometheus. Every label comes from the registry or from this code, never from a request, so that the
//! number of series is bounded.
//!
//! What a request touches are plain atomics, one shard a thread; the few families that only background work touches are
//! `prometheus-client`'s, and other crates register theirs beside them.

mod cells;
mod plain;
mod refusals;
mod render;
mod route;
mod status;

pub use route::RouteMetrics;
pub(crate) use route::known_method;

use crate::config::Config;
use crate::record::RequestRecord;
use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use refusals::Refusals;
use route::Routes;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Every number of one gateway.
pub(crate) struct Metrics {
    registry: Mutex<Registry>,
    routes: Routes,
    refusals: Refusals,
    limits: Family<LimitLabels, Counter>,
    active: Mutex<Vec<Arc<AtomicI64>>>,
    next_shard: AtomicUsize,
    /// Spans lost, by where.
    pub(crate) spans_dropped: SpansDropped,
    /// Spans a collector has acknowledged.
    pub(crate) spans_exported: Counter,
    /// Batches a collector did not take.
    pub(crate) export_failures: Counter,
    /// Access-log lines that were never written.
    pub(crate) log_lines_dropped: Counter,
}

/// Where spans are lost.
pub(crate) struct SpansDropped {
    /// The queue of finished requests or of spans was full.
    pub(crate) queue_full: Counter,
    /// The collector did not take the batch.
    pub(crate) export_failed: Counter,
    /// Still waiting when the gateway had to stop.
    pub(crate) shutdown: Counter,
}

/// Counters of one limit policy.
#[derive(Debug, Clone)]
pub struct LimitMetrics {
    admitted: Counter,
    refused: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    policy: String,
    decision: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// A lock that a panic elsewhere cannot take from us: all that it guards stays consistent between statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl Metrics ===

impl Metrics {
    pub(crate) fn new(config: &Config) -> Self {
        let mut registry = Registry::default();
        let dropped = Family::<ReasonLabels, Counter>::default();
        let spans_exported = Counter::default();
        let export_failures = Counter::default();
        let log_lines_dropped = Counter::default();
        let limits = Family::default();
        let build = [
            ("version", config.service_version.clone()),
            ("service", config.service_name.clone()),
            ("node", config.node.clone()),
        ];
        registry.register("vagvisare_build", "What is running", Info::new(build.to_vec()));
        registry.register(
            "telemetry_spans_dropped",
            "Spans of kept traces that were lost, by reason",
            dropped.clone(),
        );
        registry.register(
            "telemetry_spans_exported",
            "Spans the collector took",
            spans_exported.clone(),
        );
        registry.register(
            "telemetry_export_failures",
            "Batches of spans the collector did not take",
            export_failures.clone(),
        );
        registry.register(
            "access_log_lines_dropped",
            "Access-log lines that were never written",
            log_lines_dropped.clone(),
        );
        registry.register(
            "ratelimit_decisions",
            "Decisions of each limit policy",
            Family::clone(&limits),
        );
        Self {
            registry: Mutex::new(registry),
            routes: Routes::new(),
            refusals: Refusals::default(),
            limits,
            active: Mutex::default(),
            next_shard: AtomicUsize::new(0),
            spans_dropped: SpansDropped::new(&dropped),
            spans_exported,
            export_failures,
            log_lines_dropped,
        }
    }

    /// Counts a finished request. Atomics only, unless its trace is kept: then it may become an exemplar.
    pub(crate) fn count(&self, shard: usize, record: &RequestRecord, duration: Duration, kept: bool) {
        let route = record
            .route
            .as_ref()
            .unwrap_or_else(|| self.routes.unmatched(&record.method));
        route.count(shard, record, duration, kept);
        if let Some(code) = record.error {
            self.refusals.count(code);
        }
    }

    pub(crate) fn next_shard(&self) -> usize {
        self.next_shard.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn new_active_counter(&self) -> Arc<AtomicI64> {
        let counter = Arc::new(AtomicI64::new(0));
        lock(&self.active).push(Arc::clone(&counter));
        counter
    }

    fn active_requests(&self) -> i64 {
        let mut counters = lock(&self.active);
        // A counter nobody else holds belongs to a thread that is gone and has no request left: it stands at 0.
        counters.retain(|counter| Arc::strong_count(counter) > 1);
        counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
    }

    pub(crate) fn route(&self, api: Option<&str>, template: &str, method: Option<&Method>) -> RouteMetrics {
        self.routes.resolve(api, template, method)
    }

    pub(crate) fn limit(&self, policy: &str) -> LimitMetrics {
        let counter = |decision| {
            self.limits.get_or_create_owned(&LimitLabels {
                policy: policy.to_owned(),
                decision,
            })
        };
        LimitMetrics {
            admitted: counter("admitted"),
            refused: counter("refused"),
        }
    }

    pub(crate) fn with_registry<R>(&self, register: impl FnOnce(&mut Registry) -> R) -> R {
        register(&mut lock(&self.registry))
    }
}

// === impl SpansDropped ===

impl SpansDropped {
    fn new(family: &Family<ReasonLabels, Counter>) -> Self {
        let counter = |reason| family.get_or_create_owned(&ReasonLabels { reason });
        Self {
            queue_full: counter("queue_full"),
            export_failed: counter("export_failed"),
            shutdown: counter("shutdown"),
        }
    }
}

// === impl LimitMetrics ===

impl LimitMetrics {
    /// The policy had room.
    pub fn admitted(&self) {
        self.admitted.inc();
    }

    /// The policy refused the call.
    pub fn refused(&self) {
        self.refused.inc();
    }
}
