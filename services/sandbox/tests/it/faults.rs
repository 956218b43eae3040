//! Faults are switched while the sandbox runs, and go away again.

use std::time::Duration;

use sandbox::{Agency, Failure, SandboxConfig, start};
use serde_json::{Value, json};

use crate::support::{PATIENCE, alva, client, identifier, sandbox, switch, url};

#[tokio::test]
async fn an_agency_fails_in_the_way_that_is_switched_on() {
    let sandbox = sandbox().await;
    let errands = format!("{}/errands?party=p0", url(&sandbox, "exempelby"));
    let ask_within = |ms| client().get(&errands).timeout(Duration::from_millis(ms)).send();
    let ask = || client().get(&errands).send();
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
async fn wrong_data_is_wrong_in_the_way_that_is_switched_on() {
    let sandbox = sandbox().await;
    let known = identifier(&sandbox, "exempelby", &alva()).await;
    let ask = || {
        let request = client().get(format!("{}/errands", url(&sandbox, "exempelby")));
        request.query(&[("party", &known)]).send()
    };
    let right: Value = ask().await.unwrap().json().await.unwrap();
    let switch_to = async |failure: &str| switch(&sandbox, "exempelby", json!({ "failure": failure })).await;

    switch_to("truncated").await;
    let text = ask().await.unwrap().text().await.unwrap();
    assert!(text.starts_with('{') && serde_json::from_str::<Value>(&text).is_err());

    switch_to("wrongSchema").await;
    let answer: Value = ask().await.unwrap().json().await.unwrap();
    assert_eq!(answer["resultat"][0], right);

    switch_to("anotherPerson").await;
    let answer: Value = ask().await.unwrap().json().await.unwrap();
    assert!(!answer["errands"].as_array().unwrap().is_empty());
    assert_ne!(answer["errands"][0]["party"], known.as_str());

    switch_to("partial").await;
    let answer: Value = ask().await.unwrap().json().await.unwrap();
    assert_eq!(answer["total"].as_u64().unwrap(), right["total"].as_u64().unwrap() + 1);
    assert_eq!(answer["errands"], right["errands"]);

    switch_to("cutOff").await;
    let answer = ask().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err(), "the body breaks off");

    switch_to("trickle").await;
    let mut answer = ask().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap().len(), 1);

    // Who was being answered is cut off too, and holds nobody up who comes after.
    switch_to("reset").await;
    let rest = answer.bytes().await;
    assert!(rest.is_err_and(|error| !error.is_timeout()), "it breaks off at once");
    until(|| async { ask().await.is_err() }).await;
    switch_to("none").await;
    until(|| async { ask().await.is_ok() }).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn the_national_form_says_when_a_part_is_missing() {
    let sandbox = sandbox().await;
    let number = identifier(&sandbox, "skattekontoret", &alva()).await;
    let question = json!({ "fraga": { "parter": [{ "kund": { "identifierare": number, "typ": "Personnummer" } }] } });
    let ask = || {
        let request = client().post(format!("{}/kundhandelseFragaSynkron", url(&sandbox, "skattekontoret")));
        request.header("skv_client_correlation_id", "1").json(&question).send()
    };
    switch(&sandbox, "skattekontoret", json!({ "failure": "partial" })).await;
    let answer = ask().await.unwrap();
    assert_eq!(answer.status(), 206);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["delfragor"][1]["httpCode"], 503);
    switch(&sandbox, "skattekontoret", json!({ "failure": "anotherPerson" })).await;
    let answer: Value = ask().await.unwrap().json().await.unwrap();
    assert_ne!(
        answer["kundhandelser"][0]["part"]["kund"]["identifierare"],
        number.as_str()
    );
    sandbox.stop().await;
}

#[test]
fn the_page_tells_of_every_agency_and_every_fault() {
    let page = include_str!("../../README.md");
    for agency in Agency::ALL {
        assert!(page.contains(&format!("| `{}` |", agency.id)), "{}", agency.id);
    }
    for failure in Failure::ALL {
        let name = serde_json::to_value(failure).unwrap();
        assert!(page.contains(&format!("| `{}` |", name.as_str().unwrap())), "{name}");
    }
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

/// Waits for a condition.
async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let wait = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}
