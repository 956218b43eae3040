//! The trace store as an operator meets it: own and received spans as one tree, waited for when they are late.

use crate::support::{get, request, serve, start};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use telemetry::{Phase, RequestRecord, Telemetry, UpstreamFacts};

const TEXT: &str = "*/*";
const JSON: &str = "application/json";

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue {
        value: Some(any_value::Value::StringValue(value.to_owned())),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(value),
        ..Default::default()
    }
}

fn nanos(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64
}

fn server_span(trace: [u8; 16], parent: [u8; 8], id: u8, began: SystemTime) -> Span {
    Span {
        trace_id: trace.to_vec(),
        span_id: vec![id; 8],
        parent_span_id: parent.to_vec(),
        name: "GET /cases".to_owned(),
        kind: 2,
        start_time_unix_nano: nanos(began),
        end_time_unix_nano: nanos(began) + 2_000_000,
        attributes: vec![
            attribute("vagvisare.source", "csn"),
            attribute("url.full", "http://x/cases/197001011234"),
        ],
        ..Default::default()
    }
}

fn batch(spans: Vec<Span>) -> Vec<u8> {
    let resource = Resource {
        attributes: vec![attribute("service.name", "case-status")],
        ..Default::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans,
        ..Default::default()
    }];
    let group = ResourceSpans {
        resource: Some(resource),
        scope_spans,
        ..Default::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![group],
    }
    .encode_to_vec()
}

async fn post(address: SocketAddr, kind: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let request = reqwest::Client::new()
        .post(format!("http://{address}/v1/traces"))
        .header("content-type", kind);
    let response = request.body(body).send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

/// A forwarded call, finished; returns its trace, client span and begin.
fn forwarded(telemetry: &Telemetry) -> ([u8; 16], [u8; 8], SystemTime) {
    let mut facts = ([0; 16], [0; 8], SystemTime::now());
    request(telemetry, |record: &mut RequestRecord| {
        let span_id = record.trace.child();
        facts = (record.trace.trace_id, span_id, record.started_at);
        let at = |millis| record.started + Duration::from_millis(millis);
        let phases = [
            (Phase::Authenticate, at(1), at(2)),
            (Phase::Connect, at(2), at(3)),
            (Phase::Forward, at(3), at(8)),
            (Phase::Body, at(8), at(9)),
        ];
        phases
            .into_iter()
            .for_each(|(phase, start, end)| record.phase(phase, start, end));
        record.started -= Duration::from_millis(10);
        record.path_template = Some(Arc::from("/case-status/v1/cases"));
        record.organisation = Some(Arc::from("csn"));
        record.limit_policy = Some(Arc::from("per-application"));
        let address = "127.0.0.1:8081".parse().unwrap();
        let backend = Arc::from("case-status");
        record.upstream = Some(UpstreamFacts {
            backend,
            address,
            span_id,
            status: Some(200),
            reused_connection: false,
        });
    });
    facts
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn own_and_received_spans_make_one_tree() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let (trace, client, began) = forwarded(&telemetry);
    let reply = post(
        operations,
        "application/x-protobuf",
        batch(vec![server_span(trace, client, 7, began + Duration::from_millis(4))]),
    )
    .await;
    assert_eq!(reply.0, 200);
    assert_eq!(
        ExportTraceServiceResponse::decode(&*reply.1).unwrap().partial_success,
        None
    );
    let (status, text) = get(operations, &format!("/traces/{}", hex(&trace)), TEXT).await;
    assert_eq!(status, 200);
    let shape: Vec<&str> = text
        .lines()
        .skip(3)
        .map(|line| line.split_inclusive(']').next().unwrap())
        .collect();
    let expected = [
        "GET /case-status/v1/cases [test-gateway]",
        "├─ authenticate [test-gateway]",
        "└─ GET [test-gateway]",
        "   ├─ connect [test-gateway]",
        "   ├─ GET /cases [case-status]",
        "   └─ body [test-gateway]",
    ];
    assert_eq!(shape, expected, "{text}");
    for fact in [
        "agency=csn",
        "limit=per-application",
        "backend=case-status",
        "+1.000       1.000  internal",
        "source=csn",
    ] {
        assert!(text.contains(fact), "{fact}\nis not in\n{text}");
    }
    let (_, json) = get(operations, &format!("/traces/{}", hex(&trace)), JSON).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    let spans = json["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 6);
    assert_eq!(spans[4]["parentSpanId"], hex(&client));
    assert_eq!(
        spans[4]["attributes"]["url.full"],
        Value::Null,
        "what may hold a person identifier is not kept"
    );
    assert_eq!(spans[0]["attributes"]["http.route"], "/case-status/v1/cases");
}

#[tokio::test]
async fn the_latest_trace_and_the_list_name_it() {
    let (telemetry, _guard) = start(|config| config.trace_store = 2);
    let operations = serve(&telemetry).await;
    let first = request(&telemetry, |_| {});
    request(&telemetry, |_| {});
    let last = request(&telemetry, |record| record.status = 503);
    let (status, text) = get(operations, "/traces/latest?format=json", TEXT).await;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["traceId"], last);
    let (_, list) = get(operations, "/traces", JSON).await;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["traces"].as_array().unwrap().len(), 2, "the ring holds two");
    assert_eq!(
        (&list["traces"][0]["traceId"], &list["traces"][0]["error"]),
        (&Value::from(last.clone()), &Value::from(true))
    );
    let (_, text) = get(operations, "/traces?limit=1", TEXT).await;
    assert_eq!((text.lines().count(), text.starts_with(&last)), (1, true));
    assert_eq!(
        get(operations, &format!("/traces/{first}?wait=0"), TEXT).await.0,
        404,
        "pushed out"
    );
}

#[tokio::test]
async fn an_unknown_trace_is_waited_for_and_late_spans_join_it() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let trace = [9; 16];
    let asked = tokio::spawn(async move { get(operations, &format!("/traces/{}?wait=2", hex(&trace)), TEXT).await });
    tokio::task::yield_now().await;
    let span = server_span(trace, [1; 8], 2, SystemTime::now());
    assert_eq!(
        post(operations, "application/x-protobuf", batch(vec![span])).await.0,
        200
    );
    let (status, text) = asked.await.unwrap();
    assert_eq!(status, 200, "{text}");
    let before = Instant::now();
    let (status, problem) = get(operations, &format!("/traces/{}?wait=0.2", "b".repeat(32)), TEXT).await;
    assert_eq!(status, 404);
    assert_eq!(
        serde_json::from_str::<Value>(&problem).unwrap()["code"],
        "trace-not-found"
    );
    assert!(before.elapsed() >= Duration::from_millis(200), "it was waited for");
    assert_eq!(get(operations, "/traces/xyz", TEXT).await.0, 400);
}

#[tokio::test]
async fn orphans_doubles_and_rings_of_parents_are_shown_once() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let now = SystemTime::now();
    let trace = [5; 16];
    let mut root = server_span(trace, [0; 8], 1, now);
    root.parent_span_id.clear();
    let mut hostile = server_span(trace, [0xee; 8], 2, now);
    hostile.name = "\u{1b}[2J\u{202e}forged\nline".to_owned();
    let ring = [server_span(trace, [4; 8], 3, now), server_span(trace, [3; 8], 4, now)];
    let mut broken = server_span(trace, [1; 8], 6, now);
    broken.trace_id.truncate(3);
    let spans = vec![hostile, root.clone(), root, ring[0].clone(), ring[1].clone(), broken];
    let (status, reply) = post(operations, "application/x-protobuf", batch(spans)).await;
    let partial = ExportTraceServiceResponse::decode(&*reply)
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!((status, partial.rejected_spans), (200, 1));
    let (_, text) = get(operations, &format!("/traces/{}", hex(&trace)), TEXT).await;
    assert!(text.contains("4 spans"), "{text}");
    assert!(
        text.contains("└─ \u{fffd}[2J\u{fffd}forged\u{fffd}line [case-status]"),
        "{text}"
    );
    assert_eq!(
        text.matches("(its parent span never came)").count(),
        2,
        "one orphan, and one way into the ring: {text}"
    );
    assert_eq!(text.lines().count(), 3 + 4, "{text}");
}

#[tokio::test]
async fn the_receiver_refuses_what_is_not_a_batch() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    assert_eq!(post(operations, "application/x-protobuf", vec![0xff; 20]).await.0, 400);
    assert_eq!(post(operations, "application/json", b"{}".to_vec()).await.0, 415);
    assert_eq!(
        post(operations, "application/x-protobuf", vec![0; 5 * 1024 * 1024])
            .await
            .0,
        413
    );
}

#[tokio::test]
async fn without_a_store_the_pages_say_so() {
    let (telemetry, _guard) = start(|config| config.trace_store = 0);
    let operations = serve(&telemetry).await;
    for path in ["/traces", "/traces/latest", "/traces/00000000000000000000000000000001"] {
        let (status, text) = get(operations, path, TEXT).await;
        assert_eq!((status, text.contains("trace-store-off")), (404, true), "{path}");
    }
    assert_eq!(get(operations, "/metrics", TEXT).await.0, 200);
}
