//! The demo's services take calls that the gateway has signed, and no other: whoever finds their ports can do nothing.

use crate::process::{shell, start_demo};
use serde_json::Value;
use std::path::Path;

/// Where the gateway has called each of its backends, from its access log.
fn backends(log: &Path) -> Vec<(String, String)> {
    let lines = std::fs::read_to_string(log).unwrap();
    let called = lines.lines().filter_map(|line| {
        // The last line may be half written.
        let line: Value = serde_json::from_str(line).ok()?;
        let upstream = &line["upstream"];
        Some((
            upstream["backend"].as_str()?.to_owned(),
            upstream["address"].as_str()?.to_owned(),
        ))
    });
    called.collect()
}

#[test]
fn who_goes_past_the_gateway_is_refused_by_every_service() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut demo = start_demo(&data);
    let gateway = demo.wait_for("ready ");
    demo.wait_for("Scripts: ");
    let file: Value = serde_json::from_slice(&std::fs::read(data.join("demo.json")).unwrap()).unwrap();
    let key = file["apiKey"].as_str().unwrap();
    let paths = [
        ("case-status", "/case-status/v1/cases"),
        ("channels", "/channels/v1/subscriptions"),
        ("contact-routing", "/contact-routing/v1/municipalities"),
        ("encounters", "/encounters/v1/slots"),
        ("handover", "/handover/v1/handovers"),
        ("insights", "/insights/v1/publications"),
        ("mcp", "/mcp/v1/messages"),
    ];
    // Through the gateway each is reached; what it answers is told elsewhere.
    for (id, path) in paths {
        let base = path.rsplit_once('/').unwrap().0;
        let asked = format!(
            r#"{{"person":"alva","applicationId":"exempelbanken-app","audience":"https://api.vagvisare.example{base}","scopes":["cases.read","cases.events.subscribe","handovers.write"]}}"#
        );
        let credential = match id {
            "case-status" | "channels" | "handover" | "mcp" => format!(
                "-H \"Authorization: Bearer $(curl -s -H 'Accept: text/plain' -H 'Content-Type: application/json' -d '{asked}' {gateway}/test-identity/v0/tokens)\""
            ),
            _ => format!("-H 'X-Api-Key: {key}'"),
        };
        let body = match id {
            "mcp" => "-H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{}'",
            _ => "",
        };
        let status = shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' {credential} {body} {gateway}{path}"
        ));
        assert!(
            !status.starts_with('5') && status != "401" && status != "403",
            "{id}: {status}"
        );
    }
    // The log is written beside the calls.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let known = loop {
        let known = backends(&data.join("access.log"));
        if paths
            .iter()
            .all(|(id, _)| known.iter().any(|(backend, _)| is(backend, id)))
        {
            break known;
        }
        assert!(std::time::Instant::now() < until, "{known:?}");
    };
    for (id, path) in paths {
        let (_, address) = known.iter().find(|(backend, _)| is(backend, id)).unwrap();
        let ask = |more: &str, path: &str| {
            let line = format!("curl -s -w '\\n%{{http_code}}' {more} http://{address}{path}");
            let answer = shell(&line);
            let (body, status) = answer.rsplit_once('\n').unwrap();
            (status.to_owned(), body.to_owned())
        };
        let claims = "-H 'Vagvisare-Subject: 7f0c5b2e-0000-4000-8000-000000000001' -H 'Vagvisare-Scopes: cases.read'";
        for more in [
            "",
            claims,
            "-H 'Vagvisare-Assertion: eyJ0eXAiOiJ2YWd2aXNhcmUtYXNzZXJ0aW9uK2p3dCJ9.e30.AA'",
        ] {
            let (status, body) = ask(more, path);
            assert_eq!(status, "401", "{id} {more}: {body}");
            assert!(body.contains("\"code\":\"untrusted-caller\""), "{id} {more}: {body}");
        }
        assert_eq!(ask("", "/health/live").0, "200", "{id}");
    }
    // What services tell each other is told to nobody else.
    let (_, cases) = known.iter().find(|(backend, _)| is(backend, "case-status")).unwrap();
    for more in ["", "-H 'Authorization: Bearer 0123456789abcdef0123456789abcdef'"] {
        let status = shell(&format!(
            "curl -s -o /dev/null -w '%{{http_code}}' {more} http://{cases}/internal/changes"
        ));
        assert_eq!(status, "401", "{more}");
    }
}

/// Whether `backend` is the one that the demo's own organisation registers as `name`.
fn is(backend: &str, name: &str) -> bool {
    backend.strip_prefix("vagvisare-demo.") == Some(name)
}
