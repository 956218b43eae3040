//! README's section on chat assistants, command for command: the official client for Python against the demo.

use crate::leaks::nobody_is_told;
use crate::process::{shell, start_demo};
use crate::readme::blocks;
use serde_json::Value;
use std::path::Path;
use test_parts::tool;

const VAGVISARE: &str = env!("CARGO_BIN_EXE_vagvisare");

#[test]
fn the_official_client_finds_a_contact_lists_cases_and_has_one_explained() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().to_str().unwrap();
    let data = format!("{at}/data/demo");
    let mut demo = start_demo(Path::new(&data));
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let permit = blocks("Be told when a case changes");
    let (permit, _) = permit[2].split_once("READ=").unwrap();
    let walk = blocks("A chat assistant as a channel");
    assert!(walk[0].contains("pip install -q mcp"), "{walk:?}");
    std::os::unix::fs::symlink(tool("../python"), folder.path().join("assistant")).unwrap();
    let forms = &(blocks("The same cases in other forms")[0].clone() + &blocks("Check before sending")[0]);
    let walk =
        format!("{permit}\n{}\n{forms}", walk[1]).replace("cargo run -q --release --", &format!("'{VAGVISARE}'"));
    let said = shell(&format!("set -e; cd '{at}'\n{walk}"));
    for part in [
        "['explain_case', 'find_contact', 'list_cases', 'plan_life_event']",
        "Helsingborg: ",
        "Bygglov för uteplats med tak (exempelby): ",
        "! Indrivningsverket (sandlåda) svarade inte",
        "The ball is with",
        "- moving: ",
        "[stepId aid]",
        "EXEMPELBY 99:2 finns inte i Exempelby",
        "Situationsplan saknas. Fyll i uppgiften.",
        "[\"skattekontoret\",200]",
        "[\"indrivningsverket\",502]",
        "[\"Bygglov för uteplats med tak\",\"open\",\"Skicka in: Situationsplan\"]",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }

    // It is an API like any other: without a token refused, with one of another API too, and a case of nobody's is told so.
    let url = format!("{gateway}/mcp/v1/messages");
    let call = |extra: &str, body: &str| {
        shell(&format!(
            "curl -s {extra} -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{body}' {url}"
        ))
    };
    let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_cases","arguments":{}}}"#;
    let refused: Value = serde_json::from_str(&call("", list)).unwrap();
    assert_eq!(refused["code"], "credential-missing");
    let token = |api: &str| {
        let asked = format!(
            r#"{{"person":"alva","applicationId":"exempelbanken-app","audience":"https://api.vagvisare.example/{api}/v1","scopes":["cases.read"]}}"#
        );
        let line = format!(
            "curl -s -H 'Accept: text/plain' -H 'Content-Type: application/json' -d '{asked}' {gateway}/test-identity/v0/tokens"
        );
        format!("-H 'Authorization: Bearer {}'", shell(&line))
    };
    let refused: Value = serde_json::from_str(&call(&token("case-status"), list)).unwrap();
    assert_eq!(refused["status"], 401, "{refused}");
    let unknown = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"explain_case","arguments":{"caseId":"0b7d2b8c-7a8c-5d0e-9a46-0a2c6f6f3b51"}}}"#;
    let trace = "-H 'traceparent: 00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'";
    let answer: Value = serde_json::from_str(&call(&format!("{trace} {}", token("mcp")), unknown)).unwrap();
    assert_eq!(answer["result"]["isError"], true, "{answer}");

    // One trace from the caller through the assistant's service to the cases.
    let file: Value = serde_json::from_slice(&std::fs::read(format!("{data}/demo.json")).unwrap()).unwrap();
    let line = format!(
        "for i in $(seq 50); do trace=$(curl -s {}/traces/1af7651916cd43dd8448eb211c80319c); echo \"$trace\" | grep -q 'case-status' && break; sleep 0.1; done; echo \"$trace\"",
        file["operations"].as_str().unwrap()
    );
    let trace = shell(&line);
    for part in ["mcp", "GET /case-status/v1/cases/{caseId}"] {
        assert!(trace.contains(part), "{part} is missing in {trace}");
    }
    // In the national form and the others neither.
    nobody_is_told(
        demo,
        file["operations"].as_str().unwrap(),
        Path::new(&data),
        &[&said, &trace],
    );
}
