//! The caller's deadline ends work that nobody waits for.

use std::time::Duration;

use axum::routing::get;
use service_host::{RequestContext, Service, ServiceTelemetry};
use tokio::time::Instant;

use crate::support::{Running, client};

async fn running() -> Running {
    let left = || async {
        format!(
            "{:?}",
            RequestContext::current()
                .unwrap()
                .time_left()
                .map(|left| left.as_millis() <= 5000)
        )
    };
    let router = axum::Router::new()
        .route("/never", get(|| async { std::future::pending::<&str>().await }))
        .route("/left", get(left));
    Running::start(Service::new("waits", "1").routes(router), ServiceTelemetry::off()).await
}

#[tokio::test]
async fn when_the_callers_time_is_over_the_answer_is_a_504_at_once() {
    let service = running().await;
    let started = Instant::now();
    let request = client()
        .get(format!("{}/never", service.url))
        .header("vagvisare-deadline-ms", "100");
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 504);
    assert!(started.elapsed() < Duration::from_secs(5));
    service.stop().await;
}

#[tokio::test]
async fn a_handler_knows_how_much_time_there_is() {
    let service = running().await;
    for (header, expected) in [(Some("5000"), "Some(true)"), (Some("soon"), "None"), (None, "None")] {
        let mut request = client().get(format!("{}/left", service.url));
        if let Some(value) = header {
            request = request.header("vagvisare-deadline-ms", value);
        }
        assert_eq!(request.send().await.unwrap().text().await.unwrap(), expected);
    }
    service.stop().await;
}
