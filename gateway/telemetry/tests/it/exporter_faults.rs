//! A collector that is down, or takes and never answers, costs callers nothing and is counted.

use crate::support::{eventually, request, sample, serve, start};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use telemetry::{OtlpConfig, Protocol};
use test_parts::free_port;

/// More spans than the queue below takes.
const REQUESTS: u32 = 20_000;

fn settings(port: u16, protocol: Protocol) -> OtlpConfig {
    let endpoint = format!("http://127.0.0.1:{port}");
    OtlpConfig {
        timeout: Duration::from_secs(1),
        queue_spans: 64,
        batch: 32,
        ..OtlpConfig::new(endpoint, protocol)
    }
}

async fn counters(operations: SocketAddr) -> (f64, f64, f64, f64) {
    let dropped = |reason: &str| format!("telemetry_spans_dropped_total{{reason=\"{reason}\"}}");
    (
        sample(operations, &dropped("queue_full")).await.unwrap(),
        sample(operations, &dropped("export_failed")).await.unwrap(),
        sample(operations, &dropped("shutdown")).await.unwrap(),
        sample(operations, "telemetry_export_failures_total").await.unwrap(),
    )
}

/// Runs `REQUESTS` against a collector at `port` that takes nothing, and checks what they cost and that each is counted.
async fn takes_nothing(port: u16, protocol: Protocol) {
    let (telemetry, guard) = start(|config| config.otlp = Some(settings(port, protocol)));
    let operations = serve(&telemetry).await;
    let mut slowest = Duration::ZERO;
    let began = Instant::now();
    for _ in 0..REQUESTS {
        let before = Instant::now();
        request(&telemetry, |record| record.status = 500);
        slowest = slowest.max(before.elapsed());
    }
    // A wait for the collector would last as long as its timeout, a second; a busy machine may take a turn as well.
    assert!(slowest < Duration::from_millis(900), "the slowest took {slowest:?}");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "all took {:?}",
        began.elapsed()
    );
    eventually("a failed export", || async {
        (counters(operations).await.3 >= 1.0).then_some(())
    })
    .await;
    let stopping = Instant::now();
    tokio::task::spawn_blocking(|| guard.shutdown()).await.unwrap();
    assert!(
        stopping.elapsed() < Duration::from_secs(6),
        "the stop took {:?}",
        stopping.elapsed()
    );
    let (queue_full, export_failed, shutdown, _) = counters(operations).await;
    assert_eq!(
        queue_full + export_failed + shutdown,
        f64::from(REQUESTS),
        "one span a request, each counted once"
    );
    assert!(queue_full > 0.0 && export_failed > 0.0, "{queue_full} {export_failed}");
}

#[tokio::test]
async fn down_over_grpc() {
    takes_nothing(free_port(), Protocol::Grpc).await;
}

#[tokio::test]
async fn down_over_http() {
    takes_nothing(free_port(), Protocol::HttpProtobuf).await;
}

#[tokio::test]
async fn hanging_over_grpc() {
    // Connections are accepted by the system and never read.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    takes_nothing(listener.local_addr().unwrap().port(), Protocol::Grpc).await;
}

#[tokio::test]
async fn hanging_over_http() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    takes_nothing(listener.local_addr().unwrap().port(), Protocol::HttpProtobuf).await;
}

#[test]
fn a_collector_that_hangs_cannot_hold_the_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (telemetry, guard) = start(|config| {
        config.otlp = Some(OtlpConfig {
            timeout: Duration::from_secs(60),
            ..settings(port, Protocol::Grpc)
        });
    });
    request(&telemetry, |_| {});
    let stopping = Instant::now();
    guard.shutdown();
    assert!(
        stopping.elapsed() < Duration::from_secs(6),
        "the stop took {:?}",
        stopping.elapsed()
    );
}

#[test]
fn settings_that_make_no_sense_are_refused_at_start() {
    let refused = |change: fn(&mut OtlpConfig)| {
        let mut otlp = settings(4317, Protocol::Grpc);
        change(&mut otlp);
        let config = telemetry::Config {
            otlp: Some(otlp),
            ..Default::default()
        };
        telemetry::Telemetry::start(config).expect_err("refused").to_string()
    };
    assert!(refused(|otlp| otlp.endpoint = "collector:4317".to_owned()).contains("otlp.endpoint"));
    assert!(refused(|otlp| otlp.endpoint = "not a url".to_owned()).contains("otlp.endpoint"));
    assert!(refused(|otlp| otlp.batch = 0).contains("otlp.batch"));
    assert!(refused(|otlp| otlp.queue_spans = 1).contains("otlp.batch"));
    assert!(refused(|otlp| otlp.timeout = Duration::ZERO).contains("otlp.timeout"));
    let share = telemetry::Config {
        share: f64::NAN,
        ..Default::default()
    };
    assert!(telemetry::Telemetry::start(share).is_err());
}
