//! The face of the crate: start, one record a request, stop.

use crate::access_log;
use crate::config::{Config, Error};
use crate::keep;
use crate::local;
use crate::metrics::{LimitMetrics, Metrics, RouteMetrics};
use crate::pipeline::{self, Finished};
use crate::record::{Outcome, Phase, RequestRecord};
use crate::sampler::Sampler;
use crate::store::Store;
use crate::trace_context::TraceContext;
use crate::usage::{self, UsageCounter};
use http::{HeaderMap, Method, Version};
use prometheus_client::registry::Registry;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Longest time [`Guard::shutdown`] may take.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Counts, logs and traces requests. A clone is one reference count; all clones are one.
#[derive(Clone)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) access_log: Option<access_log::Handle>,
    pub(crate) store: Option<Arc<Store>>,
    pipeline: Option<pipeline::Sender>,
    sampler: Sampler,
    slow: Duration,
    pub(crate) usage: Option<UsageCounter>,
}

/// Owns the background threads. Shut it down last, after the listeners have drained.
pub struct Guard {
    access_log: Option<access_log::Writer>,
    pipeline: Option<pipeline::Pipeline>,
}

// === impl Telemetry ===

impl Telemetry {
    /// Starts the writer of the access log and the thread that builds and exports spans, as far as `config` asks for them.
    /// Nothing is connected yet: a collector that is down is no reason not to start.
    ///
    /// # Errors
    /// A setting out of range, an access log that cannot be opened, an endpoint the exporter refuses.
    pub fn start(config: Config) -> Result<(Self, Guard), Error> {
        config.check()?;
        let metrics = Arc::new(Metrics::new(&config));
        let writer = access_log::Writer::start(&config.access_log, metrics.log_lines_dropped.clone())?;
        let store = (config.trace_store > 0).then(|| Arc::new(Store::new(config.trace_store)));
        let pipeline = match (&config.otlp, &store) {
            (None, None) => None,
            _ => Some(pipeline::start(&config, store.clone(), Arc::clone(&metrics))?),
        };
        let inner = Inner {
            access_log: writer.as_ref().map(access_log::Writer::handle),
            pipeline: pipeline.as_ref().map(pipeline::Pipeline::sender),
            sampler: Sampler::new(config.share, config.trust_caller_sampling),
            slow: config.slow,
            usage: config.usage.clone(),
            metrics,
            store,
        };
        Ok((
            Self { inner: Arc::new(inner) },
            Guard {
                access_log: writer,
                pipeline,
            },
        ))
    }

    /// The share as configured, for [`TraceContext::from_headers`].
    pub fn sampler(&self) -> &Sampler {
        &self.inner.sampler
    }

    /// Opens the record of a request whose head has just been read, and counts it as active. `headers`: where the caller
    /// names the trace that the request belongs to; `None`: it does not.
    pub fn begin(
        &self,
        headers: Option<&HeaderMap>,
        method: Method,
        http_version: Version,
        peer: Option<IpAddr>,
    ) -> RequestRecord {
        RequestRecord {
            trace: match headers {
                Some(headers) => TraceContext::from_headers(headers, &self.inner.sampler),
                None => TraceContext::new(&self.inner.sampler),
            },
            started: Instant::now(),
            started_at: SystemTime::now(),
            method,
            http_version,
            secure: false,
            path_template: None,
            api: None,
            route: None,
            organisation: None,
            application: None,
            agreement: None,
            supplier: None,
            peer,
            phases: [(0, 0); Phase::COUNT],
            upstream: None,
            limit_policy: None,
            status: 0,
            error: None,
            blame: None,
            request_bytes: 0,
            response_bytes: 0,
            outcome: Outcome::Complete,
            resends: 0,
            deadline_ms: None,
            reached: 0,
            active: Some(local::with(&self.inner, |local| local.begin_request())),
        }
    }

    /// Closes the record, when the response body has ended or was dropped: counts it, logs it, and hands it to the span
    /// builder if its trace is kept; only then is it taken out of its place. Never waits for anything outside this thread.
    pub fn finish(&self, record: &mut RequestRecord) {
        // Not active any more, even while it waits for the span builder.
        record.active = None;
        let duration = record.started.elapsed();
        let kept = self
            .inner
            .pipeline
            .as_ref()
            .and_then(|_| keep::reason(record, duration, self.inner.slow));
        local::with(&self.inner, |local| {
            self.inner.metrics.count(local.shard, record, duration, kept.is_some());
            if let Some(used) = &local.usage {
                usage::lock(used).count(record, duration);
            }
            if let Some(lines) = &local.lines {
                lines.push(&mut local.clock, record, duration, kept.is_some());
            }
        });
        if let (Some(reason), Some(pipeline)) = (kept, &self.inner.pipeline) {
            let record = record.take();
            pipeline.send(Finished { record, duration }, reason);
        }
    }

    /// Counters of one route, found once when a snapshot is built. `api` is the API's stable id, or `None` for the
    /// gateway's own pages; `method` is `None` for a route that takes every method.
    pub fn route_metrics(&self, api: Option<&str>, template: &str, method: Option<&Method>) -> RouteMetrics {
        self.inner.metrics.route(api, template, method)
    }

    /// Counters of one limit policy, found once when a snapshot is built.
    pub fn limit_metrics(&self, policy: &str) -> LimitMetrics {
        self.inner.metrics.limit(policy)
    }

    /// Registers other crates' metrics. Do it at start: a scrape holds the same lock.
    pub fn with_registry<R>(&self, register: impl FnOnce(&mut Registry) -> R) -> R {
        self.inner.metrics.with_registry(register)
    }

    /// `/metrics`, `/traces`, `/traces/latest`, `/traces/{traceId}` and the OTLP receiver `/v1/traces`, for the operations
    /// listener only: nothing in it asks who is there.
    pub fn operations_router(&self) -> axum::Router {
        crate::operations::router(Arc::clone(&self.inner.metrics), self.inner.store.clone())
    }
}

impl std::fmt::Debug for Telemetry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Telemetry")
            .field("sampler", &self.inner.sampler)
            .finish_non_exhaustive()
    }
}

// === impl Guard ===

impl Guard {
    /// Writes and exports everything that was finished before this call, then stops the threads. Takes at most five
    /// seconds; what could not be delivered by then is counted as dropped. Blocks: in async code call it from
    /// `spawn_blocking`, or after the runtime.
    pub fn shutdown(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        let deadline = Instant::now() + SHUTDOWN;
        // Both at once: one that is stuck must not take the other's time.
        if let Some(log) = &self.access_log {
            log.ask_to_stop();
        }
        if let Some(pipeline) = self.pipeline.take() {
            pipeline.stop(deadline);
        }
        if let Some(log) = self.access_log.take() {
            log.stop(deadline);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guard").finish_non_exhaustive()
    }
}
