//! Requests to record, servers to ask, and programs to start.

use http::{Method, Version};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use telemetry::{Config, Guard, RequestRecord, Telemetry};
use tokio::time::{Instant, interval};

/// Longest wait for anything that happens on this machine.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// Started with `change` made to the defaults: every request kept, nothing written.
pub(crate) fn start(change: impl FnOnce(&mut Config)) -> (Telemetry, Guard) {
    let mut config = Config {
        share: 1.0,
        service_name: "test-gateway".to_owned(),
        ..Config::default()
    };
    change(&mut config);
    Telemetry::start(config).expect("telemetry starts")
}

/// The record of a GET without any header.
pub(crate) fn begin(telemetry: &Telemetry) -> RequestRecord {
    telemetry.begin(None, Method::GET, Version::HTTP_11, None)
}

/// One whole request; returns its trace id.
pub(crate) fn request(telemetry: &Telemetry, fill: impl FnOnce(&mut RequestRecord)) -> String {
    let mut record = begin(telemetry);
    record.status = 200;
    fill(&mut record);
    let id = record.trace.trace_id_hex().to_string();
    telemetry.finish(&mut record);
    id
}

/// Serves the operations listener until the test's runtime ends.
pub(crate) async fn serve(telemetry: &Telemetry) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = telemetry.operations_router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Body of a GET, whatever the status, with `accept`.
pub(crate) async fn get(address: SocketAddr, path: &str, accept: &str) -> (u16, String) {
    let request = reqwest::Client::new()
        .get(format!("http://{address}{path}"))
        .header("accept", accept);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// One sample's value by its name and labels as written.
pub(crate) async fn sample(address: SocketAddr, series: &str) -> Option<f64> {
    let (_, text) = get(address, "/metrics", "*/*").await;
    text.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// Asks again until there is an answer, or fails with `what`.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + BOUND;
    let mut tick = interval(Duration::from_millis(20));
    while Instant::now() < deadline {
        tick.tick().await;
        if let Some(answer) = ask().await {
            return answer;
        }
    }
    panic!("not within {BOUND:?}: {what}");
}

/// A running program, its output by line. Killed when dropped.
pub(crate) struct Program {
    child: Child,
    output: Arc<(Mutex<String>, Condvar)>,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = Arc::new((Mutex::new(String::new()), Condvar::new()));
        read(child.stdout.take().unwrap(), &output);
        read(child.stderr.take().unwrap(), &output);
        Self { child, output }
    }

    /// Everything written so far, as soon as `enough` says yes to it.
    pub(crate) fn wait_for(&self, what: &str, enough: impl Fn(&str) -> bool) -> String {
        let (output, changed) = &*self.output;
        let (output, result) = changed
            .wait_timeout_while(output.lock().unwrap(), BOUND, |output| !enough(output))
            .unwrap();
        assert!(
            !result.timed_out(),
            "not within {BOUND:?}: {what}. The program wrote:\n{output}"
        );
        output.clone()
    }

    pub(crate) fn output(&self) -> String {
        self.output.0.lock().unwrap().clone()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

fn read(from: impl std::io::Read + Send + 'static, output: &Arc<(Mutex<String>, Condvar)>) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut text = output.0.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
            output.1.notify_all();
        }
    });
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
