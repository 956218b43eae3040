//! The binary starts alone, says where, answers, and refuses what is wrong before it listens.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::client;

#[tokio::test]
async fn without_any_producer_it_answers_an_empty_list() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Command::new(env!("CARGO_BIN_EXE_case-status"))
        .args(["--listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(directory.path())
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
    let get = |path: &str| {
        client()
            .get(format!("{url}/case-status/v1{path}"))
            .header("vagvisare-subject", "a")
            .send()
    };
    let list: Value = get("/cases").await.unwrap().json().await.unwrap();
    assert_eq!(
        (list["cases"].as_array().unwrap().len(), &list["complete"]),
        (0, &Value::Bool(true))
    );
    let info: Value = get("/api-info").await.unwrap().json().await.unwrap();
    assert_eq!(
        (info["apiName"].as_str(), info["apiStatus"].as_str()),
        (Some("Ärendestatus"), Some("active"))
    );
    let document: Value = get("/openapi.json").await.unwrap().json().await.unwrap();
    assert_eq!(document, serde_json::to_value(case_status::openapi()).unwrap());
    process.kill().await.unwrap();
}

#[tokio::test]
async fn a_wrong_configuration_is_said_and_nothing_starts() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("producers.toml");
    for text in [
        "producers = 1",
        "unknown = 1",
        "[[producers]]\nid = \"å\"\norganisationId = \"a\"\nname = { sv = \"a\" }\nform = \"cases\"\nbaseUrl = \"x\"\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_case-status"))
            .arg("--producers")
            .arg(&file)
            .arg("--data-dir")
            .arg(directory.path())
            .output()
            .await
            .unwrap();
        assert!(
            !output.status.success() && output.stdout.is_empty() && !output.stderr.is_empty(),
            "{text}"
        );
    }
}
