//! Every refusal is a problem that says what to do, and none takes the process down.

use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;
use service_host::{Json, Query, Service, ServiceTelemetry};

use crate::support::{Running, client};

#[derive(Deserialize)]
struct Body {
    number: u32,
}

#[derive(Deserialize)]
struct Wanted {
    page: Option<u64>,
}

async fn running() -> Running {
    let router = axum::Router::new()
        .route("/panics", get(|| async { panic!("on purpose") as &str }))
        .route(
            "/numbers",
            post(|Json(Body { number }): Json<Body>| async move { number.to_string() }),
        )
        .route(
            "/pages",
            get(|Query(Wanted { page }): Query<Wanted>| async move { format!("{page:?}") }),
        )
        .route(
            "/own",
            get(|| async { (axum::http::StatusCode::BAD_REQUEST, axum::Json("own form")) }),
        );
    Running::start(
        Service::new("refuses", "1").routes(router).body_limit(64),
        ServiceTelemetry::off(),
    )
    .await
}

async fn problem(request: reqwest::RequestBuilder) -> (u16, Value, reqwest::header::HeaderMap) {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    assert_eq!(headers["content-type"], "application/problem+json");
    (status, answer.json().await.unwrap(), headers)
}

#[tokio::test]
async fn each_refusal_is_a_problem_with_a_code_and_a_trace() {
    let service = running().await;
    let at = |path: &str| format!("{}{path}", service.url);
    let json = |body: &str| {
        client()
            .post(at("/numbers"))
            .header("content-type", "application/json")
            .body(body.to_owned())
    };
    let cases = [
        (client().get(at("/nothing")), 404, "not-found"),
        (client().delete(at("/pages")), 405, "method-not-allowed"),
        (client().get(at("/pages?pge=1")), 400, "unknown-parameter"),
        (client().get(at("/pages?page=x")), 400, "invalid-parameter"),
        (client().get(at("/panics")), 500, "internal-error"),
        (client().post(at("/numbers")).body("1"), 415, "unsupported-media-type"),
        (json("{"), 400, "malformed-body"),
        (json(r#"{"number":"x"}"#), 422, "invalid-body"),
        (
            json(&format!(r#"{{"number":1,"long":"{}"}}"#, "x".repeat(99))),
            413,
            "body-too-large",
        ),
    ];
    for (request, status, code) in cases {
        let (got, problem, headers) = problem(request).await;
        assert_eq!(
            (got, problem["status"].as_u64(), problem["code"].as_str()),
            (status, Some(status.into()), Some(code))
        );
        let traceparent = headers["traceparent"].to_str().unwrap();
        assert!(traceparent.contains(problem["traceId"].as_str().unwrap()));
        assert!(problem["instance"].as_str().unwrap().starts_with('/') && problem["type"].as_str().is_some());
    }
    // After a panic the service still answers.
    assert_eq!(client().get(at("/pages?page=1")).send().await.unwrap().status(), 200);
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right() {
    let service = running().await;
    let (_, problem, headers) = problem(client().delete(format!("{}/pages", service.url))).await;
    assert_eq!(headers["allow"], "GET,HEAD");
    assert!(problem["detail"].as_str().unwrap().contains("Allow"));
    service.stop().await;
}

#[tokio::test]
async fn a_service_that_has_its_own_form_of_errors_keeps_it() {
    let service = running().await;
    let answer = client().get(format!("{}/own", service.url)).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (400, "\"own form\"")
    );
    service.stop().await;
}
