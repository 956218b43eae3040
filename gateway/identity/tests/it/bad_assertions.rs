//! Assertions that must not pass, each with what the client must be told.

use crate::service_support::{CASES, ISSUER, JWT_BEARER, Node, node, now};
use crate::signing::{Signer, base64};
use serde_json::{Value, json};

struct Table {
    node: Node,
    seen: usize,
    _directory: tempfile::TempDir,
}

impl Table {
    fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "ES256", "kid": self.node.key.public_jwk()["kid"] })
    }

    fn claims(&self) -> Value {
        json!({ "iss": "app", "sub": "app", "aud": ISSUER, "jti": identity::random_word(), "iat": now(), "exp": now() + 60 })
    }

    async fn refused(&mut self, name: &str, assertion: &str, about: &str) {
        self.seen += 1;
        // Each from an address of its own: failing too often from one is refused before anything is looked at.
        let from = format!("for=192.0.2.{}", self.seen);
        let form = [
            ("grant_type", "client_credentials".to_owned()),
            ("client_assertion_type", JWT_BEARER.to_owned()),
            ("client_assertion", assertion.to_owned()),
            ("resource", CASES.to_owned()),
        ];
        let answer = self.node.post("/oauth2/token", &form, &[("forwarded", &from)]).await;
        assert_eq!(
            (answer.status, answer.error()),
            (401, "invalid_client"),
            "{name}: {answer:?}"
        );
        assert!(answer.description().contains(about), "{name}: {}", answer.description());
    }

    async fn claim(&mut self, name: &str, value: Value, about: &str) {
        let mut claims = self.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            ref other => claims[name] = other.clone(),
        }
        let assertion = self.node.key.sign(&self.header(), &claims).unwrap();
        self.refused(&format!("{name} = {value}"), &assertion, about).await;
    }

    async fn head(&mut self, name: &str, value: Value, about: &str) {
        let mut header = self.header();
        header[name] = value.clone();
        let assertion = self.node.key.sign(&header, &self.claims()).unwrap();
        self.refused(&format!("header {name} = {value}"), &assertion, about)
            .await;
    }
}

#[tokio::test]
async fn no_bad_assertion_gets_a_token() {
    let (node, directory) = node().await;
    let mut table = Table {
        node,
        seen: 0,
        _directory: directory,
    };
    let good = table.node.key.sign(&table.header(), &table.claims()).unwrap();
    let form = |assertion: &str| {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_assertion_type", JWT_BEARER.to_owned()),
            ("client_assertion", assertion.to_owned()),
            ("resource", CASES.to_owned()),
        ]
    };
    table.node.post("/oauth2/token", &form(&good), &[]).await.token();
    table.refused("replay", &good, "jti has been used").await;

    for name in [
        "none", "None", "HS256", "HS512", "RS512", "ES384", "ES256K", "", "es256",
    ] {
        table.head("alg", json!(name), "algorithm").await;
    }
    table.head("alg", json!(["ES256"]), "algorithm").await;
    table.head("alg", json!("EdDSA"), "another algorithm").await;
    table.head("alg", json!("RS256"), "another algorithm").await;
    for name in ["at+jwt", "dpop+jwt", "logout+jwt", "application/at+jwt", ""] {
        table.head("typ", json!(name), "type").await;
    }
    for (name, value) in [
        ("jwk", table.node.key.public_jwk().clone()),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
    ] {
        table.head(name, value, name).await;
    }
    for name in [
        "../../../etc/passwd",
        "' OR 1=1 --",
        "\u{0}",
        "other",
        "https://evil.example",
    ] {
        table.head("kid", json!(name), "no key with this kid").await;
    }
    table.head("kid", json!(1), "well-formed").await;

    for (name, values, about) in [
        ("iss", vec![json!("other"), json!("APP")], "iss and sub"),
        ("sub", vec![json!("other"), json!("app ")], "iss and sub"),
        ("iss", vec![Value::Null, json!("")], "lacks"),
        ("sub", vec![Value::Null], "lacks"),
        ("jti", vec![Value::Null, json!("")], "lacks"),
        ("jti", vec![json!("x".repeat(300))], "too long"),
        ("jti", vec![json!(7)], "wrong kind"),
        ("aud", vec![Value::Null], "lacks"),
        ("aud", vec![json!(7), json!({ "0": ISSUER })], "wrong kind"),
        (
            "aud",
            vec![
                json!("https://api.example.se/"),
                json!(format!("{ISSUER}/oauth2/token")),
                json!([ISSUER, "https://other.example"]),
                json!([]),
                json!("https://evil.example"),
                json!(""),
            ],
            "aud must be",
        ),
        ("exp", vec![Value::Null], "lacks"),
        ("exp", vec![json!("soon"), json!(true), json!(1e300)], "wrong kind"),
        ("exp", vec![json!(now() - 60), json!(0), json!(-1)], "expired"),
        ("exp", vec![json!(now() + 3_600), json!(i64::MAX)], "at most 300 s"),
        ("iat", vec![json!(now() + 600)], "not valid yet"),
        ("nbf", vec![json!(now() + 600)], "not valid yet"),
        ("iat", vec![json!(now() - 600)], "at most 300 s"),
    ] {
        for value in values {
            table.claim(name, value, about).await;
        }
    }

    // Signed by somebody else, or by nobody.
    let other = Signer::p256();
    let (header, claims) = (table.header().to_string(), table.claims().to_string());
    table
        .refused("another key", &other.token(&header, &claims), "signature")
        .await;
    let message = format!("{}.{}", base64(&header), base64(&claims));
    table
        .refused("zero signature", &format!("{message}.{}", base64([0; 64])), "signature")
        .await;
    table
        .refused("short signature", &format!("{message}.AAAA"), "signature")
        .await;
    let moved = table.node.key.sign(&table.header(), &table.claims()).unwrap();
    let (_, signature) = moved.rsplit_once('.').unwrap();
    table
        .refused(
            "another message's signature",
            &format!("{message}.{signature}"),
            "signature",
        )
        .await;

    // Clients that are not there, or have no key.
    for client in ["nobody", "keyless"] {
        let mut claims = table.claims();
        claims["iss"] = json!(client);
        claims["sub"] = json!(client);
        let assertion = table.node.key.sign(&table.header(), &claims).unwrap();
        table.refused(client, &assertion, "not known, or has no key").await;
    }

    // What is no assertion at all.
    let doubled = claims.replacen("{", "{\"iss\":\"other\",", 1);
    let signed = |claims: &str| format!("{}.{}.{}", base64(&header), base64(claims), base64([0; 64]));
    for (name, text) in [
        ("empty parts", "..".to_owned()),
        ("two parts", "a.b".to_owned()),
        ("four parts", format!("{message}.AAAA.AAAA")),
        ("encrypted", "a.b.c.d.e".to_owned()),
        ("nested", format!("{}.{}.AAAA", base64(&header), base64(&good))),
        ("doubled claim", signed(&doubled)),
        ("a list", signed("[]")),
        ("unsigned", format!("{message}.")),
    ] {
        table.refused(name, &text, "well-formed").await;
    }
    table.refused("oversized", &"a".repeat(9_000), "too long").await;
    assert!(table.seen >= 60, "{}", table.seen);

    // None of it keeps the client itself from getting a token.
    let fresh = table.node.assertion();
    table.node.post("/oauth2/token", &form(&fresh), &[]).await.token();
}

#[tokio::test]
async fn guessing_locks_out_the_guessing_address_only() {
    let (node, _directory) = node().await;
    let wrong = format!("Basic {}", crate::signing::padded_base64("app:vv_client_x_y"));
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("resource", CASES.to_owned()),
    ];
    let mut last = 401;
    for _ in 0..20 {
        let answer = node
            .post(
                "/oauth2/token",
                &form,
                &[("authorization", &wrong), ("forwarded", "for=192.0.2.1;proto=https")],
            )
            .await;
        last = answer.status;
        assert!(last != 429 || answer.headers.contains_key("retry-after"));
    }
    assert_eq!(last, 429);
    let answer = node
        .post(
            "/oauth2/token",
            &node.good(),
            &[("forwarded", "for=192.0.2.2;proto=https")],
        )
        .await;
    answer.token();
}
