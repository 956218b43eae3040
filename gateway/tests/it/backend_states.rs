//! What the operations listener says of backends: who is well, who is passed over, whose calls are paused.

use crate::process::{Vagvisare, start};
use axum::Router;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_secs(30);

async fn well() -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(|| async { "well" });
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}")
}

/// An address that nothing listens on, whatever else this machine does.
const GONE: &str = "http://127.0.0.1:1";

/// Two backends: one with an address that is checked and gone, one with a breaker and nobody behind it.
fn registry(well: &str) -> String {
    let api = |name: &str, backend: &str| {
        format!(
            "[[apis]]\nname = \"{name}\"\ntitle = \"T\"\nversion = \"1.0.0\"\nreleased = 2026-01-01\norganisation = \"agency\"\nstate = \"active\"\n\
             authentication = \"none\"\npersonal_data = false\nbackend = \"{backend}\"\n[[apis.routes]]\nmethod = \"GET\"\npath = \"/words\"\n"
        )
    };
    format!(
        "version = 1\n\
         [[organisations]]\nid = \"agency\"\nname = \"The Agency\"\nkind = \"stateAgency\"\n\
         [[backends]]\nid = \"checked\"\norganisation = \"agency\"\naddresses = [\"{well}\", \"{GONE}\"]\nallow_private_network = true\n\
         health = {{ path = \"/\", interval = \"100ms\", timeout = \"1s\", unhealthy_after = 2 }}\n\
         [[backends]]\nid = \"broken\"\norganisation = \"agency\"\naddresses = [\"{GONE}\"]\nallow_private_network = true\n\
         breaker = {{ min_calls = 3, open_for = \"60s\" }}\n\
         {}{}",
        api("fine", "checked"),
        api("bad", "broken")
    )
}

async fn text(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

/// What is shown of each backend, by its id.
async fn backends(operations: &str) -> Value {
    let status: Value = serde_json::from_str(&text(&format!("{operations}/status")).await).unwrap();
    let all = status["backends"].as_array().unwrap().iter();
    all.map(|one| (one["id"].as_str().unwrap().to_owned(), one.clone()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "long: cargo xtask faults"]
async fn each_backend_and_address_is_shown_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(folder.path().join("registry.toml"), registry(&well().await)).unwrap();
    std::fs::write(
        &config,
        "[listen]\naddress = \"127.0.0.1:0\"\n[operations]\nlisten = \"127.0.0.1:0\"\n[registry]\ndocument = \"registry.toml\"\n\
         [network]\nallow_private_backends = true\n[telemetry]\naccess_log = \"off\"\n",
    )
    .unwrap();
    let mut process: Vagvisare = start(&["serve", "--config", config.to_str().unwrap()]);
    let ready = process.wait_for("ready ");
    let (base, operations) = ready.split_once(", operations ").unwrap();

    // Nobody calls: the health check alone finds out.
    let begun = Instant::now();
    loop {
        let shown = backends(operations).await;
        let addresses = shown["checked"]["addresses"].as_array().unwrap();
        let healthy: Vec<_> = addresses.iter().map(|address| address["healthy"].clone()).collect();
        if healthy == [json!(true), json!(false)] {
            break;
        }
        assert!(begun.elapsed() < BOUND, "{shown}");
        tokio::task::yield_now().await;
    }
    // Calls to the other find out that nobody is there, until none is sent any more.
    let mut statuses = Vec::new();
    let paused = loop {
        let answer = reqwest::get(format!("{base}/bad/v1/words")).await.unwrap();
        let (status, wait) = (answer.status().as_u16(), answer.headers().get("retry-after").cloned());
        statuses.push(status);
        let body: Value = answer.json().await.unwrap();
        if status == 503 {
            assert!(wait.is_some(), "{body}");
            break body;
        }
        assert!(status == 502 && statuses.len() < 50, "{statuses:?} {body}");
    };
    assert_eq!(paused["code"], "agency-paused", "{paused}");
    assert_eq!(
        reqwest::get(format!("{base}/fine/v1/words")).await.unwrap().status(),
        200
    );

    let shown = backends(operations).await;
    assert_eq!(shown["checked"]["breaker"], "closed", "{shown}");
    assert_eq!(shown["broken"]["breaker"], "open", "{shown}");
    assert_eq!(shown["broken"]["events"]["breaker_opened"], 1, "{shown}");
    assert!(
        shown["broken"]["callsInWindow"]["failed"].as_u64().unwrap() >= 3,
        "{shown}"
    );
    let metrics = text(&format!("{operations}/metrics")).await;
    for line in [
        "backend_breaker_open{backend=\"checked\"} 0",
        "backend_breaker_open{backend=\"broken\"} 1",
        "backend_addresses_available{backend=\"checked\"} 1",
        "backend_events_total{backend=\"checked\",event=\"address_unhealthy\"} 1",
        "backend_events_total{backend=\"broken\",event=\"breaker_opened\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
}
