//! Sending spans without ever holding up a request: a bounded queue, one task, and a count of what was lost.
//!
//! The SDK's own batch processor runs on a plain thread, where the asynchronous HTTP client has no reactor;
//! this one runs on the service's runtime.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// How spans are gathered and sent.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How long spans are gathered.
    pub(crate) delay: Duration,
    /// How long one sending may take; also the bound of the last one.
    pub(crate) timeout: Duration,
    /// How many spans may wait.
    pub(crate) queue: usize,
    /// How many spans are sent at once.
    pub(crate) batch: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(200),
            timeout: Duration::from_secs(2),
            queue: 4096,
            batch: 256,
        }
    }
}

/// The task that sends.
pub(crate) struct Exporting {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    timeout: Duration,
}

impl Exporting {
    /// Starts the task; the processor hands finished spans to it.
    pub(crate) fn start<E: SpanExporter + 'static>(
        exporter: E,
        settings: &Settings,
        lost: Arc<AtomicU64>,
    ) -> (QueueProcessor, Self) {
        let (sender, receiver) = mpsc::channel(settings.queue);
        let (stop, stopped) = oneshot::channel();
        let processor = QueueProcessor {
            sender,
            lost: Arc::clone(&lost),
        };
        let task = tokio::spawn(send_batches(exporter, receiver, stopped, settings.clone(), lost));
        (
            processor,
            Self {
                task,
                stop,
                timeout: settings.timeout,
            },
        )
    }

    /// Sends what is left and stops, within the time of one sending.
    pub(crate) async fn finish(self) {
        // The task may have ended already; then there is nobody to tell.
        let _ = self.stop.send(());
        let abort = self.task.abort_handle();
        if timeout(self.timeout, self.task).await.is_err() {
            abort.abort();
        }
    }
}

/// Takes finished spans and puts them in the queue, or counts them as lost when it is full.
#[derive(Debug)]
pub(crate) struct QueueProcessor {
    sender: mpsc::Sender<SpanData>,
    lost: Arc<AtomicU64>,
}

impl SpanProcessor for QueueProcessor {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.sender.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

async fn send_batches<E: SpanExporter>(
    exporter: E,
    mut spans: mpsc::Receiver<SpanData>,
    mut stopped: oneshot::Receiver<()>,
    settings: Settings,
    lost: Arc<AtomicU64>,
) {
    let mut reporter = Reporter {
        lost,
        reported: 0,
        failing: false,
    };
    loop {
        let first = tokio::select! {
            span = spans.recv() => span,
            _ = &mut stopped => break,
        };
        let Some(first) = first else { return };
        let mut batch = Vec::with_capacity(settings.batch);
        batch.push(first);
        let until = Instant::now() + settings.delay;
        while batch.len() < settings.batch {
            tokio::select! {
                next = timeout_at(until, spans.recv()) => match next {
                    Ok(Some(span)) => batch.push(span),
                    Ok(None) | Err(_) => break,
                },
                _ = &mut stopped => {
                    send(&exporter, batch, &settings, &mut reporter).await;
                    return send_rest(&exporter, spans, &settings, &mut reporter).await;
                }
            }
        }
        send(&exporter, batch, &settings, &mut reporter).await;
    }
    send_rest(&exporter, spans, &settings, &mut reporter).await;
}

/// What is in the queue when the service stops.
async fn send_rest<E: SpanExporter>(
    exporter: &E,
    mut spans: mpsc::Receiver<SpanData>,
    settings: &Settings,
    reporter: &mut Reporter,
) {
    spans.close();
    let mut batch = Vec::new();
    while let Some(span) = spans.recv().await {
        batch.push(span);
        if batch.len() >= settings.batch {
            send(exporter, std::mem::take(&mut batch), settings, reporter).await;
        }
    }
    if !batch.is_empty() {
        send(exporter, batch, settings, reporter).await;
    }
}

async fn send<E: SpanExporter>(exporter: &E, batch: Vec<SpanData>, settings: &Settings, reporter: &mut Reporter) {
    let count = batch.len() as u64;
    let sent = matches!(timeout(settings.timeout, exporter.export(batch)).await, Ok(Ok(())));
    reporter.report(sent, count);
}

/// Says once that sending fails and once that it works again, never for each batch.
struct Reporter {
    lost: Arc<AtomicU64>,
    reported: u64,
    failing: bool,
}

impl Reporter {
    fn report(&mut self, sent: bool, count: u64) {
        if !sent {
            self.lost.fetch_add(count, Ordering::Relaxed);
        }
        let lost = self.lost.load(Ordering::Relaxed);
        if !sent && !self.failing {
            tracing::warn!(
                spans_lost = lost,
                "spans cannot be sent; requests are answered as usual"
            );
        } else if sent && (self.failing || lost > self.reported) {
            tracing::info!(spans_lost = lost, "spans are sent; some were lost before");
        }
        self.failing = !sent;
        self.reported = lost;
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    use super::*;

    fn provider(processor: QueueProcessor) -> SdkTracerProvider {
        SdkTracerProvider::builder().with_span_processor(processor).build()
    }

    #[tokio::test(start_paused = true)]
    async fn spans_that_wait_are_sent_before_the_end() {
        let exporter = InMemorySpanExporter::default();
        let settings = Settings {
            delay: Duration::from_secs(3600),
            ..Settings::default()
        };
        let (processor, exporting) = Exporting::start(exporter.clone(), &settings, Arc::default());
        let provider = provider(processor);
        for _ in 0..3 {
            provider.tracer("t").start("span").end();
        }
        exporting.finish().await;
        assert_eq!(exporter.get_finished_spans().unwrap().len(), 3);
    }

    #[derive(Debug)]
    struct Hanging;

    impl SpanExporter for Hanging {
        async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_receiver_that_hangs_costs_spans_and_nothing_else() {
        let lost = Arc::new(AtomicU64::new(0));
        let settings = Settings {
            queue: 2,
            ..Settings::default()
        };
        let (processor, exporting) = Exporting::start(Hanging, &settings, Arc::clone(&lost));
        let provider = provider(processor);
        for _ in 0..10 {
            provider.tracer("t").start("span").end();
        }
        exporting.finish().await;
        assert!(lost.load(Ordering::Relaxed) >= 8);
    }
}
