//! Which traces are kept: every failed and slow request, and a share of the others.

use crate::support::{get, request, serve, start};
use std::time::Duration;
use telemetry::{Blame, Outcome, RequestRecord};

type Fill = fn(&mut RequestRecord);

async fn kept(share: f64, fill: Fill) -> bool {
    let (telemetry, guard) = start(|config| {
        config.share = share;
        config.slow = Duration::from_millis(500);
    });
    let id = request(&telemetry, fill);
    let operations = serve(&telemetry).await;
    // After the stop everything that was finished has been handled: what is not there now was not kept.
    tokio::task::spawn_blocking(|| guard.shutdown()).await.unwrap();
    get(operations, &format!("/traces/{id}?wait=0"), "*/*").await.0 == 200
}

fn later(record: &mut RequestRecord) {
    record.started -= Duration::from_millis(600);
}

#[tokio::test]
async fn an_ordinary_request_is_kept_only_by_the_share() {
    assert!(!kept(0.0, |_| {}).await);
    assert!(kept(1.0, |_| {}).await);
}

#[tokio::test]
async fn failed_and_slow_requests_are_kept_with_a_share_of_nothing() {
    let cases: [(&str, Fill); 7] = [
        ("slow", later),
        ("502", |record| record.status = 502),
        ("blame upstream", |record| record.blame = Some(Blame::Upstream)),
        ("broken body", |record| record.outcome = Outcome::UpstreamBroke),
        ("caller gone", |record| record.outcome = Outcome::ClientGone),
        ("refused", |record| {
            record.status = 429;
            record.error = Some("limit-exceeded");
            record.blame = Some(Blame::Client);
        }),
        ("backend's own 404", |record| record.status = 404),
    ];
    for (name, fill) in cases {
        assert!(kept(0.0, fill).await, "{name}");
    }
}

#[tokio::test]
async fn a_caller_cannot_push_its_traces_in() {
    let asks = |trust| async move {
        let (telemetry, _guard) = start(|config| {
            config.share = 0.0;
            config.trust_caller_sampling = trust;
        });
        let mut headers = http::HeaderMap::new();
        let parent = http::HeaderValue::from_static("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        headers.insert("traceparent", parent);
        telemetry
            .begin(Some(&headers), http::Method::GET, http::Version::HTTP_2, None)
            .trace
            .sampled
    };
    assert!(!asks(false).await);
    assert!(asks(true).await);
}
