//! Tokens that must pass, and what is remembered of them.

use crate::signing::{AUDIENCE, ISSUER, NOW, Signer, at_once, base64, blocking, claims, verifier_with};
use identity::token::{Settings, TokenError, Verifier};
use serde_json::json;

#[test]
fn all_four_algorithms_pass_without_waiting() {
    for signer in [Signer::ed25519(), Signer::p256(), Signer::rsa(), Signer::rsa_pss()] {
        let verifier = verifier_with(&[signer.jwk("k")]);
        let claims = at_once(verifier.verify(&signer.good("k"), AUDIENCE, NOW)).unwrap();
        assert_eq!(&*claims.issuer, ISSUER, "{}", signer.algorithm());
        assert_eq!((&*claims.subject, &*claims.client_id), ("app-1", "app-1"));
        assert_eq!(
            (claims.expires_at, claims.not_before, claims.issued_at),
            (NOW + 240, NOW - 60, Some(NOW - 60))
        );
        assert!(claims.has_scope("cases.read") && claims.has_scope("routing.read") && !claims.has_scope("cases"));
        assert!(!claims.person);
    }
}

#[test]
fn what_the_rules_allow_passes() {
    let signer = Signer::ed25519();
    let verifier = verifier_with(&[signer.jwk("k")]);
    let mut accepted = 0;
    let mut accept = |header: serde_json::Value, claims: serde_json::Value| {
        let token = signer.token(header.to_string(), claims.to_string());
        accepted += 1;
        at_once(verifier.verify(&token, AUDIENCE, NOW)).unwrap_or_else(|error| panic!("{header} {claims}: {error}"))
    };
    for kind in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
        accept(json!({ "typ": kind, "alg": "EdDSA", "kid": "k" }), claims());
    }
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = claims();
        claims[name] = value;
        claims
    };
    let header = || signer.header("k");
    accept(header(), with("aud", json!([AUDIENCE])));
    accept(header(), with("aud", json!(["https://other.example", AUDIENCE])));
    accept(header(), with("exp", json!(NOW as f64 + 100.5)));
    accept(header(), with("exp", json!(NOW - 29)));
    accept(header(), with("nbf", json!(NOW + 29)));
    accept(header(), with("iat", json!(NOW + 29)));
    accept(header(), with("extra", json!({ "deep": [1, null, true] })));
    assert!(accept(header(), with("sub", json!("person-7"))).person);
    assert!(accept(header(), with("scope", json!(""))).scopes.is_empty());
    let mut bare = claims();
    for optional in ["iat", "jti", "scope"] {
        bare.as_object_mut().unwrap().remove(optional);
    }
    let bare = accept(header(), bare);
    assert_eq!((bare.issued_at, bare.token_id.clone()), (None, None));
    assert_eq!(accepted, 14);
}

#[test]
fn a_remembered_token_ends_with_its_time() {
    let signer = Signer::p256();
    let verifier = verifier_with(&[signer.jwk("k")]);
    let token = signer.good("k");
    assert!(at_once(verifier.verify(&token, AUDIENCE, NOW)).is_ok());
    assert_eq!(verifier.remembered(), 1);
    assert!(at_once(verifier.verify(&token, AUDIENCE, NOW + 269)).is_ok());
    assert_eq!(
        at_once(verifier.verify(&token, AUDIENCE, NOW - 91)),
        Err(TokenError::NotYetValid),
        "a clock set back"
    );
    assert_eq!(
        at_once(verifier.verify(&token, AUDIENCE, NOW + 270)),
        Err(TokenError::Expired)
    );
    assert_eq!(verifier.remembered(), 0);
    assert_eq!(
        at_once(verifier.verify(&token, AUDIENCE, i64::MAX)),
        Err(TokenError::Expired)
    );
    assert_eq!(
        at_once(verifier.verify(&token, AUDIENCE, i64::MIN)),
        Err(TokenError::NotYetValid)
    );
}

#[test]
fn a_remembered_token_stays_with_its_audience() {
    let signer = Signer::ed25519();
    let verifier = verifier_with(&[signer.jwk("k")]);
    let token = signer.good("k");
    for _ in 0..2 {
        assert!(at_once(verifier.verify(&token, AUDIENCE, NOW)).is_ok());
        for other in [
            "https://api.example/other/v1",
            "",
            "https://api.example/case-status/v1/",
        ] {
            assert_eq!(
                at_once(verifier.verify(&token, other, NOW)),
                Err(TokenError::WrongAudience)
            );
        }
    }
}

#[test]
fn the_memory_is_bounded() {
    let signer = Signer::ed25519();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    std::fs::write(&path, crate::signing::key_set(&[signer.jwk("k")])).unwrap();
    let settings = Settings {
        cache_capacity: 50,
        ..Settings::default()
    };
    let verifier = Verifier::with_settings(vec![crate::signing::file_issuer(&path)], &settings).unwrap();
    for number in 0..300 {
        assert!(at_once(verifier.verify(&signer.numbered("k", number), AUDIENCE, NOW)).is_ok());
    }
    assert!(verifier.remembered() <= 64, "{}", verifier.remembered());
}

#[test]
fn no_single_character_can_be_changed() {
    let signer = Signer::ed25519();
    let verifier = verifier_with(&[signer.jwk("k")]);
    let token = signer.good("k");
    assert!(at_once(verifier.verify(&token, AUDIENCE, NOW)).is_ok());
    for place in 0..token.len() {
        for character in ["A", "B", "Q", "g", "w", "_", ".", "=", " ", "\u{e5}"] {
            let mut forged = token.clone();
            forged.replace_range(place..=place, character);
            if forged != token {
                assert!(
                    blocking(verifier.verify(&forged, AUDIENCE, NOW)).is_err(),
                    "{character} at {place}"
                );
            }
        }
    }
    // The last character of an Ed25519 signature holds four bits that mean nothing: they must be zero.
    assert_eq!(token.rsplit('.').next().unwrap().len(), base64([0; 64]).len());
}

#[test]
fn claims_do_not_show_who_the_person_is() {
    let signer = Signer::ed25519();
    let verifier = verifier_with(&[signer.jwk("k")]);
    let mut claims = claims();
    claims["sub"] = json!("person-7");
    let token = signer.token(signer.header("k").to_string(), claims.to_string());
    let claims = at_once(verifier.verify(&token, AUDIENCE, NOW)).unwrap();
    assert!(!format!("{claims:?}").contains("person-7"));
}
