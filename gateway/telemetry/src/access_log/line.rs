//! One line of the access log. WHEN ADDING A FIELD: camelCase, with its unit; never a raw path, query or person identifier.

use super::json::{digits, number, padded, string, text};
use crate::record::{Phase, RequestRecord, UpstreamFacts};
use http::Version;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Room for an ordinary line, asked for once instead of field by field.
const USUAL: usize = 1024;

/// The last second written, so that the calendar is worked out once a second and not once a line.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    second: i64,
    /// `YYYY-MM-DDTHH:MM:SS` of `second`.
    text: Vec<u8>,
}

/// Appends the line of `record`, its end included.
pub(super) fn write(out: &mut Vec<u8>, clock: &mut Clock, record: &RequestRecord, duration: Duration, kept: bool) {
    out.reserve(USUAL);
    out.extend_from_slice(b"{\"time\":\"");
    clock.write(out, record.started_at);
    out.extend_from_slice(b"\",\"traceId\":\"");
    out.extend_from_slice(record.trace.trace_id_hex().as_bytes());
    out.extend_from_slice(b"\",\"spanId\":\"");
    out.extend_from_slice(record.trace.span_id_hex().as_bytes());
    out.extend_from_slice(if kept {
        b"\",\"traceKept\":true"
    } else {
        b"\",\"traceKept\":false"
    });
    text(out, ",\"method\":", Some(record.method.as_str()));
    text(out, ",\"route\":", record.path_template.as_deref());
    number(out, ",\"status\":", u64::from(record.status));
    out.extend_from_slice(b",\"durationMs\":");
    millis(out, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    text(out, ",\"outcome\":", Some(record.outcome.name()));
    text(out, ",\"error\":", record.error);
    text(out, ",\"blame\":", record.blame.map(crate::Blame::name));
    text(out, ",\"api\":", record.api.as_deref());
    text(out, ",\"organisation\":", record.organisation.as_deref());
    text(out, ",\"application\":", record.application.as_deref());
    text(out, ",\"agreement\":", record.agreement.as_deref());
    text(out, ",\"supplier\":", record.supplier.as_deref());
    text(out, ",\"limitPolicy\":", record.limit_policy.as_deref());
    if record.resends > 0 {
        number(out, ",\"resends\":", record.resends.into());
    }
    number(out, ",\"requestBytes\":", record.request_bytes);
    number(out, ",\"responseBytes\":", record.response_bytes);
    text(out, ",\"httpVersion\":", Some(version(record.http_version)));
    out.extend_from_slice(if record.secure {
        b",\"secure\":true"
    } else {
        b",\"secure\":false"
    });
    if let Some(peer) = record.peer {
        out.extend_from_slice(b",\"peer\":\"");
        address(out, peer);
        out.push(b'"');
    }
    phases(out, record);
    if let Some(facts) = &record.upstream {
        upstream(out, facts);
    }
    out.extend_from_slice(b"}\n");
}

/// `"phasesUs":{"route":3}`: how long each phase took, in microseconds.
fn phases(out: &mut Vec<u8>, record: &RequestRecord) {
    let mut before: &[u8] = b",\"phasesUs\":{\"";
    for phase in Phase::ALL {
        if let Some((start, end)) = record.phase_times(phase) {
            out.extend_from_slice(before);
            out.extend_from_slice(phase.name().as_bytes());
            out.extend_from_slice(b"\":");
            digits(out, u64::from(end - start));
            before = b",\"";
        }
    }
    if before == b",\"" {
        out.push(b'}');
    }
}

fn upstream(out: &mut Vec<u8>, facts: &UpstreamFacts) {
    out.extend_from_slice(b",\"upstream\":{\"backend\":");
    string(out, &facts.backend);
    out.extend_from_slice(b",\"address\":\"");
    socket(out, facts.address);
    out.push(b'"');
    if let Some(status) = facts.status {
        number(out, ",\"status\":", u64::from(status));
    }
    let reused: &[u8] = if facts.reused_connection { b"true" } else { b"false" };
    out.extend_from_slice(b",\"reusedConnection\":");
    out.extend_from_slice(reused);
    out.push(b'}');
}

/// An address's text never needs escaping. Version 4, which is most of them, without the formatter's machinery.
fn address(out: &mut Vec<u8>, address: IpAddr) {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, rest @ ..] = address.octets();
            digits(out, u64::from(first));
            for octet in rest {
                out.push(b'.');
                digits(out, u64::from(octet));
            }
        }
        IpAddr::V6(address) => {
            // Writing to a vector does not fail.
            let _ = write!(out, "{address}");
        }
    }
}

fn socket(out: &mut Vec<u8>, socket: SocketAddr) {
    match socket {
        SocketAddr::V4(socket) => {
            address(out, IpAddr::V4(*socket.ip()));
            out.push(b':');
            digits(out, u64::from(socket.port()));
        }
        SocketAddr::V6(socket) => {
            let _ = write!(out, "{socket}");
        }
    }
}

/// Microseconds as milliseconds with three decimals.
fn millis(out: &mut Vec<u8>, micros: u64) {
    digits(out, micros / 1_000);
    out.push(b'.');
    padded(out, micros % 1_000, 3);
}

/// `network.protocol.version` as OpenTelemetry writes it.
pub(crate) fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}

// === impl Clock ===

impl Clock {
    /// RFC 3339 in UTC with microseconds; a clock before 1970 is shown as 1970.
    fn write(&mut self, out: &mut Vec<u8>, at: SystemTime) {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let second = i64::try_from(since.as_secs()).unwrap_or_default();
        if self.second != second || self.text.is_empty() {
            let shown = jiff::Timestamp::from_second(second).unwrap_or_default();
            self.second = second;
            self.text.clear();
            let _ = write!(self.text, "{}", shown.strftime("%Y-%m-%dT%H:%M:%S"));
        }
        out.extend_from_slice(&self.text);
        out.push(b'.');
        padded(out, u64::from(since.subsec_micros()), 6);
        out.push(b'Z');
    }
}
