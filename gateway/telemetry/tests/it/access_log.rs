//! The access log: valid JSON whatever is in a record, nothing lost, nothing waited for.

use crate::support::{begin, eventually, request, sample, serve, start};
use http::{Method, Version};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{AccessLog, Blame, Outcome, Phase, UpstreamFacts};

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn a_line_says_what_happened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (telemetry, guard) = start(|config| config.access_log = AccessLog::File(path.clone()));
    let mut record = telemetry.begin(None, Method::POST, Version::HTTP_2, Some([192, 0, 2, 7].into()));
    let began = record.started;
    record.started -= Duration::from_millis(12);
    record.phase(Phase::Limit, began, began + Duration::from_micros(40));
    record.path_template = Some(Arc::from("/case-status/v1/cases/{caseId}"));
    record.api = Some(Arc::from("case-status-v1"));
    record.organisation = Some(Arc::from("pensionsmyndigheten"));
    record.application = Some(Arc::from("bank-app"));
    record.agreement = Some(Arc::from("avtal-7"));
    record.supplier = Some(Arc::from("leverantoren"));
    record.limit_policy = Some(Arc::from("per-application"));
    record.upstream = Some(UpstreamFacts {
        backend: Arc::from("case-status"),
        address: "[::1]:8081".parse().unwrap(),
        span_id: record.trace.child(),
        status: Some(503),
        reused_connection: true,
    });
    record.status = 502;
    record.error = Some("upstream-failed");
    record.blame = Some(Blame::Upstream);
    record.request_bytes = 10;
    record.response_bytes = u64::MAX;
    record.outcome = Outcome::UpstreamBroke;
    let trace = record.trace.clone();
    telemetry.finish(&mut record);
    guard.shutdown();
    let lines = lines(&path);
    let [line] = lines.as_slice() else {
        panic!("one line: {lines:?}")
    };
    assert_eq!(line["traceId"], trace.trace_id_hex().as_str());
    assert_eq!(line["spanId"], trace.span_id_hex().as_str());
    let time = line["time"].as_str().unwrap();
    assert!(
        time.ends_with('Z') && time.len() == 27 && time.parse::<jiff::Timestamp>().is_ok(),
        "{time}"
    );
    let expected = serde_json::json!({
        "traceKept": true, "method": "POST", "route": "/case-status/v1/cases/{caseId}", "status": 502,
        "outcome": "upstream-broke", "error": "upstream-failed", "blame": "upstream", "api": "case-status-v1",
        "organisation": "pensionsmyndigheten", "application": "bank-app", "agreement": "avtal-7",
        "supplier": "leverantoren",
        "limitPolicy": "per-application", "requestBytes": 10, "responseBytes": u64::MAX, "httpVersion": "2",
        "secure": false, "peer": "192.0.2.7", "phasesUs": { "limit": 40 },
        "upstream": { "backend": "case-status", "address": "[::1]:8081", "status": 503, "reusedConnection": true },
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&line[name], value, "{name}");
    }
    assert!(line["durationMs"].as_f64().unwrap() >= 12.0);
}

#[test]
fn hostile_text_stays_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (telemetry, guard) = start(|config| config.access_log = AccessLog::File(path.clone()));
    let hostile = [
        "\"}\n{\"forged\":true}",
        "back\\slash \\u0041 \\",
        "\u{1b}[31mred\u{1b}[0m \u{9b}2J \u{7f} \u{0}",
        "line\u{2028}separators\u{2029}\r\n\t\u{85}",
        "åäö 🧭 \u{fffd} \u{10ffff}",
        "",
    ];
    for text in hostile {
        request(&telemetry, |record| {
            record.path_template = Some(Arc::from(text));
            record.application = Some(Arc::from(text));
        });
    }
    let odd = Method::from_bytes(b"!#$%&'*+-.^_`|~").unwrap();
    telemetry.finish(&mut telemetry.begin(None, odd.clone(), Version::HTTP_10, None));
    guard.shutdown();
    let bytes = std::fs::read(&path).unwrap();
    assert!(
        bytes.iter().all(|byte| *byte >= 0x20 || *byte == b'\n'),
        "no control character gets through"
    );
    let lines = lines(&path);
    assert_eq!(lines.len(), hostile.len() + 1);
    for (line, text) in lines.iter().zip(hostile) {
        assert_eq!(
            (&line["route"], &line["application"]),
            (&Value::from(text), &Value::from(text))
        );
        assert_eq!(line["forged"], Value::Null);
    }
    assert_eq!(lines[hostile.len()]["method"], odd.as_str());
}

#[tokio::test]
async fn nothing_is_lost_at_shutdown_whatever_thread_it_came_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    std::fs::write(&path, "{\"earlier\":1}\n").unwrap();
    let (telemetry, guard) = start(|config| {
        config.share = 0.0;
        config.access_log = AccessLog::File(path.clone());
    });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5_000).for_each(|_| drop(request(&telemetry, |_| {}))));
        }
    });
    guard.shutdown();
    let lines = lines(&path);
    let ids: std::collections::HashSet<_> = lines.iter().map(|line| line["traceId"].to_string()).collect();
    assert_eq!(ids.len(), lines.len(), "no line twice");
    // A machine too busy to write may drop lines, but never without counting them. One was there before.
    let address = serve(&telemetry).await;
    let dropped = sample(address, "access_log_lines_dropped_total").await.unwrap();
    assert_eq!(lines.len() as f64 + dropped, 20_001.0, "{dropped} dropped");
}

#[tokio::test]
async fn a_log_that_is_rotated_goes_on_in_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
    let (telemetry, guard) = start(|config| config.access_log = AccessLog::File(path.clone()));
    request(&telemetry, |_| {});
    eventually("the first line", || async { lines(&path).pop() }).await;
    std::fs::rename(&path, &old).unwrap();
    eventually("the new file", || async { path.exists().then_some(()) }).await;
    let id = request(&telemetry, |_| {});
    let line = eventually("the second line", || async { lines(&path).pop() }).await;
    assert_eq!(line["traceId"], id);
    std::fs::remove_file(&path).unwrap();
    eventually("a new file again", || async { path.exists().then_some(()) }).await;
    request(&telemetry, |_| {});
    guard.shutdown();
    assert_eq!((lines(&old).len(), lines(&path).len()), (1, 1));
}

#[tokio::test]
async fn a_single_line_is_written_soon_without_a_second_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (telemetry, _guard) = start(|config| config.access_log = AccessLog::File(path.clone()));
    let id = request(&telemetry, |_| {});
    let line = eventually("the line", || async { lines(&path).pop() }).await;
    assert_eq!(line["traceId"], id);
}

#[test]
fn a_log_that_cannot_be_opened_is_a_clear_refusal_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = telemetry::Config {
        access_log: AccessLog::File(folder.path().to_owned()),
        ..Default::default()
    };
    let error = telemetry::Telemetry::start(config).expect_err("a folder is not a log");
    assert!(error.to_string().contains("cannot open the access log"), "{error}");
}

#[test]
fn a_record_that_is_never_given_back_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let (telemetry, guard) = start(|config| config.access_log = AccessLog::File(path.clone()));
    drop(begin(&telemetry));
    guard.shutdown();
    assert!(lines(&path).is_empty());
}
