//! The binary starts alone, says where, answers, and stops when it is told to.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::client;

#[tokio::test]
async fn the_binary_answers_where_it_says_it_is() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--now",
            "2026-11-23T10:00:00Z",
            "--down",
            "indrivningsverket",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = tokio::time::timeout(Duration::from_secs(20), lines.next_line())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let url = line.strip_prefix("ready ").unwrap();
    for (path, status) in [
        ("/test-identity/v0/people", 200),
        ("/agencies/exempelby/errands?party=p0", 200),
        ("/agencies/indrivningsverket/kundhandelseFragaSynkron", 503),
        ("/sandbox/faults", 200),
        ("/health/live", 200),
        ("/nothing", 404),
    ] {
        assert_eq!(
            client().get(format!("{url}{path}")).send().await.unwrap().status(),
            status,
            "{path}"
        );
    }
    let pid = process.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    let status = tokio::time::timeout(Duration::from_secs(20), process.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_wrong_flag_is_said_and_nothing_starts() {
    for arguments in [["--down", "nowhere"], ["--now", "yesterday"], ["--listen", "here"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
            .args(arguments)
            .output()
            .await
            .unwrap();
        assert!(
            !output.status.success() && output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
}
