//! W3C Trace Context, level 1: which trace a request belongs to, and what is passed on.
//!
//! Anything malformed starts a new trace (section 3.2.2.3); a caller's `tracestate` is kept only beside a valid
//! `traceparent` (section 3.3.1.4).

mod tracestate;

use crate::ids::{self, HexId, parse_hex};
use crate::sampler::Sampler;
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Length of a version 00 `traceparent`.
const LENGTH: usize = 55;

/// The trace a request belongs to, and this server's own span in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: [u8; 16],
    /// The span of this server, the parent of everything done for the request.
    pub span_id: [u8; 8],
    /// The caller's span, when the caller sent a valid `traceparent`.
    pub parent_span_id: Option<[u8; 8]>,
    /// Whether the share keeps this trace; sent on as the `sampled` flag.
    pub sampled: bool,
    /// The caller's vendor data, passed on unchanged.
    pub tracestate: Option<HeaderValue>,
}

impl TraceContext {
    /// Continues the caller's trace, or starts a new one where its header is missing, doubled or not valid.
    pub fn from_headers(headers: &HeaderMap, sampler: &Sampler) -> Self {
        let caller = single(headers).and_then(|value| parse(value.as_bytes()));
        let Some(caller) = caller else {
            return Self::new(sampler);
        };
        Self {
            trace_id: caller.trace_id,
            span_id: ids::new_span_id(),
            parent_span_id: Some(caller.span_id),
            sampled: sampler.decide(&caller.trace_id, Some(caller.sampled)),
            tracestate: tracestate::read(headers),
        }
    }

    /// Starts a new trace.
    pub fn new(sampler: &Sampler) -> Self {
        let trace_id = ids::new_trace_id();
        let sampled = sampler.decide(&trace_id, None);
        Self {
            trace_id,
            span_id: ids::new_span_id(),
            parent_span_id: None,
            sampled,
            tracestate: None,
        }
    }

    /// A new span id under this server's span: the client span of one call to a backend.
    pub fn child(&self) -> [u8; 8] {
        ids::new_span_id()
    }

    /// The header that names `span_id` as the parent: a [`child`](Self::child) towards a backend, this server's own
    /// `span_id` in a response.
    pub fn traceparent(&self, span_id: [u8; 8]) -> HeaderValue {
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        if let Some(place) = text.get_mut(3..35) {
            ids::write_hex(&self.trace_id, place);
        }
        if let Some(place) = text.get_mut(36..52) {
            ids::write_hex(&span_id, place);
        }
        if let Some(last) = text.last_mut() {
            *last = if self.sampled { b'1' } else { b'0' };
        }
        // Hexadecimal digits and dashes are always a valid value.
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    /// The trace id as people and problems show it.
    pub fn trace_id_hex(&self) -> HexId<32> {
        ids::trace_hex(&self.trace_id)
    }

    /// This server's span id as text.
    pub fn span_id_hex(&self) -> HexId<16> {
        ids::span_hex(&self.span_id)
    }
}

/// What a valid `traceparent` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Caller {
    trace_id: [u8; 16],
    span_id: [u8; 8],
    sampled: bool,
}

/// The header's value, when there is exactly one.
fn single(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Section 3.2: `version-traceid-parentid-flags`, lower case only. A later version may be longer, after another dash.
fn parse(text: &[u8]) -> Option<Caller> {
    let [version] = parse_hex::<1>(text.get(..2)?)?;
    let long_enough = match version {
        0xff => false,
        0 => text.len() == LENGTH,
        _ => text.len() == LENGTH || text.get(LENGTH) == Some(&b'-'),
    };
    let dashes = [2, 35, 52].iter().all(|&at| text.get(at) == Some(&b'-'));
    if !long_enough || !dashes {
        return None;
    }
    let trace_id = parse_hex::<16>(text.get(3..35)?)?;
    let span_id = parse_hex::<8>(text.get(36..52)?)?;
    let [flags] = parse_hex::<1>(text.get(53..LENGTH)?)?;
    (trace_id != [0; 16] && span_id != [0; 8]).then_some(Caller {
        trace_id,
        span_id,
        sampled: flags & 1 == 1,
    })
}
