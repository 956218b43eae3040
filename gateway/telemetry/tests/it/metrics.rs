//! The numbers: bounded labels, both text forms, and other crates' metrics beside ours.

use crate::support::{begin, get, request, sample, serve, start};
use http::{Method, Version};
use prometheus_client::metrics::counter::Counter;
use std::time::Duration;
use telemetry::prometheus_client;

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

#[tokio::test]
async fn a_route_is_counted_under_its_own_labels() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let route = telemetry.route_metrics(
        Some("case-status-v1"),
        "/case-status/v1/cases/{caseId}",
        Some(&Method::GET),
    );
    let id = request(&telemetry, |record| {
        record.route = Some(route.clone());
        record.started -= Duration::from_millis(30);
        record.response_bytes = 1_234;
        record.request_bytes = 5;
    });
    let labels = "api=\"case-status-v1\",route=\"/case-status/v1/cases/{caseId}\",method=\"GET\"";
    let (_, text) = get(operations, "/metrics", OPEN_METRICS).await;
    for line in [
        format!("http_server_requests_total{{{labels},status=\"200\"}} 1"),
        format!("http_server_request_duration_seconds_bucket{{{labels},status_class=\"2xx\",le=\"0.025\"}} 0"),
        format!(
            "http_server_request_duration_seconds_bucket{{{labels},status_class=\"2xx\",le=\"0.05\"}} 1 # {{trace_id=\"{id}\"}} 0.03"
        ),
        format!("http_server_request_duration_seconds_bucket{{{labels},status_class=\"2xx\",le=\"+Inf\"}} 1\n"),
        format!("http_server_request_duration_seconds_count{{{labels},status_class=\"2xx\"}} 1\n"),
        format!("http_server_request_body_bytes_total{{{labels}}} 5\n"),
        format!("http_server_response_body_bytes_total{{{labels}}} 1234\n"),
        "# TYPE http_server_request_duration_seconds histogram\n# UNIT http_server_request_duration_seconds seconds\n"
            .to_owned(),
        "vagvisare_build_info{".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}\nis not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
    let (_, plain) = get(operations, "/metrics", "text/plain").await;
    assert!(plain.contains("# TYPE http_server_requests_total counter\n"));
    assert!(!plain.contains("trace_id") && !plain.contains("# EOF") && !plain.contains("# UNIT"));
}

#[tokio::test]
async fn what_a_caller_sends_never_becomes_a_label() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    for number in 0..50_u16 {
        let method = Method::from_bytes(format!("EVIL{number}").as_bytes()).unwrap();
        let mut record = telemetry.begin(None, method, Version::HTTP_11, None);
        record.status = 600 + number;
        telemetry.finish(&mut record);
    }
    let (_, text) = get(operations, "/metrics", "*/*").await;
    assert!(!text.contains("EVIL"));
    let series = "http_server_requests_total{api=\"unmatched\",route=\"unmatched\",method=\"_OTHER\",status=\"other\"}";
    assert_eq!(sample(operations, series).await, Some(50.0));
    assert_eq!(text.matches("http_server_requests_total{").count(), 1, "{text}");
}

#[tokio::test]
async fn requests_are_active_until_given_back_or_dropped() {
    let (telemetry, _guard) = start(|config| config.share = 0.0);
    let operations = serve(&telemetry).await;
    let active = || sample(operations, "http_server_active_requests");
    let mut first = begin(&telemetry);
    let moved = telemetry.clone();
    let second = std::thread::spawn(move || begin(&moved)).join().unwrap();
    assert_eq!(active().await, Some(2.0));
    telemetry.finish(&mut first);
    drop(second);
    assert_eq!(active().await, Some(0.0));
}

#[tokio::test]
async fn refusals_and_limit_decisions_are_counted_by_code_and_policy() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let limit = telemetry.limit_metrics("per \"application\"");
    limit.admitted();
    limit.refused();
    limit.refused();
    request(&telemetry, |record| record.error = Some("limit-exceeded"));
    request(&telemetry, |record| record.error = Some("limit-exceeded"));
    assert_eq!(
        sample(operations, "gateway_refusals_total{code=\"limit-exceeded\"}").await,
        Some(2.0)
    );
    let series = |decision: &str| {
        format!("ratelimit_decisions_total{{policy=\"per \\\"application\\\"\",decision=\"{decision}\"}}")
    };
    assert_eq!(sample(operations, &series("admitted")).await, Some(1.0));
    assert_eq!(sample(operations, &series("refused")).await, Some(2.0));
}

#[tokio::test]
async fn other_crates_register_their_own() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let counter: Counter = Counter::default();
    telemetry.with_registry(|registry| registry.register("snapshot_swaps", "Swaps", counter.clone()));
    counter.inc();
    assert_eq!(sample(operations, "snapshot_swaps_total").await, Some(1.0));
}

#[tokio::test]
async fn every_thread_counts_and_the_sum_is_told() {
    let (telemetry, _guard) = start(|config| config.share = 0.0);
    let operations = serve(&telemetry).await;
    let route = telemetry.route_metrics(None, "/openapi.json", None);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                (0..1_000).for_each(|_| drop(request(&telemetry, |record| record.route = Some(route.clone()))))
            });
        }
    });
    let series = "http_server_requests_total{api=\"gateway\",route=\"/openapi.json\",method=\"_ANY\",status=\"200\"}";
    assert_eq!(sample(operations, series).await, Some(8_000.0));
    let again = telemetry.route_metrics(None, "/openapi.json", None);
    request(&telemetry, |record| record.route = Some(again));
    assert_eq!(
        sample(operations, series).await,
        Some(8_001.0),
        "the next snapshot goes on counting"
    );
}
