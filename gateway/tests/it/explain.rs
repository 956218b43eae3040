//! `vagvisare explain`: the demo's registry, asked about calls.

use crate::process::run;
use crate::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::path::Path;

#[test]
fn each_step_of_the_decision_is_told() {
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo/registry.toml");
    let registry = registry.to_str().unwrap();
    let bank = ["--application", "exempelbanken-app", "--at", "2026-06-01T00:00:00Z"];
    for (arguments, code, expected) in [
        (&["GET", "/nowhere"][..], 1, "404 unknown-api"),
        (&["GET", "/contact-routing/v1/nowhere"], 1, "404 unknown-path"),
        (&["PATCH", "/contact-routing/v1/routes"], 1, "405 method-not-allowed"),
        (&["POST", "/contact-routing/v1/routes"], 1, "401 credential-missing"),
        (&["GET", "/contact-routing/v1/docs"], 0, "gateway answers from memory"),
        (
            &[
                "POST",
                "https://api.example.se/contact-routing/v1/routes?x=1",
                bank[0],
                bank[1],
                bank[2],
                bank[3],
            ],
            0,
            "limit: burst, 20 calls in 10 s for the application",
        ),
        (
            &[
                "POST",
                "/contact-routing/v1/routes",
                bank[0],
                bank[1],
                bank[2],
                "1999-01-01T00:00:00Z",
            ],
            1,
            "has not begun",
        ),
        (&["GET", "/x", "--application", "nobody"], 64, ""),
    ] {
        let output = run(&[&["explain"], arguments, &["--registry", registry]].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}

#[tokio::test]
async fn a_key_and_a_running_nodes_registry_are_explained() {
    let database = "sqlite:registry.sqlite";
    let world = World::begin(database);
    let node = world.node("first", database);
    let serving = world.serving(&node).await;
    let config = world.folder.path().join("first.toml");
    let explain = |key: &str| {
        let arguments = [
            "explain",
            "GET",
            "/guide/v1/things",
            "--key",
            key,
            "--config",
            config.to_str().unwrap(),
        ];
        let said = run(&arguments);
        let text = String::from_utf8(said.stdout).unwrap() + &String::from_utf8(said.stderr).unwrap();
        (said.status.code().unwrap(), text)
    };
    let (code, said) = explain(&serving.key);
    assert_eq!(code, 0, "{said}");
    for part in [
        &serving.application_id,
        &serving.agreement_id,
        "route: * /guide/v1/things",
        "the call goes through",
    ] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    let path = format!("/agreements/{}/suspension", serving.agreement_id);
    world
        .change(&node, &serving.agency.key, "PUT", &path, json!({"reason": "because"}))
        .await;
    let (code, said) = explain(&serving.key);
    assert!(code == 1 && said.contains("is suspended"), "{said}");
    let (code, said) = explain("vv_prod_nothing_nothing");
    assert!(code == 64 && said.contains("no such key"), "{said}");
}

#[test]
fn a_tokens_claims_decide_as_far_as_they_can_be_read() {
    let registry = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/demo/registry.toml");
    let registry = registry.to_str().unwrap();
    let good = json!({"iss": "https://issuer.example", "client_id": "exempelbanken-app", "scope": "cases.read", "exp": 1_900_000_000,
        "aud": "https://api.vagvisare.example/case-status/v1"});
    let with = |field: &str, value: serde_json::Value| {
        let mut claims = good.clone();
        claims[field] = value;
        claims
    };
    for (url, claims, code, expected) in [
        ("/case-status/v1/cases", good.clone(), 0, "agreement: avtal-2026-001"),
        (
            "/case-status/v1/cases",
            with("scope", json!("other")),
            1,
            "the token lacks cases.read",
        ),
        (
            "/case-status/v1/cases",
            with("aud", json!("https://other.example")),
            1,
            "it is not for case-status-v1",
        ),
        (
            "/case-status/v1/cases",
            with("exp", json!(5)),
            1,
            "not valid at this time",
        ),
        (
            "/case-status/v1/cases",
            with("client_id", json!("nobody")),
            1,
            "has no such application",
        ),
        ("/case-events/v1/events", good.clone(), 1, "an API key is needed"),
    ] {
        let method = if url.ends_with("events") { "POST" } else { "GET" };
        let token = format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let at = "2026-06-01T00:00:00Z";
        let output = run(&[
            "explain",
            method,
            url,
            "--token",
            &token,
            "--at",
            at,
            "--registry",
            registry,
        ]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{claims}: {text}");
        assert!(text.contains(expected), "{expected} is not in:\n{text}");
    }
}
