//! A whole run, and nobody's number in anything that anybody sees: answers, logs, spans, the database.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use futures_util::future::join_all;
use sandbox::{Person, SandboxConfig, people};
use serde_json::Value;
use service_host::ServiceTelemetry;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::support::{client, party, producers_of};
use crate::worse::serve;

type Spans = Arc<Mutex<Vec<u8>>>;

/// The configuration file for the producers of the sandbox.
fn file(sandbox: &sandbox::Running) -> String {
    let mut text = format!("partyRegister = \"{}\"\n", sandbox.party_register_url);
    for (producer, running) in producers_of(sandbox).iter().zip(&sandbox.agencies) {
        text += &format!(
            "[[producers]]\nid = \"{id}\"\norganisationId = \"{id}\"\nname = {{ sv = \"{id}\" }}\nform = \"{form}\"\nbaseUrl = \"{url}\"\n",
            id = producer.id,
            form = running.form().name(),
            url = producer.base_url
        );
    }
    text
}

#[tokio::test]
async fn nobodys_number_is_in_anything_that_anybody_sees() {
    let spans = Spans::default();
    let receive =
        |State(spans): State<Spans>, body: Bytes| async move { spans.lock().unwrap().extend_from_slice(&body) };
    let (receiver, _receiver) = serve(
        Router::new()
            .route("/v1/traces", post(receive))
            .with_state(Arc::clone(&spans)),
    )
    .await;
    let telemetry = ServiceTelemetry::otlp_http(&receiver);
    let down = vec!["indrivningsverket".to_owned()];
    let sandbox = sandbox::start(SandboxConfig {
        telemetry,
        down,
        ..SandboxConfig::default()
    })
    .await
    .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let producers = directory.path().join("producers.toml");
    std::fs::write(&producers, file(&sandbox)).unwrap();

    let mut process = Command::new(env!("CARGO_BIN_EXE_case-status"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--log",
            "trace",
            "--otlp-endpoint",
            &receiver,
        ])
        .arg("--producers")
        .arg(&producers)
        .arg("--data-dir")
        .arg(directory.path().join("data"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut log = process.stderr.take().unwrap();
    let reading = tokio::spawn(async move {
        let mut text = Vec::new();
        log.read_to_end(&mut text).await.map(|_| text)
    });
    let ready = lines.next_line().await.unwrap().unwrap();
    let url = format!("{}/case-status/v1/cases", ready.strip_prefix("ready ").unwrap());

    let everyone = people();
    let seen = join_all(everyone.iter().map(|person| all_that_is_shown(&url, person)))
        .await
        .concat();
    let pid = process.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
    assert!(process.wait().await.unwrap().success());
    sandbox.stop().await;

    let log = reading.await.unwrap().unwrap();
    let spans = spans.lock().unwrap().clone();
    let database: Vec<u8> = std::fs::read_dir(directory.path().join("data"))
        .unwrap()
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    let alva = party("alva");
    assert!(holds(&seen, "Bygglov") && holds(&log, "answered") && holds(&spans, "kundhandelseFragaSynkron"));
    assert!(holds(&database, &alva), "the index is there to look into");
    for person in &everyone {
        let digits = person.number.digits();
        let short = &digits[2..];
        let signed = format!("{}-{}", &short[..6], &short[6..]);
        for (place, bytes) in [
            ("answers", &seen),
            ("log", &log),
            ("spans", &spans),
            ("database", &database),
        ] {
            assert!(
                !holds(bytes, short) && !holds(bytes, &signed),
                "{place} holds the number of {}",
                person.key
            );
        }
    }
    assert!(
        !holds(&log, &alva) && !holds(&spans, &alva),
        "the person's opaque id is not for the log either"
    );
}

/// Everything that is answered when one person's cases are asked for, rightly and wrongly.
async fn all_that_is_shown(url: &str, person: &Person) -> Vec<u8> {
    let mut seen = Vec::new();
    let ask = |url: String| {
        client()
            .get(url)
            .header("vagvisare-subject", person.party_id.to_string())
            .send()
    };
    let list = ask(format!("{url}?limit=100")).await.unwrap().bytes().await.unwrap();
    seen.extend_from_slice(&list);
    let list: Value = serde_json::from_slice(&list).unwrap();
    for case in list["cases"].as_array().into_iter().flatten() {
        let href = case["_links"][0]["href"].as_str().unwrap().to_owned();
        seen.extend_from_slice(&ask(href).await.unwrap().bytes().await.unwrap());
    }
    // A caller that does what nobody should does not get it back, nor is it written down.
    let number = person.number.digits();
    for wrong in [
        format!("{url}?pnr={number}"),
        format!("{url}?{number}=1"),
        format!("{url}?page={number}x"),
        format!("{url}/{number}"),
    ] {
        seen.extend_from_slice(&ask(wrong).await.unwrap().bytes().await.unwrap());
    }
    seen
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
