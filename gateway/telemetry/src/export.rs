//! Spans to an OpenTelemetry collector, in batches, by a task of the telemetry thread.
//!
//! The queue is bounded in spans; what does not fit, and what the collector does not take, is counted and forgotten. The
//! exporter itself retries a batch up to three times within the batch's timeout.

use crate::config::{Config, Error, OtlpConfig, Protocol};
use crate::metrics::Metrics;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{timeout, timeout_at};

/// Longest time a span waits for its batch to fill.
const LINGER: Duration = Duration::from_millis(200);

/// The running exporter.
pub(crate) struct Exporter {
    queue: mpsc::Sender<SpanData>,
    /// Spans queued or in the batch that is on its way.
    waiting: Arc<AtomicU64>,
    task: JoinHandle<()>,
    metrics: Arc<Metrics>,
}

/// The task's own side.
struct Task {
    queue: mpsc::Receiver<SpanData>,
    exporter: OtlpExporter,
    settings: OtlpConfig,
    waiting: Arc<AtomicU64>,
    metrics: Arc<Metrics>,
    failing: bool,
}

// === impl Exporter ===

impl Exporter {
    /// Builds the exporter and starts its task; must run inside the runtime that will drive it.
    pub(crate) fn start(settings: &OtlpConfig, config: &Config, metrics: Arc<Metrics>) -> Result<Self, Error> {
        let mut exporter = build(settings)?;
        exporter.set_resource(&resource(config));
        let (queue, receiver) = mpsc::channel(settings.queue_spans);
        let waiting = Arc::new(AtomicU64::new(0));
        let task = Task {
            queue: receiver,
            exporter,
            settings: settings.clone(),
            waiting: Arc::clone(&waiting),
            metrics: Arc::clone(&metrics),
            failing: false,
        };
        Ok(Self {
            queue,
            waiting,
            task: tokio::spawn(task.run()),
            metrics,
        })
    }

    /// Queues all spans of one request or counts what does not fit.
    pub(crate) fn queue(&self, spans: Vec<SpanData>) {
        for span in spans {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            if self.queue.try_send(span).is_err() {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                self.metrics.spans_dropped.queue_full.inc();
            }
        }
    }

    /// Exports what is queued until `deadline`; counts the rest as dropped.
    pub(crate) async fn stop(self, deadline: Instant) {
        drop(self.queue);
        let mut task = self.task;
        if timeout_at(deadline.into(), &mut task).await.is_err() {
            task.abort();
            // Wait until it is gone, so that no span is counted twice.
            let _ = task.await;
            self.metrics
                .spans_dropped
                .shutdown
                .inc_by(self.waiting.load(Ordering::Relaxed));
        }
    }
}

// === impl Task ===

impl Task {
    async fn run(mut self) {
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                return;
            }
            self.export(batch).await;
        }
    }

    /// Full, or as old as a batch may be; empty when the queue has ended.
    async fn next_batch(&mut self) -> Vec<SpanData> {
        let size = self.settings.batch;
        let mut batch = Vec::with_capacity(size.min(64));
        self.queue.recv_many(&mut batch, size).await;
        let until = tokio::time::Instant::now() + LINGER;
        while !batch.is_empty() && batch.len() < size {
            let room = size - batch.len();
            match timeout_at(until, self.queue.recv_many(&mut batch, room)).await {
                Ok(more) if more > 0 => {}
                _ => break,
            }
        }
        batch
    }

    async fn export(&mut self, batch: Vec<SpanData>) {
        let spans = batch.len() as u64;
        let result = match timeout(self.settings.timeout, self.exporter.export(batch)).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {:?}", self.settings.timeout)),
        };
        match &result {
            Ok(()) => self.metrics.spans_exported.inc_by(spans),
            Err(_) => {
                self.metrics.export_failures.inc();
                self.metrics.spans_dropped.export_failed.inc_by(spans)
            }
        };
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        self.note(result.err().as_deref());
    }

    /// Says so once for each change, not once for each batch.
    fn note(&mut self, error: Option<&str>) {
        let endpoint = &self.settings.endpoint;
        match error {
            Some(error) if !self.failing => tracing::warn!(
                endpoint,
                error,
                "the collector takes no spans; they are dropped and counted"
            ),
            None if self.failing => tracing::info!(endpoint, "the collector takes spans again"),
            _ => {}
        }
        self.failing = error.is_some();
    }
}

fn build(settings: &OtlpConfig) -> Result<OtlpExporter, Error> {
    let built = match settings.protocol {
        Protocol::Grpc => OtlpExporter::builder()
            .with_tonic()
            .with_endpoint(&settings.endpoint)
            .with_timeout(settings.timeout)
            .build(),
        Protocol::HttpProtobuf => OtlpExporter::builder()
            .with_http()
            .with_protocol(opentelemetry_otlp::Protocol::HttpBinary)
            .with_endpoint(traces_url(&settings.endpoint))
            .with_timeout(settings.timeout)
            .build(),
    };
    built.map_err(|error| Error::Exporter {
        endpoint: settings.endpoint.clone(),
        reason: error.to_string(),
    })
}

/// OTLP/HTTP: a base URL gets the signal's path; a URL with a path is taken as it is.
fn traces_url(endpoint: &str) -> String {
    let bare = endpoint.parse::<http::Uri>().is_ok_and(|uri| uri.path() == "/");
    if bare {
        format!("{}/v1/traces", endpoint.trim_end_matches('/'))
    } else {
        endpoint.to_owned()
    }
}

fn resource(config: &Config) -> Resource {
    let attributes = [
        KeyValue::new("service.version", config.service_version.clone()),
        KeyValue::new("service.instance.id", config.node.clone()),
    ];
    Resource::builder_empty()
        .with_service_name(config.service_name.clone())
        .with_attributes(attributes)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signal_path_is_added_only_to_a_bare_address() {
        assert_eq!(traces_url("http://[::1]:4318"), "http://[::1]:4318/v1/traces");
        assert_eq!(
            traces_url("https://collector.example/"),
            "https://collector.example/v1/traces"
        );
        assert_eq!(
            traces_url("https://collector.example/otlp/v1/traces"),
            "https://collector.example/otlp/v1/traces"
        );
    }
}
