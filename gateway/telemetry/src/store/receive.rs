//! Spans that services send, decoded from OTLP protobuf (`ExportTraceServiceRequest`).

use super::span::{MAX_ATTRIBUTES, Span, clean, wanted};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{Span as Received, span::SpanKind, status::StatusCode};
use prost::Message;
use serde_json::Value;
use std::sync::Arc;

/// Spans taken of one request.
const MAX_SPANS: usize = 8_192;

/// Why a body was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    /// Not the message it should be.
    #[error("the body is not an ExportTraceServiceRequest in protobuf")]
    Malformed(#[from] prost::DecodeError),
    /// More than anybody sends in one batch.
    #[error("more than {MAX_SPANS} spans in one request")]
    TooMany,
}

/// The spans of one request.
#[derive(Default)]
pub(crate) struct Batch {
    /// Each with its trace.
    pub(crate) spans: Vec<([u8; 16], Span)>,
    /// How many were not valid and are left out.
    pub(crate) rejected: i64,
}

/// Decodes the body of one OTLP request.
pub(crate) fn receive(body: &[u8]) -> Result<Batch, ReceiveError> {
    let request = ExportTraceServiceRequest::decode(body)?;
    let mut batch = Batch::default();
    for group in request.resource_spans {
        let attributes = group.resource.map(|resource| resource.attributes).unwrap_or_default();
        let service = service_name(&attributes);
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            if batch.spans.len() == MAX_SPANS {
                return Err(ReceiveError::TooMany);
            }
            match span_of(span, &service) {
                Some(span) => batch.spans.push(span),
                None => batch.rejected += 1,
            }
        }
    }
    Ok(batch)
}

fn service_name(attributes: &[KeyValue]) -> Arc<str> {
    let named = attributes
        .iter()
        .find(|pair| pair.key == "service.name")
        .and_then(|pair| pair.value.as_ref()?.value.as_ref());
    match named {
        Some(Any::StringValue(name)) => Arc::from(clean(name)),
        _ => Arc::from("unknown"),
    }
}

/// `None` for a span without valid ids.
fn span_of(span: Received, service: &Arc<str>) -> Option<([u8; 16], Span)> {
    let trace: [u8; 16] = span.trace_id.try_into().ok()?;
    let span_id: [u8; 8] = span.span_id.try_into().ok()?;
    if trace == [0; 16] || span_id == [0; 8] {
        return None;
    }
    let status = span.status.unwrap_or_default();
    let kept = span
        .attributes
        .into_iter()
        .filter(|pair| wanted(&pair.key))
        .take(MAX_ATTRIBUTES);
    let span = Span {
        span_id,
        parent: span.parent_span_id.try_into().ok().filter(|parent| parent != &[0; 8]),
        name: clean(&span.name),
        service: Arc::clone(service),
        kind: kind(span.kind),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        error: status.code == StatusCode::Error as i32,
        message: clean(&status.message),
        attributes: kept.map(|pair| (clean(&pair.key), json(pair.value))).collect(),
    };
    Some((trace, span))
}

fn kind(kind: i32) -> &'static str {
    match SpanKind::try_from(kind) {
        Ok(SpanKind::Server) => "server",
        Ok(SpanKind::Client) => "client",
        Ok(SpanKind::Producer) => "producer",
        Ok(SpanKind::Consumer) => "consumer",
        _ => "internal",
    }
}

/// Plain values as they are; lists of plain values as lists; nothing deeper.
fn json(value: Option<AnyValue>) -> Value {
    match value.and_then(|value| value.value) {
        Some(Any::ArrayValue(list)) => list
            .values
            .into_iter()
            .take(MAX_ATTRIBUTES)
            .map(|value| plain(value.value))
            .collect(),
        other => plain(other),
    }
}

fn plain(value: Option<Any>) -> Value {
    match value {
        Some(Any::StringValue(text)) => Value::from(clean(&text)),
        Some(Any::BoolValue(value)) => Value::from(value),
        Some(Any::IntValue(value)) => Value::from(value),
        Some(Any::DoubleValue(value)) => Value::from(value),
        _ => Value::Null,
    }
}
