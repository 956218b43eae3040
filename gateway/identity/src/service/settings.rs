//! What a token service is told.

use super::seal::KeyEncryption;
use crate::api_key::Pepper;

/// Settings of a token service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `iss`, and where callers reach the gateway: `scheme://host[:port]`.
    pub issuer: String,
    /// Encrypts signing keys at rest.
    pub key_encryption: KeyEncryption,
    /// Client secrets are hashed with it; `None`: none are accepted.
    pub pepper: Option<Pepper>,
    /// When signing keys change.
    pub rotation: Rotation,
    /// What access tokens are signed with.
    pub algorithm: Algorithm,
    /// Life of an access token in seconds; at most 300.
    pub lifetime: i64,
    /// Tokens that one client may get in a minute.
    pub tokens_per_minute: u32,
    /// Whether proofs of possession must carry a nonce of ours.
    pub proof_nonce: bool,
    /// Whether clients' key sets may be fetched from loopback and private networks.
    pub allow_private_key_sets: bool,
}

impl Settings {
    /// The usual settings of `issuer`.
    pub fn new(issuer: impl Into<String>, key_encryption: KeyEncryption) -> Self {
        Self {
            issuer: issuer.into(),
            key_encryption,
            pepper: None,
            rotation: Rotation::default(),
            algorithm: Algorithm::ES256,
            lifetime: 300,
            tokens_per_minute: 600,
            proof_nonce: true,
            allow_private_key_sets: false,
        }
    }
}

/// When signing keys change, in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Rotation {
    /// How long a key signs.
    pub period: i64,
    /// How long a key is published before it signs.
    pub publish_before: i64,
    /// How long a key is published after it has signed for the last time; longer than any token lives.
    pub keep_after: i64,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            period: 30 * 86_400,
            publish_before: 86_400,
            keep_after: 3_600,
        }
    }
}

/// How we sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "names of RFC 7518 and RFC 8037")]
pub enum Algorithm {
    ES256,
    EdDSA,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ES256, Self::EdDSA];

    /// Its name in a header.
    pub fn name(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
        }
    }
}
