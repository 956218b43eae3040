//! A real collector takes the spans, over both transports.

use crate::support::{Program, eventually, request, sample, serve, start};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use telemetry::{OtlpConfig, Phase, Protocol, UpstreamFacts};
use test_parts::{free_port, tool};
use tokio::net::TcpStream;

struct Collector {
    program: Program,
    grpc: u16,
    http: u16,
    _folder: tempfile::TempDir,
}

async fn collector() -> Collector {
    let mut said = String::new();
    // Another process may take a port between the choice and the start.
    for _ in 0..5 {
        let (grpc, http) = (free_port(), free_port());
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(tool("rotel"));
        command.args([
            "start",
            "--exporter",
            "blackhole",
            "--debug-log",
            "traces",
            "--debug-log-verbosity",
            "detailed",
        ]);
        command.args([
            "--otlp-grpc-endpoint",
            &format!("127.0.0.1:{grpc}"),
            "--otlp-http-endpoint",
            &format!("127.0.0.1:{http}"),
        ]);
        command.current_dir(folder.path()).env("NO_COLOR", "1");
        let mut program = Program::start(&mut command);
        let listens = eventually("rotel listens, or has ended", || async {
            let open = TcpStream::connect(("127.0.0.1", grpc)).await.is_ok()
                && TcpStream::connect(("127.0.0.1", http)).await.is_ok();
            open.then_some(true)
        });
        if tokio::time::timeout(Duration::from_secs(15), listens).await.is_ok() && !program.has_ended() {
            return Collector {
                program,
                grpc,
                http,
                _folder: folder,
            };
        }
        said = program.output();
    }
    panic!("rotel never started; it wrote:\n{said}");
}

async fn arrives(protocol: Protocol) {
    let collector = collector().await;
    let port = if protocol == Protocol::Grpc {
        collector.grpc
    } else {
        collector.http
    };
    let (telemetry, guard) = start(|config| {
        config.otlp = Some(OtlpConfig::new(format!("http://127.0.0.1:{port}"), protocol));
        config.node = "node-7".to_owned();
        config.server_address = Some("api.example.se".to_owned());
    });
    let operations = serve(&telemetry).await;
    let mut client = String::new();
    let id = request(&telemetry, |record| {
        let span_id = record.trace.child();
        client = span_id.iter().map(|byte| format!("{byte:02x}")).collect();
        let (start, end) = (record.started, record.started + Duration::from_millis(5));
        record.phase(Phase::Authorise, start, end);
        record.phase(Phase::Forward, start, end);
        record.path_template = Some(Arc::from("/case-status/v1/cases/{caseId}"));
        record.organisation = Some(Arc::from("forsakringskassan"));
        record.status = 504;
        record.error = Some("upstream-timeout");
        let address = "127.0.0.1:8081".parse().unwrap();
        let backend = Arc::from("case-status");
        record.upstream = Some(UpstreamFacts {
            backend,
            address,
            span_id,
            status: None,
            reused_connection: true,
        });
    });
    let parts = [
        "GET /case-status/v1/cases/{caseId}",
        "authorise",
        "service.name: Str(test-gateway)",
        "service.instance.id: Str(node-7)",
        "http.request.method: Str(GET)",
        "http.route: Str(/case-status/v1/cases/{caseId})",
        "http.response.status_code: Int(504)",
        "url.scheme: Str(http)",
        "server.address: Str(api.example.se)",
        "network.protocol.version: Str(1.1)",
        "error.type: Str(upstream-timeout)",
        "vagvisare.organisation: Str(forsakringskassan)",
        &client,
    ];
    for part in parts {
        collector.program.wait_for(part, |log| log.contains(part));
    }
    let three = |log: &str| log.matches(id.as_str()).count() >= 3;
    collector.program.wait_for("three spans of the trace", three);
    eventually("three exported", || async {
        (sample(operations, "telemetry_spans_exported_total").await? >= 3.0).then_some(())
    })
    .await;
    tokio::task::spawn_blocking(|| guard.shutdown()).await.unwrap();
    assert_eq!(sample(operations, "telemetry_export_failures_total").await, Some(0.0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_arrive_over_grpc() {
    arrives(Protocol::Grpc).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_arrive_over_http() {
    arrives(Protocol::HttpProtobuf).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_finished_before_the_stop_are_exported_by_it() {
    let collector = collector().await;
    let (telemetry, guard) = start(|config| {
        config.otlp = Some(OtlpConfig::new(
            format!("http://127.0.0.1:{}", collector.grpc),
            Protocol::Grpc,
        ));
    });
    let operations = serve(&telemetry).await;
    let last = (0..1_000).fold(String::new(), |_, _| request(&telemetry, |_| {}));
    tokio::task::spawn_blocking(|| guard.shutdown()).await.unwrap();
    assert_eq!(
        sample(operations, "telemetry_spans_exported_total").await,
        Some(1_000.0)
    );
    collector.program.wait_for("the last trace", |log| log.contains(&last));
}
