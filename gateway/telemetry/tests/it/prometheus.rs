//! A real Prometheus scrapes the numbers and gives them back, exemplars included.

use crate::support::{Program, eventually, request, serve, start};
use http::Method;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;
use test_parts::{free_port, tool};

/// Starts Prometheus with `target` scraped four times a second.
fn scraper(target: std::net::SocketAddr, folder: &std::path::Path, port: u16) -> Program {
    let file = folder.join("prometheus.yml");
    let config = format!(
        "global:\n  scrape_interval: 250ms\n  scrape_timeout: 250ms\nscrape_configs:\n  - job_name: gateway\n    static_configs:\n      - targets: ['{target}']\n"
    );
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(tool("prometheus"));
    command.arg(format!("--config.file={}", file.display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    command.args(["--enable-feature=exemplar-storage", "--log.level=warn"]);
    Program::start(&mut command)
}

/// `data` of an API answer, once it is not empty.
async fn ask(port: u16, path: &str, query: &[(&str, &str)]) -> Option<Value> {
    let request = reqwest::Client::new()
        .get(format!("http://127.0.0.1:{port}/api/v1/{path}"))
        .query(query);
    let answer: Value = request.send().await.ok()?.json().await.ok()?;
    assert_eq!(answer["status"], "success", "{answer}");
    let data = answer["data"].get("result").unwrap_or(&answer["data"]).clone();
    data.as_array().is_some_and(|list| !list.is_empty()).then_some(data)
}

async fn query(port: u16, expression: &str) -> Option<Value> {
    ask(port, "query", &[("query", expression)]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_and_exemplars_come_back_from_its_api() {
    let (telemetry, _guard) = start(|_| {});
    let operations = serve(&telemetry).await;
    let route = telemetry.route_metrics(Some("case-status-v1"), "/case-status/v1/cases", Some(&Method::GET));
    let id = request(&telemetry, |record| {
        record.route = Some(route.clone());
        record.started -= Duration::from_millis(30);
        record.status = 503;
        record.error = Some("upstream-failed");
    });
    telemetry.limit_metrics("per-application").admitted();
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let _prometheus = scraper(operations, folder.path(), port);
    let series = eventually("the request's series", || {
        query(port, "http_server_requests_total{status=\"503\"}")
    })
    .await;
    assert_eq!(series[0]["metric"]["route"], "/case-status/v1/cases");
    assert_eq!(series[0]["value"][1], "1");
    let names = [
        "http_server_request_duration_seconds_count",
        "http_server_request_body_bytes_total",
        "http_server_response_body_bytes_total",
        "http_server_active_requests",
        "gateway_refusals_total{code=\"upstream-failed\"}",
        "ratelimit_decisions_total{policy=\"per-application\",decision=\"admitted\"}",
        "telemetry_spans_dropped_total{reason=\"queue_full\"}",
        "telemetry_spans_exported_total",
        "telemetry_export_failures_total",
        "access_log_lines_dropped_total",
        "vagvisare_build_info",
    ];
    for name in names {
        eventually(name, || query(port, name)).await;
    }
    let quantile = "histogram_quantile(0.5, http_server_request_duration_seconds_bucket)";
    let quantile = eventually("a quantile", || query(port, quantile)).await;
    let seconds: f64 = quantile[0]["value"][1].as_str().unwrap().parse().unwrap();
    assert!((0.025..=0.05).contains(&seconds), "{seconds}");
    let now = jiff::Timestamp::now().as_second();
    let (from, to) = ((now - 300).to_string(), (now + 300).to_string());
    let asked = [
        ("query", "http_server_request_duration_seconds_bucket"),
        ("start", &from),
        ("end", &to),
    ];
    let exemplars = eventually("the exemplar", || ask(port, "query_exemplars", &asked)).await;
    assert_eq!(
        exemplars[0]["exemplars"][0]["labels"]["trace_id"],
        id.as_str(),
        "{exemplars}"
    );
    let targets = ask_health(port).await;
    assert_eq!(targets["activeTargets"][0]["health"], "up", "{targets}");
}

async fn ask_health(port: u16) -> Value {
    let response = reqwest::get(format!("http://127.0.0.1:{port}/api/v1/targets"))
        .await
        .unwrap();
    response.json::<Value>().await.unwrap()["data"].take()
}
