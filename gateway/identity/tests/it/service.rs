//! Tokens: who gets them, what they say, and what becomes of them.

use crate::service_support::{BOUND, CASES, ISSUER, Node, claims, node, now};
use identity::token::{TokenError, Verdict};
use serde_json::json;

fn verified(node: &Node, token: &str, audience: &str) -> Result<(), TokenError> {
    match node
        .service
        .verifier(Vec::new())
        .unwrap()
        .verify(token, audience, now())
    {
        Verdict::Done(outcome) => outcome.map(drop),
        Verdict::Pending(_) => panic!("our own keys are never fetched"),
    }
}

#[tokio::test]
async fn a_signed_assertion_gets_a_short_token_for_one_api_under_its_agreement() {
    let (node, _directory) = node().await;
    let answer = node.post("/oauth2/token", &node.good(), &[]).await;
    let token = answer.token();
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_type"], "Bearer");
    assert_eq!(answer.body["scope"], "cases.read cases.write");
    let said = claims(&token);
    assert!(answer.body["expires_in"].as_i64().unwrap() <= 300 && said["exp"].as_i64().unwrap() <= now() + 300);
    for (name, value) in [
        ("iss", ISSUER),
        ("aud", CASES),
        ("sub", "app"),
        ("client_id", "app"),
        ("organisation", "bank"),
        ("consumer", "bank"),
        ("agreement_id", "avtal-1"),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(said["supplier"], json!(null));
    assert_eq!(verified(&node, &token, CASES), Ok(()));
    assert_eq!(verified(&node, &token, BOUND), Err(TokenError::WrongAudience));
}

#[tokio::test]
async fn a_suppliers_token_says_for_whom_it_calls() {
    let (node, _directory) = node().await;
    let mut form = node.good();
    form.retain(|(name, _)| *name != "client_assertion");
    form.push((
        "client_assertion",
        node.key.assertion("vendor-app", ISSUER, now()).unwrap(),
    ));
    let said = claims(&node.post("/oauth2/token", &form, &[]).await.token());
    for (name, value) in [
        ("client_id", "vendor-app"),
        ("organisation", "vendor"),
        ("consumer", "bank"),
        ("supplier", "vendor"),
        ("agreement_id", "avtal-3"),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_secret_will_do_and_a_wrong_one_will_not() {
    let (node, _directory) = node().await;
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("resource", CASES.to_owned()),
    ];
    let ask = async |secret: &str| {
        let basic = format!("Basic {}", crate::signing::padded_base64(format!("app:{secret}")));
        node.post("/oauth2/token", &form, &[("authorization", &basic)]).await
    };
    let good = ask(&node.secret).await;
    assert_eq!(claims(&good.token())["client_id"], "app");
    let mut wrong = node.secret.clone();
    wrong.replace_range(20..21, if wrong.get(20..21) == Some("a") { "b" } else { "a" });
    for secret in [wrong.as_str(), "", "x"] {
        let refused = ask(secret).await;
        assert_eq!((refused.status, refused.error()), (401, "invalid_client"));
        assert!(refused.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn resource_and_scopes_are_those_of_an_agreement_in_force() {
    let (node, _directory) = node().await;
    let ask = async |changes: &[(&'static str, &str)]| {
        let mut form = node.good();
        form.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        form.extend(changes.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let answer = node.post("/oauth2/token", &form, &[]).await;
        (
            answer.error().to_owned(),
            answer.description().to_owned(),
            answer.body["scope"].clone(),
        )
    };
    assert_eq!(ask(&[("scope", "cases.read")]).await.2, "cases.read");
    for (changes, error, about) in [
        (vec![("resource", "")], "invalid_target", "audience"),
        (
            vec![("resource", "https://elsewhere.example")],
            "invalid_target",
            "No API",
        ),
        (
            vec![("resource", "https://api.example.se/cases/v1/")],
            "invalid_target",
            "No API",
        ),
        (
            vec![("resource", "https://api.example.se/none/v1")],
            "invalid_target",
            "no agreement",
        ),
        (
            vec![("resource", "https://api.example.se/ended/v1")],
            "invalid_target",
            "avtal-2",
        ),
        (
            vec![("resource", CASES), ("resource", BOUND)],
            "invalid_target",
            "one resource",
        ),
        (
            vec![("scope", "admin")],
            "invalid_scope",
            "grants: cases.read cases.write",
        ),
        (vec![("scope", "cases.read admin")], "invalid_scope", "each of these"),
        (vec![("resource", BOUND)], "invalid_dpop_proof", "RFC 9449"),
        (
            vec![("grant_type", "password")],
            "unsupported_grant_type",
            "grant types",
        ),
        (vec![("grant_type", "")], "invalid_request", "grant_type"),
    ] {
        let (got, description, _) = ask(&changes).await;
        assert_eq!(got, error, "{changes:?}: {description}");
        assert!(description.contains(about), "{changes:?}: {description}");
    }
}

#[tokio::test]
async fn the_client_revokes_its_token_and_nobody_elses() {
    let (node, _directory) = node().await;
    let token = node.token().await;
    let revoke = async |client: &str, token: &str| {
        let assertion = node.key.assertion(client, ISSUER, now()).unwrap();
        let form = [
            ("client_assertion_type", crate::service_support::JWT_BEARER.to_owned()),
            ("client_assertion", assertion),
            ("token", token.to_owned()),
        ];
        node.post("/oauth2/revoke", &form, &[]).await.status
    };
    assert_eq!(verified(&node, &token, CASES), Ok(()), "and remembered");
    assert_eq!(revoke("agency-app", &token).await, 400);
    assert_eq!(verified(&node, &token, CASES), Ok(()));
    assert_eq!(revoke("app", "not a token").await, 200);
    assert_eq!(revoke("app", &token).await, 200);
    assert_eq!(verified(&node, &token, CASES), Err(TokenError::Revoked));
}

#[tokio::test]
async fn introspection_tells_owners_and_the_client_and_nobody_else() {
    let (node, _directory) = node().await;
    let token = node.token().await;
    let ask = async |client: &str, token: &str| {
        let assertion = node.key.assertion(client, ISSUER, now()).unwrap();
        let form = [
            ("client_assertion_type", crate::service_support::JWT_BEARER.to_owned()),
            ("client_assertion", assertion),
            ("token", token.to_owned()),
        ];
        node.post("/oauth2/introspect", &form, &[]).await.body
    };
    for client in ["app", "agency-app"] {
        let told = ask(client, &token).await;
        assert_eq!(
            (&told["active"], &told["client_id"], &told["aud"]),
            (&json!(true), &json!("app"), &json!(CASES))
        );
    }
    assert_eq!(ask("app", "nothing").await, json!({ "active": false }));
    let id = claims(&token)["jti"].as_str().unwrap().to_owned();
    node.service
        .revoke(identity::revocation::Kind::Token, &id)
        .await
        .unwrap();
    assert_eq!(ask("agency-app", &token).await, json!({ "active": false }));
}

#[tokio::test]
async fn metadata_and_keys_are_public_and_hold_no_secret() {
    let (node, _directory) = node().await;
    let get = async |path: &str| {
        let request = axum::http::Request::get(path).body(axum::body::Body::empty()).unwrap();
        node.send(request).await
    };
    let metadata = get("/.well-known/oauth-authorization-server").await.body;
    assert_eq!(metadata["issuer"], ISSUER);
    assert_eq!(metadata["token_endpoint"], format!("{ISSUER}/oauth2/token"));
    let keys = get("/.well-known/jwks.json").await.body;
    let list = keys["keys"].as_array().unwrap();
    assert_eq!(list.len(), 2, "one of each algorithm");
    assert!(
        list.iter().all(|key| key.get("d").is_none() && key["kid"].is_string()),
        "{keys}"
    );
}

#[tokio::test]
async fn what_a_backend_is_told_verifies_with_the_published_keys_and_is_no_token() {
    use identity::service::Statement;
    use jsonwebtoken::jwk::JwkSet;
    let (node, _directory) = node().await;
    let statement = Statement {
        api: "cases-v1",
        client: Some("app"),
        person: Some("party-1"),
        actor: Some(("party-2", "guardian")),
        supplier: Some("vendor"),
        ..Statement::default()
    };
    let told = node.service.assertion(&statement, now()).unwrap();
    let keys: JwkSet = serde_json::from_slice(&node.service.key_set()).unwrap();
    let header = jsonwebtoken::decode_header(&*told).unwrap();
    assert_eq!(header.typ.as_deref(), Some("vagvisare-assertion+jwt"));
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
    validation.set_audience(&["cases-v1"]);
    validation.set_issuer(&[ISSUER]);
    let key = jsonwebtoken::DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let said = jsonwebtoken::decode::<serde_json::Value>(&*told, &key, &validation)
        .unwrap()
        .claims;
    assert_eq!((&said["client"], &said["person"]), (&json!("app"), &json!("party-1")));
    assert_eq!(said["act"], json!({ "sub": "party-2", "relation": "guardian" }));
    assert_eq!(said["supplier"], "vendor");
    assert_eq!(
        node.service.assertion(&statement, now()).unwrap(),
        told,
        "signed once for some seconds"
    );
    assert_ne!(node.service.assertion(&statement, now() + 31).unwrap(), told);
    let call = Statement {
        trace: Some("0af7651916cd43dd8448eb211c80319c"),
        ..statement
    };
    let once = node.service.assertion(&call, now()).unwrap();
    assert_ne!(node.service.assertion(&call, now()).unwrap(), once);
    assert_eq!(verified(&node, &told, "cases-v1"), Err(TokenError::Type));
}
