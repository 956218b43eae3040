//! A sandbox on free ports, and asking it.

use std::time::Duration;

use sandbox::{Person, Running, SandboxConfig, people, start};
use serde_json::{Value, json};

/// Longest wait for anything; a busy machine needs some of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox where time stands still.
pub(crate) async fn sandbox() -> Running {
    start(SandboxConfig {
        now: Some("2026-11-23T10:00:00Z".parse().unwrap()),
        ..SandboxConfig::default()
    })
    .await
    .unwrap()
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

pub(crate) fn alva() -> Person {
    people().into_iter().find(|person| person.key == "alva").unwrap()
}

/// Where an agency is.
pub(crate) fn url<'a>(sandbox: &'a Running, agency: &str) -> &'a str {
    &sandbox
        .agencies
        .iter()
        .find(|running| running.agency.id == agency)
        .unwrap()
        .base_url
}

/// What the register says that an agency knows a person by.
pub(crate) async fn identifier(sandbox: &Running, agency: &str, person: &Person) -> String {
    let body = json!({ "partyId": person.party_id, "organisationId": agency });
    let url = format!("{}/parties/lookups", sandbox.party_register_url);
    let known: Value = client()
        .post(url)
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    known["identifier"].as_str().unwrap().to_owned()
}

/// Switches an agency's faults.
pub(crate) async fn switch(sandbox: &Running, agency: &str, fault: Value) -> u16 {
    let url = format!("{}/sandbox/faults/{agency}", sandbox.control_url);
    client().put(url).json(&fault).send().await.unwrap().status().as_u16()
}
