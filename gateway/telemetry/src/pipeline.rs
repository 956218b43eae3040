//! The one thread that turns finished requests into spans, for the trace store and the collector.
//!
//! Requests get here through a bounded queue that is tried, never waited on. When it is half full, refusals no longer get
//! in: one bad caller can make any number of those, and must not push out what failed.

use crate::config::{Config, Error};
use crate::export::Exporter;
use crate::keep::Reason;
use crate::metrics::Metrics;
use crate::record::RequestRecord;
use crate::spans;
use crate::store::Store;
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

/// Finished requests that may wait for the span builder.
const QUEUE: usize = 2_048;

/// Requests taken from the queue at once.
const TAKE: usize = 64;

/// Kept back of the time to stop in, for this thread's own end.
const MARGIN: Duration = Duration::from_millis(200);

/// A request whose trace is kept.
pub(crate) struct Finished {
    pub(crate) record: RequestRecord,
    pub(crate) duration: Duration,
}

/// The way in, shared by all threads.
#[derive(Clone)]
pub(crate) struct Sender {
    queue: mpsc::Sender<Finished>,
    metrics: Arc<Metrics>,
}

/// The running thread.
pub(crate) struct Pipeline {
    sender: Sender,
    stop: oneshot::Sender<Instant>,
    stopped: blocking::Receiver<()>,
}

/// The thread's own side.
struct Loop {
    queue: mpsc::Receiver<Finished>,
    builder: spans::Builder,
    store: Option<(Arc<Store>, Arc<str>)>,
    exporter: Option<Exporter>,
}

/// Builds the exporter, which connects nothing yet, and starts the thread.
pub(crate) fn start(config: &Config, store: Option<Arc<Store>>, metrics: Arc<Metrics>) -> Result<Pipeline, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Thread)?;
    let exporter = match exporter(&runtime, config, &metrics) {
        Ok(exporter) => exporter,
        Err(error) => {
            // The caller may be in a runtime itself, where another must not simply be dropped.
            runtime.shutdown_background();
            return Err(error);
        }
    };
    let (sender, queue) = mpsc::channel(QUEUE);
    let (stop, stopping) = oneshot::channel();
    let (done, stopped) = blocking::channel();
    let builder = spans::Builder::new(config.service_version.clone(), config.server_address.as_deref());
    let store = store.map(|store| (store, Arc::from(config.service_name.as_str())));
    let work = Loop {
        queue,
        builder,
        store,
        exporter,
    };
    let thread = std::thread::Builder::new().name("telemetry".to_owned());
    let body = move || {
        runtime.block_on(work.run(stopping));
        runtime.shutdown_background();
        // The receiver has gone when the stop ran out of time.
        let _ = done.send(());
    };
    thread.spawn(body).map_err(Error::Thread)?;
    Ok(Pipeline {
        sender: Sender { queue: sender, metrics },
        stop,
        stopped,
    })
}

/// Built inside `runtime` without driving it: the caller may be in a runtime itself.
fn exporter(runtime: &Runtime, config: &Config, metrics: &Arc<Metrics>) -> Result<Option<Exporter>, Error> {
    let Some(otlp) = &config.otlp else { return Ok(None) };
    let _inside = runtime.enter();
    Exporter::start(otlp, config, Arc::clone(metrics)).map(Some)
}

// === impl Sender ===

impl Sender {
    /// Hands a request over, or counts its spans as dropped.
    pub(crate) fn send(&self, finished: Finished, reason: Reason) {
        let crowded = self.queue.capacity() < self.queue.max_capacity() / 2;
        let refused = if reason == Reason::Refused && crowded {
            Some(finished)
        } else {
            self.queue
                .try_send(finished)
                .err()
                .map(mpsc::error::TrySendError::into_inner)
        };
        if let Some(finished) = refused {
            self.metrics
                .spans_dropped
                .queue_full
                .inc_by(spans::count(&finished.record));
        }
    }
}

// === impl Pipeline ===

impl Pipeline {
    pub(crate) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Builds and exports what is queued, then ends the thread; gives up at `deadline`.
    pub(crate) fn stop(self, deadline: Instant) {
        let within = deadline.checked_sub(MARGIN).unwrap_or(deadline);
        // The thread has already ended if nobody listens.
        let _ = self.stop.send(within);
        if self
            .stopped
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            .is_err()
        {
            tracing::warn!("telemetry did not stop in time");
        }
    }
}

// === impl Loop ===

impl Loop {
    async fn run(mut self, mut stopping: oneshot::Receiver<Instant>) {
        let mut taken = Vec::with_capacity(TAKE);
        let deadline = loop {
            tokio::select! {
                biased;
                deadline = &mut stopping => break deadline.unwrap_or_else(|_| Instant::now()),
                _ = self.queue.recv_many(&mut taken, TAKE) => self.handle(&mut taken),
            }
        };
        self.queue.close();
        while self.queue.recv_many(&mut taken, TAKE).await > 0 {
            self.handle(&mut taken);
        }
        if let Some(exporter) = self.exporter {
            exporter.stop(deadline).await;
        }
    }

    fn handle(&self, taken: &mut Vec<Finished>) {
        for finished in taken.drain(..) {
            let spans = self.builder.build(&finished);
            if let Some((store, service)) = &self.store {
                store.insert_own(&spans, service);
            }
            if let Some(exporter) = &self.exporter {
                exporter.queue(spans);
            }
        }
    }
}
