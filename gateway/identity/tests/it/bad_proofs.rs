//! Proofs of possession: one that holds binds the token, and none of the others does.

use crate::service_support::{BOUND, CASES, ISSUER, Node, claims, node, now};
use identity::client_key::{Algorithm, ClientKey, generate};
use identity::dpop::{Expected, Nonces, ProofError, check, hash};
use serde_json::{Value, json};

fn key(algorithm: Algorithm) -> ClientKey {
    ClientKey::from_pem(generate(algorithm).unwrap().private_pem.expose()).unwrap()
}

fn public(key: &ClientKey) -> Value {
    let mut jwk = key.public_jwk().clone();
    jwk.as_object_mut()
        .unwrap()
        .retain(|name, _| ["kty", "crv", "x", "y"].contains(&name.as_str()));
    jwk
}

fn header(key: &ClientKey) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": public(key) })
}

fn good(nonce: Option<&str>) -> Value {
    let mut claims = json!({
        "jti": identity::random_word(), "htm": "POST", "htu": format!("{ISSUER}/oauth2/token"), "iat": now()
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    claims
}

async fn ask(node: &Node, proof: &str, resource: &str) -> crate::service_support::Answer {
    let mut form = node.good();
    form.retain(|(name, _)| *name != "resource");
    form.push(("resource", resource.to_owned()));
    node.post("/oauth2/token", &form, &[("dpop", proof)]).await
}

#[tokio::test]
async fn a_proof_with_our_nonce_binds_the_token_and_is_used_once() {
    let (node, _directory) = node().await;
    for algorithm in Algorithm::ALL {
        let key = key(algorithm);
        let first = ask(&node, &key.sign(&header(&key), &good(None)).unwrap(), BOUND).await;
        assert_eq!((first.status, first.error()), (400, "use_dpop_nonce"));
        let nonce = first.headers["dpop-nonce"].to_str().unwrap();
        let proof = key.sign(&header(&key), &good(Some(nonce))).unwrap();
        let answer = ask(&node, &proof, BOUND).await;
        assert_eq!(answer.body["token_type"], "DPoP", "{answer:?}");
        assert_eq!(claims(&answer.token())["cnf"]["jkt"], key.public_jwk()["kid"]);
        let again = ask(&node, &proof, BOUND).await;
        assert_eq!(again.error(), "invalid_dpop_proof");
        assert!(again.description().contains("used before"), "{again:?}");
    }
}

#[tokio::test]
async fn a_certificate_binds_the_token_where_the_api_takes_that() {
    let (node, _directory) = node().await;
    let shown = crate::signing::base64([5; 32]);
    let answer = node
        .post(
            "/oauth2/token",
            &node.good(),
            &[("vagvisare-client-certificate", &shown)],
        )
        .await;
    assert!(claims(&answer.token())["cnf"].is_null(), "nothing asks for it");
    let mut form = node.good();
    form.retain(|(name, _)| *name != "resource");
    form.push(("resource", BOUND.to_owned()));
    let answer = node
        .post("/oauth2/token", &form, &[("vagvisare-client-certificate", &shown)])
        .await;
    assert_eq!(answer.error(), "invalid_dpop_proof", "this API takes DPoP only");
    assert_eq!(claims(&node.token().await)["aud"], CASES);
}

#[test]
fn what_is_not_for_this_request_is_refused() {
    let (key, other, nonces) = (key(Algorithm::ES256), key(Algorithm::EdDSA), Nonces::new([1; 32]));
    let token = "a.b.c";
    let thumbprint = key.public_jwk()["kid"].as_str().unwrap();
    let expected = Expected {
        method: "GET",
        address: "https://api.example.se/cases/v1/x?y=1",
        access_token: Some(token),
        thumbprint: Some(thumbprint),
        now: 1_000_000,
        nonces: Some(&nonces),
    };
    let good = json!({
        "jti": "1", "htm": "GET", "htu": "https://api.example.se/cases/v1/x", "iat": 1_000_000,
        "ath": hash(token.as_bytes()), "nonce": nonces.current(1_000_000),
    });
    let proof = |claims: &Value| key.sign(&header(&key), claims).unwrap();
    assert_eq!(check(&proof(&good), &expected).unwrap().thumbprint, thumbprint);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    for (name, value, want) in [
        ("htm", json!("POST"), ProofError::Method),
        ("htm", json!("get"), ProofError::Method),
        ("htu", json!("https://api.example.se/cases/v1/y"), ProofError::Address),
        ("htu", json!("http://api.example.se/cases/v1/x"), ProofError::Address),
        ("htu", json!(""), ProofError::Address),
        ("iat", json!(1_000_000 - 61), ProofError::Stale),
        ("iat", json!(1_000_000 + 11), ProofError::Stale),
        ("ath", json!(hash(b"other")), ProofError::AccessToken),
        ("ath", Value::Null, ProofError::AccessToken),
        ("nonce", json!("other"), ProofError::Nonce),
        (
            "nonce",
            json!(Nonces::new([2; 32]).current(1_000_000)),
            ProofError::Nonce,
        ),
        ("nonce", json!(nonces.current(1_000_000 - 600)), ProofError::Nonce),
        ("jti", json!("x".repeat(300)), ProofError::Oversize),
    ] {
        assert_eq!(
            check(&proof(&with(name, value.clone())), &expected),
            Err(want),
            "{name} = {value}"
        );
    }
    assert_eq!(
        check(&other.sign(&header(&other), &good).unwrap(), &expected),
        Err(ProofError::OtherKey)
    );
    assert_eq!(check(&"a".repeat(5_000), &expected), Err(ProofError::Oversize));
    // Another's key in the header, the right key's signature; the header's own ways out.
    let stolen = other.sign(&header(&key), &good).unwrap();
    assert!(matches!(check(&stolen, &expected), Err(ProofError::Token(_))));
    let mut private = public(&key);
    private["d"] = json!("AAAA");
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("at+jwt")),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("EdDSA")),
        ("jwk", json!("text")),
        ("jwk", private),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("crit", json!(["x"])),
        ("jku", json!("https://evil.example")),
        ("x5c", json!([])),
    ] {
        let mut header = header(&key);
        header[name] = value.clone();
        let refused = check(&key.sign(&header, &good).unwrap(), &expected);
        assert!(
            matches!(refused, Err(ProofError::Token(_) | ProofError::Key)),
            "{name} = {value}: {refused:?}"
        );
    }
}
