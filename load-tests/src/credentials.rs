//! Keys and tokens for a run, made anew for it: nothing here opens anything elsewhere.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use identity::api_key::{self, Pepper};
use serde_json::json;

use crate::rungs::{Algorithm, Credential};

/// `iss` of the tokens.
pub(crate) const ISSUER: &str = "https://load.example";
/// `aud` of the tokens.
pub(crate) const AUDIENCE: &str = "https://load.example/load/v1";
/// Longer than any rung takes; the gateway takes no token of more than an hour.
const LIFE_SECONDS: u64 = 3_500;

/// Most keys that are used in turn; there may be more that nobody uses.
const MOST_CALLERS: usize = 10_000;

/// What the callers of one rung send, and what a server needs to check it.
#[derive(Default)]
pub(crate) struct Credentials {
    /// One map a caller, used in turn; never empty.
    pub(crate) callers: Arc<[HeaderMap]>,
    /// API keys: text, id, keyed hash in hex.
    pub(crate) keys: Vec<(String, String, String)>,
    /// The secret that keys are hashed with.
    pub(crate) pepper: PathBuf,
    /// The public key as a key set.
    pub(crate) key_set: PathBuf,
    /// The public key as PEM.
    pub(crate) pem: PathBuf,
}

impl Credentials {
    /// Makes what `credential` asks for, with its files in `folder`.
    pub(crate) fn make(credential: Credential, folder: &Path) -> Result<Self> {
        let pepper_file = folder.join("pepper");
        let pepper = Pepper::load_or_create(&pepper_file).context("cannot make a pepper")?;
        let mut made = Self {
            pepper: pepper_file,
            key_set: folder.join("jwks.json"),
            pem: folder.join("public.pem"),
            callers: Arc::new([HeaderMap::new()]),
            keys: Vec::new(),
        };
        match credential {
            Credential::None => {}
            Credential::Key(count) => {
                for _ in 0..count {
                    let key = api_key::generate("test", &pepper)?;
                    let hash = key.hash.iter().map(|byte| format!("{byte:02x}")).collect();
                    made.keys.push((key.text.expose().to_owned(), key.id, hash));
                }
                let name = HeaderName::from_static("x-api-key");
                // Spread over all keys, so that looking them up is as hard as it is.
                let step = made.keys.len().div_ceil(MOST_CALLERS).max(1);
                made.callers = made
                    .keys
                    .iter()
                    .step_by(step)
                    .map(|key| one(name.clone(), &key.0))
                    .collect::<Result<_>>()?;
            }
            Credential::Token(algorithm, count) => {
                let signer = Signer::new(algorithm)?;
                std::fs::write(&made.key_set, signer.key_set()?)?;
                std::fs::write(&made.pem, signer.pem()?)?;
                made.callers = (0..count)
                    .map(|number| one(header::AUTHORIZATION, &format!("Bearer {}", signer.token(number)?)))
                    .collect::<Result<_>>()?;
            }
        }
        Ok(made)
    }
}

fn one(name: HeaderName, value: &str) -> Result<HeaderMap> {
    let mut value = HeaderValue::from_str(value).context("a credential that no header can carry")?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(name, value)]))
}

enum Signer {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Signer {
    fn new(algorithm: Algorithm) -> Result<Self> {
        Ok(match algorithm {
            Algorithm::Es256 => Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?),
            Algorithm::Rs256 => Self::Rs256(RsaKeyPair::generate(KeySize::Rsa2048)?),
        })
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::Rs256(_) => Algorithm::Rs256,
        }
    }

    fn key_set(&self) -> Result<String> {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match self {
            Self::Es256(pair) => {
                // An uncompressed point: 4, then both coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point
                    .get(1..)
                    .and_then(|point| point.split_at_checked(32))
                    .context("a P-256 point")?;
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "alg": "ES256", "use": "sig", "kid": "load" })
            }
            Self::Rs256(pair) => {
                let parts = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": text(&parts.n), "e": text(&parts.e), "alg": "RS256", "use": "sig", "kid": "load" })
            }
        };
        Ok(json!({ "keys": [key] }).to_string())
    }

    fn pem(&self) -> Result<String> {
        let failed = |_| anyhow!("the public key cannot be written as DER");
        let der: PublicKeyX509Der<'_> = match self {
            Self::Es256(pair) => pair.public_key().as_der().map_err(failed)?,
            Self::Rs256(pair) => pair.public_key().as_der().map_err(failed)?,
        };
        let text = STANDARD.encode(der.as_ref());
        Ok(format!(
            "-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
        ))
    }

    /// An access token as RFC 9068 has it.
    fn token(&self, number: usize) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let header = json!({ "alg": self.algorithm().to_string(), "typ": "at+jwt", "kid": "load" });
        let claims = json!({
            "iss": ISSUER, "sub": format!("load-{number}"), "aud": AUDIENCE, "client_id": "load", "scope": "load.read",
            "iat": now, "nbf": now, "exp": now + LIFE_SECONDS, "jti": format!("load-{number}"),
        });
        let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Es256(pair) => pair.sign(&random, message.as_bytes())?.as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)?;
                signature
            }
        };
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
