//! One span as it is kept and shown.

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, Value as OtelValue};
use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest text kept, in bytes; what is longer is cut.
const MAX_TEXT: usize = 256;

/// Attributes kept of one span.
pub(super) const MAX_ATTRIBUTES: usize = 48;

/// Attributes that are thrown away on arrival: they may hold a case number or a person identifier.
const UNWANTED: [&str; 8] = [
    "url.full",
    "url.query",
    "http.url",
    "http.target",
    "enduser.id",
    "user.id",
    "client.address",
    "db.query.text",
];

/// A span without what nobody looks at.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) span_id: [u8; 8],
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) name: String,
    pub(crate) service: Arc<str>,
    /// `server`, `client`, `internal`, `producer` or `consumer`.
    pub(crate) kind: &'static str,
    /// Nanoseconds since 1970.
    pub(crate) start: u64,
    /// Nanoseconds since 1970.
    pub(crate) end: u64,
    pub(crate) error: bool,
    pub(crate) message: String,
    pub(crate) attributes: Vec<(String, Value)>,
}

// === impl Span ===

impl Span {
    /// A span this gateway built.
    pub(super) fn own(span: &SpanData, service: &Arc<str>) -> Self {
        let parent = span.parent_span_id.to_bytes();
        Self {
            span_id: span.span_context.span_id().to_bytes(),
            parent: (parent != [0; 8]).then_some(parent),
            name: clean(&span.name),
            service: Arc::clone(service),
            kind: kind(&span.span_kind),
            start: nanos(span.start_time),
            end: nanos(span.end_time),
            error: matches!(span.status, Status::Error { .. }),
            message: String::new(),
            attributes: span
                .attributes
                .iter()
                .map(|pair| (pair.key.to_string(), json(&pair.value)))
                .collect(),
        }
    }

    /// An attribute as text.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        let (_, value) = self.attributes.iter().find(|(key, _)| key == name)?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// Length in nanoseconds; a clock that went back gives 0.
    pub(crate) fn duration(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Whether an attribute that came from outside may be kept.
pub(super) fn wanted(key: &str) -> bool {
    !UNWANTED.contains(&key) && !key.starts_with("http.request.header.") && !key.starts_with("url.query")
}

/// Text from outside, fit for a terminal: no control characters, nothing that turns the reading direction, and not without
/// end.
pub(super) fn clean(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or(text);
    text.chars()
        .map(|character| if steers(character) { '\u{fffd}' } else { character })
        .collect()
}

/// The bidirectional controls (Unicode Annex 9) make a line read as another one, and two separators end it.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn kind(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        SpanKind::Internal => "internal",
    }
}

fn nanos(at: SystemTime) -> u64 {
    u64::try_from(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

fn json(value: &OtelValue) -> Value {
    match value {
        OtelValue::Bool(value) => Value::from(*value),
        OtelValue::I64(value) => Value::from(*value),
        OtelValue::F64(value) => Value::from(*value),
        OtelValue::Array(Array::String(values)) => values.iter().map(|value| clean(value.as_str())).collect(),
        other => Value::from(clean(&other.as_str())),
    }
}
