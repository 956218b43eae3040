//! Signing keys of all four kinds, and tokens made by hand so that anything can be wrong with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::token::{Claims, Issuer, KeySource, TokenError, Verdict, Verifier};
use serde_json::{Value, json};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;

/// What every test calls now.
pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const ISSUER: &str = "https://id.example";
pub(crate) const AUDIENCE: &str = "https://api.example/case-status/v1";

/// One signing key.
pub(crate) enum Signer {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    RsaPss(RsaKeyPair),
}

/// RSA keys take long to make: one for the whole run.
static RSA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    use aws_lc_rs::encoding::AsDer;
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)
        .unwrap()
        .as_ref()
        .to_vec()
});

impl Signer {
    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(&RSA).unwrap())
    }

    pub(crate) fn rsa_pss() -> Self {
        Self::RsaPss(RsaKeyPair::from_pkcs8(&RSA).unwrap())
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
            Self::RsaPss(_) => "PS256",
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, padding| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &random, message, &mut signature).unwrap();
            signature
        };
        match self {
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::P256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => rsa(pair, &RSA_PKCS1_SHA256),
            Self::RsaPss(pair) => rsa(pair, &RSA_PSS_SHA256),
        }
    }

    /// The public key, as it stands in a key set.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": base64(pair.public_key().as_ref()) })
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "kid": id, "use": "sig",
                        "x": base64(&point[1..33]), "y": base64(&point[33..]) })
            }
            Self::Rsa(pair) | Self::RsaPss(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let mut jwk = json!({ "kty": "RSA", "kid": id, "n": base64(&public.n), "e": base64(&public.e) });
                if matches!(self, Self::RsaPss(_)) {
                    jwk["alg"] = json!("PS256");
                }
                jwk
            }
        }
    }

    /// A token with this header and these claims, signed.
    pub(crate) fn token(&self, header: impl AsRef<str>, claims: impl AsRef<str>) -> String {
        let message = format!("{}.{}", base64(header.as_ref()), base64(claims.as_ref()));
        let signature = base64(self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// A good token.
    pub(crate) fn good(&self, key_id: &str) -> String {
        self.token(self.header(key_id).to_string(), claims().to_string())
    }

    /// A good token that differs from others by its `jti`.
    pub(crate) fn numbered(&self, key_id: &str, number: usize) -> String {
        let mut claims = claims();
        claims["jti"] = json!(format!("token-{number}"));
        self.token(self.header(key_id).to_string(), claims.to_string())
    }

    pub(crate) fn header(&self, key_id: &str) -> Value {
        json!({ "typ": "at+jwt", "alg": self.algorithm(), "kid": key_id })
    }
}

/// Good claims.
pub(crate) fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "app-1", "client_id": "app-1", "jti": "t-1",
        "scope": "cases.read routing.read", "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 240,
    })
}

/// Base64url without padding.
pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The text of a key set.
pub(crate) fn key_set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

/// A verifier whose keys are in a file, and the file.
pub(crate) struct FileVerifier {
    verifier: Verifier,
    _directory: TempDir,
}

impl Deref for FileVerifier {
    type Target = Verifier;

    fn deref(&self) -> &Verifier {
        &self.verifier
    }
}

/// A verifier with these keys.
pub(crate) fn verifier_with(keys: &[Value]) -> FileVerifier {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    std::fs::write(&path, key_set(keys)).unwrap();
    let verifier = Verifier::new(vec![file_issuer(&path)]).unwrap();
    FileVerifier {
        verifier,
        _directory: directory,
    }
}

/// The issuer with its keys in `path`.
pub(crate) fn file_issuer(path: &Path) -> Issuer {
    Issuer::new(ISSUER, KeySource::File(path.to_owned()))
}

/// The answer that must be there at once.
#[track_caller]
pub(crate) fn at_once(verdict: Verdict) -> Result<Arc<Claims>, TokenError> {
    match verdict {
        Verdict::Done(outcome) => outcome,
        Verdict::Pending(_) => panic!("keys are to be fetched"),
    }
}

/// The answer, waited for if it must be.
pub(crate) async fn in_time(verdict: Verdict) -> Result<Arc<Claims>, TokenError> {
    match verdict {
        Verdict::Done(outcome) => outcome,
        Verdict::Pending(outcome) => outcome.await,
    }
}

/// The answer outside any runtime.
pub(crate) fn blocking(verdict: Verdict) -> Result<Arc<Claims>, TokenError> {
    match verdict {
        Verdict::Done(outcome) => outcome,
        Verdict::Pending(outcome) => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(outcome),
    }
}

/// Base64 with padding, as HTTP Basic has it.
pub(crate) fn padded_base64(bytes: impl AsRef<[u8]>) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
