//! Signing keys over time. A key is published, signs, and stays published until nothing it signed is valid: all nodes
//! read them from one table, so that none signs with a key that another does not know yet.

use super::ServiceError;
use super::seal::KeyEncryption;
use super::settings::{Algorithm, Rotation};
use super::store;
use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use database::Database;
use serde_json::{Value, json};
use std::sync::Arc;

/// One key, ready to sign.
pub(super) struct SigningKey {
    /// RFC 7638 thumbprint.
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pair: Pair,
    jwk: Value,
    active_from: i64,
    gone_at: i64,
}

enum Pair {
    P256(Box<EcdsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    fn read(algorithm: Algorithm, pkcs8: &[u8], active_from: i64, gone_at: i64) -> Option<Self> {
        let pair = match algorithm {
            Algorithm::ES256 => Pair::P256(Box::new(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?,
            )),
            Algorithm::EdDSA => Pair::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).ok()?),
        };
        let (mut jwk, canonical) = match &pair {
            Pair::P256(pair) => {
                // The uncompressed point: 4, x, y.
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
        let id = base64(digest(&SHA256, canonical.as_bytes()).as_ref());
        let members = jwk.as_object_mut()?;
        members.insert("kid".to_owned(), json!(id));
        members.insert("alg".to_owned(), json!(algorithm.name()));
        members.insert("use".to_owned(), json!("sig"));
        Some(Self {
            id,
            algorithm,
            pair,
            jwk,
            active_from,
            gone_at,
        })
    }

    /// A compact signed text of this type.
    pub(super) fn sign(&self, typ: &str, claims: &Value) -> Option<String> {
        let header = format!(
            r#"{{"typ":"{typ}","alg":"{}","kid":"{}"}}"#,
            self.algorithm.name(),
            self.id
        );
        let mut text = format!("{}.{}", base64(header), base64(claims.to_string()));
        let signature = match &self.pair {
            Pair::P256(pair) => base64(pair.sign(&SystemRandom::new(), text.as_bytes()).ok()?.as_ref()),
            Pair::Ed25519(pair) => base64(pair.sign(text.as_bytes()).as_ref()),
        };
        text.push('.');
        text.push_str(&signature);
        Some(text)
    }
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn generate(algorithm: Algorithm) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let document = match algorithm {
        Algorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random),
        Algorithm::EdDSA => Ed25519KeyPair::generate_pkcs8(&random),
    };
    Some(document.ok()?.as_ref().to_vec())
}

#[derive(Default)]
struct Ring {
    keys: Vec<Arc<SigningKey>>,
    published: Bytes,
}

/// The keys of one node.
pub(super) struct Keys {
    seal: KeyEncryption,
    rotation: Rotation,
    ring: ArcSwap<Ring>,
}

impl Keys {
    pub(super) fn new(seal: KeyEncryption, rotation: Rotation) -> Self {
        Self {
            seal,
            rotation,
            ring: ArcSwap::default(),
        }
    }

    /// The key that signs at `now`: of those that may, the youngest.
    pub(super) fn signer(&self, algorithm: Algorithm, now: i64) -> Option<Arc<SigningKey>> {
        let ring = self.ring.load();
        let may = ring
            .keys
            .iter()
            .filter(|key| key.algorithm == algorithm && key.active_from <= now && now < key.gone_at);
        may.max_by_key(|key| key.active_from).cloned()
    }

    /// The key set, as text.
    pub(super) fn published(&self) -> Bytes {
        self.ring.load().published.clone()
    }

    /// Makes the keys that will be needed, reads what there is; tells whether the published keys changed.
    pub(super) async fn upkeep(&self, database: &Database, now: i64) -> Result<bool, ServiceError> {
        let mut rows = store::signing_keys(database, now).await?;
        let mut made = false;
        for algorithm in Algorithm::ALL {
            if let Some((generation, active_from)) = self.due(&rows, algorithm, now) {
                self.make(database, algorithm, generation, active_from).await?;
                made = true;
            }
        }
        if made {
            rows = store::signing_keys(database, now).await?;
        }
        let before = self.ring.load_full();
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let known = before
                .keys
                .iter()
                .find(|key| key.id == row.id && key.gone_at == row.gone_at);
            keys.push(match known {
                Some(known) => Arc::clone(known),
                None => {
                    let pkcs8 = self.seal.open(&row.id, &row.sealed)?;
                    let read = SigningKey::read(row.algorithm, &pkcs8, row.active_from, row.gone_at);
                    Arc::new(read.ok_or(ServiceError::Key)?)
                }
            });
        }
        let published = json!({ "keys": keys.iter().map(|key| &key.jwk).collect::<Vec<_>>() }).to_string();
        let changed = before.published != published.as_bytes();
        if changed {
            self.ring.store(Arc::new(Ring {
                keys,
                published: published.into(),
            }));
        }
        Ok(changed)
    }

    /// Whether a key has to be made: its number, and when it is to sign.
    fn due(&self, rows: &[store::KeyRow], algorithm: Algorithm, now: i64) -> Option<(i64, i64)> {
        let own = rows.iter().filter(|row| row.algorithm == algorithm);
        let Some(youngest) = own.clone().max_by_key(|row| row.generation) else {
            // The first, or the first after a sleep of months: it has to sign at once.
            return Some((now, now));
        };
        let next = youngest.active_from + self.rotation.period;
        if own.clone().all(|row| row.active_from > now) {
            return None;
        }
        (now >= next - self.rotation.publish_before)
            .then(|| (youngest.generation + 1, next.max(now + self.rotation.publish_before)))
    }

    async fn make(
        &self,
        database: &Database,
        algorithm: Algorithm,
        generation: i64,
        active_from: i64,
    ) -> Result<(), ServiceError> {
        let Rotation {
            period,
            publish_before,
            keep_after,
        } = self.rotation;
        let gone_at = active_from + period + publish_before + keep_after;
        let pkcs8 = generate(algorithm).ok_or(ServiceError::Key)?;
        let key = SigningKey::read(algorithm, &pkcs8, active_from, gone_at).ok_or(ServiceError::Key)?;
        let row = store::KeyRow {
            sealed: self.seal.seal(&key.id, &pkcs8)?,
            id: key.id,
            algorithm,
            generation,
            active_from,
            gone_at,
        };
        // Another node may have made the same generation in this moment: then that one holds.
        store::add_signing_key(database, row).await?;
        Ok(())
    }
}
