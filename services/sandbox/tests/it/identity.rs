//! Tokens verify with the published keys and say what they should; nobody's number is ever shown.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use sandbox::{Running, people};
use serde_json::{Value, json};

use crate::support::{alva, client, sandbox};

fn request(person: &str) -> Value {
    json!({ "person": person, "applicationId": "demo-app", "audience": "https://api.example", "scopes": ["cases.read", "x"] })
}

async fn claims(sandbox: &Running, token: &str) -> Value {
    let keys: JwkSet = client()
        .get(&sandbox.jwks_url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!((header.typ.as_deref(), header.alg), (Some("at+jwt"), Algorithm::ES256));
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub", "nbf"]);
    validation.set_audience(&["https://api.example"]);
    validation.set_issuer(&[&sandbox.issuer]);
    validation.validate_nbf = true;
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    decode::<Value>(token, &key, &validation).unwrap().claims
}

#[tokio::test]
async fn a_token_verifies_and_speaks_for_the_person_for_five_minutes() {
    let sandbox = sandbox().await;
    let url = format!("{}/test-identity/v0/tokens", sandbox.identity_url);
    let answer = client().post(&url).json(&request("alva")).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(
        (answer["token_type"].as_str(), answer["expires_in"].as_i64()),
        (Some("Bearer"), Some(300))
    );
    let claims = claims(&sandbox, answer["access_token"].as_str().unwrap()).await;
    assert_eq!(claims["sub"], alva().party_id.to_string());
    assert_eq!(
        (claims["client_id"].as_str(), claims["scope"].as_str()),
        (Some("demo-app"), Some("cases.read x"))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    assert!(claims["jti"].is_string() && claims["acr"].is_string());
    sandbox.stop().await;
}

#[tokio::test]
async fn plain_text_gives_the_token_alone() {
    let sandbox = sandbox().await;
    let url = format!("{}/test-identity/v0/tokens", sandbox.identity_url);
    let answer = client()
        .post(&url)
        .header("accept", "text/plain")
        .json(&request("bo"))
        .send()
        .await
        .unwrap();
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let token = answer.text().await.unwrap();
    assert_eq!(token.split('.').count(), 3);
    claims(&sandbox, &token).await;
    sandbox.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let sandbox = sandbox().await;
    let url = format!("{}/test-identity/v0/tokens", sandbox.identity_url);
    for (field, value) in [
        ("person", json!("nobody")),
        ("applicationId", json!("")),
        ("scopes", json!(["a b"])),
        ("audience", json!(7)),
    ] {
        let mut body = request("alva");
        body[field] = value;
        let answer = client().post(&url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 422);
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], field);
    }
    sandbox.stop().await;
}

#[tokio::test]
async fn nobodys_number_is_in_what_is_public() {
    let sandbox = sandbox().await;
    let get = |path: &str| {
        client()
            .get(format!("{}/test-identity/v0/{path}", sandbox.identity_url))
            .send()
    };
    let mut public = serde_json::to_string(&sandbox::openapi()).unwrap();
    for path in ["people", "jwks.json", "api-info", "openapi.json"] {
        public += &get(path).await.unwrap().text().await.unwrap();
    }
    assert!(public.contains("Alva Exempel"));
    for person in people() {
        assert!(!public.contains(&person.number.digits()[2..]), "{}", person.key);
    }
    sandbox.stop().await;
}
