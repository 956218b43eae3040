//! The most recent traces, in memory, for whoever asks the operations listener: the gateway's own spans and those that
//! services send to its OTLP receiver.

mod receive;
mod span;
mod tree;

pub(crate) use receive::receive;
pub(crate) use span::Span;
pub(crate) use tree::{as_json, as_text, summary};

use crate::metrics::lock;
use opentelemetry_sdk::trace::SpanData;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Spans kept of one trace.
const SPANS_PER_TRACE: usize = 256;

/// Spans kept of all traces, as an average a trace.
const AVERAGE_SPANS: usize = 32;

/// A trace is told when no span of it came for this long: services send theirs in batches, after the gateway.
const QUIET: Duration = Duration::from_millis(250);

/// The same for a trace with a call whose other side has not been heard of.
const QUIET_HALF_TOLD: Duration = Duration::from_secs(1);

/// A bounded ring of traces.
pub(crate) struct Store {
    capacity: usize,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    traces: HashMap<[u8; 16], Trace>,
    order: VecDeque<[u8; 16]>,
    latest: Option<[u8; 16]>,
    spans: usize,
}

/// The spans of one trace, in order of arrival.
#[derive(Clone)]
pub(crate) struct Trace {
    pub(crate) id: [u8; 16],
    pub(crate) spans: Vec<Span>,
    /// Spans that came when the trace was full.
    pub(crate) dropped: usize,
    changed: Instant,
}

/// Which trace is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Which {
    /// The one with this id.
    Id([u8; 16]),
    /// The one the gateway finished last.
    Latest,
}

// === impl Store ===

impl Store {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::default(),
            changed: watch::Sender::new(()),
        }
    }

    /// Adds the spans of one request of this gateway.
    pub(crate) fn insert_own(&self, spans: &[SpanData], service: &Arc<str>) {
        let Some(first) = spans.first() else { return };
        let trace = first.span_context.trace_id().to_bytes();
        let mut state = lock(&self.state);
        for span in spans {
            state.insert(trace, Span::own(span, service), self.capacity);
        }
        state.latest = Some(trace);
        drop(state);
        self.changed.send_replace(());
    }

    /// Adds spans of other services.
    pub(crate) fn insert(&self, spans: Vec<([u8; 16], Span)>) {
        let mut state = lock(&self.state);
        for (trace, span) in spans {
            state.insert(trace, span, self.capacity);
        }
        drop(state);
        self.changed.send_replace(());
    }

    /// The newest traces, newest first.
    pub(crate) fn recent(&self, count: usize) -> Vec<Trace> {
        let state = lock(&self.state);
        state
            .order
            .iter()
            .rev()
            .filter_map(|id| state.traces.get(id))
            .take(count)
            .cloned()
            .collect()
    }

    /// Waits until the trace is known and no span of it came for a while, at most `wait`; `None`: not known by then.
    pub(crate) async fn settled(&self, which: Which, wait: Duration) -> Option<Trace> {
        let deadline = Instant::now() + wait;
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            let ready = lock(&self.state).find(which).map(Trace::ready);
            let until = ready.map_or(deadline, |ready| deadline.min(ready));
            if Instant::now() >= until {
                return lock(&self.state).find(which).cloned();
            }
            // Either way the loop looks again.
            let _ = tokio::time::timeout_at(until.into(), changes.changed()).await;
        }
    }
}

// === impl Trace ===

impl Trace {
    /// When this trace may be shown, if no more spans come.
    fn ready(&self) -> Instant {
        let answered: HashSet<[u8; 8]> = self
            .spans
            .iter()
            .filter(|span| span.kind == "server")
            .filter_map(|span| span.parent)
            .collect();
        let half_told = self
            .spans
            .iter()
            .any(|span| span.kind == "client" && !answered.contains(&span.span_id));
        self.changed + if half_told { QUIET_HALF_TOLD } else { QUIET }
    }
}

// === impl State ===

impl State {
    fn find(&self, which: Which) -> Option<&Trace> {
        let id = match which {
            Which::Id(id) => id,
            Which::Latest => self.latest?,
        };
        self.traces.get(&id)
    }

    fn insert(&mut self, id: [u8; 16], span: Span, capacity: usize) {
        let trace = self.traces.entry(id).or_insert_with(|| {
            self.order.push_back(id);
            Trace {
                id,
                spans: Vec::new(),
                dropped: 0,
                changed: Instant::now(),
            }
        });
        trace.changed = Instant::now();
        // An exporter that got no answer sends again.
        if let Some(same) = trace.spans.iter_mut().find(|known| known.span_id == span.span_id) {
            *same = span;
        } else if trace.spans.len() < SPANS_PER_TRACE {
            trace.spans.push(span);
            self.spans += 1;
        } else {
            trace.dropped += 1;
        }
        while self.order.len() > capacity
            || (self.spans > capacity.saturating_mul(AVERAGE_SPANS) && self.order.len() > 1)
        {
            let oldest = self.order.pop_front().and_then(|oldest| self.traces.remove(&oldest));
            self.spans -= oldest.map_or(0, |oldest| oldest.spans.len());
        }
    }
}
