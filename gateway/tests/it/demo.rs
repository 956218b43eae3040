//! `vagvisare demo`: what it prints is what works.

use crate::leaks::nobody_is_told;
use crate::process::{Vagvisare, shell, start_demo};
use serde_json::Value;
use std::path::Path;

struct Demo {
    process: Vagvisare,
    calls: Vec<String>,
    gateway: String,
    operations: String,
    directory: tempfile::TempDir,
}

fn demo() -> Demo {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut process = start_demo(&data);
    let gateway = process.wait_for("ready ");
    let calls: Vec<String> = (0..6).map(|_| process.wait_for("$ ")).collect();
    process.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    assert_eq!(file["gateway"], gateway.as_str());
    let operations = file["operations"].as_str().unwrap().to_owned();
    Demo {
        process,
        calls,
        gateway,
        operations,
        directory,
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_printed_call_answers_as_said_and_no_person_leaks() {
    let demo = demo();
    let answers: Vec<String> = demo.calls.iter().map(|call| shell(call)).collect();

    let catalogue = json(&answers[0]);
    let anchors = catalogue["linkset"].as_array().unwrap();
    assert!(
        anchors.iter().any(|entry| entry["service-desc"].is_array()),
        "{catalogue}"
    );

    assert!(answers[1].starts_with("HTTP/1.1 401"), "{}", answers[1]);
    let problem = json(answers[1].split("\r\n\r\n").nth(1).unwrap());
    assert_eq!(problem["code"], "credential-missing");
    let documentation = problem["documentation"].as_str().unwrap();
    assert!(
        problem["detail"].as_str().unwrap().ends_with(documentation),
        "{problem}"
    );
    assert!(
        shell(&format!("curl -sf {documentation}")).contains("<html"),
        "the problem leads nowhere"
    );

    let cases = json(&answers[2]);
    assert!(cases["cases"].as_array().unwrap().len() >= 2, "{cases}");
    assert_eq!(cases["complete"], false);
    let sources = cases["sources"].as_array().unwrap();
    let with = |status: &str| sources.iter().filter(|source| source["status"] == status).count();
    assert!(with("ok") >= 2 && with("failed") + with("timeout") >= 1, "{cases}");

    let route = json(&answers[3]);
    let first = &route["candidates"][0];
    assert!(
        first["organisationName"].as_str().unwrap().contains("Helsingborg"),
        "{route}"
    );
    assert!(
        first["contactPoints"]
            .as_array()
            .is_some_and(|points| !points.is_empty()),
        "{route}"
    );
    assert!(
        first["because"].as_array().is_some_and(|rules| !rules.is_empty()),
        "{route}"
    );

    let (before, last) = answers[4].rsplit_once("HTTP/1.1 ").unwrap();
    // The fourth call has taken one of the twenty already.
    assert!(before.matches("HTTP/1.1 200").count() >= 19, "{before}");
    assert!(!before.contains("HTTP/1.1 429"), "{before}");
    assert!(last.starts_with("429"), "{last}");
    for header in [
        "ratelimit: \"burst\";r=0;t=",
        "ratelimit-policy: \"burst\";q=20;w=10",
        "retry-after: ",
    ] {
        assert!(last.contains(header), "{header} is missing in {last}");
    }
    assert_eq!(
        json(last.split("\r\n\r\n").nth(1).unwrap())["violated-policies"][0],
        "burst"
    );

    let trace = &answers[5];
    for part in ["vagvisare", "case-status", "sandbox-", "authenticate", " ms", "429"] {
        assert!(trace.contains(part), "{part} is missing in\n{trace}");
    }

    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    nobody_is_told(demo.process, &demo.operations, demo.directory.path(), &answers);
}

#[test]
fn ctrl_c_ends_it_with_success() {
    let demo = demo();
    demo.process.signal("INT");
    let (status, printed) = demo.process.ended();
    assert_eq!(status.code(), Some(0), "{printed}");
    assert!(printed.contains("stopping"));
}

#[test]
fn every_problem_type_leads_to_a_page_and_every_document_is_served() {
    let demo = demo();
    let base = &demo.gateway;
    for kind in edge::error::ErrorKind::ALL {
        let page = shell(&format!("curl -sf {base}/problems/{}", kind.facts().code));
        assert!(page.contains(&format!("<code>{}</code>", kind.facts().code)), "{page}");
    }
    for api in ["case-status/v1", "contact-routing/v1", "test-identity/v0"] {
        let document = json(&shell(&format!("curl -sf {base}/{api}/openapi.json")));
        assert_eq!(document["servers"][0]["url"], format!("{base}/{api}"));
        assert!(shell(&format!("curl -sf {base}/{api}/openapi.yaml")).starts_with("openapi: "));
        let info = json(&shell(&format!("curl -sf {base}/{api}/api-info")));
        for key in ["apiName", "apiVersion", "apiReleased", "apiDocumentation", "apiStatus"] {
            assert!(info[key].is_string(), "{info}");
        }
        let page = shell(&format!("curl -sf {base}/{api}/docs"));
        assert!(
            !page.contains("<script") && !page.contains("src=\"http"),
            "the page needs a script or a network"
        );
        served_as_documented(base, api, &document);
    }
}

/// Each documented operation exists: it answers anything but "no such path" or "no such method".
fn served_as_documented(base: &str, api: &str, document: &Value) {
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "patch", "delete"]
            .into_iter()
            .filter(|method| item.get(*method).is_some())
        {
            let path = path.replace(['{', '}'], "");
            let line = format!(
                "curl -s -o /dev/null -w '%{{http_code}} %header{{proxy-status}}' -X {} {base}/{api}{path}",
                method.to_ascii_uppercase()
            );
            let answer = shell(&line);
            assert!(
                !answer.contains("destination_not_found") && !answer.starts_with("405"),
                "{method} {path}: {answer}"
            );
        }
    }
}

#[test]
fn the_file_for_scripts_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let demo = demo();
    let file: &Path = &demo.directory.path().join("data/demo.json");
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let content = json(&std::fs::read_to_string(file).unwrap());
    let token = shell(content["personToken"]["command"].as_str().unwrap());
    assert_eq!(token.trim().split('.').count(), 3, "{token}");
    let status = shell(&format!(
        "curl -s -o /dev/null -w '%{{http_code}}' -H 'Authorization: Bearer {}' {}/case-status/v1/cases",
        token.trim(),
        demo.gateway
    ));
    assert_eq!(status, "200");
}

#[test]
fn trace_shows_the_tree_on_the_command_line() {
    let demo = demo();
    shell(&demo.calls[3]);
    let output = crate::process::run(&["trace", "latest", "--operations", &demo.operations]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("contact-routing"), "{text}");
    let unknown = crate::process::run(&["trace", &"1".repeat(32), "--operations", &demo.operations]);
    assert!(!unknown.status.success());
    let text = String::from_utf8(unknown.stderr).unwrap();
    assert!(text.lines().count() == 1 && text.contains("was not kept"), "{text}");
    let elsewhere = crate::process::run(&["trace", "latest", "--operations", &demo.gateway]);
    let text = String::from_utf8(elsewhere.stderr).unwrap();
    assert!(
        !elsewhere.status.success() && text.contains("no operations listener"),
        "{text}"
    );
}
