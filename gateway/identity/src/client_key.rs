//! An application's own key: made, kept by the application, and used to sign who it is (RFC 7523).

use crate::api_key::SecretText;
use crate::dpop;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub use crate::service::Algorithm;

/// A new pair.
#[derive(Debug)]
pub struct NewPair {
    /// PKCS#8 in PEM, as other tools take it.
    pub private_pem: SecretText,
    /// The public half (RFC 7517), with its thumbprint as `kid`.
    pub public_jwk: Value,
}

/// A key that signs assertions.
pub struct ClientKey {
    pair: Pair,
    jwk: Value,
    id: String,
}

enum Pair {
    P256(Box<EcdsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl std::fmt::Debug for ClientKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Makes a pair; `None`: no random bytes could be had.
#[must_use]
pub fn generate(algorithm: Algorithm) -> Option<NewPair> {
    let random = SystemRandom::new();
    let document = match algorithm {
        Algorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
        Algorithm::EdDSA => Ed25519KeyPair::generate_pkcs8v1(&random),
    };
    let document = document.ok()?;
    let key = ClientKey::from_pkcs8(document.as_ref())?;
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in STANDARD.encode(document.as_ref()).as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line).ok()?);
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Some(NewPair {
        private_pem: SecretText::new(pem),
        public_jwk: key.jwk,
    })
}

impl ClientKey {
    /// Reads a private key from PEM; `None`: it is none that can be used.
    #[must_use]
    pub fn from_pem(pem: &str) -> Option<Self> {
        let lines = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let bytes = STANDARD.decode(lines.collect::<String>()).ok()?;
        Self::from_pkcs8(&bytes)
    }

    fn from_pkcs8(pkcs8: &[u8]) -> Option<Self> {
        let pair = match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8) {
            Ok(pair) => Pair::P256(Box::new(pair)),
            Err(_) => Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?),
        };
        let (mut jwk, canonical) = match &pair {
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref().get(1..65)?.split_at(32);
                let (x, y) = (base64(x), base64(y));
                let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
                (json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }), canonical)
            }
            Pair::Ed25519(pair) => {
                let x = base64(pair.public_key().as_ref());
                let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
                (json!({ "kty": "OKP", "crv": "Ed25519", "x": x }), canonical)
            }
        };
        let id = dpop::hash(canonical.as_bytes());
        let members = jwk.as_object_mut()?;
        members.insert("kid".to_owned(), json!(id));
        members.insert("use".to_owned(), json!("sig"));
        Some(Self { pair, jwk, id })
    }

    /// The public half.
    pub fn public_jwk(&self) -> &Value {
        &self.jwk
    }

    /// An assertion that this is `client`, for `issuer`, valid for a minute from `now` (Unix seconds), to be used once.
    pub fn assertion(&self, client: &str, issuer: &str, now: i64) -> Option<String> {
        let claims = json!({
            "iss": client, "sub": client, "aud": issuer, "jti": crate::random_word()?,
            "iat": now, "exp": now + 60,
        });
        let header = json!({ "typ": "client-authentication+jwt", "alg": self.algorithm(), "kid": self.id });
        self.sign(&header, &claims)
    }

    /// Any header and claims, signed.
    pub fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let text = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let signature = match &self.pair {
            Pair::P256(pair) => base64(pair.sign(&SystemRandom::new(), text.as_bytes()).ok()?.as_ref()),
            Pair::Ed25519(pair) => base64(pair.sign(text.as_bytes()).as_ref()),
        };
        Some(format!("{text}.{signature}"))
    }

    /// Its name in a header.
    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::P256(_) => "ES256",
            Pair::Ed25519(_) => "EdDSA",
        }
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
