//! One trace goes from the caller through every service, and each service keeps its own name.

use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::Method;
use service_host::{Limits, Outgoing, Service, ServiceTelemetry};

use crate::support::{Receiver, Running, client};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const LIMITS: Limits = Limits {
    time: Duration::from_secs(5),
    body_bytes: 1024,
};

fn inner() -> Service {
    Service::new("inner", "1").routes(axum::Router::new().route("/things/{id}", get(|| async { "thing" })))
}

fn outer(inner_url: String) -> Service {
    let ask = |State(url): State<String>| async move {
        let outgoing = Outgoing::new().unwrap();
        let request = outgoing.request(Method::GET, &format!("{url}/things/7?secret=1"));
        outgoing.fetch("/things/{id}", request, LIMITS).await.unwrap().body
    };
    Service::new("outer", "1").routes(axum::Router::new().route("/ask", get(ask)).with_state(inner_url))
}

fn find<'a>(spans: &'a [(String, Span)], service: &str, name: &str) -> &'a Span {
    let found = spans
        .iter()
        .find(|(of, span)| of.contains(service) && span.name == name);
    &found.unwrap_or_else(|| panic!("no span '{name}' of {service}")).1
}

#[tokio::test]
async fn a_trace_is_connected_from_the_caller_to_the_last_service() {
    let receiver = Receiver::start().await;
    let telemetry = ServiceTelemetry::otlp_http(&receiver.url);
    let inner = Running::start(inner(), telemetry.clone()).await;
    let outer = Running::start(outer(inner.url.clone()), telemetry).await;

    let answer = client()
        .get(format!("{}/ask", outer.url))
        .header("traceparent", PARENT)
        .send()
        .await
        .unwrap();
    let traceparent = answer.headers()["traceparent"].to_str().unwrap().to_owned();
    assert_eq!(answer.text().await.unwrap(), "thing");
    // Stopping sends what is left, so that nothing has to be waited for.
    outer.stop().await;
    inner.stop().await;

    let spans = receiver.spans();
    assert_eq!(spans.len(), 3);
    let server = find(&spans, "outer", "GET /ask");
    let call = find(&spans, "outer", "GET /things/{id}");
    let called = find(&spans, "inner", "GET /things/{id}");
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(
        spans
            .iter()
            .all(|(_, span)| hex(&span.trace_id) == "4bf92f3577b34da6a3ce929d0e0e4736")
    );
    assert_eq!(hex(&server.parent_span_id), "00f067aa0ba902b7");
    assert_eq!(call.parent_span_id, server.span_id);
    assert_eq!(called.parent_span_id, call.span_id);
    assert_eq!(
        traceparent,
        format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", hex(&server.span_id))
    );
    assert!(
        !format!("{spans:?}").contains("secret"),
        "a query may be about a person"
    );
}

#[tokio::test]
async fn what_the_caller_did_not_sample_is_not_sent_but_still_passed_on() {
    let receiver = Receiver::start().await;
    let service = Running::start(inner(), ServiceTelemetry::otlp_http(&receiver.url)).await;
    let unsampled = PARENT.replace("-01", "-00");
    let answer = client()
        .get(format!("{}/things/1", service.url))
        .header("traceparent", unsampled)
        .send()
        .await
        .unwrap();
    let traceparent = answer.headers()["traceparent"].to_str().unwrap().to_owned();
    service.stop().await;
    assert!(traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && traceparent.ends_with("-00"));
    assert!(receiver.spans().is_empty());
}

#[tokio::test]
async fn a_receiver_that_is_not_there_costs_nothing() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let service = Running::start(inner(), ServiceTelemetry::otlp_http(&url)).await;
    for _ in 0..50 {
        let answer = client().get(format!("{}/things/1", service.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    service.stop().await;
}
