//! What a handler and its outgoing calls know of the request they belong to.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::SpanContext;
use opentelemetry_sdk::trace::SdkTracer;
use tokio::time::Instant;

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// The request that is being answered: its place in the trace and how long there is left.
///
/// It is found by itself within the task that answers ([`RequestContext::current`]). Work that is spawned
/// elsewhere takes it along with [`RequestContext::scope`]; it is also in the request's extensions.
#[derive(Clone, Debug)]
pub struct RequestContext {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    span: SpanContext,
    tracer: SdkTracer,
    deadline: Option<Instant>,
}

impl RequestContext {
    pub(crate) fn new(span: SpanContext, tracer: SdkTracer, deadline: Option<Instant>) -> Self {
        Self {
            inner: Arc::new(Inner { span, tracer, deadline }),
        }
    }

    /// The context of the request that this task answers, if it answers one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Runs `future` as a part of answering this request.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CURRENT.scope(self, future).await
    }

    /// The trace's id in 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        self.inner.span.trace_id().to_string()
    }

    /// When the caller stops waiting, if it said so (`Vagvisare-Deadline-Ms`).
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.inner.deadline
    }

    /// How long the caller still waits, if it said so.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.inner
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    pub(crate) fn span(&self) -> &SpanContext {
        &self.inner.span
    }

    pub(crate) fn tracer(&self) -> &SdkTracer {
        &self.inner.tracer
    }
}
