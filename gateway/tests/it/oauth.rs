//! The token service in a running node: a key pair, a token, a call, and what is taken back.

use crate::process::{shell, start_demo};
use serde_json::Value;

const VAGVISARE: &str = env!("CARGO_BIN_EXE_vagvisare");

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn an_application_gets_a_token_with_its_key_and_calls_an_api_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut process = start_demo(&data);
    let gateway = process.wait_for("ready ");
    process.wait_for("Scripts: ");
    let file: Value = json(&std::fs::read_to_string(data.join("demo.json")).unwrap());

    // As a client finds its way: from the refusal to the resource's metadata to the token service's.
    let refusal = shell(&format!("curl -s -i {gateway}/case-status/v1/cases"));
    let metadata = refusal
        .split("resource_metadata=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let resource = json(&shell(&format!("curl -sf {metadata}")));
    assert_eq!(resource["authorization_servers"][0], gateway.as_str(), "{resource}");
    assert_eq!(resource["scopes_supported"][0], "cases.read", "{resource}");
    let server = json(&shell(&format!(
        "curl -sf {gateway}/.well-known/oauth-authorization-server"
    )));
    assert_eq!(server["issuer"], gateway.as_str());
    let keys = json(&shell(&format!("curl -sf {}", server["jwks_uri"].as_str().unwrap())));
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2, "{keys}");

    // The printed command, with the program that was built.
    let command = file["clientKey"]["command"].as_str().unwrap();
    let token = shell(&command.replacen("vagvisare", &format!("'{VAGVISARE}'"), 1));
    let token = token.trim();
    let call = |token: &str| {
        let body = r#"{"question":"Vem ska jag fråga om bygglov?","municipality":"Helsingborg"}"#;
        shell(&format!(
            "curl -s -i -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d '{body}' {gateway}/contact-routing/v1/routes"
        ))
    };
    let answer = call(token);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The same token says nothing at another API.
    let other = shell(&format!(
        "curl -s -H 'Authorization: Bearer {token}' {gateway}/case-status/v1/cases"
    ));
    assert_eq!(json(&other)["reason"], "token-audience", "{other}");

    // The request as curl sends it; the token that comes back is revoked, and refused.
    let print = format!(
        "{} --print-request",
        command.replacen("vagvisare", &format!("'{VAGVISARE}'"), 1)
    );
    let request = shell(&print);
    let granted = json(&shell(request.trim()));
    let second = granted["access_token"].as_str().unwrap_or_else(|| panic!("{granted}"));
    assert!(call(second).starts_with("HTTP/1.1 200"));
    let again = json(&shell(request.trim()));
    assert_eq!(again["error"], "invalid_client", "an assertion is used once: {again}");
    let fresh = shell(&print).replace("/oauth2/token", "/oauth2/revoke");
    shell(&format!("{} --data-urlencode 'token={second}'", fresh.trim()));
    let refused = call(second);
    assert!(
        refused.starts_with("HTTP/1.1 401") && refused.contains("token-revoked"),
        "{refused}"
    );
    assert!(call(token).starts_with("HTTP/1.1 200"), "the other token is untouched");

    // Nothing of the token service is reached but through the gateway, and no secret lies about in the open.
    let database = std::fs::read(data.join("identity.sqlite")).unwrap();
    assert!(!database.windows(11).any(|part| part == b"PRIVATE KEY"));
}

#[test]
fn a_key_pair_is_made_once_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("key.pem");
    let command = format!("'{VAGVISARE}' keygen --application app --out '{}'", file.display());
    let printed = shell(&command);
    assert!(
        printed.contains("jwks = '{\"keys\":[{") && printed.contains("vagvisare token"),
        "{printed}"
    );
    assert!(!printed.contains("\"d\""), "{printed}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = std::fs::read_to_string(&file).unwrap();
    let again = shell(&format!("{command} 2>&1 || true"));
    assert!(again.contains("is there already"), "{again}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
}
