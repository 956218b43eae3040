//! A person's pages and the page of insights in real Chromium, looked at by axe-core.

use crate::process::{shell, start_demo};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use test_parts::tool;

#[test]
fn every_page_of_a_persons_journey_works_without_script_and_is_accessible() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut demo = start_demo(&data);
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    let text = |path: &str| file.pointer(path).unwrap().as_str().unwrap().to_owned();
    let authorize = format!(
        "{}?response_type=code&client_id=exempelbanken-app&code_challenge_method=S256&state=s1&scope=cases.read\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&redirect_uri={}&resource={}",
        text("/personPages/authorize"),
        text("/personPages/redirectUri"),
        text("/personPages/resource")
    );
    // An insight, so that the page of them has something to show.
    let said = shell(&format!(
        "curl -sf -H 'X-Api-Key: {}' -H 'Content-Type: application/json' {gateway}/insights/v1/shared-insights \
         -d '{{\"statement\":\"Fyra av tio ringer för att få veta hur långt ärendet har kommit.\"}}'",
        text("/agencyKey")
    ));
    assert!(said.contains("insightId"), "{said}");
    let pictures = std::env::var_os("VAGVISARE_PICTURES").map_or_else(|| directory.path().to_owned(), PathBuf::from);
    let output = Command::new(tool("node"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/journey.mjs"))
        .args([tool("node_modules/axe-core").parent().unwrap(), &tool("chromium")])
        .args([&gateway, &authorize])
        .arg(pictures)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("56 pages, 0 findings"), "{said}");
}
