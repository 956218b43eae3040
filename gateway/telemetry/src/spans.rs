//! A finished request as OpenTelemetry spans, by the stable HTTP semantic conventions (1.23 and later).
//!
//! One server span; an internal span for each phase that took measurable time; a client span for the call to the backend,
//! with the id the backend got as its parent, so that the backend's own spans join on. `url.path` and `http.route` hold the
//! route's template: a raw path may name a case or a person. `url.full` and `client.address` are left out for the same reason.

use crate::access_log::version;
use crate::metrics::known_method;
use crate::pipeline::Finished;
use crate::record::{Outcome, Phase, RequestRecord, UpstreamFacts};
use http::Method;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Longest method passed on as `http.request.method_original`, in bytes.
const MAX_METHOD: usize = 32;

/// Phases that are part of the call to the backend when there was one.
const OF_THE_CALL: [Phase; 2] = [Phase::Connect, Phase::Body];

/// What every span has in common.
pub(crate) struct Builder {
    scope: InstrumentationScope,
    server_address: Option<Arc<str>>,
}

/// What the spans of one request have in common.
struct Frame<'a> {
    builder: &'a Builder,
    record: &'a RequestRecord,
    state: TraceState,
}

/// How many spans `record` makes.
pub(crate) fn count(record: &RequestRecord) -> u64 {
    let phases = Phase::ALL
        .into_iter()
        .filter(|phase| is_own_span(record, *phase))
        .count();
    1 + phases as u64 + u64::from(record.upstream.is_some())
}

/// Waiting for the backend's answer is the client span itself; without a backend there is no such wait.
fn is_own_span(record: &RequestRecord, phase: Phase) -> bool {
    phase != Phase::Forward && record.phase_times(phase).is_some()
}

// === impl Builder ===

impl Builder {
    pub(crate) fn new(version: String, server_address: Option<&str>) -> Self {
        let scope = InstrumentationScope::builder("vagvisare").with_version(version).build();
        Self {
            scope,
            server_address: server_address.map(Arc::from),
        }
    }

    /// The server span first, then its children in request order.
    pub(crate) fn build(&self, finished: &Finished) -> Vec<SpanData> {
        let record = &finished.record;
        let state = record
            .trace
            .tracestate
            .as_ref()
            .and_then(|value| TraceState::from_str(value.to_str().ok()?).ok());
        let frame = Frame {
            builder: self,
            record,
            state: state.unwrap_or_default(),
        };
        let mut spans = Vec::with_capacity(Phase::COUNT + 2);
        spans.push(frame.server(finished.duration));
        spans.extend(
            record
                .upstream
                .as_ref()
                .map(|facts| frame.client(facts, finished.duration)),
        );
        spans.extend(
            Phase::ALL
                .into_iter()
                .filter(|phase| is_own_span(record, *phase))
                .filter_map(|phase| frame.phase(phase)),
        );
        spans
    }
}

// === impl Frame ===

impl Frame<'_> {
    fn server(&self, duration: Duration) -> SpanData {
        let record = self.record;
        let method = known_method(&record.method);
        let name = match (method, &record.path_template) {
            (method, Some(route)) => Cow::Owned(format!("{} {route}", method.unwrap_or("HTTP"))),
            (method, None) => Cow::Borrowed(method.unwrap_or("HTTP")),
        };
        let mut span = self.span(
            record.trace.span_id,
            name,
            SpanKind::Server,
            (record.started_at, record.started_at + duration),
        );
        if let Some(parent) = record.trace.parent_span_id {
            span.parent_span_id = SpanId::from_bytes(parent);
            span.parent_span_is_remote = true;
        }
        span.attributes = self.server_attributes();
        if record.status >= 500 || record.outcome == Outcome::UpstreamBroke {
            span.status = Status::error("");
        }
        span
    }

    fn server_attributes(&self) -> Vec<KeyValue> {
        let record = self.record;
        let mut list = method_attributes(&record.method);
        list.push(KeyValue::new(
            "url.scheme",
            if record.secure { "https" } else { "http" },
        ));
        list.push(KeyValue::new("network.protocol.name", "http"));
        list.push(KeyValue::new("network.protocol.version", version(record.http_version)));
        if record.status != 0 {
            list.push(KeyValue::new("http.response.status_code", i64::from(record.status)));
        }
        if let Some(kind) = error_type(record) {
            list.push(KeyValue::new("error.type", kind));
        }
        list.push(KeyValue::new("vagvisare.outcome", record.outcome.name()));
        list.extend(record.blame.map(|blame| KeyValue::new("vagvisare.blame", blame.name())));
        list.extend(
            record
                .deadline_ms
                .map(|millis| KeyValue::new("vagvisare.deadline_ms", i64::from(millis))),
        );
        list.push(KeyValue::new("http.request.body.size", size(record.request_bytes)));
        list.push(KeyValue::new("http.response.body.size", size(record.response_bytes)));
        let texts = [
            ("http.route", &record.path_template),
            ("url.path", &record.path_template),
            ("server.address", &self.builder.server_address),
            ("vagvisare.api", &record.api),
            ("vagvisare.organisation", &record.organisation),
            ("vagvisare.application", &record.application),
            ("vagvisare.agreement", &record.agreement),
            ("vagvisare.supplier", &record.supplier),
            ("vagvisare.limit.policy", &record.limit_policy),
        ];
        list.extend(
            texts
                .into_iter()
                .filter_map(|(key, text)| Some(KeyValue::new(key, Arc::clone(text.as_ref()?)))),
        );
        list
    }

    /// The call to the backend, from the wait for a connection to the last byte of the body.
    fn client(&self, facts: &UpstreamFacts, duration: Duration) -> SpanData {
        let times = [Phase::Connect, Phase::Forward, Phase::Body].map(|phase| self.record.phase_times(phase));
        let first = times
            .into_iter()
            .flatten()
            .next()
            .map_or(Duration::ZERO, |(start, _)| micros(start));
        let last = times
            .into_iter()
            .flatten()
            .last()
            .map_or(duration, |(_, end)| micros(end));
        let began = self.record.started_at;
        let name = known_method(&self.record.method).unwrap_or("HTTP");
        let mut span = self.span(
            facts.span_id,
            name.into(),
            SpanKind::Client,
            (began + first, began + last),
        );
        span.attributes = method_attributes(&self.record.method);
        span.attributes.extend([
            KeyValue::new("server.address", facts.address.ip().to_string()),
            KeyValue::new("server.port", i64::from(facts.address.port())),
            KeyValue::new("network.peer.address", facts.address.ip().to_string()),
            KeyValue::new("network.peer.port", i64::from(facts.address.port())),
            KeyValue::new("vagvisare.backend", Arc::clone(&facts.backend)),
            KeyValue::new("vagvisare.connection.reused", facts.reused_connection),
        ]);
        if self.record.resends > 0 {
            let resends = i64::from(self.record.resends);
            span.attributes
                .push(KeyValue::new("http.request.resend_count", resends));
        }
        let failure = match facts.status {
            None => Some(error_type(self.record).unwrap_or_else(|| self.record.outcome.name().into())),
            // A caller that gets 4xx or 5xx did not get what it asked for: an error on a client span.
            Some(status) => (status >= 400).then(|| status.to_string().into()),
        };
        span.attributes.extend(
            facts
                .status
                .map(|status| KeyValue::new("http.response.status_code", i64::from(status))),
        );
        let broke =
            (self.record.outcome == Outcome::UpstreamBroke).then_some(Cow::Borrowed(Outcome::UpstreamBroke.name()));
        if let Some(kind) = failure.or(broke) {
            span.attributes.push(KeyValue::new("error.type", kind));
            span.status = Status::error("");
        }
        span
    }

    fn phase(&self, phase: Phase) -> Option<SpanData> {
        let (start, end) = self.record.phase_times(phase)?;
        let began = self.record.started_at;
        let times = (began + micros(start), began + micros(end));
        let mut span = self.span(
            self.record.trace.child(),
            phase.name().into(),
            SpanKind::Internal,
            times,
        );
        if let Some(call) = self.record.upstream.as_ref().filter(|_| OF_THE_CALL.contains(&phase)) {
            span.parent_span_id = SpanId::from_bytes(call.span_id);
        }
        if phase == Phase::Limit {
            let policy = self.record.limit_policy.clone();
            span.attributes
                .extend(policy.map(|policy| KeyValue::new("vagvisare.limit.policy", policy)));
        }
        Some(span)
    }

    /// A child of the server span without attributes.
    fn span(
        &self,
        id: [u8; 8],
        name: Cow<'static, str>,
        kind: SpanKind,
        (start, end): (SystemTime, SystemTime),
    ) -> SpanData {
        let trace = &self.record.trace;
        let trace_id = TraceId::from_bytes(trace.trace_id);
        // Kept is kept: the flag says so here, whatever was sent on before that was known.
        let context = SpanContext::new(
            trace_id,
            SpanId::from_bytes(id),
            TraceFlags::SAMPLED,
            false,
            self.state.clone(),
        );
        SpanData {
            span_context: context,
            parent_span_id: SpanId::from_bytes(trace.span_id),
            parent_span_is_remote: false,
            span_kind: kind,
            name,
            start_time: start,
            end_time: end,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.builder.scope.clone(),
        }
    }
}

/// `http.request.method`, and the original where it is not one of the known ones.
fn method_attributes(method: &Method) -> Vec<KeyValue> {
    let mut list = Vec::with_capacity(20);
    let known = known_method(method);
    list.push(KeyValue::new("http.request.method", known.unwrap_or("_OTHER")));
    if known.is_none() {
        // A method is a token: ASCII, so any cut is between characters.
        let original = method.as_str().get(..MAX_METHOD).unwrap_or(method.as_str());
        list.push(KeyValue::new("http.request.method_original", original.to_owned()));
    }
    list
}

/// The problem's code, else how the response ended, else a 5xx status as text.
fn error_type(record: &RequestRecord) -> Option<Cow<'static, str>> {
    if let Some(code) = record.error {
        return Some(code.into());
    }
    if record.outcome != Outcome::Complete {
        return Some(record.outcome.name().into());
    }
    (record.status >= 500).then(|| record.status.to_string().into())
}

fn micros(value: u32) -> Duration {
    Duration::from_micros(u64::from(value))
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
