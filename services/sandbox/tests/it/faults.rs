//! Faults are switched while the sandbox runs, and go away again.

use std::time::Duration;

use sandbox::{SandboxConfig, start};
use serde_json::{Value, json};

use crate::support::{client, sandbox, switch, url};

#[tokio::test]
async fn an_agency_fails_in_the_way_that_is_switched_on() {
    let sandbox = sandbox().await;
    let errands = format!("{}/errands?party=p0", url(&sandbox, "exempelby"));
    let ask_within = |ms| client().get(&errands).timeout(Duration::from_millis(ms)).send();
    let ask = || ask_within(10_000);
    assert_eq!(ask().await.unwrap().status(), 200);

    assert_eq!(
        switch(&sandbox, "exempelby", json!({ "failure": "error503" })).await,
        200
    );
    let answer = ask().await.unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "30")
    );

    switch(&sandbox, "exempelby", json!({ "failure": "garbage" })).await;
    let answer = ask().await.unwrap();
    assert!(answer.status().is_success() && serde_json::from_str::<Value>(&answer.text().await.unwrap()).is_err());

    switch(&sandbox, "exempelby", json!({ "failure": "hang" })).await;
    assert!(ask_within(300).await.unwrap_err().is_timeout());

    switch(&sandbox, "exempelby", json!({ "latencyMs": 2000 })).await;
    assert!(ask_within(300).await.unwrap_err().is_timeout());

    switch(&sandbox, "exempelby", json!({})).await;
    assert_eq!(ask().await.unwrap().status(), 200);
    sandbox.stop().await;
}

#[tokio::test]
async fn an_agency_that_is_down_refuses_connections_and_comes_back_where_it_was() {
    let down = vec!["skattekontoret".to_owned()];
    let sandbox = start(SandboxConfig {
        down,
        ..SandboxConfig::default()
    })
    .await
    .unwrap();
    let live = format!("{}/health/live", url(&sandbox, "skattekontoret"));
    let ask = || client().get(&live).send();
    assert!(ask().await.unwrap_err().is_connect());

    switch(&sandbox, "skattekontoret", json!({ "failure": "none" })).await;
    until(|| async { ask().await.is_ok() }).await;
    switch(&sandbox, "skattekontoret", json!({ "failure": "down" })).await;
    until(|| async { ask().await.is_err_and(|error| error.is_connect()) }).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn a_switch_that_does_not_exist_is_refused() {
    let sandbox = sandbox().await;
    assert_eq!(switch(&sandbox, "nowhere", json!({})).await, 404);
    assert_eq!(switch(&sandbox, "exempelby", json!({ "failure": "sulk" })).await, 422);
    assert_eq!(switch(&sandbox, "exempelby", json!({ "latency": 1 })).await, 422);
    let all: Value = client()
        .get(format!("{}/sandbox/faults", sandbox.control_url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(all["exempelby"], json!({ "latencyMs": 0, "failure": "none" }));
    sandbox.stop().await;
    let nowhere = SandboxConfig {
        down: vec!["nowhere".to_owned()],
        ..SandboxConfig::default()
    };
    assert!(start(nowhere).await.is_err());
}

/// Waits for a condition, for ten seconds at most.
async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let wait = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
}
