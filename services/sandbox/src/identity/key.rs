//! The key that tokens are signed with: made at the start, never written down.

use anyhow::Context;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey};

/// A signing key (ES256) and its public half.
pub(crate) struct SigningKey {
    pub(crate) id: String,
    pub(crate) private: EncodingKey,
    pub(crate) public: JwkSet,
}

impl SigningKey {
    /// A new key. Its id is the thumbprint of its public half (RFC 7638).
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .ok()
            .context("no signing key could be made")?;
        let private = EncodingKey::from_ec_der(pkcs8.as_ref());
        let mut jwk = Jwk::from_encoding_key(&private, Algorithm::ES256)?;
        let id = jwk.thumbprint(ThumbprintHash::SHA256)?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_operations = Some(vec![KeyOperations::Verify]);
        Ok(Self {
            id,
            private,
            public: JwkSet { keys: vec![jwk] },
        })
    }
}
