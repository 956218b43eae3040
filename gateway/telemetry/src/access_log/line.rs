//! One line of the access log. WHEN ADDING A FIELD: camelCase, with its unit; never a raw path, query or person identifier.

use super::json::{digits, name, number, padded, string, text};
use crate::record::{Phase, RequestRecord, UpstreamFacts};
use http::Version;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second written, so that the calendar is worked out once a second and not once a line.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    second: i64,
    /// `YYYY-MM-DDTHH:MM:SS` of `second`.
    text: Vec<u8>,
}

/// Appends the line of `record`, its end included.
pub(super) fn write(out: &mut Vec<u8>, clock: &mut Clock, record: &RequestRecord, duration: Duration, kept: bool) {
    out.extend_from_slice(b"{\"time\":\"");
    clock.write(out, record.started_at);
    out.push(b'"');
    text(out, "traceId", Some(&record.trace.trace_id_hex()));
    text(out, "spanId", Some(&record.trace.span_id_hex()));
    flag(out, "traceKept", kept);
    text(out, "method", Some(record.method.as_str()));
    text(out, "route", record.path_template.as_deref());
    number(out, "status", u64::from(record.status));
    name(out, "durationMs");
    millis(out, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    text(out, "outcome", Some(record.outcome.name()));
    text(out, "error", record.error);
    text(out, "blame", record.blame.map(crate::Blame::name));
    text(out, "api", record.api.as_deref());
    text(out, "organisation", record.organisation.as_deref());
    text(out, "application", record.application.as_deref());
    text(out, "agreement", record.agreement.as_deref());
    text(out, "limitPolicy", record.limit_policy.as_deref());
    number(out, "requestBytes", record.request_bytes);
    number(out, "responseBytes", record.response_bytes);
    text(out, "httpVersion", Some(version(record.http_version)));
    flag(out, "secure", record.secure);
    if let Some(peer) = record.peer {
        name(out, "peer");
        shown(out, peer);
    }
    phases(out, record);
    if let Some(facts) = &record.upstream {
        upstream(out, facts);
    }
    out.extend_from_slice(b"}\n");
}

/// `"phasesUs":{"route":3}`: how long each phase took, in microseconds.
fn phases(out: &mut Vec<u8>, record: &RequestRecord) {
    let mut open = false;
    for phase in Phase::ALL {
        let Some((start, end)) = record.phase_times(phase) else {
            continue;
        };
        if !open {
            name(out, "phasesUs");
        }
        out.push(if open { b',' } else { b'{' });
        open = true;
        string(out, phase.name());
        out.push(b':');
        digits(out, u64::from(end - start));
    }
    if open {
        out.push(b'}');
    }
}

fn upstream(out: &mut Vec<u8>, facts: &UpstreamFacts) {
    name(out, "upstream");
    out.extend_from_slice(b"{\"backend\":");
    string(out, &facts.backend);
    name(out, "address");
    shown(out, facts.address);
    if let Some(status) = facts.status {
        number(out, "status", u64::from(status));
    }
    flag(out, "reusedConnection", facts.reused_connection);
    out.push(b'}');
}

/// An address between quotes; its text never needs escaping.
fn shown(out: &mut Vec<u8>, address: impl std::fmt::Display) {
    // Writing to a vector does not fail.
    let _ = write!(out, "\"{address}\"");
}

fn flag(out: &mut Vec<u8>, key: &str, value: bool) {
    name(out, key);
    out.extend_from_slice(if value { b"true" } else { b"false" });
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
